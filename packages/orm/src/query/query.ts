/**
 * The Query of `User.query()` and `session.query(User)`: a statement that knows its session. Every method but the last
 * one gives a new Query. Source: SQLAlchemy "Legacy Query API".
 */
import {
  type AnyRow,
  ArgumentError,
  AthanorError,
  conjunction,
  DeleteStatement,
  didYouMean,
  Element,
  Exists,
  type Expression,
  type FromClause,
  FunctionCall,
  INTEGER,
  InvalidRequestError,
  innerStatement,
  LiteralColumn,
  MultipleResultsFound,
  NoResultFound,
  operators,
  type Result,
  SelectStatement,
  type SqlText,
  STAR,
  UpdateStatement,
} from "@athanor/core";
import { criteriaAmong, sessionCriteria } from "../extensions/loader-criteria.js";
import { declarationOf } from "../mapping/declaration.js";
import { installModelQuery } from "../mapping/declarative.js";
import { connectionOptionsIn } from "../session/connection-options.js";
import { SESSION, type SessionInternals } from "../session/internals.js";
import { moveCriteria, parentCriterion, RelationAttribute } from "./attributes.js";
import { EntityItem, entityElementOf } from "./entity.js";
import { executeStatement } from "./execute.js";
import { keyValues } from "./key-values.js";
import { Load, NoEagerLoads } from "./options.js";
import { readsOnly } from "./plan.js";
import { hasHooks, throughHooks } from "./query-hooks.js";
import { placeOf, plainColumns, readingFrom } from "./query-parts.js";
import { EntitySource, sourceOver } from "./source.js";

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

/** What a Query carries besides its statement. */
interface Carried {
  /** Behind a union the entity is read from a subquery: criteria over the model mean that. */
  readonly moved?: { readonly from: EntitySource; readonly to: EntitySource };
  /** Hooks have seen it. */
  readonly hooked?: boolean;
  /** `enableAssertions(false)`: order of steps is not checked. */
  readonly unchecked?: boolean;
  /** What was joined last: `filterBy()` speaks of it. */
  readonly joined?: EntitySource | FromClause;
}
const NOTHING: Carried = {};
export class EntityQuery implements AsyncIterable<unknown> {
  readonly #session: () => HasSession;
  readonly #entity: EntityItem;
  readonly #statement: SelectStatement;
  readonly #carried: Carried;

