/**
 * Tools for the tests of programs: a session whose work is always undone, and factories of objects.
 * Source: SQLAlchemy "Joining a Session into an External Transaction (such as for test suites)".
 */
import {
  type AnyModel,
  ArgumentError,
  type Connection,
  didYouMean,
  type Engine,
  type MaybePromise,
  type PropsOf,
} from "@athanor/core";
import { declarationOf } from "../mapping/declaration.js";
import { mapperOf } from "../mapping/declarative.js";
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

/** Something that makes what an attribute needs: a factory for a reference, `factory.times(3)` for a collection. */
export interface Makes<out T> {
  build(): T;
}
/** Attributes by name: a value, a function of the number of the object (from 1 on), or a factory for what it is related to. */
export type RecipeTable<M extends AnyModel> = {
  readonly [K in keyof Initial<PropsOf<M>>]?:
    | Initial<PropsOf<M>>[K]
    | ((n: number) => Initial<PropsOf<M>>[K])
    | Makes<NonNullable<Initial<PropsOf<M>>[K]>>;
};
/** Attributes for the n-th object, from 1 on. */
export type Recipe<M extends AnyModel> = ((n: number) => Initial<PropsOf<M>>) | RecipeTable<M>;
export class Factory<M extends AnyModel> implements Makes<Instance<M>> {
  readonly #model: M;
  readonly #recipe: Recipe<M>;
  #n = 0;
  constructor(model: M, recipe: Recipe<M>) {
    const declaration = declarationOf(model);
    if (declaration === undefined) throw new ArgumentError("factory(): the first argument is a model.");
    if (typeof recipe !== "function") {
      const { keys } = mapperOf(model);
      for (const key of Object.keys(recipe))
        if (!keys.includes(key))
          throw new ArgumentError(
            `factory(${declaration.name}): there is no attribute '${key}'.${didYouMean(key, keys)}`,
            "orm.unknown-attribute",
          );
    }
    this.#model = model;
    this.#recipe = recipe;
  }
  /** A new object, in no session, with what its relationships are made of. */
  build(values: Initial<PropsOf<M>> = {}): Instance<M> {
    const Made = this.#model as unknown as new (values: object) => Instance<M>;
    return new Made({ ...this.#values(++this.#n, values), ...values });
  }
  /** What is given is not made: a factory for it does not run. */
  #values(n: number, given: object): object {
    if (typeof this.#recipe === "function") return this.#recipe(n);
    const made: { [key: string]: unknown } = {};
    for (const [key, value] of Object.entries(this.#recipe as { readonly [key: string]: unknown })) {
      if (key in given) continue;
      if (typeof value === "function") made[key] = (value as (n: number) => unknown)(n);
      else made[key] = value instanceof Factory || value instanceof Several ? value.build() : value;
    }
    return made;
  }
  buildMany(count: number, values: Initial<PropsOf<M>> | ((n: number) => Initial<PropsOf<M>>) = {}): Instance<M>[] {
    return Array.from({ length: count }, (_, i) => this.build(typeof values === "function" ? values(i + 1) : values));
  }
  /** Several for a collection of another factory's object: `factory(User, { posts: posts.times(3) })`. */
  times(count: number, values: Initial<PropsOf<M>> = {}): Makes<Instance<M>[]> {
    return new Several(() => this.buildMany(count, values));
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
    values: Initial<PropsOf<M>> | ((n: number) => Initial<PropsOf<M>>) = {},
  ): Promise<Instance<M>[]> {
    const made = this.buildMany(count, values);
    session.addAll(made as object[]);
    await session.flush();
    return made;
  }
  /** A factory of the same model with some values settled, or made otherwise. */
  with(values: RecipeTable<M>): Factory<M> {
    const recipe = this.#recipe;
    if (typeof recipe !== "function") return new Factory<M>(this.#model, { ...recipe, ...values });
    const settled = new Factory<M>(this.#model, values);
    return new Factory<M>(this.#model, (n) => ({ ...recipe(n), ...settled.#values(n, {}) }));
  }
  /** Counts from 1 again. */
  reset(): void {
    this.#n = 0;
  }
}
class Several<T> implements Makes<T> {
  readonly build: () => T;
  constructor(build: () => T) {
    this.build = build;
  }
}
/**
 * Makes objects for tests: what a test does not care about comes from the recipe.
 *
 * @example
 * const users = factory(User, { username: (n) => `user${n}`, active: true });
 * const posts = factory(Post, { title: (n) => `Post ${n}`, author: users });
 * const post = await posts.create(session, { title: "Mine" });   // with an author of its own
 * const writers = users.with({ posts: posts.times(3) });
 * @throws ArgumentError for what is no model, and for a misspelt attribute
 */
export function factory<M extends AnyModel>(model: M, recipe: Recipe<M>): Factory<M> {
  return new Factory(model, recipe);
}
