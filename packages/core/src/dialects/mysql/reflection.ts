/**
 * Reading information_schema of MySQL and MariaDB: one query per kind for all tables in scope. What the two say
 * differently is told apart by the server's own version text. Source: their manuals, "INFORMATION_SCHEMA Tables".
 */

import type {
  ReflectedAction,
  ReflectedCheck,
  ReflectedColumn,
  ReflectedEnum,
  ReflectedForeignKey,
  ReflectedIndex,
  ReflectedSequence,
  ReflectedTable,
  ReflectedTrigger,
  ReflectedUnique,
  ReflectedView,
  ReflectionQuery,
  ReflectionScope,
  Reflector,
} from "../../reflection/types.js";
import {
  flag,
  grouped,
  nonEmpty,
  numberOf,
  textOf,
  textOrUndefined,
  withoutParentheses,
} from "../../reflection/values.js";
import { StoredObject, splitParameters } from "../../schema/stored-object.js";
import { sql, type TextClause } from "../../sql/text.js";
import { shownExpression } from "./expressions.js";
import { typeFromColumnType } from "./reflection-types.js";

type Row = readonly unknown[];
type Rows = readonly Row[];

function inSchema(schema: string | undefined, column = "table_schema"): TextClause {
  return schema === undefined ? sql.raw(`${column} = DATABASE()`) : sql`${sql.raw(column)} = ${schema}`;
}
/** Condition on `x.table_schema` and `x.table_name`. */
function inScope(scope: ReflectionScope): TextClause {
  const base = inSchema(scope.schema, "x.table_schema");
  if (scope.tables === undefined) return base;
  return sql`${base} AND x.table_name IN (${sql.join(scope.tables.map((t) => sql`${t}`))})`;
}

