/** Reading the schema of a SQLite file: pragmas joined to `sqlite_master`, one query per kind for all tables. */

import type {
  ReflectedAction,
  ReflectedCheck,
  ReflectedColumn,
  ReflectedForeignKey,
  ReflectedIndex,
  ReflectedOptions,
  ReflectedSequence,
  ReflectedTable,
  ReflectedTrigger,
  ReflectedUnique,
  ReflectedView,
  ReflectionQuery,
  ReflectionScope,
  Reflector,
} from "../../reflection/types.js";
import { flag, grouped, numberOf, textOf, textOrUndefined, withoutParentheses } from "../../reflection/values.js";
import { StoredObject } from "../../schema/stored-object.js";
import { sql, type TextClause } from "../../sql/text.js";
import {
  type ParsedKey,
  type ParsedTable,
  parseCreateIndex,
  parseCreateTable,
  parseNames,
} from "./reflection-parse.js";
import { typeFromDeclared } from "./reflection-types.js";

type Rows = readonly (readonly unknown[])[];

function master(schema: string | undefined): TextClause {
  return schema === undefined ? sql`sqlite_master` : sql`${sql.identifier(schema)}.sqlite_master`;
}
/** Names of the tables in scope as a condition on `m.name`. SQLite's own tables are never meant. */
function inScope(scope: ReflectionScope): TextClause {
  const kinds = scope.views ? sql.raw("m.type IN ('table', 'view')") : sql.raw("m.type = 'table'");
  const base = sql`${kinds} AND ${sql.raw("m.name NOT LIKE 'sqlite~_%' ESCAPE '~'")}`;
  if (scope.tables === undefined) return base;
  return sql`${base} AND m.name IN (${sql.join(scope.tables.map((t) => sql`${t}`))})`;
}

