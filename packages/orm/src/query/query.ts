/**
 * The Query of `User.query()` and `session.query(User)`: a statement that knows its session. Every method but the last
 * one gives a new Query. Source: SQLAlchemy "Legacy Query API".
 */
import {
  type AnyRow,
  ArgumentError,
  AthanorError,
  type ColumnReference,
  DeleteStatement,
  didYouMean,
  type Element,
  type Expression,
  FunctionCall,
  INTEGER,
  InvalidRequestError,
  innerStatement,
  LiteralColumn,
  MultipleResultsFound,
  NoResultFound,
  type Result,
  SelectStatement,
  STAR,
  UpdateStatement,
} from "@athanor/core";
import { criteriaAmong, sessionCriteria } from "../extensions/loader-criteria.js";
import { declarationOf } from "../mapping/declaration.js";
import { installModelQuery } from "../mapping/declarative.js";
import type { Mapper } from "../mapping/mapper.js";
import type { Managed } from "../mapping/state.js";
import { SESSION, type SessionInternals } from "../session/internals.js";
import { RelationAttribute } from "./attributes.js";
import { type EntityItem, entityElementOf } from "./entity.js";
import { executeStatement, loadByKey } from "./execute.js";

/** A session, or anything that stands for one: a scoped session, a web app's `db.session`. */
export interface HasSession {
  readonly [SESSION]: SessionInternals;
}
type Resolver = () => HasSession;
const resolvers = new WeakMap<object, Resolver>();

/**
 * Says which session `User.query()` uses for the models of one base: what `db.Model` and `scopedSession` do.
 *
 * @param base the model factory (`db.Model`, the result of `declarativeBase()`)
 */
export function setSessionResolver(base: unknown, resolve: Resolver): void {
  const registry = (base as { readonly registry?: object } | null)?.registry;
  if (registry === undefined)
    throw new ArgumentError("setSessionResolver(): a base such as declarativeBase() gave is needed.");
  resolvers.set(registry, resolve);
}
function currentSession(model: Function): HasSession {
  const declaration = declarationOf(model);
  const resolve = declaration === undefined ? undefined : resolvers.get(declaration.registry);
  if (resolve === undefined) {
    throw new InvalidRequestError(
      `${model.name}.query() has no session to use: take session.query(${model.name}) or session.scalars(select(${model.name})), or declare the models on a Database (db.Model) or scopedSession.`,
      "orm.no-current-session",
    );
  }
  return resolve();
}

/** What `getOr404` throws: web layers map `status`. Framework-neutral on purpose. */
export class NotFoundError extends AthanorError {
  readonly status = 404;
  readonly expose = true;
  readonly description: string | undefined;
  constructor(message: string, description?: string) {
    super("http.not-found", message);
    this.description = description;
  }
}

export class EntityQuery implements AsyncIterable<unknown> {
  readonly #session: () => HasSession;
  readonly #entity: EntityItem;
  readonly #statement: SelectStatement;