export class MysqlReflector implements Reflector {
  async schemas(query: ReflectionQuery): Promise<readonly string[]> {
    const rows = await query(
      sql`SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') ORDER BY schema_name`,
    );
    return rows.map((r) => textOf(r[0]));
  }
  async defaultSchema(query: ReflectionQuery): Promise<string | undefined> {
    const [row] = await query(sql`SELECT DATABASE()`);
    return textOrUndefined(row?.[0]);
  }
  async tableNames(query: ReflectionQuery, schema?: string): Promise<readonly string[]> {
    const rows = await query(
      sql`SELECT x.table_name FROM information_schema.tables AS x WHERE ${inScope({ schema })} AND x.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY x.table_name`,
    );
    return rows.map((r) => textOf(r[0]));
  }
  async views(query: ReflectionQuery, schema?: string): Promise<readonly ReflectedView[]> {
    const rows = await query(
      sql`SELECT x.table_name, x.view_definition FROM information_schema.views AS x WHERE ${inScope({ schema })} ORDER BY x.table_name`,
    );
    return rows.map((r) => ({ name: textOf(r[0]), schema, definition: textOf(r[1]), materialized: false }));
  }
  async storedObjects(query: ReflectionQuery, schema?: string): Promise<readonly StoredObject<string>[]> {
    const place = { schema };
    const found: StoredObject<string>[] = [];
    const routines = await query(
      sql`SELECT r.routine_type, r.routine_name FROM information_schema.routines AS r WHERE ${inSchema(schema, "r.routine_schema")} AND r.routine_type IN ('FUNCTION', 'PROCEDURE') ORDER BY r.routine_type, r.routine_name`,
    );
    for (const r of routines) {
      const [type, name] = [textOf(r[0]), textOf(r[1])];
      const full = schema === undefined ? sql.identifier(name) : sql.identifier(schema, name);
      const [row] = await query(sql`SHOW CREATE ${sql.raw(type)} ${full}`);
      const text = textOf(row?.[2] ?? "");
      const at = text.indexOf("(", text.indexOf(`\`${name.replaceAll("`", "``")}\``)) + 1;
      const { parameters, rest } = splitParameters(text, at);
      const kind = type === "FUNCTION" ? "function" : "procedure";
      if (at > 0) found.push(new StoredObject(kind, name, { parameters, definition: rest }, place));
    }
    for (const { name, definition } of afterWhatTheyRead(await this.views(query, schema))) {
      const full = schema === undefined ? sql.identifier(name) : sql.identifier(schema, name);
      // MySQL keeps the names of a view's columns beside the query; MariaDB puts them into it.
      const [row] = await query(sql`SHOW CREATE VIEW ${full}`);
      const columns = namesBesideQuery(textOf(row?.[1] ?? ""));
      found.push(new StoredObject("view", name, { definition, columns }, place));
    }
    const triggers = await query(
      sql`SELECT t.trigger_name, t.event_object_table, CONCAT(t.action_timing, ' ', t.event_manipulation), t.action_statement FROM information_schema.triggers AS t WHERE ${inSchema(schema, "t.trigger_schema")} ORDER BY t.trigger_name`,
    );
    for (const r of triggers) {
      const parts = { table: textOf(r[1]), timing: textOf(r[2]), definition: `FOR EACH ROW ${textOf(r[3])}` };
      found.push(new StoredObject("trigger", textOf(r[0]), parts, place));
    }
    return found;
  }
  async sequences(query: ReflectionQuery, schema?: string): Promise<readonly ReflectedSequence[]> {
    const names = await query(
      sql`SELECT x.table_name FROM information_schema.tables AS x WHERE ${inScope({ schema })} AND x.table_type = 'SEQUENCE' ORDER BY x.table_name`,
    );
    const found: ReflectedSequence[] = [];
    // MariaDB shows a sequence's numbers only as the sequence's own row.
    for (const [name] of names) {
      const from = schema === undefined ? sql.identifier(textOf(name)) : sql.identifier(schema, textOf(name));
      const [row] = await query(sql`SELECT start_value, increment FROM ${from}`);
      found.push({
        name: textOf(name),
        schema,
        start: BigInt(textOf(row?.[0])),
        increment: BigInt(textOf(row?.[1])),
        ownedBy: undefined,
      });
    }
    return found;
  }
  /** Enumerations are part of their column here. */
  async enums(): Promise<readonly ReflectedEnum[]> {
    return [];
  }

  async tables(query: ReflectionQuery, scope: ReflectionScope): Promise<readonly ReflectedTable[]> {
    if (scope.tables?.length === 0) return [];
    const where = inScope(scope);
    const kinds = sql.raw(
      scope.views ? "('BASE TABLE', 'SYSTEM VERSIONED', 'VIEW')" : "('BASE TABLE', 'SYSTEM VERSIONED')",
    );
    const tables = await query(
      sql`SELECT x.table_name, x.table_type = 'VIEW', x.table_comment, x.engine, x.table_collation, VERSION(), DATABASE() FROM information_schema.tables AS x WHERE ${where} AND x.table_type IN ${kinds} ORDER BY x.table_name`,
    );
    if (tables.length === 0) return [];
    const partitions = new Map(
      (
        await query(
          sql`SELECT x.table_name, MAX(x.partition_method), MAX(x.partition_expression), COUNT(*) FROM information_schema.partitions AS x WHERE ${where} AND x.partition_method IN ('HASH', 'KEY', 'LINEAR HASH', 'LINEAR KEY') GROUP BY x.table_name`,
        )
      ).map((r) => [textOf(r[0]), { partitionBy: `${textOf(r[1])} (${textOf(r[2])})`, partitions: numberOf(r[3]) }]),
    );
    const mariadb = /mariadb/i.test(textOf(tables[0]?.[5]));
    const current = textOrUndefined(tables[0]?.[6]);
    const columns = grouped(
      await query(
        sql`SELECT x.table_name, x.column_name, x.column_type, x.is_nullable, x.column_default, x.extra, x.column_comment, x.collation_name, x.generation_expression FROM information_schema.columns AS x WHERE ${where} ORDER BY x.table_name, x.ordinal_position`,
      ),
      0,
    );
    const expression = sql.raw(mariadb ? "NULL" : "x.expression");
    const statistics = grouped(
      await query(
        sql`SELECT x.table_name, x.index_name, x.non_unique, x.column_name, x.collation, x.sub_part, x.index_type, ${expression} FROM information_schema.statistics AS x WHERE ${where} ORDER BY x.table_name, x.index_name, x.seq_in_index`,
      ),
      0,
    );
    const keys = grouped(
      await query(
        sql`SELECT x.table_name, x.constraint_name, x.column_name, x.referenced_table_schema, x.referenced_table_name, x.referenced_column_name, r.update_rule, r.delete_rule FROM information_schema.key_column_usage AS x JOIN information_schema.referential_constraints AS r ON r.constraint_schema = x.constraint_schema AND r.constraint_name = x.constraint_name AND r.table_name = x.table_name WHERE ${where} AND x.referenced_table_name IS NOT NULL ORDER BY x.table_name, x.constraint_name, x.ordinal_position`,
      ),
      0,
    );
    const checks = grouped(await query(checksQuery(where, mariadb)), 0);
    const triggers = grouped(
      await query(
        sql`SELECT t.event_object_table, t.trigger_name, CONCAT(t.action_timing, ' ', t.event_manipulation, ' ON ', t.event_object_table, ' FOR EACH ROW ', t.action_statement) FROM information_schema.triggers AS t WHERE ${inSchema(scope.schema, "t.event_object_schema")} ORDER BY t.trigger_name`,
      ),
      0,
    );
    return tables.map((row) => {
      const name = textOf(row[0]);
      const isView = flag(row[1]);
      const ownChecks = (checks.get(name) ?? []).map((c) => check(c, mariadb));
      const implied = new Set(
        ownChecks.filter((c) => c.impliedByType).map((c) => (/`(.*)`/.exec(c.sql) ?? [])[1] as string),
      );
      const collation = textOrUndefined(row[4]);
      const foreignKeys = foreignKeysOf(keys.get(name) ?? [], scope.schema, current);
      const stats = statistics.get(name) ?? [];
      const indexes = indexesOf(
        stats.filter((s) => textOf(s[1]) !== "PRIMARY"),
        foreignKeys,
      );
      const engine = textOrUndefined(row[3]);
      return {
        name,
        schema: scope.schema,
        isView,
        columns: (columns.get(name) ?? []).map((c) => column(c, mariadb, implied, collation)),
        primaryKey: primaryKeyOf(stats),
        foreignKeys,
        uniqueConstraints: indexes.filter((i) => i.duplicatesConstraint !== undefined).map(uniqueOf),
        indexes,
        checks: ownChecks,
        // A view's comment is the word VIEW.
        comment: isView ? undefined : nonEmpty(row[2]),
        options: isView
          ? {}
          : {
              mysql: {
                ...(engine !== undefined && { engine }),
                ...(collation !== undefined && { collate: collation }),
                ...partitions.get(name),
              },
            },
        triggers: (triggers.get(name) ?? []).map(
          (t): ReflectedTrigger => ({
            table: name,
            name: textOf(t[1]),
            source: `CREATE TRIGGER ${textOf(t[1])} ${textOf(t[2])}`,
          }),
        ),
        source: undefined,
      };
    });
  }
}

/** ``VIEW `v` (`a`,`b`) AS select …`` → a, b. */
function namesBesideQuery(created: string): readonly string[] | undefined {
  const name = "`(?:[^`]|``)*`";
  const list = new RegExp(`VIEW (?:${name}\\.)?${name} \\((${name}(?:,${name})*)\\) AS `).exec(created)?.[1];
  return list?.match(new RegExp(name, "g"))?.map((n) => n.slice(1, -1).replaceAll("``", "`"));
}
/** Views in an order in which they can be made; the server lists them by name. */
function afterWhatTheyRead(views: readonly ReflectedView[]): readonly ReflectedView[] {
  const ordered = new Set<ReflectedView>();
  const met = new Set<ReflectedView>();
  const place = (view: ReflectedView): void => {
    if (met.has(view)) return;
    met.add(view);
    for (const other of views) if (view.definition.includes(`\`.\`${other.name.replaceAll("`", "``")}\``)) place(other);
    ordered.add(view);
  };
  views.forEach(place);
  return [...ordered];
}
function column(
  row: Row,
  mariadb: boolean,
  validated: ReadonlySet<string>,
  tableCollation: string | undefined,
): ReflectedColumn {
  const name = textOf(row[1]);
  const databaseType = textOf(row[2]);
  const extra = textOf(row[5] ?? "");
  const generation = nonEmpty(row[8]);
  const collation = textOrUndefined(row[7]);
  const update = /on update ([\w()]+)/i.exec(extra)?.[1];
  const type = typeFromColumnType(databaseType, validated.has(name));
  return {
    name,
    type,
    databaseType,
    nullable: flag(row[3]),
    default: generation === undefined ? defaultOf(row[4], extra, databaseType, mariadb) : undefined,
    autoincrement: /auto_increment/i.test(extra),
    ownedSequence: undefined,
    identity: undefined,
    computed:
      generation === undefined
        ? undefined
        : {
            sql: withoutParentheses(mariadb ? generation : shownExpression(generation)),
            persisted: /STORED|PERSISTENT/i.test(extra),
          },
    onUpdate: update === undefined ? undefined : clock(update),
    // JSON has a collation of its own, which is no choice of anybody's.
    collation: collation === tableCollation || type.kind === "json" ? undefined : collation,
    comment: nonEmpty(row[6]),
  };
}
/** `current_timestamp()` → CURRENT_TIMESTAMP, `now(6)` → CURRENT_TIMESTAMP(6). */
function clock(text: string): string {
  const m = /^(?:current_timestamp|now)(?:\((\d*)\))?$/i.exec(text);
  if (m === null) return text;
  return m[1] === undefined || m[1] === "" ? "CURRENT_TIMESTAMP" : `CURRENT_TIMESTAMP(${m[1]})`;
}
/** MariaDB gives SQL, with NULL for a default of NULL; MySQL gives the bare value, and says beside it when it is SQL. */
function defaultOf(value: unknown, extra: string, type: string, mariadb: boolean): string | undefined {
  const text = textOrUndefined(value);
  if (text === undefined) return undefined;
  if (mariadb) return text === "NULL" ? undefined : clock(text);
  if (/DEFAULT_GENERATED/i.test(extra) || /^current_timestamp/i.test(text)) return clock(shownExpression(text));
  return /^(tinyint|smallint|mediumint|int|bigint|decimal|float|double|bit)/.test(type)
    ? text
    : `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

function primaryKeyOf(stats: Rows): ReflectedTable["primaryKey"] {
  const columns = stats.filter((s) => textOf(s[1]) === "PRIMARY").map((s) => textOf(s[3]));
  return columns.length === 0 ? undefined : { name: undefined, columns };
}
function foreignKeysOf(
  rows: Rows,
  schema: string | undefined,
  current: string | undefined,
): readonly ReflectedForeignKey[] {
  return [...grouped(rows, 1).values()].map((parts) => {
    const first = parts[0] as Row;
    const referred = textOf(first[3]);
    const near = referred === (schema ?? current);
    return {
      name: textOf(first[1]),
      columns: parts.map((p) => textOf(p[2])),
      referredSchema: near ? schema : referred,
      referredTable: textOf(first[4]),
      referredColumns: parts.map((p) => textOf(p[5])),
      onUpdate: action(first[6]),
      onDelete: action(first[7]),
      deferrable: undefined,
      initially: undefined,
      match: undefined,
    };
  });
}
/** RESTRICT and NO ACTION are one thing here, and what happens when nothing is said. */
function action(value: unknown): ReflectedAction | undefined {
  const text = textOf(value);
  return text === "RESTRICT" || text === "NO ACTION" ? undefined : (text as ReflectedAction);
}

function indexesOf(rows: Rows, foreignKeys: readonly ReflectedForeignKey[]): readonly ReflectedIndex[] {
  return [...grouped(rows, 1).values()].map((parts) => {
    const first = parts[0] as Row;
    const name = textOf(first[1]);
    const unique = !flag(first[2]);
    const method = textOf(first[6]);
    const columns = parts.map((p) => textOrUndefined(p[3]));
    const length = Object.fromEntries(
      parts.flatMap((p) => (p[5] === null || p[3] === null ? [] : [[textOf(p[3]), numberOf(p[5])]])),
    );
    const options = {
      ...(Object.keys(length).length > 0 && { length }),
      ...((method === "FULLTEXT" || method === "SPATIAL") && { prefix: method }),
      ...(method === "HASH" && { using: method }),
    };
    // InnoDB indexes the columns of a foreign key under the constraint's name, or the first column's.
    const servedKey = unique
      ? undefined
      : foreignKeys.find(
          (k) =>
            k.columns.length === columns.length &&
            k.columns.every((c, i) => c === columns[i]) &&
            (k.name === name || k.columns[0] === name),
        );
    return {
      name,
      unique,
      parts: parts.map((p) => {
        const column = textOrUndefined(p[3]);
        return {
          column,
          sql: column ?? withoutParentheses(shownExpression(textOf(p[7]))),
          descending: textOf(p[4]) === "D",
          nulls: undefined,
        };
      }),
      where: undefined,
      duplicatesConstraint: unique && isConstraint(parts) ? name : undefined,
      impliedByForeignKey: servedKey?.name,
      nullsNotDistinct: false,
      dialectOptions: Object.keys(options).length === 0 ? {} : { mysql: options },
      source: undefined,
    };
  });
}
/** Over whole columns in their order: of prefixes and expressions there are only indexes. */
function isConstraint(parts: Rows): boolean {
  return parts.every((p) => p[3] !== null && p[5] === null && textOf(p[4]) !== "D");
}
/** A unique index and a UNIQUE constraint are one thing here; it is reported as both. */
function uniqueOf(index: ReflectedIndex): ReflectedUnique {
  return {
    name: index.name,
    columns: index.parts.map((p) => p.column as string),
    duplicatesIndex: index.name,
    nullsNotDistinct: false,
    deferrable: undefined,
    initially: undefined,
  };
}

function checksQuery(where: TextClause, mariadb: boolean): TextClause {
  if (mariadb) {
    return sql`SELECT x.table_name, x.constraint_name, x.check_clause, x.level FROM (SELECT constraint_schema AS table_schema, table_name, constraint_name, check_clause, level FROM information_schema.check_constraints) AS x WHERE ${where} ORDER BY x.table_name, x.constraint_name`;
  }
  return sql`SELECT x.table_name, x.constraint_name, c.check_clause, 'Table' FROM information_schema.table_constraints AS x JOIN information_schema.check_constraints AS c ON c.constraint_schema = x.constraint_schema AND c.constraint_name = x.constraint_name WHERE x.constraint_type = 'CHECK' AND ${where} ORDER BY x.table_name, x.constraint_name`;
}
/** A check beside a column has the column's name for its own in MariaDB: it was given none. */
function check(row: Row, mariadb: boolean): ReflectedCheck {
  const clause = withoutParentheses(mariadb ? textOf(row[2]) : shownExpression(textOf(row[2])));
  const beside = textOf(row[3]) === "Column";
  return {
    name: beside ? undefined : textOf(row[1]),
    sql: clause,
    impliedByType: beside && /^json_valid\(`[^`]+`\)$/i.test(clause),
  };
}
