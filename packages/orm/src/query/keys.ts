/** Criteria over lists of keys, and keys of rows that are equal for equal values. */
import { Bind, conjunction, type Expression, InArray, operators, type SqlType } from "@athanor/core";
import { canonicalizer, type KeyPart } from "../mapping/identity-key.js";

/** Keys per statement. */
export const CHUNK = 500;

/** One array parameter for single columns; tuples compared one by one for composite keys. */
export function among(columns: readonly Expression[], keys: readonly (readonly unknown[])[]): Expression {
  const [only] = columns;
  if (columns.length === 1 && only !== undefined) return new InArray(only, new Bind(keys.map((k) => k[0]), only.type));
  return conjunction(operators.or, keys.map((k) => conjunction(operators.and, columns.map((c, i) => c.eq(k[i])))));
}
/** Values → a key that is equal for equal rows. */
export function groupKey(types: readonly SqlType[]): (values: readonly unknown[]) => unknown {
  const canonical = types.map(canonicalizer);
  if (canonical.length === 1) {
    const one = canonical[0] as (v: unknown) => KeyPart;
    return (values) => {
      const v = values[0];
      return typeof v === "number" ? v : one(v);
    };
  }
  return (values) => JSON.stringify(values.map((v, i) => String((canonical[i] as (v: unknown) => KeyPart)(v))));
}
