/** Where an entity's columns come from in a statement: its table, an alias of it, the joined tables of a hierarchy. */
import {
  Alias,
  ArgumentError,
  Bind,
  ColumnReference,
  Cte,
  conjunction,
  correspondingColumn,
  type Expression,
  type FromClause,
  InList,
  Join,
  type KeyWriter,
  OP,
  operators,
  originColumn,
  replace,
  SubqueryClause,
  type Table,
  type TableColumn,
  Tuple,
} from "@athanor/core";
import { MappingError } from "../errors.js";
import type { ExpressionAttribute } from "../mapping/column-property.js";
import type { MappedColumn, Mapper, RelationshipProperty } from "../mapping/mapper.js";
import { rowClasses, UnionClause } from "./polymorphic-union.js";

const overLeaf = new WeakMap<FromClause, readonly EntitySource[]>();
/** The sources of several tables that a table or alias is part of: its columns alone do not tell how they are joined. */
export function sourcesOver(leaf: FromClause): readonly EntitySource[] {
  return overLeaf.get(leaf) ?? [];
}

/** A mapper as it is read at one place of a statement. */
export class EntitySource {
  readonly mapper: Mapper;
  readonly from: FromClause;
  /** The name in rows and loader paths. */
  readonly name: string;
  /** False for the mapper's own tables. */
  readonly isAlias: boolean;
  /** False: columns alone never bring this source's join along. */
  readonly implied: boolean;
  readonly #leaves: ReadonlyMap<Table, FromClause>;
  readonly #found = new Map<TableColumn, ColumnReference>();
  #columns: { readonly [key: string]: Expression } | undefined;
  #criterion: EntityRows | undefined;

  constructor(
    mapper: Mapper,
    from: FromClause,
    leaves: ReadonlyMap<Table, FromClause>,
    name: string,
    isAlias: boolean,
    implied = true,
  ) {
    this.implied = implied;
    this.mapper = mapper;
    this.from = from;
    this.name = name;
    this.isAlias = isAlias;
    this.#leaves = leaves;
    if (implied && from instanceof Join)
      for (const leaf of leaves.values()) overLeaf.set(leaf, [...(overLeaf.get(leaf) ?? []), this]);
  }
  /** The column of an attribute, seen through this source. */
  column(attribute: MappedColumn): ColumnReference {
    return this.tableColumn(attribute.column);
  }
  tableColumn(column: TableColumn): ColumnReference {
    const found = this.find(column);
    if (found !== undefined) return found;
    const what = this.hasTable(column.table)
      ? `has no column '${column.key}'; select it in the subquery`
      : `is not read from the table '${column.table.fullName}'`;
    throw new ArgumentError(`'${this.name}' ${what} here.`, "orm.column-source");
  }
  /** A table's column as this source has it; a subquery may have left it out. */
  find(column: TableColumn): ColumnReference | undefined {
    const leaf = this.#leaves.get(column.table);
    if (leaf === undefined) return this.#restated(column);
    if (leaf === column.table) return column;
    let found = this.#found.get(column);
    if (found === undefined) {
      // By what it stands for: names say little where several entities are selected. Text has nothing but names.
      const { columns } = leaf;
      found =
        columns.find((c) => originColumn(c) === column) ??
        columns.find((c) => c.key === column.key && originColumn(c) === undefined);
      if (found !== undefined) this.#found.set(column, found);
    }
    return found;
  }
  /** A column of a class above, which a class with a table of its own has again. */
  #restated(column: TableColumn): ColumnReference | undefined {
    const inherited = this.mapper.inheritance;
    if (inherited?.strategy !== "concrete") return undefined;
    for (let up = inherited.base; up !== undefined; up = up.inheritance?.base) {
      const key = up.attributeOf(column)?.key;
      const own = key === undefined ? undefined : this.mapper.attribute(key);
      if (own !== undefined && own.column !== column) return this.find(own.column);
    }
    return undefined;
  }
  /** The expression of a `columnProperty` at this place. */
  expression(attribute: ExpressionAttribute): Expression {
    return attribute.on(this.columns);
  }
  hasTable(table: Table): boolean {
    return this.#leaves.has(table);
  }
  /** Columns by attribute key: what custom joins and orderings are written over. */
  get columns(): { readonly [key: string]: Expression } {
    if (this.#columns === undefined) {
      const map: Record<string, Expression> = Object.create(null);
      for (const a of this.mapper.attributes) {
        const column = this.find(a.column);
        if (column !== undefined) map[a.key] = column;
      }
      for (const [key, target] of this.mapper.synonyms) map[key] = map[target] as Expression;
      this.#columns = map;
    }
    return this.#columns;
  }
  /** What tells the class of a row; undefined where every row is of the mapper. */
  get discriminator(): Expression | undefined {
    const inherited = this.mapper.inheritance;
    if (inherited === undefined || inherited.strategy === "concrete") return undefined;
    if (inherited.base === undefined && inherited.subMappers.length === 0) return undefined;
    if (inherited.expression !== undefined) return this.expression(inherited.expression);
    return inherited.discriminator === undefined ? undefined : this.column(inherited.discriminator);
  }
  /** For single-table inheritance: only rows of this class and those below it. */
  get criterion(): Expression | undefined {
    const { mapper } = this;
    const inherited = mapper.inheritance;
    if (inherited === undefined || inherited.strategy !== "single" || inherited.base === undefined) return undefined;
    const { discriminator } = inherited;
    if (discriminator === undefined && inherited.expression === undefined) return undefined;
    const identities = [...mapper.selfAndDescendants()].flatMap((m) => m.inheritance?.identity ?? []);
    if (discriminator !== undefined && this.find(discriminator.column) === undefined)
      throw new ArgumentError(
        `'${this.name}' has no column '${discriminator.key}', which tells the rows of ${mapper} from those of other classes of its table; select it in the subquery.`,
        "orm.column-source",
      );
    // The same node each time, so that a statement has it once; another when a subclass has come.
    if (this.#criterion?.identities.length !== identities.length)
      this.#criterion = new EntityRows(this.discriminator as Expression, mapper, identities);
    return this.#criterion;
  }
}

