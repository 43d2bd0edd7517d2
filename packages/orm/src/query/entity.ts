/** Entities in select lists, and `aliased()`. */
import {
  Alias,
  ArgumentError,
  Bind,
  CaseExpression,
  type ColumnReference,
  Cte,
  DerivedColumn,
  type Expression,
  entityElement,
  type FromClause,
  fromClause,
  ItemElement,
  Join,
  type KeyWriter,
  Label,
  NULL,
  negate,
  OP,
  requireFrom,
  SubqueryClause,
  TableColumn,
  ViewedColumn,
  ViewedDerivedColumn,
  viewedBy,
} from "@athanor/core";
import type { ExpressionAttribute } from "../mapping/column-property.js";
import { discriminatorColumnOf } from "../mapping/discriminator.js";
import type { MappedColumn, Mapper } from "../mapping/mapper.js";
import { RelationAttribute } from "./attributes.js";
import { bulkRowsOf, changesOf } from "./hybrids.js";
import { aliasedSource, type EntitySource, mappedSource, sourceWithin } from "./source.js";

/** Whole entities at one position of a row. Without the ORM it selects the columns. */
export class EntityItem extends ItemElement {
  readonly kind = "entity";
  readonly source: EntitySource;
  constructor(source: EntitySource) {
    super();
    this.source = source;
  }
  get mapper(): Mapper {
    return this.source.mapper;
  }
  get itemName(): string {
    return this.source.name;
  }
  get itemFrom(): FromClause {
    return this.source.from;
  }
  override changesFor(values: { readonly [key: string]: unknown }): { readonly [key: string]: unknown } {
    return changesOf(this.mapper, values);
  }
  override rowsFor(rows: readonly { readonly [key: string]: unknown }[]): typeof rows {
    return bulkRowsOf(this.mapper, rows);
  }
  override get itemTable(): FromClause | undefined {
    return this.mapper.isUnion && !this.mapper.abstract ? this.mapper.table : undefined;
  }
  override get itemCriterion(): Expression | undefined {
    return this.source.criterion;
  }
  get itemColumns(): readonly ColumnReference[] {
    return this.mapper.attributes.flatMap((a) => (a.deferred ? [] : (this.source.find(a.column) ?? [])));
  }
  walk(key: KeyWriter): void {
    key.id(OP.entity);
    key.id(this.mapper.id);
    if (this.source !== mappedSource(this.mapper)) {
      key.text(this.source.name);
      this.source.from.walk(key);
    }
  }
}

const elements = new WeakMap<Mapper, EntityItem>();
/** What a model class answers to `[entityElement]`. */
export function entityOf(mapper: Mapper): EntityItem {
  let element = elements.get(mapper);
  if (element === undefined) elements.set(mapper, (element = new EntityItem(mappedSource(mapper))));
  return element;
}
const overSources = new WeakMap<EntitySource, EntityItem>();
/** Entities as they are read at one place. */
export function entityOver(source: EntitySource): EntityItem {
  if (source === mappedSource(source.mapper)) return entityOf(source.mapper);
  let element = overSources.get(source);
  if (element === undefined) overSources.set(source, (element = new EntityItem(source)));
  return element;
}
/** What a model class answers to `[fromClause]`. */
export function fromOfMapper(mapper: Mapper): FromClause {
  return mappedSource(mapper).from;
}
const expressionAttributes = new WeakMap<
  object,
  { readonly attribute: ExpressionAttribute; readonly source: EntitySource }
