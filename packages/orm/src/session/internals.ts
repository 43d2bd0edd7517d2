/**
 * What the query side sees of a session: reached as `session[SESSION]`, so that `query/` never imports `session.ts`.
 * The other direction, what the session asks of the query side, is `query/execute.ts`. Loaded relationship values are
 * set with `setLoadedCollection` and `setLoadedReference` of `mapping/collection.ts`, which merge queued changes.
 */
import type {
  Connection,
  Element,
  Engine,
  Execution,
  ExecutionOptions,
  Fetched,
  MaybePromise,
  StatementCache,
} from "@athanor/core";
import type { CanonicalKey } from "../mapping/identity-key.js";
import type { MappedColumn, Mapper, RelationshipProperty } from "../mapping/mapper.js";
import type { Managed, SessionFace } from "../mapping/state.js";

/** A session (or a scoped proxy of one) answers with its internals. */
export const SESSION: unique symbol = Symbol.for("athanor.session");

/** Objects by key, one map per hierarchy. */
export interface Identities {
  get(mapper: Mapper, key: CanonicalKey): Managed | undefined;
  /** Adds one; the caller knows that the key is free. */
  add(mapper: Mapper, key: CanonicalKey, instance: Managed): void;
  /** Nothing is held for this hierarchy: what one plain select brings is distinct and may be appended. */
  isEmpty(mapper: Mapper): boolean;
  /** Adds objects whose keys are known to be new and distinct; indexed at the first lookup. */
  append(mapper: Mapper, instances: readonly Managed[]): void;
  /** All objects of a hierarchy. */
  instances(mapper: Mapper): Iterable<Managed>;
}

/** A statement on its way through listeners and shards. */
export interface StatementCall {
  readonly statement: Element;
  readonly params: ParameterValues | undefined;
  /** What it is for: the program's own, a relationship of objects that are there, columns of such objects. */
  readonly kind: "execute" | "relationship" | "column";
  /** Whose attributes are loaded. */
  readonly from?: readonly Managed[] | undefined;
  readonly relationship?: RelationshipProperty | undefined;
  /** Those of the session. */
  readonly executionOptions: { readonly [name: string]: unknown };
  /** The element behind what a program gave as a statement. */
  element(statement: unknown): Element;
  /** The end of the way, at one place; gives whole rows. */
  run(at: SessionInternals, statement: Element, params: ParameterValues | undefined): MaybePromise<Fetched>;
}
export type ParameterValues = { readonly [name: string]: unknown } | readonly { readonly [name: string]: unknown }[];

/** How an object is got by its key. */
export interface ByKeyOptions {
  readonly options?: readonly unknown[] | undefined;
  readonly populateExisting?: boolean | undefined;
  readonly withForUpdate?: boolean | LockOptions | undefined;
  /** The shard or tenant whose row is meant. */
  readonly identityToken?: unknown;
}
export interface LockOptions {
  readonly read?: boolean;
  readonly nowait?: boolean;
  readonly skipLocked?: boolean;
}
export interface RowEvents {
  loaded(instance: Managed): void;
  refreshed(instance: Managed, attributes: readonly string[] | undefined): void;
}
export interface SessionInternals {
  readonly identity: Identities;
  /** What loaded instances get as `$$s`. */
  readonly face: SessionFace;
  /** Results created and not yet started: whatever the session does next starts them first (`Execution.start()`). */
  readonly waiting: Execution[];
  /** A connection with the session's transaction; begins one at first use. */
  connectionFor(mapper: Mapper | null, statement?: Element): MaybePromise<Connection>;
  /** The engine a statement of this mapper goes to. */
  engineFor(mapper: Mapper | null, statement?: Element): Engine;
  /** Flushes if there is anything to flush; undefined when there is not (nothing to await). */
  autoflush(): Promise<void> | undefined;
  /** Plans of ORM statements for an engine; one cache per engine, shared by its sessions. */
  planCache(engine: Engine): StatementCache<unknown>;
  /** Makes loaded objects belong to the session; they are in the identity map already. Sets `$$s` and the flags. */
  register(instance: Managed): void;
  /**
   * Runs after everything that was asked of the session before. Functions run inside must not enqueue again.
   *
   * @throws InvalidRequestError after `close()`
   */
  enqueue<T>(work: () => MaybePromise<T>): Promise<T>;
  /** The object of this key, from memory or the database. Runs in the session's turn. */
  get(mapper: Mapper, values: readonly unknown[], options: ByKeyOptions): MaybePromise<Managed | null>;
  /** Runs work with execution options in force on the session's connections: what a statement says goes for its eager loads. */
  within<T>(options: ExecutionOptions, work: () => MaybePromise<T>): Promise<T>;
  /** A statement failed that nobody had asked for so far: unless `by` says otherwise by then, the commit fails with it. */
  noteFailed(by: { readonly isAsked: boolean }, error: unknown): void;
  /** A DELETE by criteria took the row of this object: it leaves the session as a flushed deletion does. */
  removed(instance: Managed): void;
  /** An UPDATE by criteria is about to give these columns other values: a rollback puts back those they had. */
  overwritten(instance: Managed, attributes: readonly MappedColumn[]): void;
  /** Statements go the long way: somebody listens to them, or they are spread over shards. */
  readonly intercepts: boolean;
  /** The long way. */
  intercept(call: StatementCall): MaybePromise<Fetched>;
  /** Where objects of other places are kept apart, theirs: see `identityToken`. undefined: nowhere in particular. */
  readonly token: unknown;
  /** The session as seen from where this object belongs. */
  at(token: unknown): SessionInternals;
  /** A row became an object, or overwrote one that was there; null while nobody listens. */
  readonly rowEvents: RowEvents | null;
  /** An UPDATE or DELETE by criteria is done. */
  bulkDone(statement: Element, rowCount: number): MaybePromise<void>;
  /** Options of the session for statements (`populateExisting` …). */
  readonly executionOptions: { readonly [name: string]: unknown };
}
