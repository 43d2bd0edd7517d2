/** Class attributes of relationships: `User.c.posts` in joins, criteria and loader options. Source: SQLAlchemy "Relationship Operators". */
import {
  ArgumentError,
  criterion as asCriterion,
  Bind,
  ColumnReference,
  conjunction,
  type Element,
  Exists,
  type Expression,
  entityElement,
  type FromClause,
  INTEGER,
  type JoinSteps,
  joinSteps,
  LiteralColumn,
  NULL,
  negate,
  operators,
  replace,
  SelectStatement,
} from "@athanor/core";
import { describeInstance } from "../mapping/collection.js";
import { type MappedColumn, type Mapper, mapperOfInstance, type RelationshipProperty } from "../mapping/mapper.js";
import { type Managed, managed, UNLOADED } from "../mapping/state.js";
import { aliasedFrom, aliasedSource, type EntitySource, freshTarget, moveLeaves, targetSourceOf } from "./source.js";

/** `SELECT 1`. */
const ONE_COLUMN = new LiteralColumn("1", INTEGER);

/** The steps from an owner to the target, and the ON of each. */
export interface RelationPathSteps {
  readonly secondary: FromClause | undefined;
  readonly toSecondary: Expression | undefined;
  /** Target against owner, or target against secondary. */
  readonly toTarget: Expression;
}
/** ON between two sources. `aliasSecondary`: for joins nobody else sees. */
export function relationSteps(
  property: RelationshipProperty,
  owner: EntitySource,
  target: EntitySource,
  aliasSecondary: boolean,
): RelationPathSteps {
  if (property.secondary !== undefined) {
    const { from, localPairs, remotePairs, toSecondary, toTarget } = property.secondary;
    const fresh = aliasSecondary ? aliasedFrom(from) : undefined;
    const moved = <E extends Expression>(e: E): E => fresh?.move(e) ?? e;
    return {
      secondary: fresh?.from ?? from,
      toSecondary: moved(
        toSecondary?.(owner.columns) ??
          conjunction(
            operators.and,
            localPairs.map((p) => owner.column(p.mapped).eq(p.column)),
          ),
      ),
      toTarget: moved(
        toTarget?.(target.columns) ??
          conjunction(
            operators.and,
            remotePairs.map((p) => target.column(p.mapped).eq(p.column)),
          ),
      ),
    };
  }
  const on =
    property.primaryJoin?.(owner.columns, target.columns) ??
    conjunction(
      operators.and,
      property.pairs.map((p) => owner.column(p.local).eq(target.column(p.remote))),
    );
  const written = property.alias === undefined ? undefined : targetSourceOf(property).from;
  // A join by hand may read more of a subquery than the model's columns.
  const moved =
    written === undefined || written === target.from ? on : moveLeaves(on, new Map([[written, target.from]]));
  return { secondary: undefined, toSecondary: undefined, toTarget: moved };
}

/** Criteria written over the target's own columns, moved to the source that stands for it. */
export function moveCriteria<E extends Element>(
  criteria: readonly E[],
  from: EntitySource,
  to: EntitySource,
): readonly E[] {
  if (from === to || from.from === to.from) return criteria;
  return criteria.map((c) =>
    replace(c, (node) => {
      if (!(node instanceof ColumnReference) || isOfAnother(node, from.mapper)) return undefined;
      for (const a of from.mapper.attributes) if (from.find(a.column) === node.plain) return to.column(a);
      return undefined;
    }),
  );
}

/** A column of a shared table, as a class sees it whose rows these are not: it stays where it is. */
function isOfAnother(column: ColumnReference, mapper: Mapper): boolean {
  const seenBy = (column.viewer as { readonly mapper?: Mapper } | undefined)?.mapper;
  return seenBy !== undefined && !seenBy.isA(mapper) && !mapper.isA(seenBy);
}

export class RelationAttribute {
  readonly key: string;
  readonly owner: string;
  readonly target: unknown;
  readonly lazy: string;
  readonly property: RelationshipProperty;
  /** Where the owner's columns are read. */
  readonly source: EntitySource;
  /** The model or alias it belongs to. */
  readonly parent: unknown;
  /** Set by `ofType()`. */
  readonly targetSource: EntitySource | undefined;
  readonly extra: readonly Expression[];

