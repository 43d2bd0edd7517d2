/**
 * Other values of an enumeration: names of values change in place; values that go, and another order, need a new type to
 * which every column is moved. Source: PostgreSQL documentation, "ALTER TYPE" and "ALTER TABLE … ALTER COLUMN TYPE".
 */
import { AlterColumnDefault, CreateType, DdlText, DropType, EnumType, sql } from "@athanor/core";
import { OperationError } from "../errors.js";
import type { AlterEnumOp, EnumColumn } from "../ops/index.js";
import type { OperationHost } from "./host.js";

interface FoundColumn extends EnumColumn {
  /** SQL of the default. */
  readonly default?: string | undefined;
}

export async function alterEnum(op: AlterEnumOp, host: OperationHost): Promise<void> {
  const { dialect } = host;
  const quote = (name: string) => dialect.quote(name);
  const full = (name: string) => (op.schema === undefined ? quote(name) : `${quote(op.schema)}.${quote(name)}`);
  const literal = (text: string) => dialect.stringLiteral(text);
  for (const [from, to] of Object.entries(op.renames)) {
    await host.run(new DdlText(`ALTER TYPE ${full(op.name)} RENAME VALUE ${literal(from)} TO ${literal(to)}`));
  }
  const existing = op.existing ?? (host.offline ? undefined : await valuesOf(op, host));
  const now = existing?.map((v) => op.renames[v] ?? v);
  if (now !== undefined && now.join("\u0000") === op.values.join("\u0000")) return;
  const gone = (now ?? []).filter((v) => !op.values.includes(v));
  const columns: readonly FoundColumn[] | undefined = host.offline ? op.columns : await columnsOf(op, host);
  if (columns === undefined) {
    throw new OperationError(
      "migrate.enum-columns",
      `alterEnum("${op.name}"): a script cannot look up which columns have the type`,
      { hint: 'Say them: { columns: [{ table: "person", column: "mood" }] }.' },
    );
  }
  if (!host.offline) await assertUnused(op, gone, columns, host);

  const old = `${op.name}__old`;
  await host.run(new DdlText(`ALTER TYPE ${full(op.name)} RENAME TO ${quote(old)}`));
  await host.run(new CreateType(new EnumType(op.values, { name: op.name, native: true }), op.schema));
  for (const column of columns) {
    const place = { tableName: column.table, schema: column.schema };
    const table = column.schema === undefined ? quote(column.table) : `${quote(column.schema)}.${quote(column.table)}`;
    const text = `${quote(column.column)}::text${column.isArray ? "[]" : ""}`;
    const moved = Object.entries(op.replace).reduce(
      (value, [from, to]) =>
        column.isArray
          ? `array_replace(${value}, ${literal(from)}, ${literal(to)})`
          : `CASE WHEN ${text} = ${literal(from)} THEN ${literal(to)} ELSE ${value} END`,
      text,
    );
    const type = `${full(op.name)}${column.isArray ? "[]" : ""}`;
    if (column.default !== undefined) await host.run(new AlterColumnDefault(place, column.column, null));
    await host.run(
      new DdlText(`ALTER TABLE ${table} ALTER COLUMN ${quote(column.column)} TYPE ${type} USING (${moved})::${type}`),
    );
    if (column.default !== undefined) {
      const value = /^'((?:[^']|'')*)'/.exec(column.default)?.[1]?.replaceAll("''", "'");
      const next = value === undefined ? undefined : (op.replace[value] ?? value);
      // A default that is no value any more goes with it.
      if (next !== undefined && (column.isArray || op.values.includes(next)))
        await host.run(new AlterColumnDefault(place, column.column, `${literal(next)}::${type}`));
    }
  }
  await host.run(new DropType(new EnumType([], { name: old, native: true }), op.schema));
}

/** The values as they were before the new names. */
async function valuesOf(op: AlterEnumOp, host: OperationHost): Promise<string[]> {
  const rows = await host.connection.execute(
    sql`SELECT e.enumlabel FROM pg_catalog.pg_enum AS e JOIN pg_catalog.pg_type AS t ON t.oid = e.enumtypid JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace WHERE t.typname = ${op.name} AND n.nspname = COALESCE(${op.schema ?? null}::text, current_schema()) ORDER BY e.enumsortorder`,
  );
  const back = new Map(Object.entries(op.renames).map(([from, to]) => [to, from]));
  const values = [...rows].map((r) => String(r[0]));
  if (values.length === 0) {
    throw new OperationError("migrate.no-enum", `There is no enumeration '${op.name}'`, {
      hint: "createEnum() makes one.",
    });
  }
  return values.map((v) => back.get(v) ?? v);
}

/** Every column of tables that has the type, or an array of it. */
async function columnsOf(op: AlterEnumOp, host: OperationHost): Promise<FoundColumn[]> {
  const rows = await host.connection.execute(
    sql`SELECT c.relname, a.attname, CASE WHEN n.nspname = current_schema() THEN NULL ELSE n.nspname END, a.atttypid <> t.oid, pg_catalog.pg_get_expr(d.adbin, d.adrelid)
      FROM pg_catalog.pg_attribute AS a
      JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
      JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_type AS t ON a.atttypid IN (t.oid, t.typarray)
      JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.typnamespace
      LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE t.typname = ${op.name} AND tn.nspname = COALESCE(${op.schema ?? null}::text, current_schema())
        AND NOT a.attisdropped AND NOT c.relispartition
      ORDER BY n.nspname, c.relname, a.attnum`,
  );
  return [...rows].map((r) => ({
    table: String(r[0]),
    column: String(r[1]),
    schema: r[2] === null ? undefined : String(r[2]),
    isArray: r[3] === true,
    default: r[4] === null ? undefined : String(r[4]),
  }));
}

/** Rows that hold a value which is to go, and nothing says what becomes of them. */
async function assertUnused(
  op: AlterEnumOp,
  gone: readonly string[],
  columns: readonly EnumColumn[],
  host: OperationHost,
): Promise<void> {
  const quote = (name: string) => host.dialect.quote(name);
  for (const value of gone.filter((v) => op.replace[v] === undefined)) {
    for (const { table, column, schema, isArray } of columns) {
      const from = sql.raw(schema === undefined ? quote(table) : `${quote(schema)}.${quote(table)}`);
      const cell = sql.raw(`${quote(column)}::text${isArray ? "[]" : ""}`);
      const criterion = isArray ? sql`${value} = ANY (${cell})` : sql`${cell} = ${value}`;
      const [row] = await host.connection.execute(sql`SELECT count(*) FROM ${from} WHERE ${criterion}`);
      if (Number(row?.[0]) === 0) continue;
      throw new OperationError(
        "migrate.enum-value-used",
        `The value '${value}' of enumeration '${op.name}' cannot go: ${row?.[0]} row(s) of '${table}' have it in '${column}'`,
        { hint: `Update them first, or say what they become: { replace: { ${JSON.stringify(value)}: … } }.` },
      );
    }
  }
}
