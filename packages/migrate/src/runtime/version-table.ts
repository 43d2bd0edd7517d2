/** The table that says which revisions are applied: one row per real head. Source: Alembic `alembic_version`. */
import {
  buildTable,
  ColumnDefinition,
  type Connection,
  CreateTable,
  conv,
  type Element,
  inspect,
  StringType,
  sql,
  type Table,
  TablePrimaryKey,
} from "@athanor/core";
import { VersionRowError } from "../errors.js";
import type { RowChanges } from "../graph/index.js";

export const DEFAULT_VERSION_TABLE = "athanor_version";
/** Longest id the table holds, in characters. */
export const VERSION_ID_LENGTH = 32;

export interface VersionTableOptions {
  readonly name?: string | undefined;
  readonly schema?: string | undefined;
  /** With a primary key (default); without one, rows may be doubled by hand and are noticed only then. */
  readonly primaryKey?: boolean | undefined;
}
/** Runs a statement and tells how many rows it matched; -1 where nobody knows. */
export type RowRunner = (statement: Element) => Promise<number>;

export class VersionTable {
  readonly table: Table;
  constructor(options: VersionTableOptions = {}) {
    const name = options.name ?? DEFAULT_VERSION_TABLE;
    const definition = ColumnDefinition.of(new StringType(VERSION_ID_LENGTH), "version_num");
    this.table = buildTable({
      name,
      schema: options.schema,
      columns: [{ key: "version_num", columnName: "version_num", definition }],
      constraints: () =>
        options.primaryKey === false ? [] : [new TablePrimaryKey(conv(`${name}_pkc`), ["version_num"])],
    });
  }
  get name(): string {
    return this.table.fullName;
  }
  exists(connection: Connection): Promise<boolean> {
    const { schema, tableName } = this.table;
    return inspect(connection)
      .tableNames({ schema })
      .then((names) => names.includes(tableName));
  }
  create(): CreateTable {
    return new CreateTable(this.table);
  }
  /** Ids in the table, in a fixed order; none when there is no table. */
  async rows(connection: Connection): Promise<readonly string[]> {
    if (!(await this.exists(connection))) return [];
    const rows = await connection.execute(sql`SELECT version_num FROM ${this.table} ORDER BY version_num`);
    return rows.map((r) => r[0] as string);
  }
  /** Makes the changes of a step, each of which must match one row. @throws VersionRowError */
  async change(changes: RowChanges, run: RowRunner): Promise<void> {
    const at = this.table;
    for (const id of changes.delete) {
      const found = await run(element(sql`DELETE FROM ${at} WHERE version_num = ${id}`));
      if (found !== 1 && found >= 0) throw new VersionRowError({ delete: id }, this.name, found);
    }
    for (const [from, to] of changes.update) {
      const found = await run(element(sql`UPDATE ${at} SET version_num = ${to} WHERE version_num = ${from}`));
      if (found !== 1 && found >= 0) throw new VersionRowError({ update: [from, to] }, this.name, found);
    }
    for (const id of changes.insert) await run(element(sql`INSERT INTO ${at} (version_num) VALUES (${id})`));
  }
  /** Removes all rows, whatever they say. */
  clear(): Element {
    return element(sql`DELETE FROM ${this.table}`);
  }
}
/** The node behind a typed fragment. */
function element(fragment: unknown): Element {
  return fragment as Element;
}
