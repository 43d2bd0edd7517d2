/**
 * Hooks of a session. They may be asynchronous and may use the session; they run in the order they were added.
 * Source: SQLAlchemy "Session Events". Hooks of single rows (`beforeInsert` …) see the object and may set its own columns;
 * to add or change other objects use `beforeFlush`.
 */
import { ArgumentError, didYouMean } from "@athanor/core";

export interface SessionEvents {
  beforeFlush: (event: { readonly session: object }) => unknown;
  afterFlush: (event: { readonly session: object }) => unknown;
  beforeCommit: (event: { readonly session: object }) => unknown;
  afterCommit: (event: { readonly session: object }) => unknown;
  afterRollback: (event: { readonly session: object }) => unknown;
  afterBegin: (event: { readonly session: object; readonly connection: object }) => unknown;
  beforeAttach: (event: { readonly session: object; readonly instance: object }) => unknown;
  transientToPending: (event: { readonly session: object; readonly instance: object }) => unknown;
  pendingToPersistent: (event: { readonly session: object; readonly instance: object }) => unknown;
  pendingToTransient: (event: { readonly session: object; readonly instance: object }) => unknown;
  persistentToTransient: (event: { readonly session: object; readonly instance: object }) => unknown;
  persistentToDeleted: (event: { readonly session: object; readonly instance: object }) => unknown;
  deletedToDetached: (event: { readonly session: object; readonly instance: object }) => unknown;
  /** Rows of one object, synchronous: the object's own columns may be set; other objects belong into `beforeFlush`. */
  beforeInsert: (event: { readonly session: object; readonly instance: object }) => void;
  afterInsert: (event: { readonly session: object; readonly instance: object }) => void;
  beforeUpdate: (event: { readonly session: object; readonly instance: object }) => void;
  afterUpdate: (event: { readonly session: object; readonly instance: object }) => void;
  beforeDelete: (event: { readonly session: object; readonly instance: object }) => void;
  afterDelete: (event: { readonly session: object; readonly instance: object }) => void;
}
export type RowEventName =
  | "beforeInsert"
  | "afterInsert"
  | "beforeUpdate"
  | "afterUpdate"
  | "beforeDelete"
  | "afterDelete";
export type SessionEventName = keyof SessionEvents;
const NAMES: readonly SessionEventName[] = [
  "beforeFlush",
  "afterFlush",
  "beforeCommit",
  "afterCommit",
  "afterRollback",
  "afterBegin",
  "beforeAttach",
  "transientToPending",
  "pendingToPersistent",
  "pendingToTransient",
  "persistentToTransient",
  "persistentToDeleted",
  "deletedToDetached",
  "beforeInsert",
  "afterInsert",
  "beforeUpdate",
  "afterUpdate",
  "beforeDelete",
  "afterDelete",
];

export class SessionHooks {
  readonly #listeners = new Map<SessionEventName, ((event: never) => unknown)[]>();
  on<K extends SessionEventName>(name: K, listener: SessionEvents[K]): () => void {
    if (!NAMES.includes(name))
      throw new ArgumentError(
        `A session has no event '${String(name)}'.${didYouMean(String(name), NAMES)} Known: ${NAMES.join(", ")}.`,
        "event.unknown",
      );
    const list = this.#listeners.get(name) ?? [];
    list.push(listener as (event: never) => unknown);
    this.#listeners.set(name, list);
    return () => {
      const at = list.indexOf(listener as (event: never) => unknown);
      if (at >= 0) list.splice(at, 1);
    };
  }
  has(name: SessionEventName): boolean {
    return (this.#listeners.get(name)?.length ?? 0) > 0;
  }
  /** Synchronous hooks: states of single objects. */
  emit<K extends SessionEventName>(name: K, event: Parameters<SessionEvents[K]>[0]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) listener(event as never);
  }
  async run<K extends SessionEventName>(name: K, event: Parameters<SessionEvents[K]>[0]): Promise<void> {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) await listener(event as never);
  }
}