export class SqliteReflector implements Reflector {
  async schemas(query: ReflectionQuery): Promise<readonly string[]> {
    const rows = await query(sql`SELECT name FROM pragma_database_list ORDER BY seq`);
    return rows.map((r) => textOf(r[0])).filter((name) => name !== "temp");
  }
  async defaultSchema(): Promise<string | undefined> {
    return undefined;
  }
  /** A file that is not attached holds nothing. */
  async #isThere(query: ReflectionQuery, schema: string | undefined): Promise<boolean> {
    if (schema === undefined) return true;
    const found = await query(sql`SELECT 1 FROM pragma_database_list WHERE lower(name) = lower(${schema})`);
    return found.length > 0;
  }
  async tableNames(query: ReflectionQuery, schema?: string): Promise<readonly string[]> {
    if (!(await this.#isThere(query, schema))) return [];
    const rows = await query(sql`SELECT m.name FROM ${master(schema)} AS m WHERE ${inScope({})} ORDER BY m.name`);
    return rows.map((r) => textOf(r[0]));
  }
  async views(query: ReflectionQuery, schema?: string): Promise<readonly ReflectedView[]> {
    if (!(await this.#isThere(query, schema))) return [];
    const rows = await query(sql`SELECT name, sql FROM ${master(schema)} WHERE type = 'view' ORDER BY name`);
    return rows.map((r) => ({ name: textOf(r[0]), schema, definition: textOf(r[1]), materialized: false }));
  }
  async storedObjects(query: ReflectionQuery, schema?: string): Promise<readonly StoredObject<string>[]> {
    const rows = await query(
      sql`SELECT type, name, tbl_name, sql FROM ${master(schema)} WHERE type IN ('view', 'trigger') ORDER BY rowid`,
    );
    const name = String.raw`(?:"(?:[^"]|"")*"|\[[^\]]*\]|` + "`[^`]*`" + String.raw`|[\w$]+)`;
    const head = String.raw`^\s*CREATE\s+(?:TEMP(?:ORARY)?\s+)?`;
    const viewHead = new RegExp(
      `${head}VIEW\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?(?:${name}\\s*\\.\\s*)?${name}\\s*(\\([^)]*\\))?\\s*AS\\s+`,
      "iu",
    );
    const triggerHead = new RegExp(
      `${head}TRIGGER\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?(?:${name}\\s*\\.\\s*)?${name}\\s+(.*?)\\s+ON\\s+${name}\\s+`,
      "isu",
    );
    return rows.flatMap((r) => {
      const [kind, own, table, text] = [textOf(r[0]), textOf(r[1]), textOf(r[2]), textOf(r[3])];
      const found = (kind === "view" ? viewHead : triggerHead).exec(text);
      if (found === null) return [];
      const definition = text.slice(found[0].length);
      if (kind === "view") {
        const columns = found[1] === undefined ? undefined : parseNames(found[1].slice(1, -1));
        return [new StoredObject("view", own, { definition, columns }, { schema })];
      }
      return [new StoredObject("trigger", own, { definition, table, timing: found[1] }, { schema })];
    });
  }
  async temporary(query: ReflectionQuery) {
    const rows = await query(
      sql`SELECT name, type FROM sqlite_temp_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name`,
    );
    const of = (type: string) => rows.filter((r) => textOf(r[1]) === type).map((r) => textOf(r[0]));
    return { tables: of("table"), views: of("view") };
  }
  async sequences(): Promise<readonly ReflectedSequence[]> {
    return [];
  }
  async enums(): Promise<readonly never[]> {
    return [];
  }

  async tables(query: ReflectionQuery, scope: ReflectionScope): Promise<readonly ReflectedTable[]> {
    if (scope.tables?.length === 0) return [];
    const { schema } = scope;
    const from = sql`${master(schema)} AS m`;
    const name = schema ?? "main";
    const where = inScope(scope);
    const sources = await query(sql`SELECT m.name, m.type, m.sql FROM ${from} WHERE ${where} ORDER BY m.name`);
    const lists = await query(sql`SELECT l.name, l.wr, l.strict FROM pragma_table_list AS l WHERE l.schema = ${name}`);
    const columns = await query(
      sql`SELECT m.name, c.name, c.type, c."notnull", c.dflt_value, c.pk, c.hidden FROM ${from}, pragma_table_xinfo(m.name, ${name}) AS c WHERE ${where} AND c.hidden != 1 ORDER BY m.name, c.cid`,
    );
    const keys = await query(
      sql`SELECT m.name, f.id, f."table", f."from", f."to", f.on_update, f.on_delete FROM ${from}, pragma_foreign_key_list(m.name, ${name}) AS f WHERE ${where} ORDER BY m.name, f.id DESC, f.seq`,
    );
    const indexes = await query(
      sql`SELECT m.name, l.name, l."unique", l.origin, x.name, x."desc", x.cid, s.sql FROM ${from}, pragma_index_list(m.name, ${name}) AS l, pragma_index_xinfo(l.name, ${name}) AS x LEFT JOIN ${master(schema)} AS s ON s.type = 'index' AND s.name = l.name WHERE ${where} AND x.key = 1 ORDER BY m.name, l.seq DESC, x.seqno`,
    );
    const triggers = await query(
      sql`SELECT tbl_name, name, sql FROM ${master(schema)} WHERE type = 'trigger' ORDER BY name`,
    );

    const info = new Map(lists.map((r) => [textOf(r[0]), { withoutRowid: flag(r[1]), strict: flag(r[2]) }]));
    const [columnsOf, keysOf, indexesOf, triggersOf] = [columns, keys, indexes, triggers].map((rows) =>
      grouped(rows, 0),
    );
    const primaryKeys = new Map<string, readonly string[]>();
    for (const [table, rows] of columnsOf as Map<string, Rows>) primaryKeys.set(table, primaryKeyColumns(rows));
    await this.#otherPrimaryKeys(query, keys, primaryKeys, name);
    return sources.map((row) => {
      const table = textOf(row[0]);
      const source = textOrUndefined(row[2]);
      const isView = textOf(row[1]) === "view";
      const parsed = isView || source === undefined ? undefined : parseCreateTable(source);
      const { withoutRowid = false, strict = false } = info.get(table) ?? {};
      const own = columnsOf?.get(table) ?? [];
      const primaryKey = primaryKeys.get(table) ?? [];
      const autoincrement = [...(parsed?.columns.values() ?? [])].some((c) => c.autoincrement);
      const options = {
        ...(autoincrement && { autoincrement }),
        ...(strict && { strict }),
        ...(withoutRowid && { withoutRowid }),
      };
      const reflectedIndexes = groupedIndexes(indexesOf?.get(table) ?? []);
      return {
        name: table,
        schema,
        isView,
        columns: own.map((c) => reflectedColumn(c, parsed, !withoutRowid && primaryKey.length === 1)),
        primaryKey:
          primaryKey.length === 0
            ? undefined
            : {
                name: parsed?.primaryKey?.name,
                columns: primaryKey,
                ...(primaryKey.length > 1 && sqliteOptions({ onConflict: parsed?.primaryKey?.onConflict })),
              },
        foreignKeys: foreignKeys(keysOf?.get(table) ?? [], parsed, primaryKeys, schema),
        uniqueConstraints: uniques(reflectedIndexes, parsed),
        indexes: reflectedIndexes
          .filter((i) => i.origin === "c")
          .map(createdIndex)
          .sort((a, b) => (a.name < b.name ? -1 : 1)),
        checks: (parsed?.checks ?? []).map((c): ReflectedCheck => ({ name: c.name, sql: c.sql, impliedByType: false })),
        comment: undefined,
        options: Object.keys(options).length === 0 ? {} : { sqlite: options },
        triggers: (triggersOf?.get(table) ?? []).map(
          (t): ReflectedTrigger => ({ table, name: textOf(t[1]), source: textOf(t[2]) }),
        ),
        source,
      };
    });
  }
  /** `REFERENCES t` without columns means the primary key of `t`, which may be out of scope. */
  async #otherPrimaryKeys(
    query: ReflectionQuery,
    keys: Rows,
    known: Map<string, readonly string[]>,
    schema: string,
  ): Promise<void> {
    const missing = new Set(
      keys
        .filter((k) => k[4] === null)
        .map((k) => textOf(k[2]))
        .filter((t) => !known.has(t)),
    );
    if (missing.size === 0) return;
    const names = sql.join([...missing].map((t) => sql`${t}`));
    const rows = await query(
      sql`SELECT l.name, c.name, c.type, c."notnull", c.dflt_value, c.pk FROM pragma_table_list AS l, pragma_table_xinfo(l.name, ${schema}) AS c WHERE l.schema = ${schema} AND l.name IN (${names})`,
    );
    for (const [table, own] of grouped(rows, 0)) known.set(table, primaryKeyColumns(own));
  }
}

function primaryKeyColumns(rows: Rows): readonly string[] {
  return rows
    .filter((c) => numberOf(c[5]) > 0)
    .sort((a, b) => numberOf(a[5]) - numberOf(b[5]))
    .map((c) => textOf(c[1]));
}

function reflectedColumn(
  row: readonly unknown[],
  parsed: ParsedTable | undefined,
  mayBeRowid: boolean,
): ReflectedColumn {
  const name = textOf(row[1]);
  const databaseType = textOf(row[2]);
  const hidden = numberOf(row[6]);
  const isKey = numberOf(row[5]) > 0;
  const source = parsed?.columns.get(name);
  return {
    name,
    type: typeFromDeclared(databaseType),
    databaseType,
    nullable: !flag(row[3]) && !isKey,
    default: asLiteral(textOrUndefined(row[4])),
    autoincrement: isKey && mayBeRowid && databaseType.toUpperCase() === "INTEGER",
    ownedSequence: undefined,
    identity: undefined,
    computed: hidden < 2 ? undefined : { sql: source?.generated ?? "", persisted: hidden === 3 },
    onUpdate: undefined,
    collation: source?.collation,
    comment: undefined,
    ...sqliteOptions({
      onConflictNotNull: source?.notNullConflict,
      onConflictPrimaryKey: keyOf(parsed?.primaryKey, name) ? parsed?.primaryKey?.onConflict : undefined,
    }),
  };
}
const keyOf = (key: ParsedKey | undefined, column: string): boolean =>
  key?.columns.length === 1 && key.columns[0]?.toLowerCase() === column.toLowerCase();
function sqliteOptions(given: { readonly [option: string]: string | undefined }): ReflectedOptions {
  const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return Object.keys(options).length === 0 ? {} : { dialectOptions: { sqlite: options } };
}
/** Old tables may have a default in the wrong quotes, which SQLite reads as text and takes in no other place. */
function asLiteral(sql: string | undefined): string | undefined {
  const text = sql === undefined ? undefined : /^"((?:[^"]|"")*)"$/.exec(sql)?.[1];
  return text === undefined ? sql : `'${text.replaceAll('""', '"').replaceAll("'", "''")}'`;
}

