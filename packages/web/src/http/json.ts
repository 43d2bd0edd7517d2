/** JSON for answers: what JSON.stringify would drop or spoil is written properly or refused (Flask: JSON provider). */
import { WebError } from "../errors/web-error.js";

function isThenable(value: object): boolean {
  return "then" in value && typeof value.then === "function";
}

function encode(this: unknown, key: string, value: unknown): unknown {
  // JSON.stringify has applied toJSON already, and a Buffer's spreads it into numbers: look at what was there before.
  const before: unknown = (this as Record<string, unknown>)[key];
  if (ArrayBuffer.isView(before))
    return Buffer.from(before.buffer, before.byteOffset, before.byteLength).toString("base64");
  if (typeof value === "bigint")
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value);
  if (typeof value === "number" && !Number.isFinite(value))
    throw new WebError(
      "json-encode",
      `The value at '${key}' is ${value}, which JSON cannot express. Send null or a string.`,
    );
  if (typeof value !== "object" || value === null) return value;
  if (isThenable(value))
    throw new WebError("json-encode", `The value at '${key}' is a promise. Put \`await\` in front of it.`);
  if (value instanceof Map) {
    return Object.fromEntries(
      Array.from(value as Map<unknown, unknown>, ([k, v]) => [
        typeof k === "string" || typeof k === "number" || typeof k === "bigint" ? String(k) : refuseKey(key),
        v,
      ]),
    );
  }
  if (value instanceof Error) return { name: value.name, message: value.message };
  if ("isEscaped" in value) return String(value);
  if (!Array.isArray(value) && Symbol.iterator in value && !(value instanceof String))
    return [...(value as Iterable<unknown>)];
  return value;
}

function refuseKey(key: string): never {
  throw new WebError("json-encode", `The Map at '${key}' has a key that is neither text nor number. Convert it first.`);
}

/**
 * Like JSON.stringify, with: Date as ISO text, bigint as a number (as text beyond 2^53), bytes as base64, Map as object,
 * Set and other iterables as array, `toJSON` honoured; promises, NaN and Infinity refused.
 *
 * @throws WebError "json-encode"
 */
export function dumps(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, encode, indent) as string | undefined;
  if (text === undefined) throw new WebError("json-encode", `A ${typeof value} cannot be written as JSON.`);
  return text;
}

/**
 * A JSON answer with exactly this value, lists included (Flask: jsonify).
 *
 * @example return json([1, 2, 3], 201);
 */
export function json(value: unknown, status = 200, headers?: HeadersInit): Response {
  const all = new Headers(headers);
  if (!all.has("content-type")) all.set("Content-Type", "application/json");
  return new Response(dumps(value), { status, headers: all });
}

/** Flask's name for `json`. */
export const jsonify: typeof json = json;
