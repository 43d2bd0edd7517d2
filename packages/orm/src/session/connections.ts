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
  readonly #opening = new Map<Engine | Connection, Promise<Connection>>();
  readonly #join: JoinTransactionMode;
  #depth = 0;
  constructor(join: JoinTransactionMode) {
    this.#join = join;
  }
  get(bind: Engine | Connection, begun: (connection: Connection) => MaybePromise<void>): MaybePromise<Connection> {
    const there = this.#bound.get(bind);
    if (there !== undefined) return there.connection;
    let opening = this.#opening.get(bind);
    if (opening === undefined) {
      opening = this.#open(bind, begun).finally(() => this.#opening.delete(bind));
      this.#opening.set(bind, opening);
    }
    return opening;
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
    return this.#bound.size === 0 && this.#opening.size === 0;
  }
}
