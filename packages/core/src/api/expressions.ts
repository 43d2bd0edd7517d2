/** The public functions that build expressions, with their types laid over the nodes. */

import { ArgumentError } from "../errors/errors.js";
import { requireKnownOptions } from "../errors/known-options.js";
import { ColumnDefinition } from "../schema/definition.js";
import { camelToSnake } from "../schema/naming.js";
import { Element, innerStatement } from "../sql/element.js";
import {
  AnyAll,
  Bind,
  columnOperand,
  conjunction,
  criterion,
  type Expression,
  FALSE,
  NamedBind,
  NULL,
  negate,
  type Ordering as OrderingNode,
  operand,
  STAR,
  TRUE,
  Tuple,
} from "../sql/expression.js";
import { Alias, asFrom, requireFrom } from "../sql/from.js";
import {
  aggregateStrings,
  Case as CaseNode,
  Cast,
  callFunction,
  countOf,
  Exists,
  Grouping,
  LiteralColumn,
  ordering,
  TryCast,
} from "../sql/functions.js";
import * as ops from "../sql/operators.js";
import { sql as sqlTag, TextClause, TextExpression, text as textClause } from "../sql/text.js";
import { NULL_TYPE, type SqlType } from "../types/sql-type.js";
import type {
  AnyExpr,
  BooleanExpr,
  Branch,
  Case,
  CastTo,
  Condition,
  Criterion,
  Families,
  FamilyOfValue,
  Func,
  Ordering,
  PlainExpr,
  Rows,
  SimpleCase,
  SqlText,
  TupleOf,
  Typed,
} from "../typing/expressions.js";
import type { AnyTable, ColumnLike, Family } from "../typing/faces.js";
import type { NameOf, PropsOf, TableOf } from "../typing/tables.js";

/** The SQL type inside a definition such as `integer()`; where a user names a type. */
export function sqlTypeOf(definition: unknown, where: string): SqlType {
  if (definition instanceof ColumnDefinition) return definition.fields.type;
  throw new ArgumentError(`${where}: a type such as integer() or string(20) is needed.`);
}
// The nodes have every operator; the public interfaces show those of one family. This is the one place they meet.
function typed<X>(node: Element): X {
  return node as unknown as X;
}

export function and(...criteria: Criterion[]): Condition {
  return typed(conjunction(ops.and, criteria.map(criterion)));
}
export function or(...criteria: Criterion[]): Condition {
  return typed(conjunction(ops.or, criteria.map(criterion)));
}
export function not(condition: Criterion): Condition {
  return typed(negate(criterion(condition)));
}
export function exists(query: Rows<readonly unknown[]>): BooleanExpr<boolean> {
  const element =
    query instanceof Element
      ? query
      : (query as { readonly [innerStatement]?: Element } | null | undefined)?.[innerStatement];
  if (element === undefined) throw new ArgumentError("exists(): a select is needed.");
  return typed(new Exists(element));
}
export function cast<X extends AnyExpr, T, F extends string>(what: X, to: ColumnLike<T, F>): CastTo<X, T, F> {
  return typed(new Cast(operand(what), sqlTypeOf(to, "cast()")));
}
/** Changes the type in TypeScript and the conversion of values, not the SQL. */
export function typeCoerce<X extends AnyExpr, T, F extends string>(what: X, to: ColumnLike<T, F>): CastTo<X, T, F> {
  return typed(new Cast(operand(what), sqlTypeOf(to, "typeCoerce()"), true));
}
/** A bound value with its type said. */
export function literal<T, F extends string>(value: T, as: ColumnLike<T, F>): Families<T, never, never>[F & Family] {
  const type = sqlTypeOf(as, "literal()");
  return typed(value === undefined ? operand(value) : value === null ? NULL : new Bind(value, type));
}
/** SQL the program vouches for, as a column: never user input. */
export function literalColumn<T, F extends string>(
  source: string,
  as: ColumnLike<T, F>,
): Families<T, never, never>[F & Family] {
  return typed(new LiteralColumn(source, sqlTypeOf(as, "literalColumn()")));
}
/** As a cast, but NULL for a value that has no such form. Source: SQLAlchemy "try_cast". */
export function tryCast<X extends AnyExpr, T, F extends string>(what: X, to: ColumnLike<T, F>): CastTo<X, T | null, F> {
  return typed(new TryCast(operand(what), sqlTypeOf(to, "tryCast()")));
}
interface ParameterOptions<T> {
  /** When nothing is given at execution. */
  readonly value?: T | null;
  /** false: NULL when nothing is given. Default: true unless there is a value or a callable. */
  readonly required?: boolean;
  /** Makes the value at each execution. */
  readonly callable?: () => T | null;
  /** The name gets a number of its own, so that another parameter of that name is another one. */
  readonly unique?: boolean;
  /** Writes the value into the text at each execution, where a database takes no parameter. */
  readonly literalExecute?: boolean;
}
const PARAMETER_OPTIONS = ["value", "required", "callable", "unique", "literalExecute", "expanding"];
let uniqueNames = 0;
/**
 * A parameter to be filled at execution: `conn.execute(stmt, { name: … })`, or before with `stmt.params({ name: … })`.
 * `expanding: true` makes it the list behind `in()`.
 *
 * @throws ArgumentError when executed without a value that is required
 */
