/** Raw SQL with bound values: `text()` and the `sql` tag. The only two ways a string of the user's becomes SQL. */
import { ArgumentError } from "../errors/errors.js";
import type { SqlType } from "../types/sql-type.js";
import { NULL_TYPE } from "../types/sql-type.js";
import { Element } from "./element.js";
import { Bind, Expression, NamedBind, operand } from "./expression.js";
import { ColumnReference, type FromClause } from "./from.js";
import { type KeyWriter, OP } from "./key.js";
import { Statement } from "./statement.js";

/** A column a text statement is said to return. */
export interface TextColumn {
  readonly name: string;
  readonly type: SqlType;
}

/** SQL text with elements between its pieces; usable as a statement, a criterion or an expression. */
export class TextClause extends Statement {
  readonly kind = "text";
  readonly pieces: readonly string[];
  readonly parts: readonly Element[];
  readonly resultColumns: readonly TextColumn[] | undefined = undefined;
  constructor(pieces: readonly string[], parts: readonly Element[]) {
    super();
    this.pieces = pieces;
    this.parts = parts;
  }
  /** Says the types of the result by position: `text("select …").columns({ id: integer() })`. */
  withColumns(columns: readonly TextColumn[]): this {
    return this.with({ resultColumns: columns });
  }
  /** Values for the `:name` parameters of `text()`. */
  bindParams(values: { readonly [name: string]: unknown }): this {
    const known = new Set(this.parts.flatMap((p) => (p instanceof NamedBind ? [p.parameter] : [])));
    for (const name of Object.keys(values)) {
      if (!known.has(name)) throw new ArgumentError(`bindParams(): the text has no parameter ':${name}'.`);
    }
    const parts = this.parts.map((p, i) =>
      p instanceof NamedBind && p.parameter in values ? part(values[p.parameter], afterIn(this.pieces, i)) : p,
    );
    return this.with({ parts });
  }
  /** In a place that expects an expression. */
  asScalar(): Expression {
    return new TextExpression(this, NULL_TYPE);
  }
  walk(key: KeyWriter): void {
    key.id(OP.text);
    key.id(this.parts.length);
    for (let i = 0; i < this.pieces.length; i++) {
      key.text(this.pieces[i] as string);
      this.parts[i]?.walk(key);
    }
    key.id(this.resultColumns === undefined ? -1 : this.resultColumns.length);
    if (this.resultColumns !== undefined) {
      for (const c of this.resultColumns) {
        key.text(c.name);
        key.id(c.type.id);
      }
    }
  }
}
/** A text clause as an expression with a type. */
export class TextExpression extends Expression {
  readonly kind = "textExpression";
  readonly clause: TextClause;
  readonly type: SqlType;
  constructor(clause: TextClause, type: SqlType) {
    super();
    this.clause = clause;
    this.type = type;
  }
  walk(key: KeyWriter): void {
    key.id(-OP.text);
    key.id(this.type.id);
    this.clause.walk(key);
  }
}
/** An identifier of the user's inside `sql`: quoted by the dialect. */
export class IdentifierElement extends Element {
  readonly kind = "identifier";
  readonly names: readonly string[];
  constructor(names: readonly string[]) {
    super();
    this.names = names;
  }
  walk(key: KeyWriter): void {
    key.id(-OP.raw);
    key.id(this.names.length);
    for (const n of this.names) key.text(n);
  }
}

/**
 * Whether the part with this index stands where SQL wants a list: behind IN or among its parentheses. A list there becomes
 * as many placeholders as it has values.
 */
function afterIn(pieces: readonly string[], index: number): boolean {
  let before = pieces[index] as string;
  for (let i = index; i > 0 && /^\s*,\s*$/.test(before); ) before = pieces[--i] as string;
  return /\bin\s*\(?\s*$/i.test(before);
}
const PARAMETER = /\\:|::|'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|:([A-Za-z_]\w*)/g;

/**
 * SQL as written, with `:name` parameters; one behind IN takes a list. `\:` is a plain colon; colons in strings, comments and `::casts` are left
 * alone. Source: SQLAlchemy "text()".
 */
export function text(source: string): TextClause {
  const pieces: string[] = [];
  const parts: Element[] = [];
  let from = 0;
  let piece = "";
  for (const found of source.matchAll(PARAMETER)) {
    piece += source.slice(from, found.index);
    from = found.index + found[0].length;
    if (found[1] === undefined) {
      piece += found[0] === "\\:" ? ":" : found[0];
      continue;
    }
    pieces.push(piece);
    piece = "";
    parts.push(new NamedBind(found[1], NULL_TYPE, undefined, { expanding: afterIn(pieces, parts.length) }));
  }
  pieces.push(piece + source.slice(from));
  return new TextClause(pieces, parts);
}

interface SqlTag {
  /**
   * Values are bound; columns, tables, expressions and other `sql` fragments are rendered in place. A list behind IN becomes
   * a placeholder for each value: ``sql`… where id in ${[1, 2]}` ``.
   */
  (pieces: TemplateStringsArray, ...values: unknown[]): TextClause;
  /** A name, quoted as the database wants: ``sql`select * from ${sql.identifier("my table")}` ``. */
  identifier(...names: string[]): IdentifierElement;
  /** Text that goes into the statement as it is. Never give it user input. */
  raw(text: string): TextClause;
  /** Elements with a separator between them: ``sql.join(values.map((v) => sql`${v}`), ", ")``. */
  join(items: readonly unknown[], separator?: string): TextClause;
}
function part(value: unknown, inList: boolean): Element {
  if (value instanceof Element) return value;
  if (inList && Array.isArray(value)) return new Bind(value, NULL_TYPE, true);
  const asFromElement = value as { readonly [k: symbol]: unknown } | null;
  if ((typeof asFromElement === "object" && asFromElement !== null) || typeof asFromElement === "function") {
    const from = asFromElement[Symbol.for("athanor.fromClause")] as FromClause | undefined;
    if (from !== undefined) return from;
  }
  return operand(value);
}
export const sql: SqlTag = Object.assign(
  (pieces: TemplateStringsArray, ...values: unknown[]) =>
    new TextClause(
      [...pieces],
      values.map((value, i) => part(value, afterIn(pieces, i))),
    ),
  {
    identifier: (...names: string[]) => new IdentifierElement(names),
    raw: (source: string) => new TextClause([source], []),
    join: (items: readonly unknown[], separator = ", ") =>
      items.length === 0
        ? new TextClause([""], [])
        : new TextClause(
            ["", ...items.slice(1).map(() => separator), ""],
            items.map((item) => part(item, false)),
          ),
  },
);
export { ColumnReference };
