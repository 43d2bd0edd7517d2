/** `@athanor/orm`: models, sessions, unit of work, loading strategies, queries. */
export * from "./errors.js";
export * from "./extensions/index.js";
export {
  attributeKeyed,
  CollectionBase,
  columnProperty,
  declarativeBase,
  discriminatedBy,
  keyedBy,
  Mixin,
  Model,
  type ModelBase,
  manyToMany,
  manyToOne,
  oneToMany,
  oneToOne,
  queryExpression,
  synonym,
  tableConstraints,
} from "./mapping/api.js";
export type { AttributeEventName, AttributeEvents, AttributeListenOptions } from "./mapping/attribute-events.js";
export { toPlain } from "./mapping/attributes.js";
export { mapperOf } from "./mapping/declarative.js";
export { foreign, remote } from "./mapping/join-annotations.js";
export { listen } from "./mapping/listen.js";
export {
  type ColumnPair,
  type Inheritance,
  type MappedColumn,
  Mapper,
  RelationshipProperty,
} from "./mapping/mapper.js";
export type { ModelEventName, ModelEvents, ModelListenOptions } from "./mapping/model-events.js";
export type { RegistryEvents } from "./mapping/registry.js";
export * from "./query/index.js";
export type { BindKey } from "./session/binds.js";
export type { Bind as SessionBind, JoinTransactionMode } from "./session/connections.js";
export type { BindContext, GetBind } from "./session/core.js";
export type { SessionEventName, SessionEvents, TransactionInfo } from "./session/events.js";
export type { InvokeOptions, OrmExecuteState, StatementAnswer } from "./session/execute-state.js";
export { type SessionClass, type SessionMaker, sessionmaker } from "./session/factory.js";
export type { FlushTrace } from "./session/flush-trace.js";
export {
  type AttributeHistory,
  flagModified,
  InstanceInspection,
  makeTransient,
  makeTransientToDetached,
  type ObjectState,
  wasDeleted,
} from "./session/inspect.js";
export { type AttributeInspection, EntityInspection, inspect } from "./session/inspect-any.js";
export { SESSION, type SessionInternals } from "./session/internals.js";
export type { MergeOptions } from "./session/merge.js";
export { closeAllSessions } from "./session/open-sessions.js";
export type { SessionOptions } from "./session/options.js";
export {
  type RunningScopedSession,
  type ScopedSession,
  type ScopedSessionOptions,
  type SessionHolder,
  type SessionPlaces,
  SessionScopes,
  scopedSession,
  ValuePlaces,
} from "./session/scoped.js";
export {
  type GetOptions,
  objectSession,
  Session,
  SessionTransaction,
} from "./session/session.js";
export type { ShardId, ShardOptions } from "./session/sharding.js";
export type * from "./typing/index.js";
