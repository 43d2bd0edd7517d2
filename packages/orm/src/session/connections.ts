/**
 * The connections of a session: one per engine, each with the session's transaction and a savepoint per nested one.
 * A session may also join a connection somebody else began. Source: SQLAlchemy "Joining a Session into an External Transaction".
 */
import {
  type Connection,
  Engine,
  type ExecutionOptions,
  type MaybePromise,
  type Savepoint,
  type Transaction,
} from "@athanor/core";

/** What a session works on. */
export type Bind = Engine | Connection;
/** How a session takes part in a transaction that was begun outside of it. */
export type JoinTransactionMode = "conditionalSavepoint" | "rollbackOnly" | "controlFully" | "createSavepoint";

interface Bound {
  readonly bind: Engine | Connection;
  readonly connection: Connection;
  /** Taken from the pool by the session, so given back by it. */
  readonly own: boolean;
  /** What the session ends: the transaction it works in, or a savepoint. Undefined: whatever the connection has begun. */
  readonly root: Transaction | Savepoint | undefined;
  /** Begun outside: a rollback reaches it, a commit and a close do not. */
  readonly rollbackOnly: boolean;
  /** Savepoints of the session's, the innermost last. */
  nested: readonly Savepoint[];
  /** Takes back the options of the session, which a connection of others does not keep. */
  readonly leave: (() => void) | undefined;
}
/** Options in force while one statement of the session runs. */
interface Scope {
  readonly options: ExecutionOptions;
  readonly leaves: (() => void)[];
}

/** The session: hears of each connection once the session's transaction is on it. */
export interface ConnectionHost {
  begun(connection: Connection): MaybePromise<void>;
}
const NOBODY: readonly Bound[] = [];
const NO_SAVEPOINTS: readonly Savepoint[] = [];
/** Takes it off the list. */
function innermost(bound: Bound): Savepoint | undefined {
  const last = bound.nested.at(-1);
  bound.nested = bound.nested.slice(0, -1);
  return last;
}
const NO_SCOPES: readonly Scope[] = [];