/** A class that is read from a subquery: its columns are found by key. */
class SelectableSource extends EntitySource {
  constructor(mapper: Mapper, from: FromClause, name: string, isAlias: boolean) {
    super(mapper, from, new Map([[mapper.table, from]]), name, isAlias);
  }
  override find(column: TableColumn): ColumnReference | undefined {
    return column.table === this.mapper.table ? this.from.columns.find((c) => c.key === column.key) : undefined;
  }
}
/** A class of a concrete hierarchy with those below it: rows of all their tables. */
export class UnionSource extends EntitySource {
  declare readonly from: UnionClause;
  /** `of`: the union of a class above, for a class as a part of it. */
  constructor(mapper: Mapper, name: string | undefined, isAlias: boolean, of?: UnionClause) {
    const from = of ?? new UnionClause(mapper, name ?? (isAlias ? undefined : `${mapper.table.tableName}_union`));
    const leaves = new Map<Table, FromClause>(from.classes.map((m) => [m.table, from]));
    super(mapper, from, leaves.set(mapper.table, from), name ?? mapper.name, isAlias, false);
  }
  override find(column: TableColumn): ColumnReference | undefined {
    return this.hasTable(column.table) ? this.from.attribute(column.key) : undefined;
  }
  override get discriminator(): Expression {
    return this.from.attribute(this.mapper.inheritance?.expression?.key as string) as Expression;
  }
}
const own = new WeakMap<Mapper, EntitySource>();
/** A mapper over its own tables, and those of the classes below it where each has one of its own. */
export function mappedSource(mapper: Mapper): EntitySource {
  let source = own.get(mapper);
  if (source instanceof UnionSource && source.from.classes.length !== rowClasses(mapper).length) source = undefined;
  if (source === undefined) {
    if (mapper.isUnion) source = new UnionSource(mapper, undefined, false);
    else if (mapper.selectable !== undefined)
      source = new SelectableSource(mapper, mapper.selectable, mapper.name, false);
    else {
      const leaves = new Map<Table, FromClause>(mapper.tables.map((t) => [t, t]));
      source = new EntitySource(mapper, fromOf(mapper, leaves), leaves, mapper.name, false);
    }
    own.set(mapper, source);
  }
  return source;
}
const exact = new WeakMap<Mapper, EntitySource>();
/** Rows of this very class, where it is read together with others: what is known of an object stands there. */
export function ownSource(mapper: Mapper): EntitySource {
  if (!mapper.isUnion) return mappedSource(mapper);
  let source = exact.get(mapper);
  if (source === undefined) {
    const { table } = mapper;
    exact.set(mapper, (source = new EntitySource(mapper, table, new Map([[table, table]]), mapper.name, false, false)));
  }
  return source;
}
/** A mapper over fresh aliases of its tables; without a name the compiler numbers them. */
export function aliasedSource(mapper: Mapper, name?: string): EntitySource {
  if (mapper.isUnion) return new UnionSource(mapper, name, true);
  if (mapper.selectable !== undefined) {
    const from = mapper.selectable;
    const copy = from instanceof SubqueryClause ? new SubqueryClause(from.query, name) : new Alias(from, name);
    return new SelectableSource(mapper, copy, name ?? mapper.name, true);
  }
  const leaves = new Map<Table, FromClause>();
  for (const table of mapper.tables) {
    const alias = name === undefined ? undefined : table === mapper.table ? name : `${name}_${table.tableName}`;
    leaves.set(table, new Alias(table, alias));
  }
  return new EntitySource(mapper, fromOf(mapper, leaves), leaves, name ?? mapper.name, true);
}
/** An entity read from a subquery or CTE that has its columns. */
export function sourceOver(mapper: Mapper, from: FromClause, name?: string): EntitySource {
  const leaves = new Map<Table, FromClause>(mapper.tables.map((t) => [t, from]));
  return new EntitySource(mapper, from, leaves, name ?? from.fromName ?? mapper.name, true);
}
/** The same for an entity of the subquery's own: of several with one table, its columns are those it has there. */
export function sourceWithin(inner: EntitySource, from: FromClause): EntitySource {
  const { mapper } = inner;
  const leaves = new Map<Table, FromClause>(mapper.tables.map((t) => [t, from]));
  return new InnerSource(mapper, from, leaves, from.fromName ?? mapper.name, inner);
}
class InnerSource extends EntitySource {
  readonly #inner: EntitySource;
  readonly #seen = new Map<TableColumn, ColumnReference | undefined>();
  #stands: boolean | undefined;
  constructor(
    mapper: Mapper,
    from: FromClause,
    leaves: ReadonlyMap<Table, FromClause>,
    name: string,
    inner: EntitySource,
  ) {
    super(mapper, from, leaves, name, true);
    this.#inner = inner;
  }
  override find(column: TableColumn): ColumnReference | undefined {
    if (this.#seen.has(column)) return this.#seen.get(column);
    // A subquery in which the alias does not stand is read as any other one that has the columns.
    this.#stands ??= this.mapper.attributes.some((a) => this.#within(a.column) !== undefined);
    const found = this.#within(column) ?? (this.#stands && this.#inner.isAlias ? undefined : super.find(column));
    this.#seen.set(column, found);
    return found;
  }
  #within(column: TableColumn): ColumnReference | undefined {
    const inner = this.#inner.find(column);
    return inner === undefined
      ? undefined
      : (correspondingColumn(this.from, inner as never) as unknown as ColumnReference | undefined);
  }
}