function foreignKeys(
  rows: Rows,
  parsed: ParsedTable | undefined,
  primaryKeys: ReadonlyMap<string, readonly string[]>,
  schema: string | undefined,
): readonly ReflectedForeignKey[] {
  const written = [...(parsed?.foreignKeys ?? [])];
  return [...grouped(rows, 1).values()].map((parts) => {
    const first = parts[0] as readonly unknown[];
    const columns = parts.map((p) => textOf(p[3]));
    const referredTable = textOf(first[2]);
    const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
    const at = written.findIndex(
      (w) =>
        same(w.referredTable, referredTable) &&
        w.columns.length === columns.length &&
        w.columns.every((c, i) => same(c, columns[i] as string)),
    );
    const source = at < 0 ? undefined : written.splice(at, 1)[0];
    const match = source?.match;
    return {
      name: source?.name,
      columns,
      referredSchema: schema,
      referredTable,
      referredColumns: parts.map((p, i) => textOrUndefined(p[4]) ?? primaryKeys.get(referredTable)?.[i] ?? ""),
      onDelete: action(first[6]),
      onUpdate: action(first[5]),
      deferrable: source?.deferrable,
      initially: source?.initially,
      match: match === "FULL" || match === "PARTIAL" || match === "SIMPLE" ? match : undefined,
    };
  });
}
function action(value: unknown): ReflectedAction | undefined {
  const text = textOf(value);
  return text === "NO ACTION" ? undefined : (text as ReflectedAction);
}

