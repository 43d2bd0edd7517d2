/**
 * `inspect()`: what is known of an object, a model, an alias of one, a table or an attribute, by one function.
 * Source: SQLAlchemy "Runtime Inspection API".
 */
import {
  type AnyModel,
  type AnyTable,
  ArgumentError,
  ColumnReference,
  fromClause,
  originColumn,
  type Selectable,
  Table,
} from "@athanor/core";
import { type MappedColumn, type Mapper, mappersOfTable, type RelationshipProperty } from "../mapping/mapper.js";
import { managed } from "../mapping/state.js";
import { RelationAttribute } from "../query/attributes.js";
import { entityElementOf } from "../query/entity.js";
import type { EntitySource } from "../query/source.js";
import type { RelationPath } from "../typing/relationships.js";
import { InstanceInspection } from "./inspect.js";

/** A model, or an alias of one. */
export class EntityInspection {
  readonly #source: EntitySource;
  constructor(source: EntitySource) {
    this.#source = source;
  }
  get mapper(): Mapper {
    return this.#source.mapper;
  }
  /** The name in rows and loader paths. */
  get name(): string {
    return this.#source.name;
  }
  get isAlias(): boolean {
    return this.#source.isAlias;
  }
  /** What a statement reads: the table, a join of the tables of a hierarchy, the alias. */
  get selectable(): EntitySource["from"] {
    return this.#source.from;
  }
  get tables(): readonly Table[] {
    return this.mapper.tables;
  }
  get primaryKey(): readonly MappedColumn[] {
    return this.mapper.primaryKey;
  }
  get columns(): readonly MappedColumn[] {
    return this.mapper.attributes;
  }
  get relationships(): readonly RelationshipProperty[] {
    return this.mapper.relationships;
  }
  /** All attribute names. */
  get keys(): readonly string[] {
    return this.mapper.keys;
  }
  /** The class above in a hierarchy. */
  get inherits(): Mapper | undefined {
    return this.mapper.inheritance?.base;
  }
}
/** An attribute of a class. */
export interface AttributeInspection {
  readonly key: string;
  readonly parent: Mapper;
  readonly column: MappedColumn | undefined;
  readonly relationship: RelationshipProperty | undefined;
}

/**
 * What is known of something.
 *
 * @example
 * inspect(user).state;                     // "transient", "pending", "persistent", "deleted", "detached"
 * inspect(User).relationships;             // of a model or aliased(User)
 * inspect(User.c.posts).relationship;      // of an attribute; a table gives itself
 * @throws ArgumentError for anything else
 */
export function inspect(model: AnyModel): EntityInspection;
export function inspect(table: AnyTable): Table;
export function inspect(
  // biome-ignore lint/suspicious/noExplicitAny: any key, any strategy
  attribute: Exclude<Selectable, AnyTable> | RelationPath<any, unknown, any, any>,
): AttributeInspection;
export function inspect(instance: object): InstanceInspection;
export function inspect(what: unknown): EntityInspection | AttributeInspection | InstanceInspection | Table {
  const entity = entityElementOf(what);
  if (entity !== undefined) return new EntityInspection(entity.source);
  if (what instanceof RelationAttribute)
    return { key: what.key, parent: what.source.mapper, column: undefined, relationship: what.property };
  if (what instanceof ColumnReference) {
    const origin = originColumn(what);
    for (const root of origin === undefined ? [] : mappersOfTable(origin.table))
      for (const mapper of root.selfAndDescendants()) {
        const column = origin === undefined ? undefined : mapper.attributeOf(origin);
        if (column !== undefined) return { key: column.key, parent: mapper, column, relationship: undefined };
      }
  }
  const table = (what as { readonly [fromClause]?: unknown } | null)?.[fromClause] ?? what;
  if (table instanceof Table) return table;
  const instance = managed(what);
  if (instance !== undefined) return new InstanceInspection(instance);
  throw new ArgumentError(
    "inspect(): an object, a model, an alias, a table or an attribute is needed; of a database, core's inspect(connection).",
    "orm.not-mapped",
  );
}
