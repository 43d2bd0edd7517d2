/**
 * Tools for the tests of programs: a session whose work is always undone, and factories of objects.
 * Source: SQLAlchemy "Joining a Session into an External Transaction (such as for test suites)".
 */
import {
  type AnyModel,
  ArgumentError,
  type Connection,
  type Engine,
  type MaybePromise,
  type PropsOf,
} from "@athanor/core";
import { declarationOf } from "../mapping/declaration.js";
import type { SessionOptions } from "../session/options.js";
import { Session } from "../session/session.js";
import type { Initial, Instance } from "../typing/entities.js";

/**
 * Runs a block in a session on a connection of its own, inside a transaction that is rolled back whatever happens. The
 * code under test may commit and roll back as it likes: it moves savepoints. Other sessions of the test join with the
 * connection: `new Session(connection, { joinTransactionMode: "createSavepoint" })`.
 *
 * @example
 * it("signs up", () => withRollback(engine, async (session) => { await signUp(session, "amy"); … }));
 */
export async function withRollback<T>(
  engine: Engine,
  block: (session: Session, connection: Connection) => MaybePromise<T>,
  options: Omit<SessionOptions, "bind" | "joinTransactionMode"> = {},
): Promise<T> {
  await using connection = await engine.connect();
  const transaction = await connection.begin();
  try {
    await using session = new Session(connection, { ...options, joinTransactionMode: "createSavepoint" });
    return await block(session, connection);
  } finally {
    await transaction.rollback();
  }
}

/** Attributes for the n-th object, from 1 on. */
export type Recipe<M extends AnyModel> = (n: number) => Initial<PropsOf<M>>;
export class Factory<M extends AnyModel> {
  readonly #model: M;
  readonly #recipe: Recipe<M>;
  #n = 0;
  constructor(model: M, recipe: Recipe<M>) {
    if (declarationOf(model) === undefined) throw new ArgumentError("factory(): the first argument is a model.");
    this.#model = model;
    this.#recipe = recipe;
  }
  /** A new object, in no session. */
  build(values: Initial<PropsOf<M>> = {}): Instance<M> {
    const Made = this.#model as unknown as new (values: object) => Instance<M>;
    return new Made({ ...this.#recipe(++this.#n), ...values });
  }
  buildMany(count: number, values: Initial<PropsOf<M>> | Recipe<M> = {}): Instance<M>[] {
    return Array.from({ length: count }, (_, i) => this.build(typeof values === "function" ? values(i + 1) : values));
  }
  /** A new object, added and flushed. */
  async create(session: Session, values: Initial<PropsOf<M>> = {}): Promise<Instance<M>> {
    const [made] = await this.createMany(session, 1, values);
    return made as Instance<M>;
  }
  /** Several, in one flush. */
  async createMany(
    session: Session,
    count: number,
    values: Initial<PropsOf<M>> | Recipe<M> = {},
  ): Promise<Instance<M>[]> {
    const made = this.buildMany(count, values);
    session.addAll(made as object[]);
    await session.flush();
    return made;
  }
  /** A factory of the same model with some values settled. */
  with(values: Initial<PropsOf<M>>): Factory<M> {
    return new Factory(this.#model, (n) => ({ ...this.#recipe(n), ...values }));
  }
  /** Counts from 1 again. */
  reset(): void {
    this.#n = 0;
  }
}
/**
 * Makes objects for tests: what a test does not care about comes from the recipe.
 *
 * @example
 * const users = factory(User, (n) => ({ username: `user${n}` }));
 * const amy = await users.create(session, { username: "amy" });
 */
export function factory<M extends AnyModel>(model: M, recipe: Recipe<M>): Factory<M> {
  return new Factory(model, recipe);
}