export class SessionConnections {
  /** Nearly always one. */
  #bound: readonly Bound[] = NOBODY;
  #opening: Map<Engine | Connection, Promise<Connection>> | undefined;
  readonly #join: JoinTransactionMode;
  readonly #twoPhase: boolean;
  readonly #options: ExecutionOptions | undefined;
  #scopes: readonly Scope[] = NO_SCOPES;
  #depth = 0;
  #prepared = false;
  /** `options`: execution options for every connection. */
  constructor(join: JoinTransactionMode, twoPhase: boolean, options: ExecutionOptions | undefined) {
    this.#join = join;
    this.#twoPhase = twoPhase;
    this.#options = options;
  }
  /** Runs work with execution options of its own in force on all connections, those that are opened for it included. */
  async within<T>(options: ExecutionOptions, work: () => MaybePromise<T>): Promise<T> {
    const scope: Scope = { options, leaves: this.#bound.map(({ connection }) => connection.enter(options)) };
    this.#scopes = [...this.#scopes, scope];
    try {
      return await work();
    } finally {
      this.#scopes = this.#scopes.filter((s) => s !== scope);
      for (const leave of scope.leaves) leave();
    }
  }
  /** Puts the options in force on a new connection; gives what takes those of the session back. */
  #enter(connection: Connection): (() => void) | undefined {
    const leave = this.#options === undefined ? undefined : connection.enter(this.#options);
    for (const { options, leaves } of this.#scopes) leaves.push(connection.enter(options));
    return leave;
  }
  /** Ends the wait for a connection. */
  get #signal(): AbortSignal | undefined {
    return (this.#scopes.at(-1)?.options.signal ?? this.#options?.signal) as AbortSignal | undefined;
  }
  get(bind: Engine | Connection, host: ConnectionHost): MaybePromise<Connection> {
    for (const bound of this.#bound) if (bound.bind === bind) return bound.connection;
    const underWay = this.#opening?.get(bind);
    if (underWay !== undefined) return underWay;
    if (bind instanceof Engine && this.#depth === 0 && !this.#twoPhase) {
      const opened = bind.open(undefined, this.#signal);
      if (!(opened instanceof Promise)) return this.#opened(bind, opened, host);
      return this.#wait(
        bind,
        opened.then((connection) => this.#opened(bind, connection, host)),
      );
    }
    return this.#wait(bind, this.#open(bind, host));
  }
  #wait(bind: Engine | Connection, opening: Promise<Connection>): Promise<Connection> {
    this.#opening ??= new Map();
    const all = this.#opening;
    const done = opening.finally(() => all.delete(bind));
    all.set(bind, done);
    return done;
  }
  /** An engine's connection with no savepoint to be set: nothing to wait for. */
  #opened(bind: Engine, connection: Connection, host: ConnectionHost): MaybePromise<Connection> {
    const leave = this.#enter(connection);
    const bound: Bound = {
      bind,
      connection,
      own: true,
      root: undefined,
      rollbackOnly: false,
      nested: NO_SAVEPOINTS,
      leave,
    };
    this.#bound = this.#bound.length === 0 ? [bound] : [...this.#bound, bound];
    if (this.#depth > 0) return this.#nest(bound, host);
    const running = host.begun(connection);
    return running instanceof Promise ? running.then(() => connection) : connection;
  }
  /** Savepoints were set while the connection was on its way. */
  async #nest(bound: Bound, host: ConnectionHost): Promise<Connection> {
    const { connection } = bound;
    while (bound.nested.length < this.#depth) bound.nested = [...bound.nested, await connection.beginNested()];
    await host.begun(connection);
    return connection;
  }
  async #open(bind: Engine | Connection, host: ConnectionHost): Promise<Connection> {
    const own = bind instanceof Engine;
    const connection = own ? await bind.open(undefined, this.#signal) : bind;
    const leave = this.#enter(connection);
    let root: Transaction | Savepoint | undefined;
    let rollbackOnly = false;
    try {
      if (!own && connection.inTransaction) {
        const nested = connection.getNestedTransaction();
        if (this.#join === "createSavepoint" || (this.#join === "conditionalSavepoint" && nested !== null))
          root = await connection.beginNested();
        else {
          root = nested ?? connection.getTransaction() ?? undefined;
          rollbackOnly = this.#join !== "controlFully";
        }
      } else if (this.#twoPhase) root = await connection.begin({ twoPhase: true });
      const bound: Bound = { bind, connection, own, root, rollbackOnly, nested: NO_SAVEPOINTS, leave };
      this.#bound = [...this.#bound, bound];
      for (let i = 0; i < this.#depth; i++) bound.nested = [...bound.nested, await connection.beginNested()];
    } catch (error) {
      // Nothing knows of it yet, so nothing would give it back.
      if (!this.#bound.some((b) => b.bind === bind)) leave?.();
      if (own && !this.#bound.some((b) => b.bind === bind)) await connection.close();
      throw error;
    }
    await host.begun(connection);
    return connection;
  }
  async beginNested(): Promise<void> {
    this.#depth++;
    for (const bound of this.#bound) bound.nested = [...bound.nested, await bound.connection.beginNested()];
  }
  async releaseNested(): Promise<void> {
    this.#depth--;
    for (const bound of this.#bound) await innermost(bound)?.commit();
  }
  /** Back to the innermost savepoint, which stays open for another attempt only in name: it is gone on the server. */
  async rollbackNested(): Promise<void> {
    this.#depth--;
    for (const bound of this.#bound) await innermost(bound)?.rollback();
  }
  /** The first phase on every connection: from here on each server promises that its commit succeeds. */
  async prepare(): Promise<void> {
    for (const { root } of this.#bound) if (root !== undefined && "prepare" in root) await root.prepare();
    this.#prepared = true;
  }
  async commit(): Promise<void> {
    if (this.#twoPhase && !this.#prepared) await this.prepare();
    for (const { root, rollbackOnly, connection } of this.#bound) {
      if (rollbackOnly) continue;
      if (root === undefined) await connection.commit();
      else if (root.isActive) await root.commit();
    }
    await this.#release();
  }
  rollback(): Promise<void> {
    return this.#end(({ root, connection }) => (root === undefined ? connection : root).rollback());
  }
  /**
   * Leaves what was begun outside as it is, unless the session was given control of it. Without a promise where there is
   * nothing to wait for: no connection, or one of the session's own whose driver answers at once.
   */
  close(): MaybePromise<void> {
    const [only] = this.#bound;
    if (only === undefined && this.isEmpty) return;
    if (this.#bound.length === 1 && only?.own && only.root === undefined && !this.#opening?.size) {
      this.#bound = NOBODY;
      this.#depth = 0;
      this.#prepared = false;
      return only.connection.end();
    }
    return this.#end(({ root, rollbackOnly, connection, nested }) =>
      rollbackOnly ? nested[0]?.rollback() : (root === undefined ? connection : root).rollback(),
    );
  }
  /** Ends the physical connections at once: for a session whose connections are known to be in a bad state. */
  invalidate(): Promise<void> {
    return this.#end(({ connection }) => connection.invalidate());
  }
  async #end(how: (bound: Bound) => MaybePromise<void>): Promise<void> {
    let failure: unknown;
    for (const bound of this.#bound) {
      try {
        await how(bound);
      } catch (error) {
        failure ??= error;
      }
    }
    try {
      await this.#release();
    } catch (error) {
      failure ??= error;
    }
    if (failure !== undefined) throw failure;
  }
  async #release(): Promise<void> {
    const all = this.#bound;
    this.#bound = NOBODY;
    this.#depth = 0;
    this.#prepared = false;
    for (const bound of all) {
      if (bound.own) await bound.connection.close();
      else bound.leave?.();
    }
  }
  get isEmpty(): boolean {
    return this.#bound.length === 0 && (this.#opening?.size ?? 0) === 0;
  }
}
