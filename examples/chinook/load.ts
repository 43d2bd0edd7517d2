// Fills a database with Chinook. The three dumps differ in names, types and a few spellings but hold the same shop; so
// the tables are made from the models (`metadata.createAll`) and each database is filled from its own dump through
// Athanor's insert. One model file then serves all three, and loading is itself a test of INSERT with real data.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type AnyTable, type Engine, insert, type NewRow, tableOf } from "athanor";
import { readDump } from "./dump.js";
import {
  Album,
  Artist,
  Base,
  Customer,
  Employee,
  Genre,
  Invoice,
  InvoiceLine,
  MediaType,
  Playlist,
  playlistTrack,
  Track,
} from "./models.js";

const here = dirname(fileURLToPath(import.meta.url));

/** Where the dumps are: `CHINOOK_DATA`, else `shared/data/chinook` beside the repository. */
export const dataFolder = process.env.CHINOOK_DATA ?? resolve(here, "../../../shared/data/chinook");

/** Which dump belongs to which database. */
const dumps: Record<string, string> = {
  sqlite: "Chinook_Sqlite.sql",
  postgresql: "Chinook_PostgreSql.sql",
  pglite: "Chinook_PostgreSql.sql",
  mysql: "Chinook_MySql.sql",
  mariadb: "Chinook_MySql.sql",
};

/** The file of a database's dump. */
export function dumpFile(dialect: string): string {
  const file = dumps[dialect];
  if (file === undefined)
    throw new Error(`Chinook has no dump for ${dialect}; it has ${Object.keys(dumps).join(", ")}.`);
  return file;
}

/** Why Chinook cannot be loaded, or undefined when it can. */
export function missingData(): string | undefined {
  const absent = [...new Set(Object.values(dumps))].filter((file) => !existsSync(join(dataFolder, file)));
  if (absent.length === 0) return undefined;
  return `${absent.join(", ")} not found in ${dataFolder}; set CHINOOK_DATA to the folder with the dumps`;
}

/** The tables by the name they have in a dump, without underscores and capitals. */
const tables = new Map<string, AnyTable>(
  [Artist, Album, Genre, MediaType, Playlist, playlistTrack, Track, Employee, Customer, Invoice, InvoiceLine].map(
    (table) => [flat(tableOf(table).tableName), table],
  ),
);

function flat(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

/** What a column of the given type takes, from the text in the dump. */
function valueOf(kind: string, text: string | null): unknown {
  if (text === null) return null;
  if (kind === "integer") return Number(text);
  // "1962/2/18" in two dumps, "1962-02-18 00:00:00" in the third; a wall clock without a zone, read as UTC.
  if (kind === "dateTime") {
    const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = text.split(/\D/).map(Number);
    return new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  }
  return text;
}

/**
 * Creates the tables in an empty database and fills them from the dump of that database.
 *
 * @returns rows inserted, by table
 */
export async function loadChinook(engine: Engine): Promise<Map<string, number>> {
  const sql = readFileSync(join(dataFolder, dumpFile(engine.dialect.name)), "utf8");
  const inserted = new Map<string, number>();
  await engine.begin(async (connection) => {
    await Base.metadata.createAll(connection);
    for (const { table: name, columns, rows } of readDump(sql)) {
      const table = tables.get(flat(name));
      if (table === undefined) throw new Error(`The dump has a table ${name} that no model maps.`);
      const mapped = columns.map((column) => {
        const found = tableOf(table).columns.find((c) => flat(c.key) === flat(column));
        if (found === undefined) throw new Error(`The dump has a column ${name}.${column} that no model maps.`);
        return found;
      });
      const values = rows.map((row) =>
        Object.fromEntries(mapped.map((column, i) => [column.key, valueOf(column.type.kind, row[i] ?? null)])),
      );
      // The shape of these rows is known at run time only.
      await connection.execute(insert(table), values as NewRow<AnyTable>[]);
      inserted.set(tableOf(table).tableName, (inserted.get(tableOf(table).tableName) ?? 0) + rows.length);
    }
  });
  return inserted;
}
