/**
 * The connections of a session: one per engine, each with the session's transaction and a savepoint per nested one.
 * A session may also join a connection somebody else began. Source: SQLAlchemy "Joining a Session into an External Transaction".
 */
import { type Connection, Engine, type MaybePromise, type Savepoint, type Transaction } from "@athanor/core";

/** What a session works on. */
export type Bind = Engine | Connection;
/** How a session takes part in a transaction that was begun outside of it. */
export type JoinTransactionMode = "conditionalSavepoint" | "rollbackOnly" | "controlFully" | "createSavepoint";

interface Bound {
  readonly connection: Connection;
  /** Taken from the pool by the session, so given back by it. */
  readonly own: boolean;
  /** What the session ends: the transaction it works in, or a savepoint. Undefined: whatever the connection has begun. */
  readonly root: Transaction | Savepoint | undefined;
  /** Begun outside: a rollback reaches it, a commit and a close do not. */
  readonly rollbackOnly: boolean;
  readonly nested: Savepoint[];
}

export class SessionConnections {
  readonly #bound = new Map<Engine | Connection, Bound>();
  #opening: Map<Engine | Connection, Promise<Connection>> | undefined;
  readonly #join: JoinTransactionMode;
  readonly #twoPhase: boolean;
  #depth = 0;
  #prepared = false;
  constructor(join: JoinTransactionMode, twoPhase: boolean) {
    this.#join = join;
    this.#twoPhase = twoPhase;
  }
  get(bind: Engine | Connection, begun: (connection: Connection) => MaybePromise<void>): MaybePromise<Connection> {
    const there = this.#bound.get(bind);
    if (there !== undefined) return there.connection;
    const underWay = this.#opening?.get(bind);
    if (underWay !== undefined) return underWay;
    if (bind instanceof Engine && this.#depth === 0 && !this.#twoPhase) {
      const opened = bind.open();
      if (!(opened instanceof Promise)) return this.#opened(bind, opened, begun);
      return this.#wait(
        bind,
        opened.then((connection) => this.#opened(bind, connection, begun)),
      );
    }
    return this.#wait(bind, this.#open(bind, begun));
  }
  #wait(bind: Engine | Connection, opening: Promise<Connection>): Promise<Connection> {
    this.#opening ??= new Map();
    const all = this.#opening;
    const done = opening.finally(() => all.delete(bind));
    all.set(bind, done);
    return done;
  }
  /** An engine's connection with no savepoint to be set: nothing to wait for. */
  #opened(
    bind: Engine,
    connection: Connection,
    begun: (c: Connection) => MaybePromise<void>,
  ): MaybePromise<Connection> {
    this.#bound.set(bind, { connection, own: true, root: undefined, rollbackOnly: false, nested: [] });
    if (this.#depth > 0) return this.#nest(bind, connection, begun);
    const running = begun(connection);
    return running instanceof Promise ? running.then(() => connection) : connection;
  }
  /** Savepoints were set while the connection was on its way. */
  async #nest(bind: Engine, connection: Connection, begun: (c: Connection) => MaybePromise<void>): Promise<Connection> {
    const nested = this.#bound.get(bind)?.nested ?? [];
    while (nested.length < this.#depth) nested.push(await connection.beginNested());
    await begun(connection);
    return connection;
  }
  async #open(bind: Engine | Connection, begun: (connection: Connection) => MaybePromise<void>): Promise<Connection> {
    const own = bind instanceof Engine;
    const connection = own ? await bind.open() : bind;
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
      const bound: Bound = { connection, own, root, rollbackOnly, nested: [] };
      this.#bound.set(bind, bound);
      for (let i = 0; i < this.#depth; i++) bound.nested.push(await connection.beginNested());
    } catch (error) {
      // Nothing knows of it yet, so nothing would give it back.
      if (own && !this.#bound.has(bind)) await connection.close();
      throw error;
    }
    await begun(connection);
    return connection;
  }
  async beginNested(): Promise<void> {
    this.#depth++;
    for (const bound of this.#bound.values()) bound.nested.push(await bound.connection.beginNested());
  }
  async releaseNested(): Promise<void> {
    this.#depth--;
    for (const bound of this.#bound.values()) await bound.nested.pop()?.commit();
  }
  /** Back to the innermost savepoint, which stays open for another attempt only in name: it is gone on the server. */
  async rollbackNested(): Promise<void> {
    this.#depth--;
    for (const bound of this.#bound.values()) await bound.nested.pop()?.rollback();
  }
  /** The first phase on every connection: from here on each server promises that its commit succeeds. */
  async prepare(): Promise<void> {
    for (const { root } of this.#bound.values()) if (root !== undefined && "prepare" in root) await root.prepare();
    this.#prepared = true;
  }
  async commit(): Promise<void> {
    if (this.#twoPhase && !this.#prepared) await this.prepare();
    for (const { root, rollbackOnly, connection } of this.#bound.values()) {
      if (rollbackOnly) continue;
      if (root === undefined) await connection.commit();
      else if (root.isActive) await root.commit();
    }
    await this.#release();
  }
  rollback(): Promise<void> {
    return this.#end(({ root, connection }) => (root === undefined ? connection : root).rollback());
  }
  /** Leaves what was begun outside as it is, unless the session was given control of it. */
  close(): Promise<void> {
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
    for (const bound of this.#bound.values()) {
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
    const all = [...this.#bound.values()];
    this.#bound.clear();
    this.#depth = 0;
    this.#prepared = false;
    for (const bound of all) if (bound.own) await bound.connection.close();
  }
  get isEmpty(): boolean {
    return this.#bound.size === 0 && (this.#opening?.size ?? 0) === 0;
  }
}
