/**
 * What the files of applied revisions said when they were applied: a table beside the version table, one row per applied
 * revision. An edited file is a warning, never a reason to stop: comments and formatting are edited too.
 */
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

type Run = (statement: Element) => Promise<unknown>;
const element = (fragment: unknown): Element => fragment as Element;

export class ChecksumTable {
  readonly table: Table;
  /** `versionTable`: name and schema of the version table. */
  constructor(versionTable: { readonly tableName: string; readonly schema: string | undefined }) {
    const name = `${versionTable.tableName}_file`;
    const column = (key: string, length: number) => ({
      key,
      columnName: key,
      definition: ColumnDefinition.of(new StringType(length), key),
    });
    this.table = buildTable({
      name,
      schema: versionTable.schema,
      columns: [column("revision", 32), column("checksum", 64)],
      constraints: () => [new TablePrimaryKey(conv(`${name}_pkc`), ["revision"])],
    });
  }
  async exists(connection: Connection): Promise<boolean> {
    const { schema, tableName } = this.table;
    return (await inspect(connection).tableNames({ schema })).includes(tableName);
  }
  async ensure(connection: Connection): Promise<void> {
    if (!(await this.exists(connection))) await connection.execute(new CreateTable(this.table));
  }
  /** Checksums by revision; none when there is no table. */
  async read(connection: Connection): Promise<ReadonlyMap<string, string>> {
    if (!(await this.exists(connection))) return new Map();
    const rows = await connection.execute(sql`SELECT revision, checksum FROM ${this.table}`);
    return new Map([...rows].map((r) => [String(r[0]), String(r[1])]));
  }
  /** The revision was applied with this file (undefined: undone, or applied without one). */
  async set(revision: string, checksum: string | undefined, run: Run): Promise<void> {
    await run(element(sql`DELETE FROM ${this.table} WHERE revision = ${revision}`));
    if (checksum === undefined) return;
    await run(element(sql`INSERT INTO ${this.table} (revision, checksum) VALUES (${revision}, ${checksum})`));
  }
}
