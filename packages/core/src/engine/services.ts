/** What connections need of their engine, and the events an engine fires. Keeps the imports one-way. */
import type { StatementCache } from "../compile/cache.js";
import type { Compiled } from "../compile/compiled.js";
import type { Dialect } from "../dialects/dialect.js";
import type { IsolationLevel, RawResult } from "../dialects/driver.js";
import type { DatabaseError } from "../errors/errors.js";
import type { ExecutionOptions } from "../sql/statement.js";
import type { TraceAttributes } from "./diagnostics.js";
import type { Events } from "./events.js";
import type { Logger } from "./log.js";
import type { Pool } from "./pool.js";

export interface StatementEvent {
  readonly connection: object;
  readonly sql: string;
  readonly params: readonly unknown[];
  /** Set for one statement with many parameter sets. */
  readonly sets?: readonly (readonly unknown[])[] | undefined;
}
export interface TransactionEvent {
  readonly connection: object;
}
export interface TwoPhaseEvent extends TransactionEvent {
  /** The transaction's name. */
  readonly xid: string;
}
export interface EngineEvents {
  /** May return `{ sql, params }` to be sent instead. */
  beforeExecute: (
    event: StatementEvent,
  ) => { readonly sql: string; readonly params: readonly unknown[] } | undefined | void;
  afterExecute: (event: StatementEvent & { readonly result: RawResult; readonly milliseconds: number }) => void;
  /** Every statement sent, also BEGIN, COMMIT, ROLLBACK and savepoints. */
  statement: (event: StatementEvent) => void;
  /** May return another error to be thrown instead. */
  error: (event: { readonly connection: object; readonly error: DatabaseError }) => Error | undefined | void;
  begin: (event: TransactionEvent) => void;
  commit: (event: TransactionEvent) => void;
  rollback: (event: TransactionEvent) => void;
  savepoint: (event: TransactionEvent & { readonly name: string }) => void;
  releaseSavepoint: (event: TransactionEvent & { readonly name: string }) => void;
  rollbackSavepoint: (event: TransactionEvent & { readonly name: string }) => void;
  /** Of two-phase transactions, in place of `begin`, `commit` and `rollback`. */
  beginTwoPhase: (event: TwoPhaseEvent) => void;
  prepareTwoPhase: (event: TwoPhaseEvent) => void;
  /** `prepared`: after the first phase, of this or of another connection. */
  commitTwoPhase: (event: TwoPhaseEvent & { readonly prepared: boolean }) => void;
  rollbackTwoPhase: (event: TwoPhaseEvent & { readonly prepared: boolean }) => void;
  /** A Connection object was made. */
  engineConnect: (event: TransactionEvent) => void;
  dispose: (event: { readonly engine: object }) => void;
}
export const ENGINE_EVENTS: readonly (keyof EngineEvents)[] = [
  "beforeExecute",
  "afterExecute",
  "statement",
  "error",
  "begin",
  "commit",
  "rollback",
  "savepoint",
  "releaseSavepoint",
  "rollbackSavepoint",
  "beginTwoPhase",
  "prepareTwoPhase",
  "commitTwoPhase",
  "rollbackTwoPhase",
  "engineConnect",
  "dispose",
];
export interface EngineServices {
  readonly dialect: Dialect;
  readonly cache: StatementCache<Compiled>;
  readonly events: Events<EngineEvents>;
  readonly pool: Pool;
  readonly logger: Logger | undefined;
  readonly hideParameters: boolean;
  readonly isolationLevel: IsolationLevel | undefined;
  readonly options: ExecutionOptions;
  /** What traces of its connections say of the engine. */
  readonly trace: TraceAttributes;
}
