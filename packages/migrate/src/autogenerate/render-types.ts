/** Types and columns as the TypeScript that makes them: `string("name", 64).nullable()`. */
import {
  type ColumnFields,
  DatabaseType,
  type Dialect,
  type Element,
  type SqlType,
  storedType,
  type TypeArgument,
  TypeSource,
  typeSource,
} from "@athanor/core";
import { OperationError } from "../errors.js";
import { conditionOf } from "../impl/reflected.js";
import { typeChecks } from "../ops/schema.js";
import type { ImportNeed } from "../script/index.js";

export const quoted = (text: string): string => JSON.stringify(text);
/** `{ a: 1, b: "x" }`; undefined values are left out, "" for an empty object. */
export function objectText(value: { readonly [key: string]: unknown }): string {
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  if (entries.length === 0) return "";
  return `{ ${entries.map(([k, v]) => `${/^[A-Za-z_$][\w$]*$/.test(k) ? k : quoted(k)}: ${valueText(v)}`).join(", ")} }`;
}
/** Source that is no string: an expression of the file. */
export class Source {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
function valueText(value: unknown): string {
  if (value instanceof Source) return value.text;
  if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`;
  if (typeof value === "object" && value !== null)
    return objectText(value as { readonly [key: string]: unknown }) || "{}";
  return JSON.stringify(value);
}

/**
 * How a part is written: source, null to leave it out, false for the usual way. `writer.import(from, name)` adds an import.
 * Parts: "type" (a `SqlType`), "column" (a `TableColumn` of a new table), "constraint", "serverDefault".
 *
 * @example renderItem: (kind, item, writer) => kind === "type" && item instanceof MoneyType ? `${writer.import("./money.js", "money")}()` : false
 */
export type RenderItem = (
  kind: "type" | "column" | "constraint" | "serverDefault",
  item: unknown,
  writer: SourceWriter,
) => string | null | false;

/** What is written goes through one of these, which remembers the imports. */
export class SourceWriter {
  readonly dialect: Dialect;
  readonly #inline: (value: string | Element) => string;
  readonly #imports = new Map<string, Set<string>>();
  readonly #renderItem: RenderItem | undefined;
  /** What is written stands in a batch of one table. */
  inBatch = false;
  constructor(dialect: Dialect, inline: (value: string | Element) => string, renderItem?: RenderItem) {
    this.dialect = dialect;
    this.#inline = inline;
    this.#renderItem = renderItem;
  }
  get imports(): readonly ImportNeed[] {
    return [...this.#imports]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([from, names]) => ({ from, names: [...names].sort() }));
  }
  core(name: string): string {
    return this.import("@athanor/core", name);
  }
  /** Adds an import to the file, and gives the name. */
  import(from: string, name: string): string {
    this.#imports.set(from, (this.#imports.get(from) ?? new Set()).add(name));
    return name;
  }
  /** What `renderItem` says; false where it says nothing. */
  own(kind: Parameters<RenderItem>[0], item: unknown): string | null | false {
    return this.#renderItem?.(kind, item, this) ?? (this.#renderItem === undefined ? false : null);
  }
  sql(value: string | Element): string {
    return quoted(this.#inline(value));
  }

  /** The condition of a check, also of one that belongs to a type. */
  condition(value: string | Element): string {
    return quoted(conditionOf(this.dialect, this.#inline, value) ?? "");
  }
  /** A definition of the type; `name` is the column's. @throws OperationError for a type that no source makes */
  type(given: SqlType, name?: string): string {
    const own = this.own("type", given);
    if (typeof own === "string") return name === undefined ? own : `${own}.named(${quoted(name)})`;
    // A migration must not import the application: what is stored counts.
    const source = typeSource(given);
    if (source !== undefined) return this.#call(source, name);
    const type = storedType(given);
    const spelling = type instanceof DatabaseType ? type.spelling : this.dialect.ddlType(type);
    if (type.kind === "null") {
      throw new OperationError(
        "migrate.render-type",
        `Column '${name}' has a type that cannot be written into a migration`,
        {
          hint: "Give the column a type in the model.",
        },
      );
    }
    return `${this.core("ColumnDefinition")}.of(new ${this.core("DatabaseType")}(${quoted(spelling)})${name === undefined ? "" : `, ${quoted(name)}`})`;
  }

  #call(source: TypeSource, name?: string): string {
    this.core(source.root);
    const args = source.args.map((a) => this.#argument(a));
    // Those that take the column's name take it first.
    const first = name !== undefined && NAME_FIRST.has(source.factory);
    if (first) args.unshift(quoted(name));
    let text = `${source.factory}(${args.join(", ")})`;
    for (const { method, args: given } of source.then)
      text += `.${method}(${given.map((a) => this.#argument(a)).join(", ")})`;
    return name === undefined || first ? text : `${text}.named(${quoted(name)})`;
  }
  #argument(argument: TypeArgument): string {
    return argument instanceof TypeSource ? this.#call(argument) : valueText(argument);
  }

  /** A column. `inKey`: the table's primary key, said elsewhere, holds it. */
  column(
    name: string,
    fields: ColumnFields,
    options: { readonly inKey?: boolean; readonly withCheck?: boolean } = {},
  ): string {
    let text = this.type(fields.type, name);
    const { computed, identity, references } = fields;
    if (fields.primaryKey) text += ".primaryKey()";
    else if (fields.nullable) text += ".nullable()";
    if (identity !== undefined) text += `.identity(${objectText({ ...identity })})`;
    else if ((fields.primaryKey || options.inKey) && fields.autoincrement !== "auto")
      text += `.autoincrement(${fields.autoincrement ? "" : "false"})`;
    if (computed !== undefined) {
      text += `.computed(${this.sql(computed.sql)}${computed.persisted === undefined ? "" : `, { persisted: ${computed.persisted} }`})`;
    } else if (fields.serverDefault !== undefined) {
      const own = this.own("serverDefault", fields.serverDefault);
      if (own !== null) text += `.serverDefault(${own === false ? this.sql(fields.serverDefault) : own})`;
    }
    if (fields.serverOnUpdate !== undefined) text += `.serverOnUpdate(${this.sql(fields.serverOnUpdate)})`;
    if (references !== undefined) {
      const { name: constraint, useAlter: _late, ...rest } = references.options;
      const options_ = objectText({ ...(constraint === undefined ? {} : { name: constraint }), ...rest });
      text += `.references(${quoted(references.target)}${options_ === "" ? "" : `, ${options_}`})`;
    }
    if (fields.unique !== false && fields.index === false)
      text += `.unique(${typeof fields.unique === "string" ? quoted(fields.unique) : ""})`;
    for (const check of fields.checks)
      text += `.check(${this.sql(check.sql)}${check.name === undefined ? "" : `, ${quoted(check.name)}`})`;
    for (const check of options.withCheck ? typeChecks("t", name, fields.type, undefined) : []) {
      const condition = this.condition(check.sql);
      if (condition !== '""')
        text += `.check(${condition}${typeof check.name === "string" ? `, ${quoted(check.name)}` : ""})`;
    }
    if (fields.comment !== undefined) text += `.comment(${quoted(fields.comment)})`;
    return text;
  }
}
const NAME_FIRST = new Set(
  "integer smallInteger bigInteger double float numeric boolean string text uuid date time dateTime binary json array interval".split(
    " ",
  ),
);
