/** Collections that are never loaded as a whole: `lazy: "dynamic"` is a query, `lazy: "writeOnly"` takes changes only. */
import {
  type AnyRow,
  ArgumentError,
  criterion as asCriterion,
  Bind,
  type ColumnReference,
  DeleteStatement,
  didYouMean,
  Exists,
  type Expression,
  FunctionCall,
  INTEGER,
  InsertStatement,
  LiteralColumn,
  type Result,
  SelectStatement,
  STAR,
  UpdateStatement,
} from "@athanor/core";
import { DetachedInstanceError } from "../errors.js";
import { installQueryCollections } from "../mapping/attributes.js";
import { addToCollection, describeInstance, isNew, removeFromCollection } from "../mapping/collection.js";
import type { MappedColumn, RelationshipProperty } from "../mapping/mapper.js";
import { type Managed, UNLOADED } from "../mapping/state.js";
import { SESSION, type SessionInternals } from "../session/internals.js";
import { type RelationPathSteps, relationSteps } from "./attributes.js";
import { entityOver } from "./entity.js";
import { executeStatement } from "./execute.js";
import { plainColumns } from "./query-parts.js";
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
  const steps = stepsFrom(owner, property);
  const linked =
    steps.secondary === undefined ? statement : statement.selectFrom(steps.secondary).join(target.from, steps.toTarget);
  const out = linked.where(steps.toSecondary ?? steps.toTarget);
  return order.length > 0 ? out.orderBy(...order) : out;
}
/** The relationship's joins with the owner's values in place. */
function stepsFrom(owner: Managed, property: RelationshipProperty): RelationPathSteps {
  return relationSteps(property, new ValueSource(property, owner), targetSourceOf(property), false);
}
/**
 * A value of the owner, read when the statement runs: what the flush before it gave a new object is there by then.
 */
class OwnerValue extends Bind {
  constructor(owner: Managed, property: RelationshipProperty, attribute: MappedColumn) {
    super(undefined, attribute.column.type);
    Object.defineProperty(this, "value", { get: () => valueOf(owner, property, attribute) });
  }
}
function valueOf(owner: Managed, property: RelationshipProperty, attribute: MappedColumn): unknown {
  const value = owner[attribute.slot];
  if (value !== UNLOADED) return value;
  throw new ArgumentError(
    `${property} of ${describeInstance(owner)}: its '${attribute.key}' is not known yet; ${isNew(owner) ? "flush the session first" : `await session.refresh(object, ["${attribute.key}"]) first`}.`,
    "orm.no-key",
  );
}
/** The owner as a source whose columns are its values. */
class ValueSource extends EntitySource {
  readonly #owner: Managed;
  readonly #property: RelationshipProperty;
  constructor(property: RelationshipProperty, owner: Managed) {
    const mapper = property.parent;
    super(mapper, mappedSource(mapper).from, new Map(), mapper.name, true);
    this.#owner = owner;
    this.#property = property;
  }
  override column(attribute: MappedColumn): ColumnReference {
    return new OwnerValue(this.#owner, this.#property, attribute) as Expression as ColumnReference;
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
  options(...loads: unknown[]): DynamicCollection {
    return this.#with((s) => s.options(...loads));
  }
  #run(statement: SelectStatement): Result<Managed> {
    return executeStatement<Managed>(internalsOf(this.#owner, this.#property), statement, undefined, "scalars");
  }
  all(): Promise<Managed[]> {
    return this.#run(this.select()).all();
  }
  first(): Promise<Managed | null> {
    return this.#run(this.select().limit(1)).first();
  }
  one(): Promise<Managed> {
    return this.#run(this.select()).one();
  }
  oneOrNone(): Promise<Managed | null> {
    return this.#run(this.select()).oneOrNone();
  }
  async count(): Promise<number> {
    const internals = internalsOf(this.#owner, this.#property);
    const { limitValue, offsetValue } = this.select();
    // Which rows a limit takes depends on their order.
    const cut = limitValue !== undefined || offsetValue !== undefined;
    const members = this.select().with(cut ? { optionList: [] } : { orderByList: [], optionList: [] });
    const sub = plainColumns(members, entityOver(targetSourceOf(this.#property))).subquery();
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
    const { target, syncPairs, secondary, viewOnly } = this.#property;
    if (viewOnly || secondary !== undefined)
      throw new ArgumentError(
        viewOnly
          ? `${this.#property}.insert(): it is viewOnly, so nothing says what makes a row a member; insert into ${target.table.fullName} yourself.`
          : `${this.#property}.insert(): the rows of a many-to-many need rows between as well; add() objects, or insert into both tables.`,
        "orm.write-only",
      );
    const owner = this.#owner;
    const keys: Record<string, unknown> = {};
    for (const { local, remote } of syncPairs)
      keys[remote.column.key] =
        owner[local.slot] === UNLOADED ? new OwnerValue(owner, this.#property, local) : owner[local.slot];
    return new InsertStatement(target.model).values(rows.map((row) => ({ ...row, ...keys })));
  }
  update(values: { readonly [key: string]: unknown }, ...criteria: unknown[]): UpdateStatement {
    return new UpdateStatement(this.#property.target.model)
      .set(values)
      .where(this.#mine(), ...criteria.map(asCriterion));
  }
  delete(...criteria: unknown[]): DeleteStatement {
    return new DeleteStatement(this.#property.target.model).where(this.#mine(), ...criteria.map(asCriterion));
  }
  /** The members of this owner, as the relationship tells them. */
  #mine(): Expression {
    if (this.#property.alias !== undefined)
      throw new ArgumentError(
        `${this.#property} reads from an alias; write the UPDATE or DELETE with a criterion of its own.`,
        "orm.write-only",
      );
    const { secondary, toSecondary, toTarget } = stepsFrom(this.#owner, this.#property);
    if (secondary === undefined) return toTarget;
    return new Exists(
      new SelectStatement([new LiteralColumn("1", INTEGER)])
        .selectFrom(secondary)
        .where(toSecondary as Expression, toTarget)
        .correlateExcept(secondary, ...secondary.leaves),
    );
  }
  toJSON(): undefined {
    return undefined;
  }
}

installQueryCollections((owner, property) =>
  property.lazy === "dynamic" ? new DynamicCollection(owner, property) : new WriteOnlyCollection(owner, property),
);
