/** Rows met before: joined collections repeat what stands beside them. Objects count by identity, values by value. */
type Level = Map<unknown, Level | true>;

export class SeenRows {
  readonly #root: Level = new Map();

  /** Whether such a row is new; from now on it is not. */
  add(row: readonly unknown[]): boolean {
    let level = this.#root;
    const last = row.length - 1;
    for (let i = 0; i < last; i++) {
      const key = keyOf(row[i]);
      let next = level.get(key) as Level | undefined;
      if (next === undefined) level.set(key, (next = new Map()));
      level = next;
    }
    const key = keyOf(row[last]);
    if (level.has(key)) return false;
    level.set(key, true);
    return true;
  }
}
/** Values that come as a new object with every row: dates, bytes, documents. */
function keyOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null || "$$d" in value) return value;
  if (value instanceof Date) return `date ${value.getTime()}`;
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString("base64")}`;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null
    ? `json ${JSON.stringify(value)}`
    : value;
}
