/** The request as handlers see it: query, form, files, JSON, cookies; the body is read once and kept (Flask: Request). */
import { BadRequest, UnsupportedMediaType } from "../errors/http-error.js";
import { WebError } from "../errors/web-error.js";
import { bestType } from "./accept.js";
import {
  type BodyLimits,
  checkAnnounced,
  limited,
  type ParsedForm,
  parseMultipart,
  parseUrlEncoded,
  readAll,
} from "./body.js";
import { parseCookies } from "./cookies.js";
import { MultiDict } from "./multi-dict.js";
import type { UploadedFile } from "./upload.js";

/** What the app tells a request about itself. */
export interface AppRequestInit {
  readonly raw: Request;
  /** Address after trusted proxy headers. */
  readonly url: URL;
  readonly scriptRoot: string;
  readonly remoteAddr: string | undefined;
  readonly limits: () => BodyLimits;
  /** Called for each uploaded file, so that it can be discarded with the scope. */
  readonly keepFile: (file: UploadedFile) => void;
  /** The body, when a Hono middleware has read it already. */
  readonly readElsewhere: () => Promise<ArrayBuffer>;
}

/** Options of `request.json()`. */
export interface JsonOptions {
  /** Parse whatever the content type says. */
  readonly force?: boolean;
  /** Give null instead of failing. */
  readonly silent?: boolean;
}

export class AppRequest {
  /** The web-standard request underneath. */
  readonly raw: Request;
  /** Endpoint that matched, or null; for templates, as in Flask. */
  endpoint: string | null = null;
  /** Innermost blueprint of the endpoint, or null. */
  blueprint: string | null = null;
  /** Arguments of the route. */
  viewArgs: Readonly<Record<string, unknown>> = {};
  readonly #init: AppRequestInit;
  #args: MultiDict<string> | undefined;
  #cookies: ReadonlyMap<string, string> | undefined;
  #bytes: Promise<Uint8Array> | undefined;
  #form: Promise<ParsedForm> | undefined;
  #streamed = false;

  constructor(init: AppRequestInit) {
    this.#init = init;
    this.raw = init.raw;
  }

  get method(): string {
    return this.raw.method;
  }
  get headers(): Headers {
    return this.raw.headers;
  }
  /** Whole address, as the visitor typed it (trusted proxy headers applied). */
  get url(): string {
    return this.#init.url.href;
  }
  /** Percent-encoded path. */
  get path(): string {
    return this.#init.url.pathname;
  }
  /** Path and query. */
  get fullPath(): string {
    return this.#init.url.pathname + this.#init.url.search;
  }
  /** Text after "?", without it. */
  get queryString(): string {
    return this.#init.url.search.slice(1);
  }
  /** "http" or "https". */
  get scheme(): string {
    return this.#init.url.protocol.slice(0, -1);
  }
  get isSecure(): boolean {
    return this.scheme === "https";
  }
  /** Host and, unless it is the default, port. */
  get host(): string {
    return this.#init.url.host;
  }
  /** Scheme, host and port: what Origin headers are compared with. */
  get origin(): string {
    return this.#init.url.origin;
  }
  /** Prefix under which a trusted proxy serves the app, without a trailing slash; usually "". */
  get scriptRoot(): string {
    return this.#init.scriptRoot;
  }
  /** The visitor's address, by way of trusted proxies only. */
  get remoteAddr(): string | undefined {
    return this.#init.remoteAddr;
  }

  /** Query arguments. */
  get args(): MultiDict<string> {
    return (this.#args ??= new MultiDict(this.#init.url.searchParams));
  }

  get cookies(): ReadonlyMap<string, string> {
    return (this.#cookies ??= parseCookies(this.headers.get("cookie")));
  }

  /** Content type without parameters, lower case; "" when none was sent. */
  get mimetype(): string {
    return (this.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  }
  get isJson(): boolean {
    return (
      this.mimetype === "application/json" ||
      (this.mimetype.startsWith("application/") && this.mimetype.endsWith("+json"))
    );
  }
  /** The offered media type the client likes best, or null. */
  accepts(...types: string[]): string | null {
    return bestType(this.headers.get("accept"), types);
  }

  /**
   * The body as bytes.
   *
   * @throws ContentTooLarge 413 beyond MAX_CONTENT_LENGTH
   */
  async data(): Promise<Uint8Array> {
    if (this.#streamed)
      throw new WebError(
        "body-consumed",
        "The body was a multipart form and has been streamed into fields and files; read `form()` and `files()`, or call `data()` before them.",
      );
    return (this.#bytes ??= this.#readBytes(this.#init.limits().contentLength));
  }

  async #readBytes(contentLength: number | null): Promise<Uint8Array> {
    checkAnnounced(this.headers, contentLength);
    return this.raw.bodyUsed
      ? new Uint8Array(await this.#init.readElsewhere())
      : readAll(limited(this.raw.body, contentLength));
  }

  /** The body as text (UTF-8). */
  async text(): Promise<string> {
    return new TextDecoder().decode(await this.data());
  }

  /**
   * The body parsed as JSON.
   *
   * @throws UnsupportedMediaType 415 if the content type is not JSON, BadRequest 400 if it does not parse
   */
  async json<T = unknown>(options?: JsonOptions): Promise<T> {
    if (options?.force !== true && !this.isJson) {
      if (options?.silent === true) return null as T;
      throw new UnsupportedMediaType({
        description: "This address expects JSON: send the header 'Content-Type: application/json'.",
      });
    }
    const text = await this.text();
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      if (options?.silent === true) return null as T;
      throw new BadRequest({ description: "The body is not valid JSON.", cause });
    }
  }

  #parsed(): Promise<ParsedForm> {
    return (this.#form ??= this.#parseForm());
  }

  async #parseForm(): Promise<ParsedForm> {
    const limits = this.#init.limits();
    const type = this.headers.get("content-type") ?? "";
    if (this.mimetype === "application/x-www-form-urlencoded") {
      // All of it is form fields, so the smaller limit holds while reading, whatever length was announced.
      const limit = Math.min(
        limits.contentLength ?? Number.POSITIVE_INFINITY,
        limits.formMemory ?? Number.POSITIVE_INFINITY,
      );
      this.#bytes ??= this.#readBytes(limit === Number.POSITIVE_INFINITY ? null : limit);
      return parseUrlEncoded(await this.data(), limits);
    }
    if (this.mimetype !== "multipart/form-data") return { fields: [], files: [] };
    checkAnnounced(this.headers, limits.contentLength);
    if (this.#bytes !== undefined || this.raw.bodyUsed) {
      const bytes = await this.data();
      return parseMultipart(
        type,
        (async function* () {
          yield bytes;
        })(),
        limits,
        this.#init.keepFile,
      );
    }
    this.#streamed = true;
    return parseMultipart(type, limited(this.raw.body, limits.contentLength), limits, this.#init.keepFile);
  }

  /**
   * Form fields, urlencoded or multipart; empty for other content types.
   *
   * @throws ContentTooLarge 413 beyond MAX_FORM_MEMORY_SIZE, MAX_FORM_PARTS or MAX_CONTENT_LENGTH
   * @example const text = (await c.request.form()).get("todo", "");
   */
  async form(): Promise<MultiDict<string>> {
    return new MultiDict((await this.#parsed()).fields);
  }

  /** Uploaded files; an empty file input is not in it. */
  async files(): Promise<MultiDict<UploadedFile>> {
    return new MultiDict((await this.#parsed()).files);
  }

  /** Query arguments and form fields together, query first. */
  async values(): Promise<MultiDict<string>> {
    return new MultiDict([...this.args, ...(await this.form())]);
  }
}
