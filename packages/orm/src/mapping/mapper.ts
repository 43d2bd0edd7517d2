/**
 * Mapper and relationship properties: what configuration leaves behind. Flush and loaders read these and nothing else.
 * They are filled by `configure.ts`; here are the shapes and the questions they answer.
 */
import {
  type Element,
  type Expression,
  type FromClause,
  nextId,
  type SqlType,
  type Table,
  type TableColumn,
} from "@athanor/core";
import type { AttributeListeners } from "./attribute-events.js";
import type { ExpressionAttribute } from "./column-property.js";
import { type CanonicalKey, canonicalizer, type KeyPart } from "./identity-key.js";
import { type LoadClass, makeLoadClass } from "./load-class.js";
import type { CascadeFlags, Lazy, RelationshipDefinition, RelationValidator } from "./relationship.js";
import type { Managed } from "./state.js";

/** A mapped column. `index` is its bit in the masks; `slot` the property that holds its value. */
export interface MappedColumn {
  readonly index: number;
  readonly key: string;
  readonly slot: `$${string}`;
  /** The column; for a primary key shared by the tables of a joined hierarchy, the base table's. */
  readonly column: TableColumn;
  /** All columns that hold this value, base table first; one for most. */
  readonly columns: readonly TableColumn[];
  readonly deferred: boolean;
  readonly deferredGroup: string | undefined;
}
/** One pair of a join: the owner's column and the target's. */
export interface ColumnPair {
  readonly local: MappedColumn;
  readonly remote: MappedColumn;
}
/** A pair that leads into the secondary table. */
export interface SecondaryPair {
  readonly mapped: MappedColumn;
  readonly column: TableColumn;
}
export interface Secondary {
  /** What rows are written to; absent for one that is a join, which is only read. */
  readonly table: Table;
  /** What is joined: the table, or a join of several. */
  readonly from: FromClause;
  /** Owner's columns and those that refer to them. */
  readonly localPairs: readonly SecondaryPair[];
  /** Target's columns and those that refer to them. */
  readonly remotePairs: readonly SecondaryPair[];
  /** ON of either side where the user wrote it, over the columns of `from`. */
  readonly toSecondary: ((ownerColumns: { readonly [key: string]: Expression }) => Expression) | undefined;
  readonly toTarget: ((targetColumns: { readonly [key: string]: Expression }) => Expression) | undefined;
}
export type Direction = "oneToMany" | "manyToOne" | "manyToMany";
/** `ON` of a relationship between two given FROM clauses, where the user wrote it; undefined: the pairs say it. */
export type CustomJoin = (
  ownerColumns: { readonly [key: string]: Expression },
  targetColumns: { readonly [key: string]: Expression },
) => Expression;

const NO_VALIDATORS: readonly RelationValidator[] = [];
/** A configured relationship. */
export class RelationshipProperty {
  readonly id: number = nextId();
  readonly key: string;
  readonly slot: `$${string}`;
  readonly parent: Mapper;
  readonly definition: RelationshipDefinition;
  readonly cardinality: "many" | "one" | "maybe";
  readonly lazy: Lazy;
  /** A collection. */
  readonly uselist: boolean;
  /** A collection that is never held in memory: it reads as a query, and only changes are kept. */
  readonly isQuery: boolean;
  readonly viewOnly: boolean;
  readonly passiveDeletes: boolean | "all";
  /** False: the flush follows changed keys itself; true: the database does, by ON UPDATE CASCADE. */
  readonly passiveUpdates: boolean;
  readonly postUpdate: boolean;
  readonly cascade: CascadeFlags;
  /** Keys of relationships that may write the same columns. */
  readonly overlaps: ReadonlySet<string>;
  validators: readonly RelationValidator[] = NO_VALIDATORS;
  /** Told after every change of a loaded collection. */
  arrange: ((owner: Managed, members: readonly Managed[]) => void) | undefined = undefined;
  /** Another class than the plain collection. */
  collectionClass: Function | undefined = undefined;
  // Set by configuration, in this order.
  target!: Mapper;
  /** Where a relationship to an alias reads its target; asked at first use, since making it configures the models. */
  readonly alias: (() => unknown) | undefined;
  direction!: Direction;
  /** Owner's and target's columns of the join; empty for many-to-many. For manyToOne local holds the foreign key. */
  pairs: readonly ColumnPair[] = [];
  /** Those of them that a flush writes: all, unless `foreign()` says which. */
  syncPairs: readonly ColumnPair[] = [];
  secondary: Secondary | undefined = undefined;
  primaryJoin: CustomJoin | undefined = undefined;
  backPopulates: RelationshipProperty | undefined = undefined;
  /** ORDER BY of the collection, over the target's columns. */
  orderBy: (columns: { readonly [key: string]: Expression }) => readonly Element[] = () => [];
  /** Many-to-one whose remote columns are the whole primary key of the target: resolved from the identity map. */
  usesGet = false;
  /** Whoever listens to the attribute: `listen()`. */
  listeners: AttributeListeners | undefined = undefined;
  constructor(parent: Mapper, key: string, definition: RelationshipDefinition, cascade: CascadeFlags) {
    const { settings } = definition;
    this.parent = parent;
    this.key = key;
    this.slot = `$${key}`;
    this.definition = definition;
    this.cardinality = definition.cardinality;
    this.lazy = definition.lazy;
    this.uselist = definition.cardinality === "many";
    this.isQuery = this.lazy === "dynamic" || this.lazy === "writeOnly";
    this.viewOnly = settings.viewOnly ?? false;
    this.passiveDeletes = settings.passiveDeletes ?? false;
    this.passiveUpdates = settings.passiveUpdates ?? true;
    this.postUpdate = settings.postUpdate ?? false;
    this.cascade = cascade;
    this.alias = settings.alias;
    this.overlaps = new Set((settings.overlaps ?? "").split(",").map((k) => k.trim()));
  }
  toString(): string {
    return `${this.parent.name}.${this.key}`;
  }
}

