/** Turns what a handler returned into a Response (Flask: make_response). */
import { WebError } from "../errors/web-error.js";
import type { Scope } from "../scope/scope.js";
import { dumps } from "./json.js";
import { isMarkup } from "./markup-like.js";
import { bodyFrom, type Chunks, HeldStream } from "./stream.js";

const HTML = "text/html; charset=utf-8";

/** Names the handler in errors and carries what a streamed body needs. */
export interface ReturnSite {
  /** "the handler of the endpoint 'index'" */
  readonly what: string;
  readonly scope: Scope | undefined;
  onStreamError(error: unknown): void;
  /** A stream keeps its scope open for long. */
  onLongStream?(text: string): void;
}

function isTriple(value: readonly unknown[]): value is readonly [unknown, number | Headers, unknown?] {
  if (value.length < 2 || value.length > 3) return false;
  const [body, second, third] = value;
  if (typeof body === "number" || typeof body === "boolean") return false;
  if (second instanceof Headers) return value.length === 2;
  if (typeof second !== "number" || !Number.isInteger(second) || second < 100 || second > 599) return false;
  return (
    value.length === 2 ||
    third instanceof Headers ||
    Array.isArray(third) ||
    (typeof third === "object" && third !== null)
  );
}

function isGenerator(value: object): value is Iterable<string | Uint8Array> {
  return Symbol.iterator in value && "next" in value && typeof value.next === "function";
}

function build(value: unknown, status: number, headers: Headers, site: ReturnSite): Response {
  const typed = (type: string): Headers => {
    if (!headers.has("content-type")) headers.set("Content-Type", type);
    return headers;
  };
  // A status that may not have a body must not get one: Response would refuse it.
  const bodiless = status === 204 || status === 205 || status === 304;
  if (bodiless && (value === null || value === undefined || value === ""))
    return new Response(null, { status, headers });
  if (typeof value === "string") return new Response(value, { status, headers: typed(HTML) });
  if (value === null || value === undefined) {
    throw new WebError(
      "return-value",
      `${site.what} returned ${value === null ? "null" : "undefined"}. Return text, an object, [body, status, headers] or a Response; for an empty answer return ["", 204].`,
    );
  }
  if (typeof value !== "object") {
    throw new WebError(
      "return-value",
      `${site.what} returned a ${typeof value} (${String(value as bigint | number)}), which is no answer. To send a status alone use ["", status] or abort(status); to send the value use json(value).`,
    );
  }
  if (isMarkup(value) || value instanceof String) return new Response(String(value), { status, headers: typed(HTML) });
  if (value instanceof Response) {
    const merged = new Headers(value.headers);
    headers.forEach((v, k) => {
      if (k !== "set-cookie") merged.set(k, v);
    });
    for (const cookie of headers.getSetCookie()) merged.append("Set-Cookie", cookie);
    return new Response(value.body, { status, headers: merged });
  }
  if (value instanceof ReadableStream || value instanceof Uint8Array || value instanceof ArrayBuffer) {
    // The cast narrows Uint8Array<ArrayBufferLike>; a SharedArrayBuffer view is refused by Response itself.
    return new Response(value as BodyInit, { status, headers: typed("application/octet-stream") });
  }
  if (value instanceof Blob)
    return new Response(value, { status, headers: value.type === "" ? typed("application/octet-stream") : headers });
  if (value instanceof HeldStream || Symbol.asyncIterator in value || isGenerator(value)) {
    return new Response(bodyFrom(value as Chunks, site.scope, site.onStreamError, site.onLongStream), {
      status,
      headers: typed(HTML),
    });
  }
  return new Response(dumps(value), { status, headers: typed("application/json") });
}

/**
 * Rules: text and safe markup -> HTML; object, array, Map, Set -> JSON; async iterable or generator -> stream;
 * bytes -> octet-stream; Response as is; [body, status], [body, status, headers] or [body, Headers]. A list counts as
 * such a pair only if its second entry is an HTTP status and its first is no number; use json(list) to be explicit.
 *
 * @throws WebError "return-value" for undefined, null, numbers, functions
 */
export function toResponse(value: unknown, site: ReturnSite): Response {
  // A fresh Response, because the headers of one that came from fetch() cannot be changed by later hooks.
  if (value instanceof Response) return value.type === "error" ? value : new Response(value.body, value);
  if (!Array.isArray(value) || !isTriple(value)) return build(value, 200, new Headers(), site);
  const [body, second, third] = value;
  if (second instanceof Headers)
    return build(body, body instanceof Response ? body.status : 200, new Headers(second), site);
  return build(body, second, new Headers(third as HeadersInit | undefined), site);
}
