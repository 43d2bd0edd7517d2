/** What a session asks of the query side: objects by key, relationships and columns, reading anew. All in its turn. */
import {
  ArgumentError,
  Bind,
  type Compiled,
  Connection,
  type Engine,
  type Expression,
  type MaybePromise,
  MultipleResultsFound,
  type RawResult,
  SelectStatement,
} from "@athanor/core";
import { NotLoadedError } from "../errors.js";
import { restrictionsIn, sessionCriteria } from "../extensions/loader-criteria.js";
import { describeInstance } from "../mapping/collection.js";
import { type MappedColumn, type Mapper, mapperOfInstance, type RelationshipProperty } from "../mapping/mapper.js";
import { type LoadBatch, type Managed, tokenOf, UNLOADED } from "../mapping/state.js";
import type { ByKeyOptions, LockOptions, SessionInternals } from "../session/internals.js";
import { forgetChange } from "./changes.js";
import { entityOf, entityOver } from "./entity.js";
import { isLone, loneEntity } from "./hydrate.js";
import { among, CHUNK } from "./keys.js";
import { CarriedOptions, LoadTree, NO_COLUMNS } from "./load-tree.js";
import type { OrmPlan } from "./plan.js";
import { inKeyOrder, loadRelation } from "./relations.js";
import { after, completeLoads, hydrationOf, loadedFirsts, lookUpPlan, runner, runPlan, sendPlan } from "./run-plan.js";
import { mappedSource, ownSource } from "./source.js";

/** The select of one row of a mapper, and its plans by the cache they belong to. */
interface ByKey {
  readonly statement: SelectStatement;
  readonly plans: WeakMap<object, KeyPlan>;
  /** The one used last, and of which cache. */
  last: KeyPlan | undefined;
  lastOf: object | undefined;
}
interface KeyPlan {
  readonly plan: OrmPlan;
  /** For a plan whose row is nothing but its object. */
  readonly lone: Compiled | undefined;
}
const BY_KEY = Symbol("byKey");
function byKeyOf(mapper: Mapper): ByKey {
  let made = mapper.memo.get(BY_KEY) as ByKey | undefined;
  if (made === undefined) {
    const source = mappedSource(mapper);
    const criteria: Expression[] = mapper.primaryKey.map((pk) =>
      source.column(pk).eq(new Bind(undefined, pk.column.type)),
    );
    made = {
      statement: new SelectStatement([entityOf(mapper)]).where(...criteria),
      plans: new WeakMap(),
      last: undefined,
      lastOf: undefined,
    };
    mapper.memo.set(BY_KEY, made);
  }
  return made;
}
function plainPlan(session: SessionInternals, engine: Engine, byKey: ByKey): KeyPlan {
  const of = engine.cache;
  if (byKey.lastOf === of && byKey.last !== undefined) return byKey.last;
  byKey.lastOf = of;
  byKey.last = planIn(session, engine, byKey);
  return byKey.last;
}
function planIn(session: SessionInternals, engine: Engine, { statement, plans }: ByKey): KeyPlan {
  const cache = session.planCache(engine);
  let found = plans.get(cache);
  if (found === undefined) {
    const { value: plan } = lookUpPlan(session, engine, statement);
    const { compiled } = plan;
    const lone = isLone(plan) ? { ...compiled, hint: { ...compiled.hint, single: true } } : undefined;
    plans.set(cache, (found = { plan, lone }));
  }
  return found;
}