/** How a mapper stands in a hierarchy. */
export interface Inheritance {
  readonly strategy: "joined" | "single" | "concrete";
  /** Undefined for the base. */
  readonly base: Mapper | undefined;
  readonly root: Mapper;
  /** Value of the discriminator in rows of this very class; undefined for an abstract one. */
  readonly identity: string | number | undefined;
  readonly discriminator: MappedColumn | undefined;
  /** What tells the class of a row where no column does. */
  readonly expression: ExpressionAttribute | undefined;
  /** Queries of a class above read what this one adds too, in the same statement. */
  readonly inline: boolean;
  /** Direct subclasses. */
  readonly subMappers: Mapper[];
}

/** The discriminator of a concrete hierarchy, which no table has. */
export interface VirtualColumn {
  readonly key: string;
  readonly columnName: string;
  readonly type: SqlType;
}
export interface MapperParts {
  readonly name: string;
  readonly model: Function;
  readonly table: Table;
  readonly tables: readonly Table[];
  readonly attributes: readonly MappedColumn[];
  readonly primaryKey: readonly MappedColumn[];
  readonly versionColumn: MappedColumn | undefined;
  readonly versionGenerator?: ((current: unknown) => unknown) | false | undefined;
  readonly abstract: boolean;
}

const byTable = new WeakMap<Table, Set<Mapper>>();
/** Base classes mapped to a table: their identity maps hold the objects of subclasses too. */
export function mappersOfTable(table: Table): readonly Mapper[] {
  return [...new Set([...(byTable.get(table) ?? [])].map((m) => m.root))];
}

/** Whether any class wants its `eagerDefaults`: flushes ask this first. */
export const eagerDefaults = { wanted: false };

/** The mapping of one class. */
export class Mapper {
  readonly id: number = nextId();
  readonly name: string;
  /** The user's class, or the generated one when no other was seen. */
  model: Function;
  /** The class's own table; for single-table inheritance the base's. */
  readonly table: Table;
  /** Tables a row of the class is spread over, base first; one unless joined. */
  readonly tables: readonly Table[];
  readonly attributes: readonly MappedColumn[];
  readonly primaryKey: readonly MappedColumn[];
  /** Attributes that are expressions, inherited ones first. */
  readonly expressions: ExpressionAttribute[] = [];
  readonly relationships: RelationshipProperty[] = [];
  /** Many-to-one relationships that lead here and have no other side: what holds copies of this class's keys. */
  readonly incoming: RelationshipProperty[] = [];
  /** Relationships of other mappers that delete what they lose, with this class as target. */
  readonly orphanRelationships: RelationshipProperty[] = [];
  readonly versionColumn: MappedColumn | undefined;
  readonly versionGenerator: ((current: unknown) => unknown) | false | undefined;
  readonly abstract: boolean;
  /** An orphan is what has lost all its parents, not any. */
  legacyIsOrphan = false;
  /** A DELETE that matches fewer rows than it should is worth a warning. */
  confirmDeletedRows = true;
  /** What the database makes is read in the flush that makes it. */
  eagerDefaults = false;
  /** What a read-only class is read from instead of a table. */
  selectable: FromClause | undefined = undefined;
  /** Other names of attributes. */
  readonly synonyms = new Map<string, string>();
  inheritance: Inheritance | undefined = undefined;
  /** Of the top of a concrete hierarchy. */
  virtualDiscriminator: VirtualColumn | undefined = undefined;
  readonly #byKey = new Map<string, MappedColumn>();
  readonly #byColumn = new Map<TableColumn, MappedColumn>();
  readonly #relationsByKey = new Map<string, RelationshipProperty>();
  readonly #canonical: readonly ((value: unknown) => KeyPart)[];
  #loads: LoadClass | undefined;
  #loadsFor: Function | undefined;
  /** Caches of other modules (compiled inserts, hydrators), keyed by them. */
  readonly memo = new Map<unknown, unknown>();