const aliasTargets = new WeakMap<RelationshipProperty, EntitySource>();
/** Where a relationship's target is read: its own tables, or the alias the relationship names. */
export function targetSourceOf(property: RelationshipProperty): EntitySource {
  if (property.alias === undefined) return mappedSource(property.target);
  let found = aliasTargets.get(property);
  if (found === undefined) {
    const given = property.alias() as { readonly source?: unknown } | null;
    if (!(given?.source instanceof EntitySource) || !given.source.mapper.isA(property.target))
      throw new MappingError(
        `${property}: alias gives what aliased(${property.target}, subquery) makes, nothing else.`,
        "orm.alias-target",
      );
    aliasTargets.set(property, (found = given.source));
  }
  return found;
}
/** The same under an alias of its own, for joins nobody else sees. */
export function freshTarget(property: RelationshipProperty, mapper: Mapper = property.target): EntitySource {
  if (property.alias === undefined) return aliasedSource(mapper);
  const { from } = targetSourceOf(property);
  if (from instanceof SubqueryClause) return sourceOver(mapper, new SubqueryClause(from.query, undefined), mapper.name);
  if (from instanceof Cte) return sourceOver(mapper, new Alias(from), mapper.name);
  return aliasedSource(mapper);
}
/** A FROM clause under aliases of its own, and what moves expressions over it there. */
export function aliasedFrom(from: FromClause): {
  readonly from: FromClause;
  readonly move: <E extends Expression>(expression: E) => E;
} {
  const leaves = new Map<FromClause, FromClause>(from.leaves.map((leaf) => [leaf, new Alias(leaf)]));
  const move = <E extends Expression>(expression: E): E => moveLeaves(expression, leaves);
  const rebuild = (f: FromClause): FromClause =>
    f instanceof Join ? new Join(rebuild(f.left), rebuild(f.right), move(f.on), f.joinKind) : (leaves.get(f) ?? f);
  return { from: rebuild(from), move };
}
/** Columns of some clauses replaced by those of others. */
export function moveLeaves<E extends Expression>(expression: E, leaves: ReadonlyMap<FromClause, FromClause>): E {
  return replace(expression, (node) => {
    if (!(node instanceof ColumnReference)) return undefined;
    return leaves.get(node.from)?.column(node.key);
  });
}

function fromOf(mapper: Mapper, leaves: ReadonlyMap<Table, FromClause>): FromClause {
  const [base, ...rest] = mapper.tables;
  let from = leaves.get(base as Table) as FromClause;
  let above = base as Table;
  for (const table of rest) {
    const right = leaves.get(table) as FromClause;
    const left = leaves.get(above) as FromClause;
    const on = table.primaryKey.map((pk, i) => {
      const parent = above.primaryKey[i] as TableColumn;
      const l = left === above ? parent : left.column(parent.key);
      const r = right === table ? pk : right.column(pk.key);
      return l.eq(r);
    });
    from = new Join(from, right, conjunction(operators.and, on), "inner");
    above = table;
  }
  return from;
}

/** `kind IN (…)`: a part of what an entity is, never a criterion of the program's; keys tell the two apart. */
class EntityRows extends InList {
  readonly identities: readonly (string | number)[];
  readonly #mapper: Mapper;
  constructor(column: Expression, mapper: Mapper, identities: readonly (string | number)[]) {
    super(column, new Tuple(identities.map((i) => new Bind(i, column.type))), false);
    this.identities = identities;
    this.#mapper = mapper;
  }
  override walk(key: KeyWriter): void {
    key.id(OP.entityRows);
    key.id(this.#mapper.id);
    key.id(this.identities.length);
    this.subject.walk(key);
  }
}