  constructor(
    property: RelationshipProperty,
    source: EntitySource,
    parent: unknown,
    targetSource?: EntitySource,
    target?: unknown,
    extra: readonly Expression[] = [],
  ) {
    this.property = property;
    this.key = property.key;
    this.owner = source.name;
    this.source = source;
    this.parent = parent;
    this.target = target ?? property.target.model;
    this.lazy = property.lazy;
    this.targetSource = targetSource;
    this.extra = extra;
  }
  /** The same relationship, aimed at an alias or a subclass. */
  ofType(target: unknown): RelationAttribute {
    const element = (target as { readonly [entityElement]?: { readonly source?: EntitySource } } | null)?.[
      entityElement
    ];
    const source = element?.source;
    if (source === undefined) throw new ArgumentError(`${this}.ofType(): a model or an alias of one is needed.`);
    if (!source.mapper.isA(this.property.target) && !this.property.target.isA(source.mapper)) {
      throw new ArgumentError(`${this}.ofType(): ${source.mapper} is no ${this.property.target}.`);
    }
    return new RelationAttribute(this.property, this.source, this.parent, source, target, this.extra);
  }
  and(...criteria: unknown[]): RelationAttribute {
    return new RelationAttribute(this.property, this.source, this.parent, this.targetSource, this.target, [
      ...this.extra,
      ...criteria.map(asCriterion),
    ]);
  }
  get [joinSteps](): JoinSteps {
    const { property, source } = this;
    const target = this.targetSource ?? targetSourceOf(property);
    if (!target.isAlias && !source.isAlias && target.mapper.tables.some((t) => source.hasTable(t))) {
      throw new ArgumentError(
        `join(${this}): it leads back to the same table; join an alias: const other = aliased(${property.target.name}); join(${this}.ofType(other)).`,
        "join.self",
      );
    }
    const steps = relationSteps(property, source, target, false);
    const on = conjunction(operators.and, [steps.toTarget, ...this.extra]);
    const last = { target: target.from, on, narrow: target.criterion };
    if (steps.secondary === undefined) return { source: source.from, steps: [last] };
    return { source: source.from, steps: [{ target: steps.secondary, on: steps.toSecondary as Expression }, last] };
  }
  /** EXISTS over the collection: some member fits. */
  any(...criteria: unknown[]): Expression {
    if (!this.property.uselist) throw new ArgumentError(`${this}.any(): it is no collection; use has().`);
    return this.#exists(criteria);
  }
  /** EXISTS over the reference. */
  has(...criteria: unknown[]): Expression {
    if (this.property.uselist) throw new ArgumentError(`${this}.has(): it is a collection; use any().`);
    return this.#exists(criteria);
  }
  #exists(criteria: readonly unknown[]): Expression {
    const { property, source } = this;
    const plain = targetSourceOf(property);
    const aimed = this.targetSource ?? plain;
    const clashes = !aimed.isAlias && aimed.mapper.tables.some((t) => source.hasTable(t));
    if (clashes && aimed !== plain && !aimed.implied)
      throw new ArgumentError(
        `${this}: it leads back to the same tables; aim it at an alias: withPolymorphic(${aimed.mapper.name}, […], { aliased: true }).`,
        "join.self",
      );
    // The owner's tables are in the statement around: these have to be others.
    const target = clashes ? freshTarget(property, aimed.mapper) : aimed;
    const steps = relationSteps(property, source, target, clashes);
    const given = moveCriteria([...this.extra, ...criteria.map(asCriterion)], clashes ? aimed : plain, target);
    const own = target.criterion === undefined ? [] : [target.criterion];
    const froms = steps.secondary === undefined ? [target.from] : [steps.secondary, target.from];
    const inner = new SelectStatement([ONE_COLUMN])
      .selectFrom(...froms)
      .where(...(steps.toSecondary === undefined ? [] : [steps.toSecondary]), steps.toTarget, ...own, ...given)
      .correlateExcept(...froms, ...froms.flatMap((f) => f.leaves));
    return new Exists(inner);
  }
  /** The collection has this member. */
  contains(entity: unknown): Expression {
    const { property, source } = this;
    if (!property.uselist) throw new ArgumentError(`${this}.contains(): it is no collection; use eq().`);
    const member = this.#member(entity, "contains");
    if (isByHand(property)) return this.#exists([this.#isMember(member)]);
    if (property.secondary === undefined) {
      return conjunction(
        operators.and,
        property.pairs.map((p) => source.column(p.local).eq(keyValue(member, p.remote, this))),
      );
    }
    const { table, localPairs, remotePairs } = property.secondary;
    const inner = new SelectStatement([ONE_COLUMN])
      .selectFrom(table)
      .where(
        ...localPairs.map((p) => source.column(p.mapped).eq(p.column)),
        ...remotePairs.map((p) => p.column.eq(keyValue(member, p.mapped, this))),
      )
      .correlateExcept(table);
    return new Exists(inner);
  }
  eq(entity: unknown): Expression {
    const { property, source } = this;
    if (property.uselist) throw new ArgumentError(`${this}.eq(): it is a collection; use contains() or any().`);
    if (entity === null) {
      if (property.direction !== "manyToOne") return negate(this.#exists([]));
      return conjunction(
        operators.and,
        property.pairs.map((p) => source.column(p.local).isNull()),
      );
    }
    const member = this.#member(entity, "eq");
    if (isByHand(property)) return this.#exists([this.#isMember(member)]);
    return conjunction(
      operators.and,
      property.pairs.map((p) => source.column(p.local).eq(keyValue(member, p.remote, this))),
    );
  }
  /** Rows without a reference count as different too. */
  ne(entity: unknown): Expression {
    const { property, source } = this;
    if (property.uselist) throw new ArgumentError(`${this}.ne(): it is a collection; use contains(...).not().`);
    if (entity === null) return negate(this.eq(null));
    const member = this.#member(entity, "ne");
    if (isByHand(property) || property.direction !== "manyToOne") return negate(this.#exists([this.#isMember(member)]));
    return conjunction(
      operators.or,
      property.pairs.flatMap((p) => [
        source.column(p.local).ne(keyValue(member, p.remote, this)),
        source.column(p.local).isNull(),
      ]),
    );
  }
  /** The target's row is this object's. */
  #isMember(member: Managed): Expression {
    const target = targetSourceOf(this.property);
    return conjunction(
      operators.and,
      this.property.target.primaryKey.map((pk) => target.column(pk).eq(keyValue(member, pk, this))),
    );
  }
  #member(entity: unknown, method: string): Managed {
    const member = managed(entity);
    if (member !== undefined && mapperOfInstance(member).isA(this.property.target)) return member;
    throw new ArgumentError(`${this}.${method}(): an object of ${this.property.target.name} is needed.`);
  }
  toString(): string {
    return `${this.owner}.${this.key}`;
  }
}
/** Its joins say more than that keys are equal. */
function isByHand({ primaryJoin, secondary, alias }: RelationshipProperty): boolean {
  return (
    primaryJoin !== undefined ||
    alias !== undefined ||
    secondary?.toSecondary !== undefined ||
    secondary?.toTarget !== undefined
  );
}
function keyValue(member: Managed, attribute: MappedColumn, of: RelationAttribute): Expression {
  const value = member[attribute.slot];
  if (value === UNLOADED || value === undefined) {
    throw new ArgumentError(
      `${of}: ${describeInstance(member)} has no '${attribute.key}' yet; flush it first.`,
      "orm.no-key",
    );
  }
  return value === null ? NULL : new Bind(value, attribute.column.type);
}