export function bindParam<T, F extends string>(
  name: string,
  as: ColumnLike<T, F>,
  options: Omit<ParameterOptions<readonly T[]>, "literalExecute"> & { readonly expanding: true },
): readonly T[];
export function bindParam<T, F extends string>(
  name: string,
  as: ColumnLike<T, F>,
  options?: ParameterOptions<T>,
): Families<T, never, never>[F & Family];
export function bindParam(
  name: string,
  as: ColumnLike<unknown, string>,
  options: ParameterOptions<unknown> & { readonly expanding?: boolean } = {},
): unknown {
  if (typeof name !== "string" || name === "") throw new ArgumentError("bindParam(): a name is needed.");
  requireKnownOptions(options, PARAMETER_OPTIONS, "bindParam()", "parameter.option");
  if ("value" in options && options.value === undefined)
    throw new ArgumentError(`bindParam(): the value of '${name}' is undefined.`, "argument.undefined");
  const { value = options.required === false ? null : undefined, callable, expanding, literalExecute } = options;
  const own = options.unique ? `${name}_${++uniqueNames}` : name;
  const type = sqlTypeOf(as, "bindParam()");
  return new NamedBind(own, type, options.required === true ? undefined : value, {
    expanding,
    literalExecute,
    callable,
  });
}
/** `CASE WHEN condition THEN …`: `when(t.c.n.gt(3), "many").else("few")`. */
export function when<T, F extends Family = FamilyOfValue<T>, S extends string = never>(
  condition: Criterion,
  then: Branch<T, F, S>,
): Case<T, F, S> {
  return typed(new CaseNode(undefined, [[criterion(condition), operand(then)]], undefined));
}
/** A row value: `tuple(t.c.a, t.c.b).in([[1, "x"], [2, "y"]])`. */
export function tuple<const A extends readonly AnyExpr[]>(...items: A): TupleOf<A> {
  return typed(new Tuple(items.map((i) => operand(i))));
}
export function asc(what: AnyExpr): Ordering {
  return typed<Ordering>(columnOperand(what, "asc()").asc());
}
export function desc(what: AnyExpr): Ordering {
  return typed<Ordering>(columnOperand(what, "desc()").desc());
}
const constant = <X>(node: Expression) => typed<X>(node);
/** SQL NULL, TRUE and FALSE as expressions. */
export const null_: PlainExpr<null> = constant(NULL);
export const true_: Condition = constant(TRUE);
export const false_: Condition = constant(FALSE);
export const star: PlainExpr<unknown> = constant(STAR);

