/** Rules about what is lost, and about what the program that still runs would miss. Source: squawk, strong_migrations, Atlas. */
import type {
  AddColumnOp,
  AlterColumnOp,
  DropColumnOp,
  DropConstraintOp,
  DropTableOp,
  RenameTableOp,
} from "../ops/index.js";
import { type LintRule, named, sqlText } from "./rule.js";

const NAME = String.raw`((?:["\x60]?[\w$]+["\x60]?\.)?["\x60]?[\w$]+["\x60]?)`;
const re = (text: string) => new RegExp(text.replaceAll("NAME", NAME), "i");

export const destructiveRules: readonly LintRule[] = [
  {
    id: "drop-table",
    level: "error",
    about: "A table is dropped with all its rows.",
    instead:
      "First release a version that no longer uses the table, keep a copy (RENAME it, or dump it), and drop it in a later release.",
    check(op, at) {
      const sql = sqlText(op);
      const raw = sql === undefined ? undefined : named(sql, re(String.raw`\bdrop table (?:if exists )?NAME`));
      const { tableName, schema } = op as DropTableOp;
      const name = op.kind === "dropTable" ? tableName : raw;
      return name === undefined || at.isNew(name, schema) ? undefined : `'${name}' is dropped with all its rows`;
    },
  },
  {
    id: "drop-column",
    level: "error",
    about: "A column is dropped with all its values, and programs that still run select it.",
    instead:
      "Release a version whose models no longer have the column, then drop it in a later release; copy the values first if they may be needed.",
    check(op, at) {
      const sql = sqlText(op);
      if (
        sql !== undefined &&
        /\balter table .* drop (column )?(?!constraint|index|key|primary|foreign|check|default|not null)/i.test(sql)
      ) {
        return "a column is dropped with all its values";
      }
      if (op.kind !== "dropColumn") return undefined;
      const { tableName, schema, columnName } = op as DropColumnOp;
      return at.isNew(tableName, schema) ? undefined : `'${tableName}.${columnName}' is dropped with all its values`;
    },
  },
  {
    id: "drop-schema",
    level: "error",
    about: "A schema or database is dropped with everything in it.",
    instead: "Drop its objects one by one, in a release after the last that used them.",
    check: (op) =>
      /\bdrop (schema|database)\b/i.test(sqlText(op) ?? "")
        ? "a schema or database is dropped with everything in it"
        : undefined,
  },
  {
    id: "truncate",
    level: "error",
    about: "TRUNCATE removes all rows, also those that CASCADE reaches.",
    instead: "DELETE with a condition, in batches, and after a copy.",
    check: (op) => (/^\s*truncate\b/i.test(sqlText(op) ?? "") ? "all rows are removed" : undefined),
  },
  {
    id: "delete-all-rows",
    level: "error",
    about: "DELETE without WHERE.",
    instead: "Say which rows, and delete many in batches outside of the migration.",
    check: (op) =>
      /^\s*delete from (?!.*\bwhere\b)/i.test(sqlText(op) ?? "") ? "DELETE without WHERE removes all rows" : undefined,
  },
  {
    id: "update-all-rows",
    level: "warning",
    about: "UPDATE without WHERE locks and rewrites every row.",
    instead: "Update in batches of some thousand keys, each committed by itself, with a WHERE that skips what is done.",
    check(op, at) {
      const sql = sqlText(op);
      const table =
        sql === undefined || /\bwhere\b/i.test(sql) ? undefined : named(sql, re(String.raw`^update (?:only )?NAME`));
      return table === undefined || at.isNew(table)
        ? undefined
        : `every row of '${table}' is locked and rewritten at once`;
    },
  },
  {
    id: "rename-table",
    level: "error",
    about: "Programs that still run use the old name.",
    instead:
      "Create the new table and fill both, or leave a view under the old name, and drop that in a later release.",
    check(op, at) {
      const raw =
        named(sqlText(op) ?? "", re(String.raw`\balter table (?:if exists )?NAME rename to `)) ??
        named(sqlText(op) ?? "", re(String.raw`^rename table NAME`));
      const { tableName, schema } = op as RenameTableOp;
      const name = op.kind === "renameTable" ? tableName : raw;
      return name === undefined || at.isNew(name, schema)
        ? undefined
        : `programs that still run know '${name}' by its old name`;
    },
  },
  {
    id: "rename-column",
    level: "error",
    about: "Programs that still run use the old name.",
    instead:
      "Keep the column's name and map the property to it; or add a second column, write both, backfill, read the new one, and drop the old one in a later release.",
    check(op, at) {
      if (/\balter table .* rename (column )?(?!to |constraint|index|key)/i.test(sqlText(op) ?? ""))
        return "programs that still run know the column by its old name";
      if (op.kind !== "alterColumn") return undefined;
      const { changes, tableName, schema, columnName } = op as AlterColumnOp;
      if (changes.newName === undefined || changes.newName === columnName || at.isNew(tableName, schema))
        return undefined;
      return `programs that still run know '${tableName}.${changes.newName}' as '${columnName}'`;
    },
  },
  {
    id: "drop-not-null",
    level: "notice",
    about: "Programs that still run may not expect NULL.",
    instead: "Release a version that copes with NULL first.",
    check(op, at) {
      if (op.kind !== "alterColumn") return undefined;
      const { changes, existing, tableName, schema, columnName } = op as AlterColumnOp;
      if (changes.nullable !== true || existing.nullable === true || at.isNew(tableName, schema)) return undefined;
      return `'${tableName}.${columnName}' may be NULL from now on`;
    },
  },
  {
    id: "drop-primary-key",
    level: "error",
    about: "Without a primary key rows cannot be told apart, and replication may stop.",
    instead: "Build the new key's unique index first and swap both in one ALTER TABLE.",
    check(op, at) {
      const { constraintKind, table } = op as DropConstraintOp;
      const own =
        op.kind === "dropConstraint" && constraintKind === "primaryKey" && !at.isNew(table.tableName, table.schema);
      return own || /\bdrop primary key\b/i.test(sqlText(op) ?? "") ? "the primary key is dropped" : undefined;
    },
  },
  {
    id: "required-column",
    level: "error",
    about:
      "A NOT NULL column without a default fails on a table with rows, and inserts of programs that still run fail.",
    instead:
      "Add it nullable, fill it with op.execute(), then op.alterColumn(…, { nullable: false }); or give it a serverDefault.",
    check(op, at) {
      if (op.kind !== "addColumn") return undefined;
      const { tableName, schema, columnName, definition } = op as AddColumnOp;
      const { nullable, serverDefault, computed, identity, primaryKey } = definition.fields;
      if (nullable || serverDefault !== undefined || computed !== undefined || identity !== undefined || primaryKey)
        return undefined;
      return at.isNew(tableName, schema) ? undefined : `'${tableName}.${columnName}' is NOT NULL and has no default`;
    },
  },
  {
    id: "no-downgrade",
    level: "notice",
    about: "The revision cannot be undone.",
    instead: "Export a function downgrade(op).",
    // Told once for the revision, by lintRevision.
    check: () => undefined,
  },
];