/**
 * Rows that belong to an object by a relationship of its class: what `await user.posts` asks for, as a criterion.
 *
 * @throws ArgumentError for an object of another class, or one whose key is not known yet
 */
export function parentCriterion(entity: unknown, attribute: unknown): Expression {
  if (!(attribute instanceof RelationAttribute))
    throw new ArgumentError("withParent(): a relationship such as User.c.posts is needed.");
  const { property } = attribute;
  const owner = managed(entity);
  if (owner === undefined || !mapperOfInstance(owner).isA(property.parent))
    throw new ArgumentError(`withParent(…, ${attribute}): an object of ${property.parent} is needed.`);
  const source = aliasedSource(property.parent);
  const target = attribute.targetSource ?? targetSourceOf(property);
  const { secondary, toSecondary, toTarget } = relationSteps(property, source, target, true);
  const bound = (criterion: Expression) =>
    replace(criterion, (node) => {
      if (!(node instanceof ColumnReference)) return undefined;
      const own = property.parent.attributes.find((a) => source.find(a.column) === node);
      return own === undefined ? undefined : keyValue(owner, own, attribute);
    });
  const given = moveCriteria(attribute.extra, targetSourceOf(property), target);
  if (secondary === undefined) return conjunction(operators.and, [bound(toTarget), ...given]);
  const inner = new SelectStatement([ONE_COLUMN])
    .selectFrom(secondary)
    .where(bound(toSecondary as Expression), toTarget)
    .correlateExcept(secondary, ...secondary.leaves);
  return conjunction(operators.and, [new Exists(inner), ...given]);
}
