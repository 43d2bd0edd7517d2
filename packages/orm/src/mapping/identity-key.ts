/**
 * Canonical key values: 1, 1n and "1" of one integer column are one row, and so are a UUID in upper and lower case or
 * two Dates of one moment. Keys are primitives, or lists of them for composite keys.
 */
import type { SqlType } from "@athanor/core";

export type KeyPart = string | number | bigint | boolean;
export type CanonicalKey = KeyPart | readonly KeyPart[];

function whole(value: unknown): KeyPart {
  if (typeof value === "number") return value;
  if (typeof value === "bigint")
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  if (typeof value === "string" && /^\s*-?\d+\s*$/.test(value)) return whole(BigInt(value.trim()));
  return anything(value);
}
function anything(value: unknown): KeyPart {
  switch (typeof value) {
    case "string":
    case "number":
    case "bigint":
    case "boolean":
      return value;
    default:
      if (value instanceof Date) return `@${value.getTime()}`;
      if (value instanceof Uint8Array)
        return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
      return JSON.stringify(value) ?? String(value);
  }
}

/** The function that makes a column's values comparable. */
export function canonicalizer(type: SqlType): (value: unknown) => KeyPart {
  switch (type.kind) {
    case "integer":
    case "smallInteger":
    case "bigInteger":
      return whole;
    case "uuid":
      return (value) => (typeof value === "string" ? value.toLowerCase() : anything(value));
    case "numeric":
      return (value) => {
        const text = String(value);
        return /^-?\d+\.\d*?0*$/.test(text) ? text.replace(/\.?0+$/, "") : text;
      };
    default:
      return anything;
  }
}