interface RawIndex {
  readonly name: string;
  readonly unique: boolean;
  /** c: CREATE INDEX, u: UNIQUE, pk: PRIMARY KEY. */
  readonly origin: string;
  readonly parts: readonly { readonly column: string | undefined; readonly descending: boolean }[];
  readonly source: string | undefined;
}
function groupedIndexes(rows: Rows): readonly RawIndex[] {
  return [...grouped(rows, 1).values()].map((parts) => {
    const first = parts[0] as readonly unknown[];
    return {
      name: textOf(first[1]),
      unique: flag(first[2]),
      origin: textOf(first[3]),
      parts: parts.map((p) => ({ column: textOrUndefined(p[4]), descending: flag(p[5]) })),
      source: textOrUndefined(first[7]),
    };
  });
}
function createdIndex(index: RawIndex): ReflectedIndex {
  const parsed = index.source === undefined ? undefined : parseCreateIndex(index.source);
  return {
    name: index.name,
    unique: index.unique,
    parts: index.parts.map(({ column, descending }, i) => {
      const written = parsed?.parts[i];
      // A column with a COLLATE of its own is more than its name.
      const plain = column !== undefined && (written === undefined || written.isColumn);
      return {
        column: plain ? column : undefined,
        sql: plain ? column : withoutParentheses(written?.sql ?? ""),
        descending,
        nulls: undefined,
      };
    }),
    where: parsed?.where,
    duplicatesConstraint: undefined,
    impliedByForeignKey: undefined,
    nullsNotDistinct: false,
    dialectOptions: {},
    source: index.source,
  };
}
function uniques(indexes: readonly RawIndex[], parsed: ParsedTable | undefined): readonly ReflectedUnique[] {
  const written = [...(parsed?.uniques ?? [])];
  return indexes
    .filter((i) => i.origin === "u")
    .map((i) => {
      const columns = i.parts.map((p) => p.column ?? "");
      const at = written.findIndex(
        (w) =>
          w.columns.length === columns.length &&
          w.columns.every((c, n) => c.toLowerCase() === columns[n]?.toLowerCase()),
      );
      const source = at < 0 ? undefined : written.splice(at, 1)[0];
      return {
        name: source?.name,
        columns,
        duplicatesIndex: undefined,
        nullsNotDistinct: false,
        deferrable: undefined,
        initially: undefined,
        ...sqliteOptions({ onConflict: source?.onConflict }),
      };
    });
}
