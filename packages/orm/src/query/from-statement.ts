/**
 * Entities and columns from the rows of another statement: SQL text, a select of its own, DML with RETURNING. Its columns
 * are found by what they stand for, else by name. Source: SQLAlchemy "Getting ORM Results from Textual Statements".
 */
import {
  ArgumentError,
  type Compiled,
  type Dialect,
  type Element,
  type Expression,
  type FromStatement,
  ItemElement,
  type MaybePromise,
  NULL_TYPE,
  originColumn,
  type StatementCache,
  type TableColumn,
  TextClause,
} from "@athanor/core";
import type { ExpressionAttribute } from "../mapping/column-property.js";
import { discriminatorColumnOf } from "../mapping/discriminator.js";
import type { Inheritance, MappedColumn, RelationshipProperty } from "../mapping/mapper.js";
import type { SessionInternals } from "../session/internals.js";
import { EntityItem } from "./entity.js";
import type { LoadBranch, LoadTree } from "./load-tree.js";
import {
  converterOf,
  type EntityPlan,
  followed,
  type ItemPlan,
  type JoinedPlan,
  loadsAfter,
  NO_EXTRAS,
  type OrmPlan,
  optionTrees,
  relationshipsOf,
} from "./plan.js";
import { mapperOf, type NamedValues, type Ran, sendPlan } from "./run-plan.js";
import { type EntitySource, mappedSource } from "./source.js";

/** A column of the statement's rows. */
interface Output {
  readonly name: string;
  readonly key: string;
  readonly expression: Expression | undefined;
}
function outputsOf(source: Element): readonly Output[] {
  if (source instanceof TextClause)
    return (source.resultColumns ?? []).map(({ name }) => ({ name, key: name, expression: undefined }));
  const exported = (
    source as { readonly exportedColumns?: readonly { key: string; columnName: string; expression: Expression }[] }
  ).exportedColumns;
  if (exported === undefined || exported.length === 0)
    throw new ArgumentError("fromStatement(): the statement gives no rows; add returning() to it.");
  return exported.map(({ key, columnName, expression }) => ({ name: columnName, key, expression }));
}