  constructor(session: () => HasSession, entity: EntityItem, statement?: SelectStatement) {
    this.#session = session;
    this.#entity = entity;
    this.#statement = statement ?? new SelectStatement([entity]);
  }
  get [innerStatement](): SelectStatement {
    return this.#statement;
  }
  get statement(): SelectStatement {
    return this.#statement;
  }
  #next(statement: SelectStatement): EntityQuery {
    return new EntityQuery(this.#session, this.#entity, statement);
  }
  get #internals(): SessionInternals {
    return this.#session()[SESSION];
  }
  #refuseLimit(method: string): void {
    if (this.#statement.limitValue !== undefined || this.#statement.offsetValue !== undefined) {
      throw new InvalidRequestError(
        `${method}() comes before limit() and offset(): a limit is applied last.`,
        "query.limited",
      );
    }
  }
  filter(...criteria: unknown[]): EntityQuery {
    this.#refuseLimit("filter");
    return this.#next(this.#statement.where(...criteria));
  }
  where(...criteria: unknown[]): EntityQuery {
    return this.filter(...criteria);
  }
  /** Equality by attribute name, of the entity joined last. */
  filterBy(values: { readonly [key: string]: unknown }): EntityQuery {
    this.#refuseLimit("filterBy");
    const { source } = this.#entity;
    const criteria = Object.keys(values).map((key): Expression => {
      const value = values[key];
      if (value === undefined)
        throw new ArgumentError(
          `filterBy(): '${key}' is undefined. Leave it out, or pass null for SQL NULL.`,
          "argument.undefined",
        );
      const attribute = source.mapper.attribute(key);
      if (attribute !== undefined) return source.column(attribute).eq(value);
      const relation = source.mapper.relationship(key);
      if (relation !== undefined) return new RelationAttribute(relation, source, undefined).eq(value);
      throw new ArgumentError(
        `filterBy(): ${source.name} has no attribute '${key}'.${didYouMean(key, source.mapper.keys)}`,
        "orm.unknown-attribute",
      );
    });
    return this.#next(this.#statement.where(...criteria));
  }
  /** A relationship, a model, or a relationship's name: `Driver.query().join("vehicles")`. */
  join(target: unknown, on?: unknown): EntityQuery {
    return this.#next(this.#statement.join(this.#joinable(target), on));
  }
  outerJoin(target: unknown, on?: unknown): EntityQuery {
    return this.#next(this.#statement.outerJoin(this.#joinable(target), on));
  }
  #joinable(target: unknown): unknown {
    if (typeof target !== "string") return target;
    const { source } = this.#entity;
    const property = source.mapper.relationship(target);
    if (property === undefined) {
      throw new ArgumentError(
        `join("${target}"): ${source.name} has no relationship of that name.${didYouMean(
          target,
          source.mapper.relationships.map((r) => r.key),
        )}`,
        "orm.unknown-relationship",
      );
    }
    return new RelationAttribute(property, source, undefined);
  }
  groupBy(...by: unknown[]): EntityQuery {
    return this.#next(this.#statement.groupBy(...by));
  }
  having(...criteria: unknown[]): EntityQuery {
    return this.#next(this.#statement.having(...criteria));
  }
  distinct(...on: unknown[]): EntityQuery {
    return this.#next(this.#statement.distinct(...on));
  }
  orderBy(...by: unknown[]): EntityQuery {
    this.#refuseLimit("orderBy");
    return this.#next(this.#statement.orderBy(...by));
  }
  limit(n: unknown): EntityQuery {
    return this.#next(this.#statement.limit(n));
  }
  offset(n: unknown): EntityQuery {
    return this.#next(this.#statement.offset(n));
  }
  /** Rows `from` up to, not including, `to`. */
  slice(from: number, to: number): EntityQuery {
    if (to < from) throw new ArgumentError(`slice(${from}, ${to}): the end is before the start.`);
    return this.#next(this.#statement.offset(from).limit(to - from));
  }
  options(...loads: unknown[]): EntityQuery {
    return this.#next(this.#statement.options(...loads));
  }
  withForUpdate(options?: { read?: boolean; nowait?: boolean; skipLocked?: boolean; of?: unknown }): EntityQuery {
    return this.#next(this.#statement.withForUpdate(options));
  }
  executionOptions(options: { readonly [name: string]: unknown }): EntityQuery {
    return this.#next(this.#statement.executionOptions(options));
  }
  populateExisting(): EntityQuery {
    return this.executionOptions({ populateExisting: true });
  }

  // ---- results

  #result(statement: SelectStatement = this.#statement): Result<unknown> {
    return executeStatement(this.#internals, statement, undefined, "scalars");
  }
  all(): Promise<unknown[]> {
    return this.#result().all();
  }
  /** With LIMIT 1. */
  first(): Promise<unknown> {
    return this.#result(this.#statement.limitValue === undefined ? this.#statement.limit(1) : this.#statement).first();
  }
  one(): Promise<unknown> {
    return this.#result().one();
  }
  oneOrNone(): Promise<unknown> {
    return this.#result().oneOrNone();
  }
  async get(id: unknown): Promise<unknown> {
    const { mapper } = this.#entity;
    const session = this.#internals;
    return session.enqueue(async () => {
      const values = keyValues(mapper, id);
      const key = mapper.identityKey(values);
      const known = key === undefined ? undefined : session.identity.get(mapper, key);
      const options = this.#statement.optionList;
      if (known !== undefined && options.length === 0 && !isStale(known)) return known;
      const flushing = session.autoflush();
      if (flushing !== undefined) await flushing;
      return loadByKey(session, mapper, values, { options });
    });
  }
  /** @throws NotFoundError (status 404) when there is no such row */
  async getOr404(id: unknown, options: { readonly description?: string } = {}): Promise<unknown> {
    const found = await this.get(id);
    if (found === null)
      throw new NotFoundError(
        `There is no ${this.#entity.mapper.name} with the key ${showKey(id)}.`,
        options.description,
      );
    return found;
  }
  async firstOr404(options: { readonly description?: string } = {}): Promise<unknown> {
    const found = await this.first();
    if (found === null) throw new NotFoundError(`No ${this.#entity.mapper.name} fits.`, options.description);
    return found;
  }
  /** 404 for none and for several. */
  async oneOr404(options: { readonly description?: string } = {}): Promise<unknown> {
    try {
      return await this.one();
    } catch (error) {
      if (error instanceof NoResultFound || error instanceof MultipleResultsFound)
        throw new NotFoundError(`There is not exactly one ${this.#entity.mapper.name}.`, options.description);
      throw error;
    }
  }
  /** Rows the query would give, counted by the database over the query as a subquery. */
  async count(): Promise<number> {
    const inner = this.#statement.with({
      optionList: [],
      orderByList:
        this.#statement.limitValue === undefined && this.#statement.offsetValue === undefined
          ? []
          : this.#statement.orderByList,
    });
    const sub = plainColumns(inner, this.#entity).subquery();
    const counted = new SelectStatement([new FunctionCall("count", [STAR], INTEGER)]).selectFrom(sub);
    const under = counted.options(...criteriaAmong(this.#statement.optionList));
    return Number(await executeStatement<AnyRow>(this.#internals, under).scalar());
  }
  async exists(): Promise<boolean> {
    const inner = this.#statement
      .with({ optionList: criteriaAmong(this.#statement.optionList), orderByList: [] })
      .withOnlyColumns(new LiteralColumn("1", INTEGER));
    const froms = inner.froms.length > 0 ? inner : inner.selectFrom(this.#entity.itemFrom);
    const row = await executeStatement<AnyRow>(this.#internals, froms.limit(1)).first();
    return row !== null;
  }
  /** First column of the only row. */
  scalar(): Promise<unknown> {
    return this.#result().oneOrNone();
  }
  /** Other columns with the same FROM and WHERE: gives a select for `session.execute()`. */
  withEntities(...items: unknown[]): SelectStatement {
    const { itemFrom } = this.#entity;
    const kept = this.#statement.froms.length > 0 ? this.#statement : this.#statement.selectFrom(itemFrom);
    return kept.withOnlyColumns(...items).with({ optionList: criteriaAmong(this.#statement.optionList) });
  }
  subquery(name?: string): unknown {
    return plainColumns(this.#statement, this.#entity).subquery(name);
  }
  /** UPDATE of all rows that fit; objects in the session follow. Gives the number of rows. */
  update(
    values: { readonly [key: string]: unknown },
    options: { readonly synchronizeSession?: "auto" | "evaluate" | "fetch" | false } = {},
  ): Promise<number> {
    this.#refuseShape("update");
    let statement = new UpdateStatement(this.#entity.mapper.model).set(values).where(...this.#statement.criteria);
    statement = statement.executionOptions({
      synchronizeSession: options.synchronizeSession ?? "auto",
      ...this.#carriedCriteria(),
    });
    return executeStatement(this.#internals, statement).rowCount();
  }
  /** DELETE of all rows that fit; objects in the session follow. Gives the number of rows. */
  delete(options: { readonly synchronizeSession?: "auto" | "evaluate" | "fetch" | false } = {}): Promise<number> {
    this.#refuseShape("delete");
    let statement = new DeleteStatement(this.#entity.mapper.model).where(...this.#statement.criteria);
    statement = statement.executionOptions({
      synchronizeSession: options.synchronizeSession ?? "auto",
      ...this.#carriedCriteria(),
    });
    return executeStatement(this.#internals, statement).rowCount();
  }
  /** Loader criteria among the options hold for UPDATE and DELETE too, beside those of the session. */
  #carriedCriteria(): { readonly loaderCriteria?: readonly unknown[] } {
    const own = criteriaAmong(this.#statement.optionList);
    return own.length === 0 ? {} : { loaderCriteria: [...sessionCriteria(this.#internals), ...own] };
  }
  #refuseShape(method: string): void {
    const s = this.#statement;
    if (
      s.limitValue !== undefined ||
      s.offsetValue !== undefined ||
      s.joins.length > 0 ||
      s.groupByList.length > 0 ||
      s.distinctValue !== false ||
      s.orderByList.length > 0
    ) {
      throw new InvalidRequestError(
        `${method}(): a query with join, limit, orderBy, groupBy or distinct cannot ${method} rows; filter by a subquery instead.`,
        "query.shape",
      );
    }
    if (this.#entity.source.isAlias)
      throw new InvalidRequestError(
        `${method}(): '${this.#entity.source.name}' is an alias; ${method} the rows of ${this.#entity.mapper.name} itself.`,
        "query.shape",
      );
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
    for (const item of await this.all()) yield item;
  }
  /** The SQL, without a connection. */
  toString(): string {
    return this.#statement.toString();
  }
  get [Symbol.toStringTag](): string {
    return "Query";
  }
}

function plainColumns(statement: SelectStatement, entity: EntityItem): SelectStatement {
  const columns: readonly (ColumnReference | Element)[] = entity.itemColumns;
  const base =
    statement.froms.length > 0 || entity.itemFrom.leaves.length === 1
      ? statement
      : statement.selectFrom(entity.itemFrom);
  const own = entity.source.criterion;
  return (own === undefined ? base : base.where(own)).withOnlyColumns(...columns);
}
const STALE_BIT = 8;
function isStale(instance: Managed): boolean {
  return (instance.$$f & STALE_BIT) !== 0;
}
function showKey(id: unknown): string {
  return typeof id === "object" && id !== null ? JSON.stringify(id) : String(id);
}

/**
 * Primary key values in order, from what `get()` takes: a value, a tuple, or an object by attribute.
 *
 * @throws ArgumentError when parts are missing or too many
 */
export function keyValues(mapper: Mapper, id: unknown): readonly unknown[] {
  const names = mapper.primaryKey.map((pk) => pk.key);
  if (id === undefined) throw new ArgumentError(`get(): the key of ${mapper.name} is undefined.`, "argument.undefined");
  if (Array.isArray(id)) {
    if (id.length !== names.length)
      throw new ArgumentError(
        `get(): the key of ${mapper.name} is (${names.join(", ")}), but ${id.length} values were given.`,
        "orm.key",
      );
    return id;
  }
  if (
    typeof id === "object" &&
    id !== null &&
    !(id instanceof Date) &&
    !(id instanceof Uint8Array) &&
    names.every((n) => n in id)
  ) {
    return names.map((n) => (id as { readonly [key: string]: unknown })[n]);
  }
  if (names.length > 1)
    throw new ArgumentError(
      `get(): the key of ${mapper.name} is (${names.join(", ")}); give a tuple in this order, or an object.`,
      "orm.key",
    );
  return [id];
}

/** `session.query(User)`. */
export function sessionQuery(session: HasSession, model: unknown): EntityQuery {
  const entity = entityElementOf(model);
  if (entity === undefined) throw new ArgumentError("query(): a model is needed.");
  return new EntityQuery(() => session, entity);
}
installModelQuery((model) => {
  const entity = entityElementOf(model) as EntityItem;
  return new EntityQuery(() => currentSession(model as Function), entity);
});
