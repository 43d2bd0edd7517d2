/** An entity-relationship diagram of the models' tables, as Mermaid text. */
import type { Dialect, ForeignKeyConstraint, MetaData, Table } from "@athanor/core";

const word = (text: string) => (/^[A-Za-z_]\w*$/.test(text) ? text : `"${text.replaceAll('"', "'")}"`);
/** Attribute names and types must be words, commas and brackets included. */
const plain = (text: string) => text.replaceAll(/[^\w(),\-[\]]+/g, "_").replace(/^(\d)/, "_$1");

/**
 * Keys are marked PK, FK and UK; a line says whether a row must, may or cannot have several partners.
 * @example erdMermaid([db.metadata], engine.dialect)
 */
export function erdMermaid(metadata: readonly MetaData[], dialect: Dialect): string {
  const tables = metadata.flatMap((m) => {
    m.configure();
    return [...m.tables.values()];
  });
  tables.sort((a, b) => (a.fullName < b.fullName ? -1 : 1));
  const lines = ["erDiagram"];
  for (const table of tables) {
    lines.push(`  ${word(table.fullName)} {`);
    for (const column of table.columns) {
      const marks = [
        column.primaryKey ? "PK" : "",
        keysOf(table).some((k) => k.columns.includes(column)) ? "FK" : "",
        isUnique(table, [column.columnName]) && !column.primaryKey ? "UK" : "",
      ].filter((m) => m !== "");
      const type = plain(dialect.ddlType(column.type).toLowerCase());
      const { comment } = column.fields;
      const notes = [column.nullable ? "nullable" : "", comment ?? ""].filter((n) => n !== "").join(": ");
      const tail = [marks.join(", "), notes === "" ? "" : `"${notes.replaceAll(/["\r\n]/g, "'")}"`].filter(
        (t) => t !== "",
      );
      lines.push(`    ${[type, plain(column.columnName), ...tail].join(" ")}`);
    }
    lines.push("  }");
  }
  const names = new Set(tables.map((t) => t.fullName));
  for (const table of tables) {
    for (const key of keysOf(table)) {
      const target = key.targets[0] as string;
      const referred = target.slice(0, target.lastIndexOf("."));
      if (!names.has(referred)) continue;
      const columns = key.columns.map((c) => c.columnName);
      const parent = table.columns.some((c) => columns.includes(c.columnName) && c.nullable) ? "|o" : "||";
      const child = isUnique(table, columns) ? "o|" : "o{";
      lines.push(
        `  ${word(referred)} ${parent}--${child} ${word(table.fullName)} : "${columns.join(", ").replaceAll('"', "'")}"`,
      );
    }
  }
  return lines.join("\n");
}
const keysOf = (table: Table) => table.constraints.filter((c): c is ForeignKeyConstraint => c.kind === "foreignKey");
/** At most one row has each value of these columns. */
function isUnique(table: Table, columns: readonly string[]): boolean {
  const same = (names: readonly string[]) => names.length === columns.length && names.every((n) => columns.includes(n));
  return (
    table.constraints.some(
      (c) => (c.kind === "unique" || c.kind === "primaryKey") && same(c.columns.map((x) => x.columnName)),
    ) ||
    table.indexes.some(
      (i) =>
        i.unique &&
        i.where === undefined &&
        same(i.expressions.map((e) => ("columnName" in e ? String(e.columnName) : ""))),
    )
  );
}