class Reader {
  readonly entities: EntityPlan[] = [];
  joinedCount = 0;
  collections = false;
  readonly #outputs: readonly Output[];
  readonly #taken = new Set<number>();
  constructor(outputs: readonly Output[]) {
    this.#outputs = outputs;
  }
  /** Where a column stands; the first place nobody has read yet. -1: nowhere. */
  #find(column: TableColumn, wanted: Expression | undefined, key: string): number {
    const free = (fits: (o: Output) => boolean): number => {
      const at = this.#outputs.findIndex((o, i) => fits(o) && !this.#taken.has(i));
      return at >= 0 ? at : this.#outputs.findIndex(fits);
    };
    const exact = free((o) => o.expression !== undefined && o.expression === wanted);
    if (exact >= 0) return exact;
    const origin = free(
      (o) => o.expression !== undefined && "from" in o.expression && originColumn(o.expression as never) === column,
    );
    if (origin >= 0) return origin;
    return free((o) => o.name === column.columnName || o.key === key);
  }
  item(item: Element & { readonly name?: string | undefined }): ItemPlan {
    if (item instanceof ItemElement)
      throw new ArgumentError(
        "fromStatement(): select entities and columns; bundles and tables are not read this way.",
      );
    const column = "columnName" in item ? (item as unknown as TableColumn) : undefined;
    const at = this.#outputs.findIndex(
      (o) =>
        o.expression === (item as unknown) ||
        o.key === item.name ||
        (column !== undefined && o.name === column.columnName),
    );
    const name = item.name ?? `column_${at + 1}`;
    if (at < 0)
      throw new ArgumentError(`fromStatement(): the statement gives no column '${name}'.`, "orm.from-statement");
    return { name, entity: undefined, at, keys: undefined };
  }
  /** A class that no column tells is told by a column of the statement with the attribute's name. */
  #discriminatorAt({ mapper }: EntitySource, place: (a: MappedColumn) => number): number {
    const { discriminator, expression } = mapper.inheritance as Inheritance;
    if (discriminator !== undefined) return place(discriminator);
    const key = (expression as ExpressionAttribute).key;
    const name = mapper.isUnion ? discriminatorColumnOf(mapper).columnName : key;
    const at = this.#outputs.findIndex((o) => o.key === key || o.name === name);
    if (at >= 0) return at;
    throw new ArgumentError(
      `fromStatement(): what tells the classes of ${mapper} apart is no column of its table; give the statement a column '${name}' that says it.`,
      "orm.from-statement",
    );
  }
  entity(source: EntitySource, tree: LoadTree, needed: boolean): EntityPlan {
    const { mapper } = source;
    const columns = mapper.attributes.flatMap((attribute) => {
      const at = this.#find(attribute.column, source.find(attribute.column), attribute.key);
      if (at < 0) return [];
      this.#taken.add(at);
      return [{ attribute, at }];
    });
    const place = (a: MappedColumn): number => {
      const found = columns.find((c) => c.attribute === a);
      if (found !== undefined) return found.at;
      throw new ArgumentError(
        `fromStatement(): the statement gives no column '${a.column.columnName}', without which there is no ${mapper}${needed ? "" : " to put into its owner"}.`,
        "orm.from-statement",
      );
    };
    const undeferred = mapper.attributes.filter((a) => !a.deferred);
    const { discriminator } = source;
    const joined: JoinedPlan[] = [];
    const after: RelationshipProperty[] = [];
    const empty: RelationshipProperty[] = [];
    const plan: EntityPlan = {
      index: this.entities.length,
      mapper,
      tree,
      above: [],
      offset: 0,
      columns,
      standard: false,
      complete: undeferred.every((a) => columns.some((c) => c.attribute === a)),
      keyAt: mapper.primaryKey.map(place),
      extras: NO_EXTRAS,
      bySubclass: undefined,
      discriminatorAt: discriminator === undefined ? -1 : this.#discriminatorAt(source, place),
      joined,
      after,
      empty,
    };
    this.entities.push(plan);
    for (const property of relationshipsOf(mapper, tree)) {
      const strategy = tree.strategyOf(property);
      if (strategy === "contains") {
        const branch = tree.relations.get(property) as LoadBranch;
        const index = this.joinedCount++;
        if (property.uselist) this.collections = true;
        joined.push({
          index,
          property,
          entity: this.entity(branch.target ?? mappedSource(property.target), branch.below, false),
        });
      } else if (loadsAfter(strategy) || strategy === "joined") after.push(property);
      else if (strategy === "noload") empty.push(property);
    }
    return plan;
  }
}
/** The plan of a statement whose columns are known. */
export function planFrom(statement: FromStatement, dialect: Dialect, binds: ReadonlyMap<object, number>): OrmPlan {
  const { query, source } = statement;
  const reader = new Reader(outputsOf(source));
  const trees = optionTrees(query);
  const items = query.selected.map((item): ItemPlan => {
    if (!(item instanceof EntityItem)) return reader.item(item);
    const entity = reader.entity(item.source, trees.get(item) as LoadTree, true);
    return { name: item.itemName, entity, at: -1, keys: undefined };
  });
  const compiled = dialect.createCompiler(binds).compile(source);
  return {
    compiled,
    items,
    entities: reader.entities,
    joinedCount: reader.joinedCount,
    unique: reader.collections,
    distinctEntities: false,
    names: items.map((i) => i.name),
    followed: followed(reader.entities),
    convert: converterOf(compiled),
    criteria: [...trees.values()].some((t) => t.hasCriteria),
  };
}

/** Runs one. Text that says nothing of its columns is asked for their names first, by running it. */
export function runFrom(
  session: SessionInternals,
  statement: FromStatement,
  named: NamedValues | undefined,
  run: (statement: FromStatement) => MaybePromise<Ran>,
): MaybePromise<Ran> {
  const { query, source } = statement;
  if (!(source instanceof TextClause) || source.resultColumns !== undefined) return run(statement);
  return (async () => {
    const mapper = mapperOf(query);
    const engine = session.engineFor(mapper, statement);
    const compile = (binds: ReadonlyMap<object, number>): Compiled =>
      engine.dialect.createCompiler(binds).compile(source);
    const { value: compiled, params } = engine.cache.lookup(source, compile);
    const raw = await (await session.connectionFor(mapper, statement)).run(compiled, params, named);
    const typed = source.withColumns(
      (raw.fields ?? []).map(({ name }) => ({ name, type: typeOf(query.selected, name) })),
    );
    const known = statement.with({ source: typed });
    const cache = session.planCache(engine) as StatementCache<OrmPlan>;
    const plan = cache.lookup(known, (binds) => planFrom(known, engine.dialect, binds)).value;
    return sendPlan(session, mapper, plan, known, [], undefined, undefined, raw);
  })();
}
function typeOf(items: readonly Element[], name: string) {
  for (const item of items)
    if (item instanceof EntityItem)
      for (const a of item.mapper.attributes) if (a.column.columnName === name || a.key === name) return a.column.type;
  return NULL_TYPE;
}
