/** Sends files with validators, ranges and safe names (Flask: send_file, send_from_directory). */
import { createReadStream } from "node:fs";
import { lstat, realpath, stat } from "node:fs/promises";
import { basename, isAbsolute, join, resolve, sep } from "node:path";
import { Readable } from "node:stream";
import { findContext } from "../app/context.js";
import { NotFound, PreconditionFailed, RangeNotSatisfiable } from "../errors/http-error.js";
import { WebError } from "../errors/web-error.js";
import { contentTypeOf } from "./mime.js";

export interface SendFileOptions {
  /** Content type; default by extension. */
  readonly mimetype?: string;
  /** Ask the browser to save it. */
  readonly asAttachment?: boolean;
  readonly downloadName?: string;
  /** Seconds for Cache-Control; null: the browser revalidates each time. */
  readonly maxAge?: number | null;
  /** The request whose conditions and ranges count; default: the running one. */
  readonly request?: Request;
}

/** RFC 6266 and 5987: an ASCII name for old clients, the real one in UTF-8. */
export function contentDisposition(kind: "attachment" | "inline", name: string): string {
  const plain = name.replace(/[\p{Cc}\uD800-\uDFFF]/gu, "");
  const ascii = plain
    .normalize("NFKD")
    .replace(/[^\x20-\x7e]/g, "")
    .replace(/["\\]/g, "_");
  const encoded = encodeURIComponent(plain).replace(
    /['()*]/g,
    (ch) => `%${ch.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return ascii === plain
    ? `${kind}; filename="${ascii}"`
    : `${kind}; filename="${ascii || "download"}"; filename*=UTF-8''${encoded}`;
}

type Range = { readonly start: number; readonly end: number };

/** One range of a Range header; null to send everything (several ranges are allowed to be ignored). */
function parseRange(header: string | null, size: number): Range | null {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "");
  if (found === null) return null;
  const [, from = "", to = ""] = found;
  if (from === "" && to === "") return null;
  const start = from === "" ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (from !== "" && to !== "" && Number(from) > Number(to)) return null;
  if (start >= size || (from === "" && Number(to) === 0)) throw new RangeNotSatisfiable(size);
  return { start, end };
}

function etagMatches(header: string, etag: string): boolean {
  const weak = (tag: string) => tag.trim().replace(/^W\//, "");
  return header.trim() === "*" || header.split(",").some((tag) => weak(tag) === weak(etag));
}

/** The file's state against the request's conditions: send it, or say that it has not changed. */
function isUnchanged(request: Request, etag: string, modified: Date): boolean {
  const { headers } = request;
  const match = headers.get("if-match");
  if (match !== null && !etagMatches(match, etag)) throw new PreconditionFailed();
  const none = headers.get("if-none-match");
  if (none !== null) return etagMatches(none, etag);
  const since = Date.parse(headers.get("if-modified-since") ?? "");
  return !Number.isNaN(since) && Math.floor(modified.getTime() / 1000) * 1000 <= since;
}

/** Whether the part asked for belongs to the version we have. */
function rangeStillValid(request: Request, etag: string, modified: Date): boolean {
  const condition = request.headers.get("if-range");
  if (condition === null) return true;
  if (/^(W\/)?"/.test(condition)) return condition === etag;
  return Math.floor(modified.getTime() / 1000) * 1000 <= Date.parse(condition);
}

/**
 * Sends a file by its path, which must be your own: for a name from the visitor use `sendFromDirectory`.
 *
 * @throws NotFound 404, RangeNotSatisfiable 416, PreconditionFailed 412
 */
export async function sendFile(path: string, options: SendFileOptions = {}): Promise<Response> {
  const info = await stat(path).catch((cause: unknown) => {
    throw new NotFound({ cause });
  });
  if (!info.isFile()) throw new NotFound();
  const etag = `"${info.size.toString(16)}-${Math.floor(info.mtimeMs).toString(16)}"`;
  const headers = new Headers({
    "Content-Type": options.mimetype ?? contentTypeOf(options.downloadName ?? path),
    ETag: etag,
    "Last-Modified": info.mtime.toUTCString(),
    "Accept-Ranges": "bytes",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": typeof options.maxAge === "number" ? `public, max-age=${options.maxAge}` : "no-cache",
  });
  if (options.asAttachment === true || options.downloadName !== undefined) {
    headers.set(
      "Content-Disposition",
      contentDisposition(
        options.asAttachment === true ? "attachment" : "inline",
        options.downloadName ?? basename(path),
      ),
    );
  }
  const request = options.request ?? findContext()?.request.raw;
  if (request !== undefined && isUnchanged(request, etag, info.mtime)) {
    headers.delete("Content-Type");
    return new Response(null, { status: 304, headers });
  }
  const range =
    request !== undefined && rangeStillValid(request, etag, info.mtime)
      ? parseRange(request.headers.get("range"), info.size)
      : null;
  const start = range?.start ?? 0;
  const end = range?.end ?? info.size - 1;
  headers.set("Content-Length", String(end - start + 1));
  if (range !== null) headers.set("Content-Range", `bytes ${start}-${end}/${info.size}`);
  const status = range === null ? 200 : 206;
  if (request?.method === "HEAD" || info.size === 0) return new Response(null, { status, headers });
  // Node declares its own ReadableStream type; it is the same class at run time.
  return new Response(Readable.toWeb(createReadStream(path, { start, end })) as ReadableStream<Uint8Array>, {
    status,
    headers,
  });
}

/**
 * The real path of `name` inside `folder`, or null when it would leave it (by "..", an absolute name, a symbolic link)
 * or touches a dotfile.
 */
export async function resolveInside(folder: string, name: string): Promise<string | null> {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a NUL or line break never belongs into a file name
  if (name === "" || isAbsolute(name) || /[\\\x00-\x1f]/.test(name) || /^[A-Za-z]:/.test(name)) return null;
  if (name.split("/").some((part) => part === "" || part.startsWith("."))) return null;
  try {
    const root = await realpath(resolve(folder));
    const target = join(root, name);
    await lstat(target);
    const real = await realpath(target);
    return real.startsWith(root + sep) ? real : null;
  } catch {
    return null;
  }
}

/**
 * Sends a file whose name came from the visitor, from within `folder` only.
 *
 * @throws NotFound 404 also for names that try to get out
 * @example app.get("/uploads/<path:name>", (c) => sendFromDirectory(folder, c.args.name))
 */
export async function sendFromDirectory(
  folder: string,
  name: string,
  options: SendFileOptions = {},
): Promise<Response> {
  if (!isAbsolute(folder))
    throw new WebError(
      "static-file",
      `sendFromDirectory() needs an absolute folder, not '${folder}': join it with app.rootPath.`,
    );
  const path = await resolveInside(folder, name);
  if (path === null) throw new NotFound();
  return sendFile(path, options);
}
