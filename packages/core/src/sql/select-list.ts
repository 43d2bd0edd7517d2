/** The select list: what its columns are called, in SQL and in rows, and what each position is. */
import { didYouMean } from "../errors/did-you-mean.js";
import { ArgumentError } from "../errors/errors.js";
import type { SqlType } from "../types/sql-type.js";
import { type Expression, Label } from "./expression.js";
import { asFrom, ColumnReference, type FromClause, ItemElement, type Subselectable } from "./from.js";
import { FunctionCall } from "./functions.js";

export type SelectItem = Expression | ItemElement;

/**
 * How columns are called in a row: "disambiguateOnly" numbers names met again (id, id_1), "tableNamePlusColumn" puts the
 * table in front of each (users_id), "none" leaves them as they are, and a name met twice cannot be read by name.
 */
export type LabelStyle = "disambiguateOnly" | "tableNamePlusColumn" | "none";
export const LABEL_STYLES: readonly LabelStyle[] = ["disambiguateOnly", "tableNamePlusColumn", "none"];
/** One position of a statement's rows. Source: SQLAlchemy "Select.column_descriptions". */
export interface ColumnDescription {
  readonly name: string;
  /** undefined for whole tables and entities. */
  readonly type: SqlType | undefined;
  readonly expression: SelectItem;
  /** The FROM clause it is read from, if there is one. */
  readonly entity: FromClause | undefined;
  /** That clause is an alias, a subquery or a CTE. */
  readonly aliased: boolean;
}
export function describeItems(
  items: readonly SelectItem[],
  exported: Subselectable["exportedColumns"],
): readonly ColumnDescription[] {
  let at = 0;
  return items.map((item) => {
    const first = exported[at];
    const nested = item instanceof ItemElement;
    at += nested ? item.itemColumns.length : 1;
    const inner = item instanceof Label ? item.expression : item;
    const entity = nested ? item.itemFrom : inner instanceof ColumnReference ? inner.from : undefined;
    const aliased = entity !== undefined && entity.kind !== "table";
    const name = nested ? item.itemName : (first?.key ?? "");
    return { name, type: nested ? undefined : item.type, expression: item, entity, aliased };
  });
}
/** Expands items to columns with unique names: id, id_1 … as SQLAlchemy labels duplicates. */
export function exportedColumnsOf(
  items: readonly SelectItem[],
  style: LabelStyle = "disambiguateOnly",
): Subselectable["exportedColumns"] {
  const out: { key: string; columnName: string; expression: Expression }[] = [];
  const taken = new Map<string, number>();
  const numbered = (base: string) => {
    const n = (taken.get(base) ?? 0) + 1;
    taken.set(base, n);
    return `${base}_${n}`;
  };
  const push = (expression: Expression) => {
    const { kind } = expression;
    if (expression instanceof FunctionCall || kind === "over" || kind === "filtered" || kind === "withinGroup") {
      const name = numbered(expression.name ?? "anon");
      out.push({ key: name, columnName: name, expression });
      return;
    }
    const column = expression instanceof ColumnReference ? expression : undefined;
    const table = style === "tableNamePlusColumn" ? column?.from.fromName : undefined;
    const before = table === undefined ? "" : `${table}_`;
    const key = before + (expression.name ?? numbered(kind === "bind" ? "param" : "anon"));
    const base = column === undefined ? key : before + column.columnName;
    if (style === "none" && column !== undefined) {
      out.push({ key, columnName: base, expression });
      return;
    }
    const n = taken.get(base);
    taken.set(base, (n ?? 0) + 1);
    const suffix = n === undefined ? "" : `_${n}`;
    out.push({ key: key + suffix, columnName: base + suffix, expression });
  };
  for (const item of items) {
    if (item instanceof ItemElement) item.itemColumns.forEach(push);
    else push(item);
  }
  return out;
}

/** The column of that name among several clauses. @throws ArgumentError unless exactly one has it */
export function columnNamed(entities: readonly FromClause[], key: string): ColumnReference {
  const by = (same: (c: ColumnReference) => boolean) => entities.filter((e) => e.columns.some(same));
  let having = by((c) => c.key === key);
  if (having.length === 0) having = by((c) => c.columnName === key);
  if (having.length > 1) {
    const names = having.map((e) => `'${e.fromName ?? "a subquery"}'`).join(" and ");
    throw new ArgumentError(
      `filterBy(): ${names} both have '${key}'. Say which one is meant: where(table.c.${key}.eq(…)).`,
      "filterBy.ambiguous",
    );
  }
  if (having[0] !== undefined || entities.length === 1) return (having[0] ?? (entities[0] as FromClause)).column(key);
  const known = entities.flatMap((e) => e.columns.map((c) => c.key));
  throw new ArgumentError(
    `filterBy(): none of ${entities.map((e) => `'${e.fromName ?? "a subquery"}'`).join(", ")} has a column '${key}'.${didYouMean(key, known)}`,
    "column.unknown",
  );
}

/** The position of the item that is this column: the same object, a label of it, or the table whose rows are selected. */
export function locateItem(items: readonly SelectItem[], column: object): number | undefined {
  const same = (item: SelectItem, x: object) =>
    item === x || (item instanceof ItemElement && (item.itemFrom === x || item.itemFrom === asFrom(x)));
  const exact = items.findIndex((item) => same(item, column));
  if (exact >= 0) return exact;
  const behind = (item: object) => {
    const inner = item instanceof Label ? item.expression : item;
    return inner instanceof ColumnReference ? inner.plain : inner;
  };
  const wanted = behind(column);
  const labelled = items.findIndex((item) => behind(item) === wanted);
  return labelled < 0 ? undefined : labelled;
}
/** The column of a set operation that an ORDER BY means: it can be ordered by those alone. -1 where it means none. */
export function orderedColumn(columns: Subselectable["exportedColumns"], by: Expression): number {
  return columns.findIndex(
    ({ key, columnName, expression }) =>
      expression === by ||
      (expression instanceof Label && expression.expression === by) ||
      (by instanceof ColumnReference && key === by.key) ||
      (by instanceof Label && columnName === by.label),
  );
}
