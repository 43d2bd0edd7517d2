/** Rules about locks: what stops reads or writes while the table is scanned or written anew. */
import type { DatabaseFamily } from "../impl/index.js";
import type {
  AddColumnOp,
  AddConstraintOp,
  AddEnumValueOp,
  AlterColumnOp,
  CreateIndexOp,
  CreateTableOp,
  DropIndexOp,
  MigrateOp,
} from "../ops/index.js";
import { type LintRule, named, sqlText } from "./rule.js";

const pg: readonly DatabaseFamily[] = ["postgresql"];
const servers: readonly DatabaseFamily[] = ["postgresql", "mysql", "other"];
const VOLATILE =
  /\b(random|gen_random_uuid|uuid_generate_v\w+|clock_timestamp|timeofday|nextval|uuid|rand|sysdate)\s*\(/i;
const isConcurrent = (op: CreateIndexOp) =>
  (op.index.dialectOptions.postgresql as { readonly concurrently?: boolean } | undefined)?.concurrently === true;
const defaultText = (value: unknown) => (value === undefined ? "" : String(value));

export const lockingRules: readonly LintRule[] = [
  {
    id: "change-column-type",
    level: "error",
    databases: servers,
    about: "Another type writes the whole table anew under a lock that stops reads and writes, and may cut values.",
    instead:
      "Add a column of the new type, write both, backfill in batches, read the new one, drop the old one later. Only a longer VARCHAR (within one length class on MySQL) is cheap.",
    check(op, at) {
      if (/\balter (column )?\S+ (set data )?type\b|\bmodify (column )?\S+ /i.test(sqlText(op) ?? ""))
        return "the column's type changes";
      if (op.kind !== "alterColumn") return undefined;
      const { changes, existing, tableName, schema, columnName } = op as AlterColumnOp;
      if (changes.type === undefined || at.isNew(tableName, schema)) return undefined;
      const length = (t: unknown) => (t as { readonly length?: number } | undefined)?.length;
      const [was, now] = [length(existing.type), length(changes.type)];
      const isWider =
        existing.type?.kind === changes.type.kind && was !== undefined && (now === undefined || now >= was);
      return isWider ? undefined : `'${tableName}.${columnName}' changes its type: the table is written anew`;
    },
  },
  {
    id: "set-not-null",
    level: "warning",
    databases: servers,
    about:
      "NOT NULL on a filled table scans (PostgreSQL) or copies (MySQL) all of it under a lock, and fails on a NULL.",
    instead:
      "PostgreSQL: add CHECK (c IS NOT NULL) NOT VALID, VALIDATE CONSTRAINT in a revision of its own, then SET NOT NULL, which then scans nothing. Elsewhere: when writes are few, with a lock timeout.",
    check(op, at) {
      if (/\balter (column )?\S+ set not null\b/i.test(sqlText(op) ?? ""))
        return "all rows are looked through under a lock";
      if (op.kind !== "alterColumn") return undefined;
      const { changes, existing, tableName, schema, columnName } = op as AlterColumnOp;
      if (changes.nullable !== false || existing.nullable === false || at.isNew(tableName, schema)) return undefined;
      return `all rows of '${tableName}' are looked through under a lock for NULL in '${columnName}'`;
    },
  },
  {
    id: "constraint-not-valid",
    level: "warning",
    databases: pg,
    about:
      "A foreign key or check that is added at once scans the table while writes (for a key: to both tables) wait.",
    instead:
      "op.execute('ALTER TABLE … ADD CONSTRAINT … NOT VALID'), then ALTER TABLE … VALIDATE CONSTRAINT … in a revision of its own.",
    check(op, at) {
      const text = sqlText(op) ?? "";
      if (/\badd (constraint \S+ )?(foreign key|check)\b/i.test(text) && !/\bnot valid\b/i.test(text))
        return "the table is scanned while writes wait";
      if (op.kind !== "addConstraint") return undefined;
      const { table, constraint } = op as AddConstraintOp;
      if ((constraint.kind !== "foreignKey" && constraint.kind !== "check") || at.isNew(table.tableName, table.schema))
        return undefined;
      return `'${table.tableName}' is scanned for ${constraint.kind === "check" ? "the check" : "the foreign key"} while writes wait`;
    },
  },
  {
    id: "foreign-key-lock",
    level: "warning",
    databases: ["mysql"],
    about: "ADD FOREIGN KEY copies the table while writes wait, unless foreign_key_checks is off.",
    instead: "Clean the rows first, then SET foreign_key_checks = 0 around it, so that InnoDB adds it in place.",
    check(op, at) {
      if (op.kind !== "addConstraint") return undefined;
      const { table, constraint } = op as AddConstraintOp;
      return constraint.kind === "foreignKey" && !at.isNew(table.tableName, table.schema)
        ? `'${table.tableName}' is copied while writes wait`
        : undefined;
    },
  },
  {
    id: "unique-constraint",
    level: "warning",
    databases: pg,
    about: "ADD UNIQUE builds its index while neither reads nor writes get through.",
    instead:
      "CREATE UNIQUE INDEX CONCURRENTLY in an autocommitBlock(), then op.execute('ALTER TABLE … ADD CONSTRAINT … UNIQUE USING INDEX …').",
    check(op, at) {
      const text = sqlText(op) ?? "";
      if (/\badd (constraint \S+ )?(unique|primary key)\b/i.test(text) && !/\busing index\b/i.test(text))
        return "an index is built under a lock";
      if (op.kind !== "addConstraint") return undefined;
      const { table, constraint } = op as AddConstraintOp;
      const builds = constraint.kind === "unique" || constraint.kind === "primaryKey";
      return builds && !at.isNew(table.tableName, table.schema)
        ? `an index on '${table.tableName}' is built while neither reads nor writes get through`
        : undefined;
    },
  },
  {
    id: "index-concurrently",
    level: "warning",
    databases: pg,
    about: "CREATE INDEX stops writes for as long as it takes.",
    instead:
      "op.autocommitBlock(() => op.createIndex(…, { dialectOptions: { postgresql: { concurrently: true } } })), in a revision of its own.",
    check(op, at) {
      const text = sqlText(op) ?? "";
      if (/^create (unique )?index (?!concurrently)/i.test(text))
        return at.isNew(named(text, /\bon (?:only )?(\S+)/i)) ? undefined : "writes wait while the index is built";
      if (op.kind !== "createIndex") return undefined;
      const { tableName, schema, index } = op as CreateIndexOp;
      if (isConcurrent(op as CreateIndexOp) || at.isNew(tableName, schema)) return undefined;
      return `writes to '${tableName}' wait while '${index.name ?? "the index"}' is built`;
    },
  },
  {
    id: "drop-index-concurrently",
    level: "warning",
    databases: pg,
    about: "DROP INDEX waits for, and then stops, everything on the table.",
    instead: "op.autocommitBlock(() => op.dropIndex(…, { concurrently: true })).",
    check(op, at) {
      if (/^drop index (?!concurrently)/i.test(sqlText(op) ?? "")) return "reads and writes of the table wait";
      if (op.kind !== "dropIndex") return undefined;
      const { concurrently, name, tableName, schema } = op as DropIndexOp;
      return concurrently || at.isNew(tableName, schema)
        ? undefined
        : `reads and writes wait while '${name}' is dropped`;
    },
  },
  {
    id: "concurrently-in-transaction",
    level: "error",
    databases: pg,
    about: "CONCURRENTLY is refused inside a transaction.",
    instead: "Put it into op.autocommitBlock(), alone.",
    check(op, at) {
      if (at.autocommit) return undefined;
      const asked =
        (op.kind === "createIndex" && isConcurrent(op as CreateIndexOp)) ||
        (op.kind === "dropIndex" && (op as DropIndexOp).concurrently) ||
        /\bindex concurrently\b/i.test(sqlText(op) ?? "");
      return asked ? "the server refuses it inside a transaction" : undefined;
    },
  },
  {
    id: "volatile-default",
    level: "error",
    databases: servers,
    about: "A default that differs from row to row writes the whole table anew under a lock.",
    instead:
      "Add the column without a default, set the default with alterColumn (for new rows), and backfill in batches.",
    check(op, at) {
      const text = sqlText(op) ?? "";
      if (/\badd column\b/i.test(text) && VOLATILE.test(text)) return "the table is written anew";
      if (op.kind !== "addColumn") return undefined;
      const { tableName, schema, columnName, definition } = op as AddColumnOp;
      const isVolatile = VOLATILE.test(defaultText(definition.fields.serverDefault));
      return isVolatile && !at.isNew(tableName, schema)
        ? `the default of '${tableName}.${columnName}' differs from row to row`
        : undefined;
    },
  },
  {
    id: "add-key-column",
    level: "error",
    databases: servers,
    about: "A column that numbers itself, or a primary key, writes the whole table anew under a lock.",
    instead: "Add a plain column, fill it in batches, build its unique index concurrently, then make it the key.",
    check(op, at) {
      if (op.kind !== "addColumn") return undefined;
      const { tableName, schema, columnName, definition } = op as AddColumnOp;
      const { primaryKey, identity, autoincrement } = definition.fields;
      const numbers = primaryKey || identity !== undefined || autoincrement === true;
      return numbers && !at.isNew(tableName, schema)
        ? `'${tableName}.${columnName}' is filled for every row under a lock`
        : undefined;
    },
  },
  {
    id: "stored-computed-column",
    level: "error",
    databases: servers,
    about: "A stored computed column writes the whole table anew under a lock.",
    instead:
      "Add a plain column that the program or a trigger fills, and backfill it in batches; or use a virtual column.",
    check(op, at) {
      if (op.kind !== "addColumn") return undefined;
      const { tableName, schema, columnName, definition } = op as AddColumnOp;
      return definition.fields.computed?.persisted && !at.isNew(tableName, schema)
        ? `'${tableName}.${columnName}' is computed for every row under a lock`
        : undefined;
    },
  },
  {
    id: "enum-value-in-transaction",
    level: "warning",
    databases: pg,
    about:
      "A new enumeration value cannot be used before its transaction is committed (and before PostgreSQL 12 not even be added).",
    instead: "Put it into op.autocommitBlock(), and use the value in a later revision.",
    check: (op, at) =>
      (op.kind === "addEnumValue" || /\balter type .* add value\b/i.test(sqlText(op) ?? "")) && !at.autocommit
        ? `the value ${(op as AddEnumValueOp).value ?? ""} cannot be used in this transaction`
        : undefined,
  },
  {
    id: "backfill-in-ddl-transaction",
    level: "warning",
    databases: pg,
    about:
      "Rows are written in the transaction that holds the lock of a changed table: everything waits for all of it.",
    instead: "Change the table in one revision and write the rows in another, with transactionPerMigration.",
    check(op, at) {
      const text = sqlText(op);
      const table =
        text === undefined ? undefined : named(text, /^(?:update (?:only )?|delete from |insert into )(\S+)/i);
      if (table === undefined || at.autocommit || at.isNew(table)) return undefined;
      const isChanged = at.before.some(
        (b) => /^(addColumn|alterColumn|dropColumn|addConstraint|dropConstraint)$/.test(b.kind) && tableOf(b) === table,
      );
      return isChanged ? `'${table}' is locked by the ALTER TABLE before, until all rows are written` : undefined;
    },
  },
  {
    id: "raw-table-lock",
    level: "error",
    about: "LOCK TABLE, VACUUM FULL, CLUSTER and plain REINDEX stop everything on the table.",
    instead: "Use REINDEX CONCURRENTLY or pg_repack, outside of migrations.",
    check: (op) =>
      /^(lock tables?\b|vacuum full\b|cluster\b|reindex (?!.*\bconcurrently\b)|refresh materialized view (?!concurrently)|optimize table\b)/i.test(
        sqlText(op) ?? "",
      )
        ? "everything on the table waits"
        : undefined,
  },
  {
    id: "json-column",
    level: "warning",
    databases: pg,
    about: "json has no equality: SELECT DISTINCT, GROUP BY and UNION over the table fail.",
    instead: "Use jsonb.",
    check: (op) =>
      /\b(add column \S+|create table .*) json\b(?!b)/i.test(sqlText(op) ?? "")
        ? "json has no equality operator"
        : undefined,
  },
  {
    id: "small-key",
    level: "notice",
    databases: servers,
    about: "A 32-bit key ends at 2 147 483 647, and growing it later writes the table anew.",
    instead: "bigInteger() for keys that number themselves.",
    check(op) {
      if (op.kind !== "createTable") return undefined;
      const { table } = op as CreateTableOp;
      const key = table.columns.filter((c) => c.primaryKey);
      const small =
        key.length === 1 &&
        /^(integer|smallInteger)$/.test(key[0]?.type.kind ?? "") &&
        key[0]?.fields.references === undefined;
      return small ? `the key of '${table.tableName}' ends at 2 147 483 647` : undefined;
    },
  },
  {
    id: "foreign-key-index",
    level: "notice",
    databases: ["postgresql", "sqlite"],
    about: "Without an index on its columns, a foreign key scans the table for every deleted parent.",
    instead: ".index() beside .references().",
    check(op, at) {
      if (op.kind !== "createTable") return undefined;
      const { table } = op as CreateTableOp;
      const covered = (column: string) =>
        table.columns.some(
          (c, i) =>
            c.columnName === column &&
            (c.fields.index !== false || c.fields.unique !== false || (c.primaryKey && i === 0)),
        ) ||
        table.constraints.some(
          (c) => (c.kind === "unique" || c.kind === "primaryKey") && c.columns[0]?.columnName === column,
        ) ||
        at.all.some(
          (o) =>
            o.kind === "createIndex" &&
            tableOf(o) === table.tableName &&
            ((o as CreateIndexOp).index.expressions[0] as { columnName?: string })?.columnName === column,
        );
      const bare = table.constraints.flatMap((c) =>
        c.kind === "foreignKey" && !covered(c.columns[0]?.columnName ?? "") ? [c.columns[0]?.columnName ?? ""] : [],
      );
      return bare.length === 0
        ? undefined
        : `nothing indexes ${bare.map((b) => `'${table.tableName}.${b}'`).join(", ")}`;
    },
  },
  {
    id: "table-rebuild",
    level: "notice",
    databases: ["sqlite"],
    about: "SQLite makes the table anew and copies every row.",
    instead: "Put several changes of one table into one op.batchAlterTable(), so that rows are copied once.",
    check(op, at) {
      if (!/^(alterColumn|addConstraint|dropConstraint)$/.test(op.kind)) return undefined;
      if (
        op.kind === "alterColumn" &&
        Object.entries((op as AlterColumnOp).changes).every(
          ([k, v]) => k === "newName" || k === "comment" || v === undefined,
        )
      )
        return undefined;
      const table = tableOf(op);
      return at.isNew(table) ? undefined : `every row of '${table}' is copied`;
    },
  },
];
function tableOf(op: MigrateOp): string | undefined {
  const parts = op as unknown as { readonly tableName?: string };
  return parts.tableName;
}