/** `x.eq(anyOf(query))`: true for at least one row; over an array on PostgreSQL. */
export function anyOf<T>(over: Rows<readonly [T]> | Typed<readonly T[] | null>): PlainExpr<T> {
  return typed(quantified("ANY", over));
}
/** `x.gt(allOf(query))`: true for every row. */
export function allOf<T>(over: Rows<readonly [T]> | Typed<readonly T[] | null>): PlainExpr<T> {
  return typed(quantified("ALL", over));
}
function quantified(quantifier: "ANY" | "ALL", over: unknown): AnyAll {
  const inner =
    over instanceof Element ? over : (over as { readonly [innerStatement]?: Element } | null)?.[innerStatement];
  if (inner !== undefined && "exportedColumns" in inner) {
    const [first] = inner.exportedColumns as readonly { readonly expression: Expression }[];
    return new AnyAll(quantifier, inner, first?.expression.type ?? NULL_TYPE);
  }
  const array = operand(over);
  return new AnyAll(quantifier, array, "element" in array.type ? (array.type.element as SqlType) : NULL_TYPE);
}
/** `CASE subject WHEN value THEN …`: `caseOf(Post.c.status).when("draft", 1).else(0)`. */
export function caseOf<V>(subject: Typed<V>): SimpleCase<V> {
  return typed(new CaseNode(operand(subject), [], undefined));
}
const groupingSet = (items: AnyExpr | readonly AnyExpr[]): readonly Expression[] =>
  (Array.isArray(items) ? items : [items]).map((i) => operand(i));
/** In groupBy(), PostgreSQL: subtotals from right to left. */
export function rollup(...items: (AnyExpr | readonly AnyExpr[])[]): PlainExpr<unknown> {
  return typed(new Grouping("ROLLUP", items.map(groupingSet)));
}
/** In groupBy(), PostgreSQL: subtotals of every combination. */
export function cube(...items: (AnyExpr | readonly AnyExpr[])[]): PlainExpr<unknown> {
  return typed(new Grouping("CUBE", items.map(groupingSet)));
}
/** In groupBy(), PostgreSQL: exactly these groupings; `[]` is the grand total. */
export function groupingSets(...sets: (readonly AnyExpr[])[]): PlainExpr<unknown> {
  return typed(new Grouping("GROUPING SETS", sets.map(groupingSet)));
}

/**
 * SQL functions: `func.count(Post.c.id)`, `func.call("similarity", float(), a, b)`. The known ones are typed; an unknown
 * name is reached through `call`, which asks for the type.
 */
export const func: Func = new Proxy(Object.create(null) as Func, {
  get(_, name) {
    if (typeof name !== "string" || name === "then") return undefined;
    if (name === "aggregateStrings") return aggregateStrings;
    if (name === "count") return (what?: unknown) => countOf(what);
    if (name === "call")
      return (sqlName: string, type: unknown, ...args: unknown[]) =>
        callFunction(sqlName, args, sqlTypeOf(type, "func.call()"));
    return (...args: unknown[]) => callFunction(camelToSnake(name), args);
  },
});

type SqlTag = ((strings: TemplateStringsArray, ...values: unknown[]) => SqlText) & {
  /** A name, quoted as the database wants. */
  identifier(...names: string[]): unknown;
  /** Text that goes into the statement as it is. Never give it user input. */
  raw(text: string): SqlText;
  join(items: readonly unknown[], separator?: string): SqlText;
  /** SQL with `:name` parameters: `sql.text("select * from cars where make = :make").bindParams({ make })`. */
  text(source: string): SqlText;
};
/**
 * SQL as a tagged template: every `${}` is bound, never interpolated; columns, tables and fragments are rendered in
 * place.
 *
 * @example await conn.execute(sql`select id from cars where make = ${make}`)
 */
export const sql = Object.assign(sqlTag, { text: textClause }) as unknown as SqlTag;
/** SQLAlchemy's `text()` under a name of its own (`text()` is a column type here); the same as `sql.text`. */
export function sqlText(source: string): SqlText {
  return typed(textClause(source));
}

// Methods of raw SQL that speak in definitions rather than in types.
Object.defineProperties(TextClause.prototype, {
  columns: {
    value(this: TextClause, types: { readonly [name: string]: unknown }) {
      return this.withColumns(Object.keys(types).map((name) => ({ name, type: sqlTypeOf(types[name], "columns()") })));
    },
  },
  as: {
    value(this: TextClause, type: unknown) {
      return new TextExpression(this, sqlTypeOf(type, "as()"));
    },
  },
});

/** The same table under another name: `alias(cars, "c2")`. For models use the ORM's `aliased`. */
export function alias<M extends AnyTable, N extends string = `anonymous ${NameOf<M>}`>(
  table: M,
  name?: N,
): TableOf<N, PropsOf<M>, M["$"]["options"]> {
  return typed(new Alias(requireFrom(table, "alias()"), name));
}
export type { OrderingNode };
export { asFrom, NULL_TYPE, ordering };