  constructor(
    session: () => HasSession,
    entity: EntityItem,
    statement: SelectStatement = new SelectStatement([entity]),
    carried: Carried = NOTHING,
  ) {
    this.#session = session;
    this.#entity = entity;
    this.#statement = statement;
    this.#carried = carried;
  }
  get [innerStatement](): SelectStatement {
    return this.#statement;
  }
  get statement(): SelectStatement {
    return this.#statement;
  }
  #next(statement: SelectStatement): EntityQuery {
    return new EntityQuery(this.#session, this.#entity, statement, this.#carried);
  }
  #carry(more: Carried): EntityQuery {
    return new EntityQuery(this.#session, this.#entity, this.#statement, { ...this.#carried, ...more });
  }
  /** What hooks make of it, once. */
  #prepared(): EntityQuery {
    if (this.#carried.hooked === true || !hasHooks("beforeCompile")) return this;
    return throughHooks("beforeCompile", this as EntityQuery).#carry({ hooked: true });
  }
  /** Behind a union: what is written over the model's columns means those of the union. */
  #moved<T>(what: T): T {
    const { moved } = this.#carried;
    if (moved === undefined) return what;
    if (what instanceof RelationAttribute)
      return (
        what.source === moved.from
          ? new RelationAttribute(
              what.property,
              moved.to,
              what.parent,
              what.targetSource,
              what.target,
              moveCriteria(what.extra, moved.from, moved.to),
            )
          : what
      ) as T;
    if (what instanceof Load) return (what.root === moved.from ? what.rootedAt(moved.to) : what) as T;
    return what instanceof Element ? (moveCriteria([what], moved.from, moved.to)[0] as T) : what;
  }
  get #internals(): SessionInternals {
    return this.#session()[SESSION];
  }
  #refuseLimit(method: string): void {
    if (this.#carried.unchecked === true) return;
    if (this.#statement.limitValue !== undefined || this.#statement.offsetValue !== undefined) {
      throw new InvalidRequestError(
        `${method}() comes before limit() and offset(): a limit is applied last.`,
        "query.limited",
      );
    }
  }
  filter(...criteria: unknown[]): EntityQuery {
    this.#refuseLimit("filter");
    return this.#next(this.#statement.where(...criteria.map((c) => this.#moved(c))));
  }
  where(...criteria: unknown[]): EntityQuery {
    return this.filter(...criteria);
  }
  /** Equality by attribute name, of the entity joined last. */
  filterBy(values: { readonly [key: string]: unknown }): EntityQuery {
    this.#refuseLimit("filterBy");
    const place = this.#carried.joined ?? this.#entity.source;
    const criteria = Object.keys(values).map((key): Expression => {
      const value = values[key];
      if (value === undefined)
        throw new ArgumentError(
          `filterBy(): '${key}' is undefined. Leave it out, or pass null for SQL NULL.`,
          "argument.undefined",
        );
      if (!(place instanceof EntitySource)) return place.column(key).eq(value);
      const { mapper } = place;
      const attribute = mapper.attribute(mapper.synonyms.get(key) ?? key);
      if (attribute !== undefined) return place.column(attribute).eq(value);
      const relation = mapper.relationship(key);
      if (relation !== undefined) return new RelationAttribute(relation, place, undefined).eq(value);
      const joined = place === this.#entity.source ? "" : ", which was joined last,";
      throw new ArgumentError(
        `filterBy(): ${place.name}${joined} has no attribute '${key}'.${didYouMean(key, mapper.keys)}`,
        "orm.unknown-attribute",
      );
    });
    return this.#next(this.#statement.where(...criteria));
  }
  /** A relationship, a model, or a relationship's name: `Driver.query().join("vehicles")`. */
  join(target: unknown, on?: unknown): EntityQuery {
    const to = this.#joinable(target);
    return this.#next(this.#statement.join(to, this.#moved(on))).#carry({ joined: placeOf(to) });
  }
  outerJoin(target: unknown, on?: unknown): EntityQuery {
    const to = this.#joinable(target);
    return this.#next(this.#statement.outerJoin(to, this.#moved(on))).#carry({ joined: placeOf(to) });
  }
  #joinable(target: unknown): unknown {
    if (typeof target !== "string") return this.#moved(target);
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
    return this.#next(this.#statement.groupBy(...by.map((b) => this.#moved(b))));
  }
  having(...criteria: unknown[]): EntityQuery {
    return this.#next(this.#statement.having(...criteria.map((c) => this.#moved(c))));
  }
  distinct(...on: unknown[]): EntityQuery {
    return this.#next(this.#statement.distinct(...on.map((o) => this.#moved(o))));
  }
  orderBy(...by: unknown[]): EntityQuery {
    this.#refuseLimit("orderBy");
    return this.#next(this.#statement.orderBy(...by.map((b) => this.#moved(b))));
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
    return this.#next(this.#statement.options(...loads.map((l) => this.#moved(l))));
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

  /** Without the flush that comes before a query. */
  autoflush(flushes: boolean): EntityQuery {
    return this.executionOptions({ autoflush: flushes });
  }
  /** Rows per chunk: iterating streams then. */
  yieldPer(rows: number): EntityQuery {
    if (!Number.isSafeInteger(rows) || rows < 1)
      throw new ArgumentError(`yieldPer(${String(rows)}): a whole number from 1 on is needed.`);
    return this.executionOptions({ yieldPer: rows });
  }
  /** `false`: relationships are left to lazy loads, whatever options and the mapping say. */
  enableEagerloads(enabled: boolean): EntityQuery {
    const optionList = this.#statement.optionList.filter((o) => !(o instanceof NoEagerLoads));
    return this.#next(this.#statement.with({ optionList: enabled ? optionList : [...optionList, new NoEagerLoads()] }));
  }
  /** `false`: filters and orderings may follow a limit. */
  enableAssertions(enabled: boolean): EntityQuery {
    return this.#carry({ unchecked: !enabled });
  }
  /** Values for named parameters of SQL text in it. */
  params(values: { readonly [name: string]: unknown }): EntityQuery {
    return this.#next(this.#statement.params(values));
  }
  correlate(...froms: unknown[]): EntityQuery {
    return this.#next(this.#statement.correlate(...froms));
  }
  /** The FROM clause to start with, where joins should begin elsewhere. */
  selectFrom(...froms: unknown[]): EntityQuery {
    return this.#next(this.#statement.selectFrom(...froms));
  }
  prefixWith(words: SqlText, options?: { readonly dialect?: string }): EntityQuery {
    return this.#next(this.#statement.prefixWith(words, options));
  }
  suffixWith(words: SqlText, options?: { readonly dialect?: string }): EntityQuery {
    return this.#next(this.#statement.suffixWith(words, options));
  }
  withHint(table: unknown, words: SqlText, options?: { readonly dialect?: string }): EntityQuery {
    return this.#next(this.#statement.withHint(table, words, options));
  }
  /** Only what belongs to an object by a relationship of its class. */
  withParent(entity: object, relationship: unknown): EntityQuery {
    return this.filter(parentCriterion(entity, relationship));
  }
  withSession(session: HasSession): EntityQuery {
    return new EntityQuery(() => session, this.#entity, this.#statement, this.#carried);
  }
  withTransformation(change: (query: EntityQuery) => EntityQuery): EntityQuery {
    return change(this);
  }
  union(...others: unknown[]): EntityQuery {
    return this.#combined("union", others);
  }
  unionAll(...others: unknown[]): EntityQuery {
    return this.#combined("unionAll", others);
  }
  intersect(...others: unknown[]): EntityQuery {
    return this.#combined("intersect", others);
  }
  intersectAll(...others: unknown[]): EntityQuery {
    return this.#combined("intersectAll", others);
  }
  except(...others: unknown[]): EntityQuery {
    return this.#combined("except", others);
  }
  exceptAll(...others: unknown[]): EntityQuery {
    return this.#combined("exceptAll", others);
  }
  /** The set of both queries' rows as a subquery the entity is read from; what follows is over that. */
  #combined(
    way: "union" | "unionAll" | "intersect" | "intersectAll" | "except" | "exceptAll",
    others: readonly unknown[],
  ): EntityQuery {
    const { mapper, source } = this.#entity;
    const members = others.map((other) => {
      if (!(other instanceof EntityQuery) || other.#entity.mapper !== mapper)
        throw new ArgumentError(`${way}(): queries of ${mapper.name} are needed.`, "query.union");
      return plainColumns(other.#statement, other.#entity);
    });
    if (members.length === 0) throw new ArgumentError(`${way}(): another query is needed.`, "query.union");
    const from = this.#carried.moved?.from ?? source;
    const to = sourceOver(
      mapper,
      plainColumns(this.#statement, this.#entity)
        [way](...members)
        .subquery(),
      source.name,
    );
    const entity = new EntityItem(to);
    const options = this.#statement.optionList.map((o) =>
      o instanceof Load && o.root === source ? o.rootedAt(to) : o,
    );
    const { executionOptionsValue } = this.#statement;
    return new EntityQuery(
      this.#session,
      entity,
      new SelectStatement([entity]).with({ optionList: options, executionOptionsValue }),
      { hooked: this.#carried.hooked ?? false, unchecked: this.#carried.unchecked ?? false, moved: { from, to } },
    );
  }
  /** More columns beside the entity: gives a select for `session.execute()`. */
  addColumns(...items: unknown[]): SelectStatement {
    return this.#statement.addColumns(...items.map((i) => this.#moved(i)));
  }
  addEntity(model: unknown): SelectStatement {
    return this.#statement.addColumns(model);
  }
  /** What it selects, as SQLAlchemy tells it. */
  get columnDescriptions(): readonly { readonly name: string; readonly entity: unknown; readonly aliased: boolean }[] {
    const { source, itemName, mapper } = this.#entity;
    return [{ name: itemName, entity: mapper.model, aliased: source.isAlias }];
  }
  get isSingleEntity(): boolean {
    return true;
  }
  /** The criteria so far as one expression; undefined without any. */
  get whereClause(): Expression | undefined {
    const { criteria } = this.#statement;
    return criteria.length === 0 ? undefined : conjunction(operators.and, criteria);
  }
  get executionOptionsSet(): { readonly [name: string]: unknown } {
    return this.#statement.executionOptionsValue ?? {};
  }

  // ---- results

  /** Each object once, however often a join repeats its row; rows of a stream come as they are. */
  #result(statement: SelectStatement = this.#statement): Result<unknown> {
    const result = executeStatement(this.#internals, statement, undefined, "scalars");
    const { joins, froms, criteria, executionOptionsValue } = this.#statement;
    const repeats =
      joins.length > 0 ||
      froms.length > 0 ||
      this.#carried.moved !== undefined ||
      !readsOnly(criteria, this.#entity.mapper);
    return repeats && executionOptionsValue?.yieldPer === undefined ? result.unique((entity) => entity) : result;
  }
  all(): Promise<unknown[]> {
    return this.#prepared().#result().all();
  }
  /** With LIMIT 1. */
  first(): Promise<unknown> {
    const prepared = this.#prepared();
    const statement = prepared.#statement;
    return prepared.#result(statement.limitValue === undefined ? statement.limit(1) : statement).first();
  }
  one(): Promise<unknown> {
    return this.#prepared().#result().one();
  }
  oneOrNone(): Promise<unknown> {
    return this.#prepared().#result().oneOrNone();
  }
  /** The objects of another statement: SQL text, a select, or one with RETURNING. Gives its result. */
  fromStatement(source: unknown): Result<unknown> {
    const statement = this.#statement.fromStatement(source);
    return executeStatement(this.#internals, statement, undefined, "scalars").unique((entity) => entity);
  }
  async get(id: unknown): Promise<unknown> {
    const { mapper, source } = this.#entity;
    const s = this.#statement;
    const narrowed =
      s.criteria.length > 0 || s.limitValue !== undefined || s.offsetValue !== undefined || s.groupByList.length > 0;
    if (narrowed || s.joins.length > 0 || s.froms.length > 0 || source.isAlias)
      throw new InvalidRequestError(
        "get() asks for a row by its key alone, so it cannot follow a filter, a join, a limit or a union: filter by the key too and take oneOrNone().",
        "query.shape",
      );
    const { populateExisting, identityToken, ...options } = s.executionOptionsValue ?? {};
    const session = this.#internals;
    const get = () =>
      session.get(mapper, keyValues(mapper, id), {
        options: s.optionList,
        populateExisting: populateExisting === true || undefined,
        withForUpdate: s.forUpdate,
        identityToken,
      });
    const own = connectionOptionsIn(options);
    return session.enqueue(() => (own === undefined ? get() : session.within(own, get)));
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
    const { hooked } = this.#carried;
    if (hooked !== true && hasHooks("beforeCompile")) return this.#prepared().count();
    const inner = this.#statement.with({
      optionList: [],
      orderByList:
        this.#statement.limitValue === undefined && this.#statement.offsetValue === undefined
          ? []
          : this.#statement.orderByList,
    });
    const sub = plainColumns(inner, this.#entity).subquery();
    const counted = new SelectStatement([new FunctionCall("count", [STAR], INTEGER)]).selectFrom(sub);
    const { executionOptionsValue } = this.#statement;
    const under = counted.options(...criteriaAmong(this.#statement.optionList)).with({ executionOptionsValue });
    return Number(await executeStatement<AnyRow>(this.#internals, under).scalar());
  }
  async exists(): Promise<boolean> {
    if (this.#carried.hooked !== true && hasHooks("beforeCompile")) return this.#prepared().exists();
    const inner = this.#statement
      .with({ optionList: criteriaAmong(this.#statement.optionList), orderByList: [] })
      .withOnlyColumns(new LiteralColumn("1", INTEGER));
    const froms = readingFrom(inner, this.#entity);
    const row = await executeStatement<AnyRow>(this.#internals, froms.limit(1)).first();
    return row !== null;
  }
  /** First column of the only row. */
  scalar(): Promise<unknown> {
    return this.#prepared().#result().oneOrNone();
  }
  /** EXISTS over the query, for the criteria of another one. */
  asExists(): Expression {
    return new Exists(plainColumns(this.#statement, this.#entity));
  }
  cte(
    name: string,
    options?: { readonly recursive?: boolean; readonly nesting?: boolean; readonly materialized?: boolean },
  ): unknown {
    return plainColumns(this.#statement, this.#entity).cte(name, options);
  }
  /** Other columns with the same FROM and WHERE: gives a select for `session.execute()`. */
  withEntities(...items: unknown[]): SelectStatement {
    const kept = readingFrom(this.#statement, this.#entity);
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
    return throughHooks("beforeCompileUpdate", this as EntityQuery, { values }).#update(values, options);
  }
  #update(
    values: { readonly [key: string]: unknown },
    options: { readonly synchronizeSession?: "auto" | "evaluate" | "fetch" | false },
  ): Promise<number> {
    this.#refuseShape("update");
    let statement = new UpdateStatement(this.#entity.mapper.model).set(values).where(...this.#statement.criteria);
    statement = statement.executionOptions({
      ...this.#statement.executionOptionsValue,
      ...options,
      ...this.#carriedCriteria(),
    });
    return executeStatement(this.#internals, statement).rowCount();
  }
  /** DELETE of all rows that fit; objects in the session follow. Gives the number of rows. */
  delete(options: { readonly synchronizeSession?: "auto" | "evaluate" | "fetch" | false } = {}): Promise<number> {
    return throughHooks("beforeCompileDelete", this as EntityQuery).#delete(options);
  }
  #delete(options: { readonly synchronizeSession?: "auto" | "evaluate" | "fetch" | false }): Promise<number> {
    this.#refuseShape("delete");
    let statement = new DeleteStatement(this.#entity.mapper.model).where(...this.#statement.criteria);
    statement = statement.executionOptions({
      ...this.#statement.executionOptionsValue,
      ...options,
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
      s.orderByList.length > 0 ||
      s.havingList.length > 0 ||
      s.froms.length > 0 ||
      s.forUpdate !== undefined
    ) {
      throw new InvalidRequestError(
        `${method}(): a query with join, selectFrom, limit, orderBy, groupBy, having, distinct or withForUpdate cannot ${method} rows; filter by a subquery instead.`,
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
    const prepared = this.#prepared();
    const streams = prepared.#statement.executionOptionsValue?.yieldPer !== undefined;
    if (streams) yield* prepared.#result();
    else for (const item of await prepared.all()) yield item;
  }
  /** The SQL, without a connection. */
  toString(): string {
    return this.#statement.toString();
  }
  get [Symbol.toStringTag](): string {
    return "Query";
  }
}

function showKey(id: unknown): string {
  return typeof id === "object" && id !== null ? JSON.stringify(id) : String(id);
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
