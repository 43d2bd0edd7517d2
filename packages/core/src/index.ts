/** `@athanor/core`: engine, pool, dialects, types, schema, reflection and the SQL expression language. */
export * from "./api/columns.js";
export * from "./api/constraints.js";
export * from "./api/decorators.js";
export * from "./api/dialect-types.js";
export * from "./api/expressions.js";
export * from "./api/functions.js";
export * from "./api/postgresql-functions.js";

import "./api/print.js";

export * from "./api/statements.js";
export * from "./api/tables.js";
export { type TypeArgument, TypeSource, typeSource } from "./api/type-source.js";
export { canGenerate, GeneratedFunctions } from "./codegen/generated.js";
export { bindStatement } from "./compile/bind.js";
export { LookupMemo, StatementCache } from "./compile/cache.js";
export type { BindSlot, BoundStatement, Compiled, ResultColumn, ResultItem } from "./compile/compiled.js";
export { type ExpressionCompiler, registerCompilation } from "./compile/expression-compiler.js";
export { joinCondition, originColumn } from "./compile/from-plan.js";
export { converter, type ReaderShape, rowPrototype, rowReader } from "./compile/reader.js";
export type * from "./dialects/bulk-strategy.js";
export * from "./dialects/dialect.js";
export type * from "./dialects/driver.js";
export { type DialectFactory, dialectFor, dialectNamed, dialectNames, registerDialect } from "./dialects/registry.js";
export { createPoolFromUrl, engineFromConfig } from "./engine/config.js";
export {
  type AnyRow,
  Connection,
  type ConnectionOptions,
  type Parameters,
  type TransactionOptions,
} from "./engine/connection.js";
export {
  type ConnectTrace,
  type QueryTrace,
  type Trace,
  type TraceAttributes,
  TraceChannels,
  type TransactionTrace,
} from "./engine/diagnostics.js";
export {
  type ConnectionPromise,
  createEngine,
  Engine,
  type EngineOptions,
  type EnginePlugin,
  type SiblingOptions,
  type TransactionRetries,
} from "./engine/engine.js";
export { Events, type ListenOptions } from "./engine/events.js";
export type { Limits } from "./engine/limits.js";
export type { Echo, LogFunction } from "./engine/log.js";
export { createMockEngine, type MockExecutor } from "./engine/mock.js";
export { type Ageing, Nursery } from "./engine/nursery.js";
export { Pool, type PoolClass, type PoolOptions, type PoolStatus } from "./engine/pool.js";
export type { Lease, PoolEvent, PoolEvents, PoolRecord } from "./engine/pool-record.js";
export { RawConnection } from "./engine/raw-connection.js";
export {
  type Chunk,
  Execution,
  type Fetched,
  FrozenResult,
  lazyRows,
  Result,
  type ResultSource,
} from "./engine/result.js";
export type { EngineEvents, StatementEvent, TransactionEvent, TwoPhaseEvent } from "./engine/services.js";
export { Savepoint, Transaction } from "./engine/transaction.js";
export * from "./engine/url.js";
export * from "./errors/did-you-mean.js";
export * from "./errors/errors.js";
export { requireKnownOptions } from "./errors/known-options.js";
export * from "./errors/stopped.js";
export { type InSchema, Inspector, inspect } from "./reflection/inspector.js";
export { type PartsOptions, partsFromReflection } from "./reflection/parts.js";
export type * from "./reflection/types.js";
export type * from "./registry.js";
export type * from "./schema/bind.js";
export { queryOn, withConnection } from "./schema/bind.js";
export { buildTable } from "./schema/build-table.js";
export { typeCheckOf } from "./schema/columns.js";
export * from "./schema/constraint.js";
export { createTable } from "./schema/create-table.js";
export { DatabaseType } from "./schema/database-type.js";
export * from "./schema/ddl.js";
export * from "./schema/definition.js";
export * from "./schema/metadata.js";
export * from "./schema/naming.js";
export * from "./schema/sort.js";
export * from "./schema/sort-tables.js";
export {
  CreateStoredObject,
  DropStoredObject,
  materializedView,
  type StoredKind,
  StoredObject,
  type StoredObjectHome,
  type StoredObjectOptions,
  storedFunction,
  storedProcedure,
  trigger,
  type ViewObjectOptions,
  view,
} from "./schema/stored-object.js";
export { Table, TableColumn, type TableParts, ViewedColumn } from "./schema/table.js";
export {
  columnsIn,
  type ExcludeOptions,
  IndexBuilder,
  type TableArgument,
  TableCheck,
  TableExclude,
  TableForeignKey,
  TableIndex,
  TablePrimaryKey,
  TableUnique,
  TypeCheck,
  type UniqueOptions,
} from "./schema/table-constraints.js";
export { objectOfView, type SelectViewOptions, sortObjects } from "./schema/view.js";
export * from "./sql/composites.js";
export { DefinedCall } from "./sql/custom-function.js";
export * from "./sql/dml.js";
export * from "./sql/element.js";
export { checkedExecutionOptions, declareExecutionOptions } from "./sql/execution-options.js";
export {
  Between,
  Binary,
  Bind,
  BooleanList,
  conjunction,
  criterion,
  Expression,
  FALSE,
  InArray,
  InList,
  Label,
  NamedBind,
  NULL,
  negate,
  Ordering as OrderingElement,
  operand,
  STAR,
  TRUE,
  Tuple,
  Unary,
} from "./sql/expression.js";
export { type ExtensionPoint, SyntaxExtension } from "./sql/extension.js";
export {
  Alias,
  asEntity,
  asFrom,
  ColumnReference,
  Cte,
  DerivedColumn,
  FromClause,
  ItemElement,
  Join,
  type JoinStep,
  type JoinSteps,
  requireFrom,
  rowsOf,
  Subquery as SubqueryClause,
  TableItem,
  ViewedDerivedColumn,
  viewedBy,
} from "./sql/from.js";
export {
  Case as CaseExpression,
  Cast,
  Exists,
  Filtered,
  FunctionCall,
  LiteralColumn,
  NullOf,
  Over,
  ordering,
  ScalarSubquery,
} from "./sql/functions.js";
export { KeyWriter, nextId, OP } from "./sql/key.js";
export { requireValue } from "./sql/no-value.js";
export * as operators from "./sql/operators.js";
export {
  type ColumnDescription,
  CompoundStatement,
  FromStatement,
  type JoinSpec,
  type LabelStyle,
  QueryStatement,
  type SelectItem,
  SelectStatement,
  selectItem,
} from "./sql/select.js";
export { type ExecutionOptions, Statement } from "./sql/statement.js";
export { TextClause } from "./sql/text.js";
export { children, clonedTraverse, compare, iterate, referencedFroms, replace, traverse } from "./sql/traverse.js";
export { viewedJoins, withEntityRows } from "./sql/viewers.js";
export { type Convert, converted, type TypeAdapter, type TypeAdapters, type TypeResolver } from "./types/adapter.js";
export { registerTypeCompilation } from "./types/compilation.js";
export { DomainType, IntervalType, NativeType, Range, RangeType, SetType } from "./types/native-types.js";
export * from "./types/sql-type.js";
export * from "./types/wrapping.js";
export type * from "./typing/index.js";