  constructor(parts: MapperParts) {
    this.name = parts.name;
    this.model = parts.model;
    this.table = parts.table;
    this.tables = parts.tables;
    this.attributes = parts.attributes;
    this.primaryKey = parts.primaryKey;
    this.versionColumn = parts.versionColumn;
    this.versionGenerator = parts.versionGenerator;
    this.abstract = parts.abstract;
    for (const a of parts.attributes) {
      this.#byKey.set(a.key, a);
      for (const c of a.columns) this.#byColumn.set(c, a);
    }
    this.#canonical = parts.primaryKey.map((a) => canonicalizer(a.column.type));
    for (const table of parts.tables) {
      const known = byTable.get(table);
      if (known === undefined) byTable.set(table, new Set([this]));
      else known.add(this);
    }
  }
  /** The top of its hierarchy; identity is per row of this one. A concrete class is its own. */
  get root(): Mapper {
    const inherited = this.inheritance;
    return inherited === undefined || inherited.strategy === "concrete" ? this : inherited.root;
  }
  /** Makes the objects of rows. */
  get loadClass(): LoadClass {
    const { model } = this;
    if (this.#loads === undefined || this.#loadsFor !== model) {
      this.#loads = makeLoadClass(this);
      this.#loadsFor = model;
    }
    return this.#loads;
  }
  /** Its queries read the tables of all classes below it, each of which has all columns of its rows. */
  get isUnion(): boolean {
    const inherited = this.inheritance;
    return (
      inherited !== undefined &&
      inherited.strategy === "concrete" &&
      inherited.expression !== undefined &&
      (inherited.subMappers.length > 0 || this.abstract)
    );
  }
  /** The attribute says the class, and the class alone knows it: there is one table for each. */
  saysItself(attribute: ExpressionAttribute): boolean {
    const inherited = this.inheritance;
    return inherited?.strategy === "concrete" && inherited.expression === attribute;
  }
  attribute(key: string): MappedColumn | undefined {
    return this.#byKey.get(key);
  }
  attributeOf(column: TableColumn): MappedColumn | undefined {
    return this.#byColumn.get(column) ?? this.#byColumn.get(column.plain);
  }
  expression(key: string): ExpressionAttribute | undefined {
    return this.expressions.find((e) => e.key === key);
  }
  relationship(key: string): RelationshipProperty | undefined {
    return this.#relationsByKey.get(key);
  }
  addRelationship(property: RelationshipProperty): void {
    this.relationships.push(property);
    this.#relationsByKey.set(property.key, property);
  }
  /** The next version of a row, null for a new one; undefined: not for us to make. */
  nextVersion(current: unknown): unknown {
    const { versionGenerator } = this;
    if (versionGenerator === false) return undefined;
    if (versionGenerator !== undefined) return versionGenerator(current ?? null);
    if (typeof current === "bigint") return current + 1n;
    if (typeof current === "number") return current + 1;
    return this.versionColumn?.column.type.kind === "bigInteger" ? 1n : 1;
  }
  /** All names an instance answers to. */
  get keys(): readonly string[] {
    return [...this.#byKey.keys(), ...this.#relationsByKey.keys(), ...this.expressions.map((e) => e.key)];
  }
  /** This mapper and all below it. */
  *selfAndDescendants(): Generator<Mapper> {
    yield this;
    for (const sub of this.inheritance?.subMappers ?? []) yield* sub.selfAndDescendants();
  }
  isA(other: Mapper): boolean {
    for (let m: Mapper | undefined = this; m !== undefined; m = m.inheritance?.base) if (m === other) return true;
    return false;
  }
  /** The mapper for a discriminator value, in this hierarchy; undefined when there is none. */
  forIdentity(value: unknown): Mapper | undefined {
    for (const m of this.root.selfAndDescendants()) if (m.inheritance?.identity === value) return m;
    return undefined;
  }
  /** Primary key values in the order of `primaryKey` → what identity maps are keyed by; undefined when a part is null. */
  identityKey(values: readonly unknown[]): CanonicalKey | undefined {
    const first = values[0];
    if (first === null || first === undefined) return undefined;
    const canonical = this.#canonical;
    if (canonical.length === 1) return (canonical[0] as (v: unknown) => KeyPart)(first);
    const parts: KeyPart[] = [];
    for (let i = 0; i < canonical.length; i++) {
      const value = values[i];
      if (value === null || value === undefined) return undefined;
      parts.push((canonical[i] as (v: unknown) => KeyPart)(value));
    }
    return parts;
  }
  /** The key of an instance by its present values; undefined when a part is missing. */
  keyOf(instance: Managed): CanonicalKey | undefined {
    const pk = this.primaryKey;
    if (pk.length === 1) {
      const value = instance[(pk[0] as MappedColumn).slot];
      if (value === null || value === undefined || typeof value === "symbol") return undefined;
      return typeof value === "number" ? value : (this.#canonical[0] as (v: unknown) => KeyPart)(value);
    }
    const values = pk.map((a) => instance[a.slot]);
    return values.some((v) => typeof v === "symbol") ? undefined : this.identityKey(values);
  }
  toString(): string {
    return this.name;
  }
}

/** The mapper of an instance; configures the models on first use. */
export function mapperOfInstance(instance: Managed): Mapper {
  return instance.$$d.mapper as Mapper;
}