/** The object with this key, read from the database; null when there is no such row. Runs in the session's turn. */
export function loadByKey(
  session: SessionInternals,
  mapper: Mapper,
  values: readonly unknown[],
  options: ByKeyOptions = {},
): MaybePromise<Managed | null> {
  const byKey = byKeyOf(mapper);
  const lock = options.withForUpdate;
  const locks = lock !== undefined && lock !== false;
  const populate = options.populateExisting ?? locks;
  const criteria = criteriaForKey(session, mapper, values);
  const plain =
    !session.intercepts &&
    !locks &&
    criteria.length === 0 &&
    (options.options === undefined || options.options.length === 0);
  if (!plain) return loadAsAsked(session, mapper, values, options, criteria, populate);
  // The parameters of the plan are the key's parts in order, and nothing else.
  const { plan, lone } = plainPlan(session, session.engineFor(mapper, byKey.statement), byKey);
  if (lone === undefined || populate || session.rowEvents !== null || !session.identity.isEmpty(mapper)) {
    const ran = sendPlan(session, mapper, plan, byKey.statement, values, undefined, populate);
    return onlyObject(session, mapper, ran);
  }
  const connection = session.connectionFor(mapper, byKey.statement);
  if (connection instanceof Promise) return loneLater(session, mapper, plan, lone, values, connection);
  const raw = connection.run(lone, values);
  if (raw instanceof Promise) return loneLater(session, mapper, plan, lone, values, raw);
  return raw.rows.length === 0 ? null : loneEntity(plan, session, raw.rows[0] as unknown[]);
}
/** The same, where the connection or the row is waited for: meanwhile the program may have put the object there. */
async function loneLater(
  session: SessionInternals,
  mapper: Mapper,
  plan: OrmPlan,
  lone: Compiled,
  values: readonly unknown[],
  waiting: Promise<Connection | RawResult>,
): Promise<Managed | null> {
  const there = await waiting;
  const raw = there instanceof Connection ? await there.run(lone, values) : there;
  if (raw.rows.length === 0) return null;
  if (session.rowEvents === null && session.identity.isEmpty(mapper))
    return loneEntity(plan, session, raw.rows[0] as unknown[]);
  return onlyObject(session, mapper, { hydration: hydrationOf(session, plan, byKeyOf(mapper).statement, false), raw });
}
/** With options of the lookup, criteria of the session, or listeners who want to hear of it. */
function loadAsAsked(
  session: SessionInternals,
  mapper: Mapper,
  values: readonly unknown[],
  options: ByKeyOptions,
  criteria: readonly unknown[],
  populate: boolean,
): MaybePromise<Managed | null> {
  const lock = options.withForUpdate;
  const source = mappedSource(mapper);
  let statement = new SelectStatement([entityOf(mapper)]).where(
    ...mapper.primaryKey.map((pk, i) => source.column(pk).eq(new Bind(values[i], pk.column.type))),
  );
  statement = statement.options(...(options.options ?? []), ...criteria);
  if (lock !== undefined && lock !== false) statement = statement.withForUpdate(lock === true ? {} : lock);
  if (session.intercepts)
    return loadedFirsts(session, statement, { kind: "execute" }, populate).then(
      (found) => (found[0] as Managed | undefined) ?? null,
    );
  return onlyObject(session, mapper, runPlan(session, statement, undefined, populate));
}
function onlyObject(
  session: SessionInternals,
  mapper: Mapper,
  ran: ReturnType<typeof runPlan>,
): MaybePromise<Managed | null> {
  return after(ran, ({ hydration, raw }) => {
    if (raw.rows.length > 1 && mapper.isUnion) refuseSeveral(mapper, hydration.firsts(raw.rows) as Managed[]);
    return completeLoads(session, hydration, (hydration.firsts(raw.rows)[0] as Managed | undefined) ?? null);
  });
}

/** Tables of a concrete hierarchy count their keys each for itself. @throws MultipleResultsFound */
function refuseSeveral(mapper: Mapper, found: readonly Managed[]): void {
  const classes = new Set(found.map((i) => mapperOfInstance(i).name));
  if (classes.size < 2) return;
  throw new MultipleResultsFound(
    `Several classes have a row with this key: ${[...classes].join(", ")}. Ask for one of them instead of ${mapper}.`,
    "orm.several-classes",
  );
}

/** The session's criteria hold for what it does not have yet; objects it has are read as they are. */
function criteriaForKey(session: SessionInternals, mapper: Mapper, values: readonly unknown[]): readonly unknown[] {
  const criteria = sessionCriteria(session);
  if (criteria.length === 0) return criteria;
  const key = mapper.identityKey([...values]);
  return key !== undefined && session.identity.get(mapper, key) !== undefined ? [] : criteria;
}

/**
 * Loads a relationship for an object and every sibling that came with it. Runs in the session's turn. `asked`: by the
 * program; a flush loads what it needs whatever `raiseLoad` says.
 *
 * @throws NotLoadedError where the query or the mapping refuses it
 */
