/** A dictionary with several values per key, in the order they were sent (Werkzeug: MultiDict). */
import { BadRequestKeyError } from "../errors/http-error.js";

/** Turns the text into a value; throwing or NaN means "not usable, take the default". */
export type Convert<V, T> = (value: V) => T;

/** Read-only view of query arguments, form fields or files. */
export class MultiDict<V> implements Iterable<[string, V]> {
  readonly #entries: readonly (readonly [string, V])[];

  constructor(entries: Iterable<readonly [string, V]> = []) {
    this.#entries = [...entries];
  }

  /**
   * The FIRST value of a key, or the default. With a converter, the default also serves when conversion fails.
   *
   * @example c.request.args.get("page", 1, int)
   */
  get(key: string): V | undefined;
  get<D>(key: string, fallback: D): V | D;
  get<D, T>(key: string, fallback: D, convert: Convert<V, T>): T | D;
  get(key: string, fallback?: unknown, convert?: Convert<V, unknown>): unknown {
    const found = this.#entries.find(([k]) => k === key);
    if (found === undefined) return fallback;
    return convert === undefined ? found[1] : attempt(convert, found[1], fallback);
  }

  /** Every value of a key; values that do not convert are left out. */
  getAll(key: string): V[];
  getAll<T>(key: string, convert: Convert<V, T>): T[];
  getAll(key: string, convert?: Convert<V, unknown>): unknown[] {
    const found = this.#entries.filter(([k]) => k === key).map(([, v]) => v);
    if (convert === undefined) return found;
    const failed = Symbol("failed");
    return found
      .map((v) => attempt<unknown, unknown>(convert as Convert<unknown, unknown>, v, failed))
      .filter((v) => v !== failed);
  }

  /**
   * The first value of a key that must be there.
   *
   * @throws BadRequestKeyError 400; the page names the key in debug only
   */
  require(key: string): V {
    const found = this.#entries.find(([k]) => k === key);
    if (found === undefined) throw new BadRequestKeyError(key);
    return found[1];
  }

  has(key: string): boolean {
    return this.#entries.some(([k]) => k === key);
  }

  /** Number of different keys. */
  get size(): number {
    return new Set(this.#entries.map(([k]) => k)).size;
  }

  /** Different keys, in the order they first appeared. */
  keys(): IterableIterator<string> {
    return new Set(this.#entries.map(([k]) => k)).values();
  }

  /** Every pair, repeated keys included. */
  entries(): IterableIterator<[string, V]> {
    return this.#entries.map(([k, v]): [string, V] => [k, v]).values();
  }

  [Symbol.iterator](): IterableIterator<[string, V]> {
    return this.entries();
  }

  /** First value per key, as a plain object without a prototype. */
  toObject(): Record<string, V> {
    const result = Object.create(null) as Record<string, V>;
    for (const [key, value] of this.#entries) if (!(key in result)) result[key] = value;
    return result;
  }

  toJSON(): Record<string, V> {
    return this.toObject();
  }
}

function attempt<V, T>(convert: Convert<V, T>, value: V, fallback: unknown): unknown {
  try {
    const made: unknown = convert(value);
    return typeof made === "number" && Number.isNaN(made) ? fallback : made;
  } catch {
    return fallback;
  }
}

/** Converter for whole numbers below 2^53, sign allowed: "12" yes, "12abc", "", "1e3", "0x10" no. */
export function int(text: string): number {
  const value = /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

/** Converter for decimal numbers, exponents allowed; "", "0x10" and "Infinity" are refused. */
export function float(text: string): number {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : Number.NaN;
}
