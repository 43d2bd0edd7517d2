/** Collections that are never loaded as a whole: `lazy: "dynamic"` is a query, `lazy: "writeOnly"` takes changes only. */
import {
  type AnyRow,
  ArgumentError,
  criterion as asCriterion,
  Bind,
  type ColumnReference,
  conjunction,
  DeleteStatement,
  didYouMean,
  type Expression,
  FunctionCall,
  INTEGER,
  InsertStatement,
  operators,
  SelectStatement,
  STAR,
  UpdateStatement,
} from "@athanor/core";
import { DetachedInstanceError } from "../errors.js";
import { installQueryCollections } from "../mapping/attributes.js";
import { addToCollection, describeInstance, removeFromCollection } from "../mapping/collection.js";
import type { MappedColumn, Mapper, RelationshipProperty } from "../mapping/mapper.js";
import { type Managed, UNLOADED } from "../mapping/state.js";
import { SESSION, type SessionInternals } from "../session/internals.js";
import { relationSteps } from "./attributes.js";
import { entityOf, entityOver } from "./entity.js";
import { executeStatement } from "./execute.js";
import { EntitySource, mappedSource, targetSourceOf } from "./source.js";

function internalsOf(owner: Managed, property: RelationshipProperty): SessionInternals {
  const session = owner.$$s as { readonly [SESSION]?: SessionInternals } | undefined;
  const internals = session?.[SESSION];
  if (internals === undefined)
    throw new DetachedInstanceError(
      `${property} of ${describeInstance(owner)} needs a session: add the object to one first.`,
    );
  return internals;
}
/** The members of one owner as a select: the relationship's join with the owner's values in place. */
function membersOf(owner: Managed, property: RelationshipProperty): SelectStatement {
  const target = targetSourceOf(property);
  const statement = new SelectStatement([entityOver(target)]);
  const order = property.orderBy(target.columns);
  const source = ownerValues(owner, property);
  const steps = relationSteps(property, source, target, false);
  const linked =
    steps.secondary === undefined ? statement : statement.selectFrom(steps.secondary).join(target.from, steps.toTarget);
  const out = linked.where(steps.toSecondary ?? steps.toTarget);
  return order.length > 0 ? out.orderBy(...order) : out;
}
/** The owner as a source whose columns are its values. */
function ownerValues(owner: Managed, property: RelationshipProperty): EntitySource {
  return new ValueSource(property.parent, owner);
}
class ValueSource extends EntitySource {
  readonly #owner: Managed;
  constructor(mapper: Mapper, owner: Managed) {
    const { from } = mappedSource(mapper);
    super(mapper, from, new Map(), mapper.name, true);
    this.#owner = owner;
  }
  override column(attribute: MappedColumn): ColumnReference {
    const value = this.#owner[attribute.slot];
    return new Bind(value === UNLOADED ? null : value, attribute.column.type) as Expression as ColumnReference;
  }
  override get columns(): { readonly [key: string]: Expression } {
    const map: Record<string, Expression> = Object.create(null);
    for (const a of this.mapper.attributes) map[a.key] = this.column(a);
    return map;
  }
}

