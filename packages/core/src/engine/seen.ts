/** Which rows of a result came before: what `unique()` goes by. */

/** What was seen, by each of the functions that say what makes two rows the same. */
export class Seen {
  readonly #by = new Map<(row: never) => unknown, Set<unknown>>();
  /** The rows that were not seen before. */
  fresh(rows: readonly unknown[], by: (row: never) => unknown): unknown[] {
    let seen = this.#by.get(by);
    if (seen === undefined) this.#by.set(by, (seen = new Set()));
    const known = seen;
    return rows.filter((row) => {
      const key = by(row as never);
      if (known.has(key)) return false;
      known.add(key);
      return true;
    });
  }
}

/** Equal for rows, values and objects by name with equal values in them; other objects (entities) count by identity. */
export function sameness(row: unknown): unknown {
  if (typeof row !== "object" || row === null) return row;
  // No text that a program stores begins so.
  return isValue(row) ? `\0${spelled(row)}` : row;
}

const objects = new WeakMap<object, number>();
let objectCount = 0;
function isValue(value: object): boolean {
  if (Array.isArray(value) || value instanceof Date || value instanceof Uint8Array) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
function spelled(value: unknown): string {
  if (typeof value === "string") return `string:${value.length}:${value}`;
  if (typeof value !== "object" || value === null) return `${typeof value}:${String(value)}`;
  if (!isValue(value)) {
    let id = objects.get(value);
    if (id === undefined) objects.set(value, (id = ++objectCount));
    return `object:${id}`;
  }
  if (Array.isArray(value)) return `[${value.map(spelled).join("|")}]`;
  if (value instanceof Date) return `date:${value.getTime()}`;
  if (value instanceof Uint8Array)
    return `bytes:${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")}`;
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${spelled(name)}=${spelled((value as { readonly [name: string]: unknown })[name])}`).join("|")}}`;
}
