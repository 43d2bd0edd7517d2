/**
 * The SQL that a type puts around its parameters and around what statements give out: `jsonb(?)`, `ST_AsText(area)`.
 * Source: SQLAlchemy "Applying SQL-level Bind/Result Processing".
 */
import type { Dialect } from "../dialects/dialect.js";
import { CompileError } from "../errors/errors.js";
import { Element } from "../sql/element.js";
import { LiteralColumn } from "../sql/functions.js";
import type { SqlType } from "../types/sql-type.js";
import { behaviourOf } from "../types/wrapping.js";

export type Wrap = (sql: string) => string;
interface Wraps {
  readonly bind: Wrap | undefined;
  readonly column: Wrap | undefined;
}
export interface InlineRenderer {
  renderInline(element: Element): string;
}
const NONE: Wraps = { bind: undefined, column: undefined };
/** Stands for the parameter or the column in the expression a type makes around it. */
const HERE = "\u0001";
const known = new WeakMap<Dialect, Map<number, Wraps>>();

function around(dialect: Dialect, type: SqlType, hook: (inner: never) => object, what: string): Wrap {
  const made = hook(new LiteralColumn(HERE, dialect.plainType(type)) as never);
  const element = made instanceof Element ? made : undefined;
  const renderer = dialect.createCompiler(new Map(), { literalBinds: true }) as unknown as InlineRenderer;
  const pieces = element === undefined ? [] : renderer.renderInline(element).split(HERE);
  const [before, after, ...more] = pieces;
  if (before === undefined || after === undefined || more.length > 0) {
    throw new CompileError(
      `${what} of the type ${type} has to give an SQL expression that holds what it was given exactly once.`,
      "type.wrapping",
    );
  }
  return (sql) => before + sql + after;
}
function chain(inner: Wrap | undefined, outer: Wrap | undefined): Wrap | undefined {
  if (inner === undefined || outer === undefined) return inner ?? outer;
  return (sql) => outer(inner(sql));
}
function wrapsOf(dialect: Dialect, type: SqlType): Wraps {
  let own = known.get(dialect);
  if (own === undefined) known.set(dialect, (own = new Map()));
  let found = own.get(type.id);
  if (found !== undefined) return found;
  const behaviour = behaviourOf(type);
  const bindHook = behaviour?.bindExpression;
  const columnHook = behaviour?.columnExpression;
  const bind = chain(
    dialect.adapterWrap(type, "wrapBind"),
    bindHook && around(dialect, type, bindHook.bind(behaviour), "bindExpression()"),
  );
  const column = chain(
    dialect.adapterWrap(type, "wrapColumn"),
    columnHook && around(dialect, type, columnHook.bind(behaviour), "columnExpression()"),
  );
  found = bind === undefined && column === undefined ? NONE : { bind, column };
  own.set(type.id, found);
  return found;
}
export function bindWrap(dialect: Dialect, type: SqlType): Wrap | undefined {
  return wrapsOf(dialect, type).bind;
}
export function columnWrap(dialect: Dialect, type: SqlType): Wrap | undefined {
  return wrapsOf(dialect, type).column;
}
/** Values of this type cannot travel as bare parameters. */
export function isWrapped(dialect: Dialect, type: SqlType): boolean {
  return wrapsOf(dialect, type) !== NONE;
}
