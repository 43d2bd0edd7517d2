/**
 * The tables of a concrete hierarchy read as one: `SELECT … UNION ALL SELECT …`, in which each row says its class.
 * Source: SQLAlchemy "polymorphic_union", "Concrete Polymorphic Loading Configuration".
 */
import {
  Bind,
  Cast,
  type ColumnReference,
  CompoundStatement,
  type Expression,
  type KeyWriter,
  Label,
  NullOf,
  OP,
  SelectStatement,
  SubqueryClause,
  type TableColumn,
} from "@athanor/core";
import { MappingError } from "../errors.js";
import { discriminatorColumnOf } from "../mapping/discriminator.js";
import type { Mapper } from "../mapping/mapper.js";

/** The classes a union reads: those that have rows. */
export function rowClasses(mapper: Mapper): readonly Mapper[] {
  return [...mapper.selfAndDescendants()].filter((m) => !m.abstract);
}

/** The union as a FROM clause. What it is made of follows from the mapping, so a key says the mapper alone. */
export class UnionClause extends SubqueryClause {
  readonly mapper: Mapper;
  readonly classes: readonly Mapper[];
  /** Attributes of all classes, and the discriminator, by where they stand. */
  readonly places: ReadonlyMap<string, number>;
  constructor(mapper: Mapper, name: string | undefined) {
    const classes = rowClasses(mapper);
    const { query, places } = unionOf(mapper, classes);
    super(query, name);
    this.mapper = mapper;
    this.classes = classes;
    this.places = places;
  }
  /** The column of an attribute. */
  attribute(key: string): ColumnReference | undefined {
    const at = this.places.get(key);
    return at === undefined ? undefined : this.columns[at];
  }
  override walkReference(key: KeyWriter): void {
    if (!key.first(this)) return;
    if (this.queryName !== undefined) key.text(this.queryName);
    key.id(this.queryName === undefined ? 0 : 1);
    key.id(OP.polymorphicUnion);
    key.id(this.mapper.id);
    key.id(this.classes.length);
  }
}

/** @throws MappingError where no class has rows, and where two have one attribute of two types */
function unionOf(
  mapper: Mapper,
  classes: readonly Mapper[],
): { readonly query: CompoundStatement | SelectStatement; readonly places: ReadonlyMap<string, number> } {
  if (classes.length === 0)
    throw new MappingError(
      `${mapper} is abstract and has no subclass with rows: import them, or register() them.`,
      "orm.abstract",
    );
  const columns = new Map<string, { readonly column: TableColumn; readonly owner: Mapper; readonly name: string }>();
  const discriminator = discriminatorColumnOf(mapper);
  const taken = new Set([discriminator.columnName]);
  for (const owner of classes)
    for (const { key, column } of owner.attributes) {
      const there = columns.get(key);
      if (there === undefined) {
        const name = taken.has(column.columnName) ? key : column.columnName;
        taken.add(name);
        columns.set(key, { column, owner, name });
      } else if (there.column.type.kind !== column.type.kind)
        throw new MappingError(
          `${owner}.${key} and ${there.owner}.${key} are of different types, and a query of ${mapper} reads both as one column: give one another name.`,
          "orm.union-column",
        );
    }
  const members = classes.map((m) => {
    const items: Expression[] = [];
    for (const [key, { column, name }] of columns) {
      const own = m.attribute(key)?.column;
      if (own?.columnName === name && own.key === key) items.push(own);
      else items.push(new Label(own ?? new NullOf(column.type), name));
    }
    const { type, columnName } = discriminator;
    items.push(new Label(new Cast(new Bind(m.inheritance?.identity, type), type), columnName));
    return new SelectStatement(items).selectFrom(m.table);
  });
  const places = new Map([...columns.keys(), discriminator.key].map((key, i) => [key, i]));
  const [first, ...others] = members as [SelectStatement, ...SelectStatement[]];
  return { query: others.length === 0 ? first : new CompoundStatement("UNION ALL", members), places };
}
