/** JSON that keeps what plain JSON loses: dates, bytes, bigint, Map, Set (Flask: TaggedJSONSerializer, whose tags are understood). */
import { WebError } from "../errors/web-error.js";

const TAGS = [" d", " b", " n", " M", " S", " u", " t", " m", " di"] as const;
type Tag = (typeof TAGS)[number];

function isTag(key: string): key is Tag {
  return (TAGS as readonly string[]).includes(key);
}

function pack(value: unknown, path: string): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value)) throw new WebError("session", `The session cannot hold ${value} (at ${path}).`);
      return value;
    case "bigint":
      return { " n": String(value) };
    case "undefined":
      return null;
    case "object":
      return value === null ? null : packObject(value, path);
    default:
      throw new WebError(
        "session",
        `The session cannot hold a ${typeof value} (at ${path}). Store plain data: text, numbers, dates, lists and objects of them.`,
      );
  }
}

function packObject(value: object, path: string): unknown {
  if (Array.isArray(value)) return value.map((v, i) => pack(v, `${path}[${i}]`));
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime()))
      throw new WebError("session", `The session cannot hold an invalid Date (at ${path}).`);
    return { " d": value.toISOString() };
  }
  if (value instanceof Uint8Array) return { " b": Buffer.from(value).toString("base64") };
  if (value instanceof Map)
    return {
      " M": Array.from(value as Map<unknown, unknown>, ([k, v], i) => [
        pack(k, `${path} key ${i}`),
        pack(v, `${path} value ${i}`),
      ]),
    };
  if (value instanceof Set) return { " S": Array.from(value as Set<unknown>, (v, i) => pack(v, `${path} item ${i}`)) };
  if ((value as { isEscaped?: unknown }).isEscaped === true) return { " m": String(value) };
  const proto: unknown = Object.getPrototypeOf(value);
  if (proto !== Object.prototype && proto !== null) {
    if ("toJSON" in value && typeof value.toJSON === "function")
      return pack((value as { toJSON(): unknown }).toJSON(), path);
    throw new WebError(
      "session",
      `The session cannot hold an instance of ${value.constructor?.name ?? "a class"} (at ${path}). Store its key, and load it again in the next request.`,
    );
  }
  const keys = Object.keys(value).filter((k) => (value as Record<string, unknown>)[k] !== undefined);
  const result = Object.create(null) as Record<string, unknown>;
  for (const key of keys) result[key] = pack((value as Record<string, unknown>)[key], `${path}.${key}`);
  // A user's own object that looks like a tag is wrapped, so that reading it back gives the same object.
  return keys.length === 1 && isTag(keys[0]!) ? { " di": [keys[0], result[keys[0]!]] } : result;
}

function unpack(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(unpack);
  const entries = Object.entries(value as Record<string, unknown>);
  const [first] = entries;
  if (entries.length === 1 && first !== undefined && isTag(first[0])) return unpackTag(first[0], first[1]);
  const result: Record<string, unknown> = {};
  for (const [key, inner] of entries)
    Object.defineProperty(result, key, { value: unpack(inner), writable: true, enumerable: true, configurable: true });
  return result;
}

function unpackTag(tag: Tag, value: unknown): unknown {
  switch (tag) {
    case " d":
      return new Date(String(value));
    case " b":
      return new Uint8Array(Buffer.from(String(value), "base64"));
    case " n":
      return BigInt(String(value));
    case " M":
      return new Map((value as [unknown, unknown][]).map(([k, v]) => [unpack(k), unpack(v)]));
    case " S":
      return new Set((value as unknown[]).map(unpack));
    case " t":
      return (value as unknown[]).map(unpack);
    case " u":
      // Flask writes a UUID as 32 hex digits.
      return String(value).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    case " m":
      return String(value);
    case " di": {
      // Flask wraps as { "key__": value }, we as [key, value].
      if (Array.isArray(value)) return { [String(value[0])]: unpack(value[1]) };
      return Object.fromEntries(Object.entries(value as object).map(([k, v]) => [k.replace(/__$/, ""), unpack(v)]));
    }
  }
}

/** @throws WebError "session" naming the place of a value that cannot be stored */
export function dumpTagged(value: unknown): string {
  return JSON.stringify(pack(value, "session"));
}
export function loadTagged(text: string): unknown {
  return unpack(JSON.parse(text));
}