>();
/** The attribute behind `User.c.fullName`, where that is a `columnProperty` or `queryExpression`. */
export function expressionAttributeOf(
  value: unknown,
): { readonly attribute: ExpressionAttribute; readonly source: EntitySource } | undefined {
  return typeof value === "object" && value !== null ? expressionAttributes.get(value) : undefined;
}
const faces = new WeakMap<TableColumn, Map<Mapper, ViewedColumn>>();
/** A column as a class sees it that has rows or tables of its own: what is selected by it are rows of that class. */
function seenBy(column: Expression, source: EntitySource, viewer: EntityItem | undefined): Expression {
  if (!hasOwnRows(source)) return column;
  // Others read the same subquery. An alias of a table is nobody else's: it knows its viewer itself.
  if (column instanceof DerivedColumn && viewer !== undefined && column.viewer === undefined)
    return new ViewedDerivedColumn(column, viewer);
  if (!(column instanceof TableColumn) || source.isAlias) return column;
  const { mapper } = source;
  const known = faces.get(column) ?? new Map<Mapper, ViewedColumn>();
  let face = known.get(mapper);
  if (face === undefined) faces.set(column, known.set(mapper, (face = new ViewedColumn(column, entityOf(mapper)))));
  return face;
}
function hasOwnRows(source: EntitySource): boolean {
  return source.implied && (source.criterion !== undefined || source.from instanceof Join);
}
/** Class attributes of a mapper at one place: columns and relationships by key. */
export function classAttributes(source: EntitySource, model: unknown): { readonly [key: string]: unknown } {
  const map: Record<string, unknown> = Object.create(null);
  const { columns } = source;
  const viewer = source.isAlias ? entityElementOf(model) : undefined;
  for (const key of Object.keys(columns)) map[key] = seenBy(columns[key] as Expression, source, viewer);
  for (const r of source.mapper.relationships) map[r.key] = new RelationAttribute(r, source, model);
  // Asked late: they may speak of other models.
  for (const e of source.mapper.expressions) {
    let made: Expression | undefined;
    Object.defineProperty(map, e.key, {
      enumerable: true,
      get: () => {
        if (made === undefined) {
          made = new Label(expressionAt(source, e, map as { readonly [key: string]: Expression }), e.key);
          expressionAttributes.set(made, { attribute: e, source });
        }
        return made;
      },
    });
  }
  return map;
}

function expressionAt(
  source: EntitySource,
  e: ExpressionAttribute,
  columns: { readonly [key: string]: Expression },
): Expression {
  const inherited = source.mapper.inheritance;
  // A class that is the only one in its table says itself what it is, wherever there is a row.
  if (e === inherited?.expression && inherited.strategy === "concrete") {
    const { type } = discriminatorColumnOf(source.mapper);
    const [key] = source.mapper.primaryKey as readonly [MappedColumn];
    const there = negate(source.column(key).isNull());
    return (
      source.discriminator ?? new CaseExpression(undefined, [[there, new Bind(inherited.identity, type)]], undefined)
    );
  }
  return e.isQuery ? NULL : e.on(columns);
}

/** The run time of `aliased(User, "boss")`: not constructible, otherwise the model under another name. */
export class AliasedEntity {
  readonly $: { readonly name: string; readonly props: unknown; readonly options: unknown };
  readonly source: EntitySource;
  readonly #element: EntityItem;
  #c: { readonly [key: string]: unknown } | undefined;
  constructor(source: EntitySource, meta: { readonly props: unknown; readonly options: unknown }) {
    this.source = source;
    this.$ = { name: source.name, props: meta.props, options: meta.options };
    this.#element = new EntityItem(source);
    if (source.isAlias && hasOwnRows(source))
      for (const leaf of source.from.leaves) if (leaf instanceof Alias) viewedBy(leaf, this.#element);
  }
  get c(): { readonly [key: string]: unknown } {
    this.#c ??= classAttributes(this.source, this);
    return this.#c;
  }
  get [fromClause](): FromClause {
    return this.source.from;
  }
  get [entityElement](): EntityItem {
    return this.#element;
  }
}

interface ModelFace {
  readonly $: { readonly props: unknown; readonly options: unknown };
  readonly [entityElement]?: EntityItem;
}
/** `aliased(User)`, `aliased(User, "boss")`, `aliased(User, subquery)`. */
export function makeAliased(model: unknown, nameOrFrom?: unknown): AliasedEntity {
  const face = model as ModelFace;
  const element =
    typeof model === "function" || (typeof model === "object" && model !== null) ? face[entityElement] : undefined;
  if (!(element instanceof EntityItem))
    throw new ArgumentError("aliased(): a model is needed; for tables use alias().");
  const { mapper } = element;
  if (nameOrFrom === undefined || typeof nameOrFrom === "string")
    return new AliasedEntity(aliasedSource(mapper, nameOrFrom), face.$);
  const from = requireFrom(nameOrFrom, "aliased()");
  if (!(from instanceof SubqueryClause || from instanceof Cte || from instanceof Alias)) {
    throw new ArgumentError("aliased(): the second argument is a name, or a subquery with the model's columns.");
  }
  return new AliasedEntity(sourceWithin(element.source, from), face.$);
}
/** The entity element behind a model or alias; undefined for anything else. */
export function entityElementOf(value: unknown): EntityItem | undefined {
  if (typeof value !== "function" && (typeof value !== "object" || value === null)) return undefined;
  const element = (value as ModelFace)[entityElement];
  return element instanceof EntityItem ? element : undefined;
}
