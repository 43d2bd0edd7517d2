/** Reading the loosely typed rows of catalogues: drivers differ in how they give numbers and flags. */

export function textOf(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : String(value);
}
export function textOrUndefined(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : textOf(value);
}
/** Empty text means nothing too: comments of MySQL. */
export function nonEmpty(value: unknown): string | undefined {
  const text = textOrUndefined(value);
  return text === "" ? undefined : text;
}
export function flag(value: unknown): boolean {
  return (
    value === true ||
    value === 1 ||
    value === 1n ||
    value === "1" ||
    value === "t" ||
    value === "true" ||
    value === "YES"
  );
}
export function numberOf(value: unknown): number {
  return Number(value);
}
/** A JSON list from a catalogue query; drivers may have parsed it already. */
export function listOf<T>(value: unknown): readonly T[] {
  if (value === null || value === undefined) return [];
  return (typeof value === "string" ? JSON.parse(value) : value) as readonly T[];
}
/** Rows in groups by the text in one place, in order of first appearance. */
export function grouped(rows: readonly (readonly unknown[])[], at: number): Map<string, (readonly unknown[])[]> {
  const groups = new Map<string, (readonly unknown[])[]>();
  for (const row of rows) {
    const key = textOf(row[at]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}
/** `((x > 0))` → `x > 0`. */
export function withoutParentheses(sql: string): string {
  let bare = sql.trim();
  while (bare.startsWith("(") && opensAndCloses(bare)) bare = bare.slice(1, -1).trim();
  return bare;
}
function opensAndCloses(sql: string): boolean {
  let depth = 0;
  let quote = "";
  for (let i = 0; i < sql.length; i++) {
    const c = sql[i] as string;
    if (quote !== "") {
      if (c === quote) quote = "";
    } else if (c === "'" || c === '"' || c === "`") quote = c;
    else if (c === "(") depth++;
    else if (c === ")" && --depth === 0) return i === sql.length - 1;
  }
  return false;
}
