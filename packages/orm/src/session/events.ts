/**
 * Hooks of sessions: of one, of all a factory makes, of all of a class. They run in the order they were added, those of
 * the class first. Source: SQLAlchemy "Session Events", "Mapper Events".
 *
 * Hooks of single objects are synchronous, since they run between two steps that must not be torn apart; those that
 * stand for a step of the session may be asynchronous and may use the session.
 */
import { type Connection, Events } from "@athanor/core";
import { eachListener, type RowEventName } from "../mapping/model-events.js";
import type { Managed } from "../mapping/state.js";
import type { OrmExecuteState } from "./execute-state.js";

interface OfSession {
  readonly session: object;
}
interface OfInstance extends OfSession {
  readonly instance: object;
}
/** The transaction of a session or a savepoint in it, as events show it. */
export interface TransactionInfo {
  readonly nested: boolean;
  /** The one around it. */
  readonly parent: TransactionInfo | undefined;
}
interface OfTransaction extends OfSession {
  readonly transaction: TransactionInfo;
}
interface OfBulk extends OfSession {
  readonly statement: object;
  /** Rows matched. */
  readonly rowCount: number;
}

/** May be asynchronous: the session waits for them. */
export interface StepEvents {
  /** Before anything is written: the place to add, change and delete objects. */
  beforeFlush: (event: OfSession) => unknown;
  /** All is written; `session.new`, `dirty` and `deleted` and the histories still tell what was. No flush is possible. */
  afterFlush: (event: OfSession) => unknown;
  /** The objects are in their final state; what is changed here is written by the next flush, a commit's included. */
  afterFlushPostexec: (event: OfSession) => unknown;
  beforeCommit: (event: OfSession) => unknown;
  afterCommit: (event: OfSession) => unknown;
  /** The outermost transaction was rolled back. */
  afterRollback: (event: OfSession) => unknown;
  /** A transaction or a savepoint was rolled back. */
  afterSoftRollback: (event: OfSession & { readonly previousTransaction: TransactionInfo }) => unknown;
  /** A connection joined the session's transaction. */
  afterBegin: (event: OfSession & { readonly connection: Connection }) => unknown;
  /** UPDATE by criteria. */
  afterBulkUpdate: (event: OfBulk) => unknown;
  /** DELETE by criteria. */
  afterBulkDelete: (event: OfBulk) => unknown;
  /**
   * Before every statement of the session, those of lazy loads and refreshes included. It may change the statement, and
   * may answer with a result of its own, which ends the matter.
   */
  doOrmExecute: (event: OrmExecuteState) => unknown;
}
/** Synchronous. */
export interface ObjectEvents {
  afterTransactionCreate: (event: OfTransaction) => void;
  afterTransactionEnd: (event: OfTransaction) => void;
  beforeAttach: (event: OfInstance) => void;
  afterAttach: (event: OfInstance) => void;
  transientToPending: (event: OfInstance) => void;
  pendingToPersistent: (event: OfInstance) => void;
  pendingToTransient: (event: OfInstance) => void;
  loadedAsPersistent: (event: OfInstance) => void;
  persistentToTransient: (event: OfInstance) => void;
  persistentToDeleted: (event: OfInstance) => void;
  persistentToDetached: (event: OfInstance) => void;
  deletedToDetached: (event: OfInstance) => void;
  deletedToPersistent: (event: OfInstance) => void;
  detachedToPersistent: (event: OfInstance) => void;
  /** Rows of one object: its own columns may be set; to add or change other objects use `beforeFlush`. */
  beforeInsert: (event: OfInstance) => void;
  afterInsert: (event: OfInstance) => void;
  beforeUpdate: (event: OfInstance) => void;
  /** For every object that was looked at for an UPDATE, also where nothing differed. */
  afterUpdate: (event: OfInstance) => void;
  beforeDelete: (event: OfInstance) => void;
  afterDelete: (event: OfInstance) => void;
}
export interface SessionEvents extends StepEvents, ObjectEvents {}
export type SessionEventName = keyof SessionEvents;

const NAMES: readonly SessionEventName[] = [
  "beforeFlush",
  "afterFlush",
  "afterFlushPostexec",
  "beforeCommit",
  "afterCommit",
  "afterRollback",
  "afterSoftRollback",
  "afterBegin",
  "afterBulkUpdate",
  "afterBulkDelete",
  "doOrmExecute",
  "afterTransactionCreate",
  "afterTransactionEnd",
  "beforeAttach",
  "afterAttach",
  "transientToPending",
  "pendingToPersistent",
  "pendingToTransient",
  "loadedAsPersistent",
  "persistentToTransient",
  "persistentToDeleted",
  "persistentToDetached",
  "deletedToDetached",
  "deletedToPersistent",
  "detachedToPersistent",
  "beforeInsert",
  "afterInsert",
  "beforeUpdate",
  "afterUpdate",
  "beforeDelete",
  "afterDelete",
];

/** Listeners of one session, or of many: then sessions have them as parent. */
export class SessionHooks extends Events<SessionEvents> {
  constructor(parent?: SessionHooks) {
    super(NAMES, parent);
  }
  /** Asynchronous hooks, one after another. */
  async run<K extends keyof StepEvents>(name: K, event: Parameters<StepEvents[K]>[0]): Promise<void> {
    for (const listener of this.of(name)) await (listener as (event: unknown) => unknown)(event);
  }
  /** Hooks of rows, of the session and of the models. */
  rows(name: RowEventName, session: object, instances: readonly Managed[]): void {
    const own = this.has(name);
    for (const instance of instances) {
      if (own) this.emit(name, { session, instance });
      eachListener(instance.$$d, name, (listener) => {
        listener({ session, instance });
      });
    }
  }
}

const byClass = new WeakMap<Function, SessionHooks>();
/** The listeners of a session class; those of the class above hear the same sessions. */
export function hooksOfClass(type: Function): SessionHooks {
  let hooks = byClass.get(type);
  if (hooks === undefined) {
    const above = Object.getPrototypeOf(type) as Function | null;
    const top = above === null || above === Function.prototype;
    byClass.set(type, (hooks = new SessionHooks(top ? undefined : hooksOfClass(above))));
  }
  return hooks;
}

/** How a factory tells the sessions it makes who listens to them all. */
export const LISTENERS: unique symbol = Symbol("listeners");
export interface Listened {
  readonly [LISTENERS]?: SessionHooks;
}