export async function loadRelationship(
  session: SessionInternals,
  owner: Managed,
  property: RelationshipProperty,
  asked = false,
): Promise<void> {
  if (owner[property.slot] !== UNLOADED) return;
  const batch = owner.$$b;
  const tree = treeOf(owner) ?? new LoadTree().restrict(restrictionsIn(sessionCriteria(session)));
  if (asked) refuse(session, owner, property, tree);
  const siblings =
    batch === null || property.isQuery
      ? [owner]
      : batch.instances.filter(
          (i) =>
            i.$$s === session.face &&
            i[property.slot] === UNLOADED &&
            property.slot in i &&
            (property.parent.inheritance?.strategy !== "concrete" ||
              mapperOfInstance(i).relationship(property.key) === property) &&
            (session.token === undefined || tokenOf(i) === session.token),
        );
  if (!siblings.includes(owner)) siblings.push(owner);
  await loadRelation(
    { run: runner, session, populate: false, eager: false },
    siblings,
    property,
    tree.branch(property),
  );
}
/** What the statement said that brought an object. */
function treeOf(instance: Managed): LoadTree | undefined {
  const context = instance.$$b?.context;
  return context instanceof LoadTree ? context : undefined;
}
function refuse(session: SessionInternals, owner: Managed, property: RelationshipProperty, tree: LoadTree): void {
  const refused = tree.refuses(property);
  if (refused === undefined) return;
  if (refused === "sql" && peekReference(session, owner, property) !== undefined) return;
  const said =
    property.lazy === "raise" && tree.relations.get(property) === undefined ? "the mapping says" : "the query said";
  throw new NotLoadedError(
    `${property} of ${describeInstance(owner)} is not loaded, and ${said} raise. Load it in the query with selectinLoad() or joinedLoad(), or with await session.refresh(object, ["${property.key}"]).`,
  );
}

/** The object a many-to-one points to, if the session has it: no SQL. `undefined`: not known here. */
export function peekReference(
  session: SessionInternals,
  owner: Managed,
  property: RelationshipProperty,
): Managed | null | undefined {
  if (!property.usesGet || property.direction !== "manyToOne") return undefined;
  const values = property.pairs.map((p) => owner[p.local.slot]);
  if (values.some((v) => v === UNLOADED || v === undefined)) return undefined;
  if (values.some((v) => v === null)) return null;
  const key = property.target.identityKey(inKeyOrder(property, values));
  return key === undefined ? undefined : session.identity.get(property.target, key);
}

/** Column options hold expressions beside columns; they are told apart by identity. */
function columnOrExpression(mapper: Mapper, key: string): MappedColumn | undefined {
  return mapper.attribute(key) ?? (mapper.expression(key) as unknown as MappedColumn | undefined);
}
/** Loads one deferred column, for all siblings that lack it. */
export async function loadColumn(session: SessionInternals, owner: Managed, key: string): Promise<unknown> {
  const mapper = mapperOfInstance(owner);
  const attribute = columnOrExpression(mapper, key);
  if (attribute === undefined) throw new ArgumentError(`${mapper.name} has no column '${key}'.`);
  if (owner[attribute.slot] !== UNLOADED) return owner[attribute.slot];
  const { raising, undefer } = treeOf(owner)?.columns ?? NO_COLUMNS;
  if (raising === "rest" ? !undefer.includes(attribute) : raising.includes(attribute))
    throw new NotLoadedError(
      `${mapper.name}.${key} of ${describeInstance(owner)} is not loaded, and the query said raise. Take undefer(${mapper.name}.c.${key}) into it, or await session.refresh(object, ["${key}"]).`,
    );
  const batch = owner.$$b;
  const siblings =
    batch === null
      ? [owner]
      : batch.instances.filter(
          (i) =>
            i.$$s === session.face &&
            i[attribute.slot] === UNLOADED &&
            attribute.slot in i &&
            (session.token === undefined || tokenOf(i) === session.token),
        );
  if (!siblings.includes(owner)) siblings.push(owner);
  await refreshInstances(session, siblings, [key, ...restOfGroup(mapper, attribute, owner)], false);
  return owner[attribute.slot];
}

