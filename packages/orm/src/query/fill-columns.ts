/**
 * Columns that objects still lack, read by their keys: what a base class's query left in the tables of subclasses, and
 * foreign keys that were deferred when a relationship is loaded by them.
 */
import { type Expression, SelectStatement } from "@athanor/core";
import { ExpressionAttribute } from "../mapping/column-property.js";
import { type MappedColumn, type Mapper, mapperOfInstance } from "../mapping/mapper.js";
import { type Managed, PENDING, UNLOADED } from "../mapping/state.js";
import type { SessionInternals } from "../session/internals.js";
import { among, CHUNK } from "./keys.js";
import { type ColumnLoads, NO_COLUMNS, wantsColumn } from "./load-tree.js";
import { ownSource } from "./source.js";

/** Runs a select of plain columns inside the session's turn. */
export type ColumnsRunner = (
  session: SessionInternals,
  statement: SelectStatement,
) => Promise<readonly (readonly unknown[])[]>;

/** Fills these columns where they are not loaded; what is loaded stays as it is. */
export async function fillColumns(
  run: ColumnsRunner,
  session: SessionInternals,
  mapper: Mapper,
  instances: readonly Managed[],
  attributes: readonly (MappedColumn | ExpressionAttribute)[],
): Promise<void> {
  const lacking = instances.filter((i) => (i.$$f & PENDING) === 0 && attributes.some((a) => i[a.slot] === UNLOADED));
  if (lacking.length === 0) return;
  const source = ownSource(mapper);
  const keys = mapper.primaryKey.map((pk) => source.column(pk));
  const columns: Expression[] = [
    ...keys,
    ...attributes.map((a) => (a instanceof ExpressionAttribute ? source.expression(a) : source.column(a))),
  ];
  for (let at = 0; at < lacking.length; at += CHUNK) {
    const chunk = lacking.slice(at, at + CHUNK);
    const statement = new SelectStatement(columns).selectFrom(source.from).where(
      among(
        keys,
        chunk.map((i) => mapper.primaryKey.map((pk) => i[pk.slot])),
      ),
    );
    for (const row of await run(session, statement)) {
      const key = mapper.identityKey(row.slice(0, keys.length));
      const instance = key === undefined ? undefined : session.identity.get(mapper, key);
      if (instance === undefined) continue;
      attributes.forEach((a, i) => {
        if (instance[a.slot] === UNLOADED) instance[a.slot] = row[keys.length + i];
      });
    }
  }
}

/** A query for a base class brings base columns; what its subclasses add is filled in one statement per class. */
export async function fillSubclassColumns(
  run: ColumnsRunner,
  session: SessionInternals,
  base: Mapper,
  instances: readonly Managed[],
  options: ColumnLoads = NO_COLUMNS,
): Promise<void> {
  const byClass = new Map<Mapper, Managed[]>();
  for (const instance of instances) {
    const mapper = mapperOfInstance(instance);
    if (mapper === base) continue;
    const list = byClass.get(mapper);
    if (list === undefined) byClass.set(mapper, [instance]);
    else list.push(instance);
  }
  for (const [mapper, list] of byClass) {
    const missing = mapper.attributes.filter((a) => base.attribute(a.key) === undefined && wantsColumn(options, a));
    const expressions = mapper.expressions.filter(
      (e) =>
        base.expression(e.key) === undefined &&
        !e.isQuery &&
        !mapper.saysItself(e) &&
        // Column options hold expressions beside columns.
        wantsColumn(options, e as unknown as MappedColumn),
    );
    if (missing.length + expressions.length > 0)
      await fillColumns(run, session, mapper, list, [...missing, ...expressions]);
  }
}
