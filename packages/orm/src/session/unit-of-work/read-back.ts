/** Versions that the database made for rows just written, read by the keys of the rows. */
import { SelectStatement, type Table, type TableColumn } from "@athanor/core";
import type { MappedColumn, Mapper } from "../../mapping/mapper.js";
import type { Managed } from "../../mapping/state.js";
import { among, CHUNK, KeyedOwners } from "../../query/keys.js";
import type { WriteHost } from "./host.js";

export interface MappedPart {
  readonly column: TableColumn;
  readonly attribute: MappedColumn;
}
/** Key columns of a table, paired with the attributes that hold them. */
export function keyOf(mapper: Mapper, table: Table): MappedPart[] {
  // A table or view without a key of its own: by what the class says.
  const key = table.primaryKey.length > 0 ? table.primaryKey : mapper.primaryKey.map((a) => a.column);
  return key.map((column) => ({ column, attribute: mapper.attributeOf(column) as MappedColumn }));
}
/** Reads `made` of the rows of these objects in one table. */
export async function readBack(
  host: WriteHost,
  table: Table,
  mapper: Mapper,
  instances: readonly Managed[],
  made: readonly MappedPart[],
): Promise<void> {
  if (made.length === 0) return;
  const key = keyOf(mapper, table);
  const columns = key.map((k) => k.column);
  const keyAt = columns.map((_, i) => i);
  const connection = await host.connectionFor(mapper);
  for (let at = 0; at < instances.length; at += CHUNK) {
    const keyed = new KeyedOwners(key.map((k) => k.attribute));
    for (const instance of instances.slice(at, at + CHUNK)) keyed.add(instance);
    const statement = new SelectStatement([...columns, ...made.map((m) => m.column)]).where(among(columns, keyed.keys));
    const rows = (await connection.execute(statement).all()) as unknown as readonly (readonly unknown[])[];
    for (const row of rows)
      for (const instance of keyed.find(row, keyAt) ?? [])
        made.forEach((m, i) => {
          instance[m.attribute.slot] = row[columns.length + i];
        });
  }
}