/** Columns that are deferred as a group come together. */
function restOfGroup(mapper: Mapper, { deferredGroup, slot }: MappedColumn, owner: Managed): readonly string[] {
  if (deferredGroup === undefined) return [];
  const { raising } = treeOf(owner)?.columns ?? NO_COLUMNS;
  return [...mapper.attributes, ...mapper.expressions].flatMap((a) =>
    a.deferredGroup === deferredGroup &&
    a.slot !== slot &&
    owner[a.slot] === UNLOADED &&
    (raising === "rest" || !raising.includes(a as MappedColumn))
      ? a.key
      : [],
  );
}

/**
 * Reads attributes anew. Without names: all columns, and the relationships are forgotten. Gives the objects whose rows
 * are gone.
 */
export async function refreshInstances(
  session: SessionInternals,
  instances: readonly Managed[],
  keys?: readonly string[],
  overwrite = true,
  lock?: LockOptions,
): Promise<readonly Managed[]> {
  const gone: Managed[] = [];
  const groups = new Map<unknown, Map<Mapper, Managed[]>>();
  for (const instance of instances) {
    // Of a whole object: what the statement said that brought it holds again.
    const tree = keys === undefined ? treeOf(instance) : undefined;
    let byMapper = groups.get(tree);
    if (byMapper === undefined) groups.set(tree, (byMapper = new Map()));
    const mapper = mapperOfInstance(instance);
    const list = byMapper.get(mapper);
    if (list === undefined) byMapper.set(mapper, [instance]);
    else list.push(instance);
  }
  for (const [tree, byMapper] of groups)
    for (const [mapper, list] of byMapper)
      for (let at = 0; at < list.length; at += CHUNK) {
        const chunk = list.slice(at, at + CHUNK);
        const again = tree instanceof LoadTree ? tree.forRefresh() : undefined;
        gone.push(...(await refreshChunk(session, mapper, chunk, keys, overwrite, lock, again)));
      }
  return gone;
}
async function refreshChunk(
  session: SessionInternals,
  mapper: Mapper,
  chunk: readonly Managed[],
  keys: readonly string[] | undefined,
  overwrite: boolean,
  lock: LockOptions | undefined,
  tree = new LoadTree(),
): Promise<readonly Managed[]> {
  const source = ownSource(mapper);
  const columns = keys === undefined ? undefined : keys.flatMap((k) => columnOrExpression(mapper, k) ?? []);
  const relations =
    keys === undefined
      ? []
      : keys.flatMap((k) => {
          const property = mapper.relationship(k);
          // A query is read anew whenever it is asked.
          return property === undefined || property.isQuery ? [] : property;
        });
  const gone: Managed[] = [];
  if (columns === undefined || columns.length > 0) {
    if (columns !== undefined) tree.columns = { ...NO_COLUMNS, only: columns, undefer: columns };
    let statement = new SelectStatement([entityOver(source)])
      .where(
        among(
          mapper.primaryKey.map((pk) => source.column(pk)),
          chunk.map((i) => mapper.primaryKey.map((pk) => i[pk.slot])),
        ),
      )
      .options(new CarriedOptions(tree));
    if (lock !== undefined) statement = statement.withForUpdate(lock);
    const populate = overwrite && columns === undefined;
    const forget = (): void => {
      if (!overwrite || columns === undefined) return;
      for (const i of chunk) {
        for (const c of columns) {
          if (c.index >= 0) forgetChange(i, c.index);
          i[c.slot] = UNLOADED;
        }
      }
    };
    const kept = chunk.map((i) => i.$$b);
    let found: Set<unknown>;
    if (session.intercepts) {
      forget();
      found = new Set(await loadedFirsts(session, statement, { kind: "column", from: chunk }, populate));
    } else {
      const { hydration, raw } = await runPlan(session, statement, undefined, populate);
      // Not before the rows are there: a failure must not leave the objects without values.
      forget();
      found = new Set(hydration.firsts(raw.rows));
      await completeLoads(session, hydration, undefined);
    }
    chunk.forEach((i, at) => {
      if (columns !== undefined) {
        i.$$b = kept[at] as LoadBatch | null;
        if (found.has(i)) session.rowEvents?.refreshed(i, keys);
      }
      if (!found.has(i)) gone.push(i);
    });
  }
  for (const property of relations) {
    for (const i of chunk) i[property.slot] = UNLOADED;
    await loadRelation(
      { run: runner, session, populate: false, eager: false },
      chunk,
      property,
      new LoadTree().branch(property),
    );
  }
  return gone;
}
