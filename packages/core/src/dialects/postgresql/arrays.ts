/** PostgreSQL's text form of arrays: `{1,NULL,"a\"b",{…}}`. */
import { DataError } from "../../errors/errors.js";
import type { Convert } from "../../types/adapter.js";
import { noItem } from "../values.js";

/**
 * Writes an array of any depth; `convert` turns an element into its text form, or is null when String() does. `depth`:
 * lists below it are elements, as JSON has them.
 */
export function arrayText(
  items: readonly unknown[],
  convert: Convert | null,
  delimiter = ",",
  depth = Number.POSITIVE_INFINITY,
): string {
  const parts = Array.from(items, (item) => {
    if (item === undefined) throw noItem();
    if (item === null) return "NULL";
    if (Array.isArray(item) && depth > 1) return arrayText(item, convert, delimiter, depth - 1);
    const value = convert === null ? item : convert(item);
    if (value === null || value === undefined) return "NULL";
    const text =
      value instanceof Uint8Array
        ? `\\x${Buffer.from(value).toString("hex")}`
        : value === true
          ? "t"
          : value === false
            ? "f"
            : String(value);
    return `"${text.replace(/["\\]/g, "\\$&")}"`;
  });
  return `{${parts.join(delimiter)}}`;
}

/** Reads an array of any depth; `convert` reads the text of an element. Explicit bounds (`[2:3]={…}`) are skipped. */
export function parseArray(source: unknown, convert: Convert | null, delimiter = ","): unknown[] {
  if (Array.isArray(source)) return source;
  const text = String(source);
  let at = text.startsWith("[") ? text.indexOf("=") + 1 : 0;
  const fail = (): DataError => new DataError(`The database gave an array that cannot be read: ${text.slice(0, 80)}`);
  const read = (): unknown[] => {
    if (text[at] !== "{") throw fail();
    at++;
    const out: unknown[] = [];
    if (text[at] === "}") {
      at++;
      return out;
    }
    for (;;) {
      const c = text[at];
      if (c === undefined) throw fail();
      if (c === "{") out.push(read());
      else if (c === '"') {
        let value = "";
        at++;
        for (;;) {
          const q = text[at];
          if (q === undefined) throw fail();
          at++;
          if (q === '"') break;
          value += q === "\\" ? (text[at++] ?? "") : q;
        }
        out.push(convert === null ? value : convert(value));
      } else {
        const from = at;
        let value = "";
        while (at < text.length && text[at] !== delimiter && text[at] !== "}") {
          if (text[at] === "\\") at++;
          value += text[at++] ?? "";
        }
        const isNull = text.slice(from, at).toUpperCase() === "NULL";
        out.push(isNull ? null : convert === null ? value : convert(value));
      }
      const next = text[at++];
      if (next === "}") return out;
      if (next !== delimiter) throw fail();
    }
  };
  return read();
}
