/**
 * The connections of a session: one per engine, each with the session's transaction and a savepoint per nested one.
 * A session may also join a connection somebody else began. Source: SQLAlchemy "Joining a Session into an External Transaction".
 */
import { type Connection, Engine, type MaybePromise, type Savepoint } from "@athanor/core";

/** How a session takes part in a transaction that was begun outside of it. */
export type JoinTransactionMode = "conditionalSavepoint" | "rollbackOnly" | "controlFully" | "createSavepoint";

interface Bound {
  readonly connection: Connection;
  /** Taken from the pool by the session, so given back by it. */
  readonly own: boolean;
  /** Ends the transaction: the connection's own, a savepoint of the session's, or nothing at commit. */
  readonly control: "transaction" | "savepoint" | "rollback only";
  readonly root: Savepoint | undefined;
  readonly nested: Savepoint[];
}

export class SessionConnections {
  readonly #bound = new Map<Engine | Connection, Bound>();
  #opening: Map<Engine | Connection, Promise<Connection>> | undefined;
  readonly #join: JoinTransactionMode;
  #depth = 0;
  constructor(join: JoinTransactionMode) {
    this.#join = join;
  }
  get(bind: Engine | Connection, begun: (connection: Connection) => MaybePromise<void>): MaybePromise<Connection> {
    const there = this.#bound.get(bind);
    if (there !== undefined) return there.connection;
    const underWay = this.#opening?.get(bind);
    if (underWay !== undefined) return underWay;
    if (bind instanceof Engine && this.#depth === 0) {
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
    this.#bound.set(bind, { connection, own: true, control: "transaction", root: undefined, nested: [] });
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
    let control: Bound["control"] = "transaction";
    let root: Savepoint | undefined;
    if (!own && connection.inTransaction && this.#join !== "controlFully") {
      const savepoint =
        this.#join === "createSavepoint" || (this.#join === "conditionalSavepoint" && connection.inNestedTransaction);
      control = savepoint ? "savepoint" : "rollback only";
      if (savepoint) root = await connection.beginNested();
    }
    const bound: Bound = { connection, own, control, root, nested: [] };
    this.#bound.set(bind, bound);
    for (let i = 0; i < this.#depth; i++) bound.nested.push(await connection.beginNested());
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
  async commit(): Promise<void> {
    for (const bound of this.#bound.values()) {
      if (bound.control === "transaction") await bound.connection.commit();
      else if (bound.control === "savepoint") await bound.root?.commit();
    }
    await this.#release();
  }
  async rollback(): Promise<void> {
    let failure: unknown;
    for (const bound of this.#bound.values()) {
      try {
        if (bound.control === "savepoint") await bound.root?.rollback();
        else await bound.connection.rollback();
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
    for (const bound of all) if (bound.own) await bound.connection.close();
  }
  get isEmpty(): boolean {
    return this.#bound.size === 0 && (this.#opening?.size ?? 0) === 0;
  }
}
