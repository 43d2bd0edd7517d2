/** Criteria over lists of keys, and keys of objects and rows that are equal for equal values. */
import { Bind, conjunction, type Expression, InArray, operators } from "@athanor/core";
import { canonicalizer } from "../mapping/identity-key.js";
import type { MappedColumn } from "../mapping/mapper.js";
import { type Managed, UNLOADED } from "../mapping/state.js";

/** Keys per statement. */
export const CHUNK = 500;

/** One array parameter for single columns; tuples compared one by one for composite keys. */
export function among(columns: readonly Expression[], keys: readonly (readonly unknown[])[]): Expression {
  const [only] = columns;
  if (columns.length === 1 && only !== undefined)
    return new InArray(
      only,
      new Bind(
        keys.map((k) => k[0]),
        only.type,
      ),
    );
  return conjunction(
    operators.or,
    keys.map((k) =>
      conjunction(
        operators.and,
        columns.map((c, i) => c.eq(k[i])),
      ),
    ),
  );
}

/** Groups objects by the key that rows name them with. */
export class KeyedOwners {
  readonly #attributes: readonly MappedColumn[];
  readonly #canonical: readonly ((value: unknown) => unknown)[];
  readonly #byKey = new Map<unknown, Managed[]>();
  readonly #keys: unknown[][] = [];
  constructor(attributes: readonly MappedColumn[]) {
    this.#attributes = attributes;
    this.#canonical = attributes.map((a) => canonicalizer(a.column.type));
  }
  /** False when a part of the key is missing: it refers to nothing. */
  add(owner: Managed): boolean {
    const values: unknown[] = [];
    for (const { slot } of this.#attributes) {
      const value = owner[slot];
      if (value === null || value === undefined || value === UNLOADED) return false;
      values.push(value);
    }
    const key = this.#key(values);
    const same = this.#byKey.get(key);
    if (same !== undefined) same.push(owner);
    else {
      this.#byKey.set(key, [owner]);
      this.#keys.push(values);
    }
    return true;
  }
  /** The objects whose key stands in a row from `at` on; always the same list for the same key. */
  find(row: readonly unknown[], at: readonly number[]): Managed[] | undefined {
    if (at.length === 1) {
      const value = row[at[0] as number];
      return this.#byKey.get(
        typeof value === "number" ? value : (this.#canonical[0] as (v: unknown) => unknown)(value),
      );
    }
    return this.#byKey.get(this.#key(at.map((i) => row[i])));
  }
  #key(values: readonly unknown[]): unknown {
    const canonical = this.#canonical;
    if (canonical.length === 1) {
      const value = values[0];
      return typeof value === "number" ? value : (canonical[0] as (v: unknown) => unknown)(value);
    }
    return JSON.stringify(canonical.map((one, i) => String(one(values[i]))));
  }
  /** All keys, each once. */
  get keys(): readonly (readonly unknown[])[] {
    return this.#keys;
  }
  get groups(): IterableIterator<Managed[]> {
    return this.#byKey.values();
  }
}
