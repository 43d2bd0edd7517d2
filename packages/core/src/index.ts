/** `@athanor/core`: engine, pool, dialects, types, schema, reflection and the SQL expression language. */
export * from "./api/columns.js";
export * from "./api/expressions.js";
export * from "./api/statements.js";
export * from "./api/tables.js";
export { bindStatement } from "./compile/bind.js";
export { StatementCache } from "./compile/cache.js";
export type { BindSlot, BoundStatement, Compiled, ResultColumn, ResultItem } from "./compile/compiled.js";
export { registerCompilation } from "./compile/expression-compiler.js";
export { joinCondition, originColumn } from "./compile/from-plan.js";
export { converter, rowReader } from "./compile/reader.js";
export * from "./dialects/dialect.js";
export type * from "./dialects/driver.js";
export * from "./errors/did-you-mean.js";
export * from "./errors/errors.js";
export type * from "./registry.js";
export * from "./schema/constraint.js";
export * from "./schema/definition.js";
export * from "./schema/naming.js";
export { Table, TableColumn } from "./schema/table.js";
export * from "./sql/dml.js";
export * from "./sql/element.js";
export {
  Between, Binary, Bind, BooleanList, conjunction, criterion, Expression, FALSE, InArray, InList, Label, NamedBind, negate, NULL, operand, TRUE, Tuple, Unary,
  Ordering as OrderingElement,
} from "./sql/expression.js";
export {
  Alias, asEntity, asFrom, ColumnReference, Cte, DerivedColumn, FromClause, ItemElement, Join, requireFrom, Subquery as SubqueryClause, TableItem,
  type JoinStep, type JoinSteps,
} from "./sql/from.js";
export { Case as CaseExpression, Cast, Exists, FunctionCall, LiteralColumn, ordering, ScalarSubquery } from "./sql/functions.js";
export { KeyWriter, nextId, OP } from "./sql/key.js";
export * as operators from "./sql/operators.js";
export { CompoundStatement, QueryStatement, selectItem, SelectStatement } from "./sql/select.js";
export { Statement, type ExecutionOptions } from "./sql/statement.js";
export { TextClause } from "./sql/text.js";
export { children, referencedFroms, replace } from "./sql/traverse.js";
export type { Convert, TypeAdapter, TypeAdapters, TypeResolver } from "./types/adapter.js";
export * from "./types/sql-type.js";
export type * from "./typing/index.js";
