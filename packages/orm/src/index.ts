/** `@athanor/orm`: models, sessions, unit of work, loading strategies, queries. */
export * from "./errors.js";
export * from "./extensions/index.js";
export {
  declarativeBase,
  Mixin,
  Model,
  type ModelBase,
  manyToMany,
  manyToOne,
  oneToMany,
  oneToOne,
} from "./mapping/api.js";
export { toPlain } from "./mapping/attributes.js";
export { mapperOf } from "./mapping/declarative.js";
export {
  type ColumnPair,
  type Inheritance,
  type MappedColumn,
  Mapper,
  RelationshipProperty,
} from "./mapping/mapper.js";
export * from "./query/index.js";
export type { JoinTransactionMode } from "./session/connections.js";
export type { SessionEventName, SessionEvents } from "./session/events.js";
export {
  type AttributeHistory,
  flagModified,
  InstanceInspection,
  inspect,
  makeTransient,
  type ObjectState,
} from "./session/inspect.js";
export { SESSION, type SessionInternals } from "./session/internals.js";
export type { MergeOptions } from "./session/merge.js";
export {
  type GetOptions,
  objectSession,
  Session,
  type SessionMaker,
  type SessionOptions,
  SessionTransaction,
  sessionmaker,
} from "./session/session.js";
export type * from "./typing/index.js";