export class DynamicCollection implements AsyncIterable<Managed> {
  readonly #owner: Managed;
  readonly #property: RelationshipProperty;
  readonly #refine: (statement: SelectStatement) => SelectStatement;
  constructor(
    owner: Managed,
    property: RelationshipProperty,
    refine: (statement: SelectStatement) => SelectStatement = (s) => s,
  ) {
    this.#owner = owner;
    this.#property = property;
    this.#refine = refine;
  }
  #with(step: (statement: SelectStatement) => SelectStatement): DynamicCollection {
    return new DynamicCollection(this.#owner, this.#property, (s) => step(this.#refine(s)));
  }
  filter(...criteria: unknown[]): DynamicCollection {
    return this.#with((s) => s.where(...criteria.map(asCriterion)));
  }
  filterBy(values: { readonly [key: string]: unknown }): DynamicCollection {
    const { columns } = mappedSource(this.#property.target);
    const criteria = Object.keys(values).map((key) => {
      const column = columns[key];
      if (column === undefined)
        throw new ArgumentError(
          `${this.#property}: filterBy() has no column '${key}'.${didYouMean(key, Object.keys(columns))}`,
          "query.filter-by",
        );
      return column.eq(values[key]);
    });
    return this.filter(...criteria);
  }
  orderBy(...by: unknown[]): DynamicCollection {
    return this.#with((s) => s.orderBy(...by));
  }
  limit(n: number): DynamicCollection {
    return this.#with((s) => s.limit(n));
  }
  offset(n: number): DynamicCollection {
    return this.#with((s) => s.offset(n));
  }
  all(): Promise<Managed[]> {
    return executeStatement<Managed>(
      internalsOf(this.#owner, this.#property),
      this.select(),
      undefined,
      "scalars",
    ).all();
  }
  first(): Promise<Managed | null> {
    return executeStatement<Managed>(
      internalsOf(this.#owner, this.#property),
      this.select().limit(1),
      undefined,
      "scalars",
    ).first();
  }
  async count(): Promise<number> {
    const internals = internalsOf(this.#owner, this.#property);
    const columns = entityOf(this.#property.target).itemColumns;
    const sub = this.select()
      .with({ orderByList: [], optionList: [] })
      .withOnlyColumns(...columns)
      .subquery();
    return Number(
      await executeStatement<AnyRow>(
        internals,
        new SelectStatement([new FunctionCall("count", [STAR], INTEGER)]).selectFrom(sub),
      ).scalar(),
    );
  }
  select(): SelectStatement {
    return this.#refine(membersOf(this.#owner, this.#property));
  }
  push(...items: Managed[]): number {
    for (const item of items) addToCollection(this.#owner, this.#property, item);
    return items.length;
  }
  append(item: Managed): void {
    this.push(item);
  }
  remove(...items: Managed[]): void {
    for (const item of items) removeFromCollection(this.#owner, this.#property, item);
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<Managed> {
    for (const item of await this.all()) yield item;
  }
  toJSON(): undefined {
    return undefined;
  }
}
export class WriteOnlyCollection {
  readonly #owner: Managed;
  readonly #property: RelationshipProperty;
  constructor(owner: Managed, property: RelationshipProperty) {
    this.#owner = owner;
    this.#property = property;
  }
  add(...items: Managed[]): void {
    for (const item of items) addToCollection(this.#owner, this.#property, item);
  }
  remove(...items: Managed[]): void {
    for (const item of items) removeFromCollection(this.#owner, this.#property, item);
  }
  select(): SelectStatement {
    return membersOf(this.#owner, this.#property);
  }
  insert(rows: readonly { readonly [key: string]: unknown }[]): InsertStatement {
    const { target, syncPairs, secondary } = this.#property;
    if (secondary !== undefined)
      throw new ArgumentError(
        `${this.#property}.insert(): the rows of a many-to-many need rows between as well; add() objects, or insert into both tables.`,
        "orm.write-only",
      );
    const keys: Record<string, unknown> = {};
    for (const p of syncPairs) keys[p.remote.column.key] = this.#owner[p.local.slot];
    return new InsertStatement(target.table).values(rows.map((row) => ({ ...row, ...keys })));
  }
  update(values: { readonly [key: string]: unknown }, ...criteria: unknown[]): UpdateStatement {
    return new UpdateStatement(this.#property.target.table)
      .set(values)
      .where(this.#mine(), ...criteria.map(asCriterion));
  }
  delete(...criteria: unknown[]): DeleteStatement {
    return new DeleteStatement(this.#property.target.table).where(this.#mine(), ...criteria.map(asCriterion));
  }
  /** The members of this owner: by their foreign key, through a secondary table by their keys. */
  #mine(): Expression {
    const { target, secondary, syncPairs } = this.#property;
    if (secondary === undefined)
      return conjunction(
        operators.and,
        syncPairs.map((p) => p.remote.column.eq(this.#owner[p.local.slot])),
      );
    const [key, ...more] = target.primaryKey;
    if (key === undefined || more.length > 0)
      throw new ArgumentError(
        `${this.#property}: ${target} has a composite key; write the UPDATE or DELETE with a criterion of its own.`,
        "orm.write-only",
      );
    const members = new SelectStatement([secondary.remotePairs[0]?.column as Expression]).where(
      ...secondary.localPairs.map((p) => p.column.eq(this.#owner[p.mapped.slot])),
    );
    return key.column.in(members);
  }
  toJSON(): undefined {
    return undefined;
  }
}

installQueryCollections((owner, property) =>
  property.lazy === "dynamic" ? new DynamicCollection(owner, property) : new WriteOnlyCollection(owner, property),
);
