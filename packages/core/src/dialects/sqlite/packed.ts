/**
 * Packed rows: SQLite writes the whole result as one JSON text, which V8 parses far faster than values cross from C++
 * one by one (half the time for large results, see spec/speed-techniques.md, section 2).
 *
 * Only for types that JSON carries without loss, and only for statements without functions of the user's: should the
 * text grow too big, or a column hold bytes against its declaration, the plain statement runs instead. The order of the
 * subquery is kept: SQLite drops an ORDER BY only under aggregates marked as indifferent to it, which
 * json_group_array is not; `test/engine/packed.test.ts` watches over that.
 */
import type { ResultColumn } from "../../compile/compiled.js";

const LOSSLESS = new Set([
  "integer",
  "smallInteger",
  "bigInteger",
  "boolean",
  "string",
  "text",
  "enum",
  "uuid",
  "date",
  "time",
  "dateTime",
  "float",
  "double",
]);

/** The packed form of a SELECT, or undefined where it could lose something. `names`: the columns as the text names them. */
export function packedText(
  sql: string,
  columns: readonly ResultColumn[],
  names: readonly string[],
  quote: (name: string) => string,
): string | undefined {
  if (columns.length === 0 || columns.length > 100 || columns.some((c) => !LOSSLESS.has(c.type.kind))) return undefined;
  const values = columns.map((c, i) => {
    const name = quote(names[i] as string);
    return c.type.kind === "bigInteger" ? `CAST(${name} AS TEXT)` : name;
  });
  return `SELECT json_group_array(json_array(${values.join(", ")})) FROM (${sql})`;
}
/** The error says that the plain statement is needed. */
export function refusesPacking(error: unknown): boolean {
  return error instanceof Error && /JSON cannot hold BLOB|too big/.test(error.message);
}
