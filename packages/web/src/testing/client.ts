/** Talks to an app without a socket, with a cookie jar (Flask: FlaskClient). */
import type { Context } from "../app/context.js";
import type { Config } from "../config/config.js";
import { WebError } from "../errors/web-error.js";
import { dumps } from "../http/json.js";
import { openSession, sealSession, sessionCookieName } from "../session/cookie-session.js";
import type { Session } from "../session/session.js";
import { CookieJar } from "./cookie-jar.js";

/** What the client needs of an app. */
export interface Testable {
  readonly config: Config;
  readonly fetch: (request: Request) => Response | Promise<Response>;
  on(name: "requestStarted", listener: (event: { readonly context: Context }) => unknown): () => void;
}

export type FormValue = string | number | boolean | Blob | readonly (string | number | Blob)[];

export interface ClientOptions {
  /** Where requests seem to come to. Default "http://localhost". */
  readonly baseUrl?: string;
  /** false: cookies are not kept. */
  readonly cookies?: boolean;
}

export interface ClientRequest {
  readonly method?: string;
  readonly headers?: HeadersInit;
  readonly query?: Readonly<Record<string, string | number | readonly (string | number)[]>>;
  /** Sent as application/json. */
  readonly json?: unknown;
  /** Sent urlencoded, or as multipart when a value is a Blob or File. */
  readonly form?: Readonly<Record<string, FormValue>> | FormData | URLSearchParams;
  /** Sent as it is. */
  readonly body?: BodyInit;
  readonly followRedirects?: boolean;
}

/** A Response whose body has been read, so that tests can look at it at once. */
export class ClientResponse {
  readonly raw: Response;
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  readonly url: string;
  /** The redirects that led here, first to last. */
  readonly history: readonly ClientResponse[];

  constructor(raw: Response, bytes: Uint8Array, url: string, history: readonly ClientResponse[]) {
    this.raw = raw;
    this.status = raw.status;
    this.headers = raw.headers;
    this.bytes = bytes;
    this.url = url;
    this.history = history;
  }
  get text(): string {
    return new TextDecoder().decode(this.bytes);
  }
  get json(): unknown {
    return JSON.parse(this.text);
  }
  /** The Location header as an absolute URL, or null. */
  get location(): string | null {
    const to = this.headers.get("location");
    return to === null ? null : new URL(to, this.url).href;
  }
}

/** A request as a test may look into it, after its answer and before its teardown. */
export interface KeptRequest {
  readonly response: ClientResponse;
  readonly context: Context;
}

export class TestClient {
  readonly jar: CookieJar = new CookieJar();
  readonly #app: Testable;
  readonly #base: URL;
  readonly #cookies: boolean;

  constructor(app: Testable, options: ClientOptions = {}) {
    this.#app = app;
    this.#base = new URL(options.baseUrl ?? "http://localhost");
    this.#cookies = options.cookies !== false;
  }

  /**
   * Sends a request. Errors that the app does not handle are thrown here when TESTING is on.
   *
   * @example const page = await client.post("/todo", { form: { description: "tea" }, followRedirects: true });
   */
  async request(path: string, options: ClientRequest = {}): Promise<ClientResponse> {
    const url = new URL(path, this.#base);
    for (const [key, value] of Object.entries(options.query ?? {})) {
      for (const one of Array.isArray(value) ? (value as unknown[]) : [value])
        url.searchParams.append(key, String(one));
    }
    const headers = new Headers(options.headers);
    const body = encodeBody(options, headers);
    return this.#send(
      url,
      (options.method ?? "GET").toUpperCase(),
      headers,
      body,
      options.followRedirects === true,
      [],
    );
  }

  async #send(
    url: URL,
    method: string,
    headers: Headers,
    body: BodyInit | undefined,
    follow: boolean,
    history: readonly ClientResponse[],
  ): Promise<ClientResponse> {
    const sent = new Headers(headers);
    const cookies = this.#cookies ? this.jar.header(url) : null;
    if (cookies !== null) sent.set("Cookie", sent.has("cookie") ? `${sent.get("cookie")}; ${cookies}` : cookies);
    if (typeof body === "string" && !sent.has("content-length"))
      sent.set("Content-Length", String(Buffer.byteLength(body)));
    const init = { method, headers: sent, ...(body === undefined ? {} : { body, duplex: "half" }) };
    const raw = await this.#app.fetch(new Request(url, init as RequestInit));
    if (this.#cookies) for (const header of raw.headers.getSetCookie()) this.jar.receive(header, url);
    const response = new ClientResponse(raw, new Uint8Array(await raw.arrayBuffer()), url.href, history);
    const to = response.location;
    if (!follow || to === null || raw.status < 300 || raw.status > 399) return response;
    if (history.length >= 20)
      throw new WebError("test-client", `More than 20 redirects, the last to '${to}': probably a loop.`);
    const next = new URL(to);
    if (next.host !== url.host)
      throw new WebError(
        "test-client",
        `The app redirected to another host, '${next.host}', which the test client does not follow.`,
      );
    const keeps = raw.status === 307 || raw.status === 308;
    const again = keeps || method === "HEAD" ? method : "GET";
    const left = new Headers(headers);
    if (!keeps) for (const name of ["content-type", "content-length"]) left.delete(name);
    return this.#send(next, again, left, keeps ? body : undefined, true, [...history, response]);
  }

  get(path: string, options?: ClientRequest): Promise<ClientResponse> {
    return this.request(path, { ...options, method: "GET" });
  }
  post(path: string, options?: ClientRequest): Promise<ClientResponse> {
    return this.request(path, { ...options, method: "POST" });
  }
  put(path: string, options?: ClientRequest): Promise<ClientResponse> {
    return this.request(path, { ...options, method: "PUT" });
  }
  patch(path: string, options?: ClientRequest): Promise<ClientResponse> {
    return this.request(path, { ...options, method: "PATCH" });
  }
  delete(path: string, options?: ClientRequest): Promise<ClientResponse> {
    return this.request(path, { ...options, method: "DELETE" });
  }
  head(path: string, options?: ClientRequest): Promise<ClientResponse> {
    return this.request(path, { ...options, method: "HEAD" });
  }
  options(path: string, options?: ClientRequest): Promise<ClientResponse> {
    return this.request(path, { ...options, method: "OPTIONS" });
  }

  /**
   * Sends a request and runs `look` inside its scope, before the teardown: the context, `g()`, `db.session` and
   * `urlFor` are there still (Flask: `with client:`).
   *
   * @throws what `look` throws
   * @example await client.inspect("/", async ({ context, response }) => { expect(context.g.user).toBeDefined(); });
   */
  inspect<T>(path: string, look: (kept: KeptRequest) => T | Promise<T>): Promise<T>;
  inspect<T>(path: string, options: ClientRequest, look: (kept: KeptRequest) => T | Promise<T>): Promise<T>;
  async inspect<T>(
    path: string,
    first: ClientRequest | ((kept: KeptRequest) => T | Promise<T>),
    second?: (kept: KeptRequest) => T | Promise<T>,
  ): Promise<T> {
    const look = typeof first === "function" ? first : second;
    if (look === undefined) throw new WebError("test-client", "inspect() needs a function as its last argument.");
    let context: Context | undefined;
    let letGo = () => {};
    const stop = this.#app.on("requestStarted", (event) => {
      if (context !== undefined) return;
      ({ context } = event);
      letGo = context.scope.hold();
    });
    try {
      const response = await this.request(path, typeof first === "function" ? {} : first);
      const seen = context as Context | undefined;
      if (seen === undefined)
        throw new WebError(
          "test-client",
          `The request for '${path}' was answered before the app's own part: nothing to look into.`,
        );
      return await seen.scope.run(() => look({ response, context: seen }));
    } finally {
      stop();
      letGo();
      await (context as Context | undefined)?.scope.whenClosed();
    }
  }

  /**
   * Reads and changes the session between requests (Flask: session_transaction).
   *
   * @example await client.session((s) => s.set("userId", 1));
   */
  async session<T>(fn: (session: Session) => T | Promise<T>): Promise<T> {
    const { config } = this.#app;
    const name = sessionCookieName(config);
    const cookie = this.jar.get(name, this.#base);
    const session = openSession(config, new Map(cookie === undefined ? [] : [[name, cookie.value]]));
    const result = await fn(session);
    if (!session.modified) return result;
    if (session.isEmpty) this.jar.delete(name, this.#base);
    else this.jar.set(name, sealSession(config, session), this.#base);
    return result;
  }

  cookie(name: string): string | undefined {
    return this.jar.get(name, this.#base)?.value;
  }
  setCookie(name: string, value: string): void {
    this.jar.set(name, value, this.#base);
  }
}

function encodeBody(options: ClientRequest, headers: Headers): BodyInit | undefined {
  if (options.json !== undefined) {
    if (!headers.has("content-type")) headers.set("Content-Type", "application/json");
    return dumps(options.json);
  }
  const { form } = options;
  if (form === undefined) return options.body;
  if (form instanceof FormData) return form;
  const pairs: (readonly [string, string | Blob])[] = [];
  const entries: Iterable<readonly [string, FormValue]> =
    form instanceof URLSearchParams ? form : Object.entries(form as Record<string, FormValue>);
  for (const [key, value] of entries) {
    for (const one of Array.isArray(value)
      ? (value as readonly (string | number | Blob)[])
      : [value as string | number | boolean | Blob]) {
      pairs.push([key, one instanceof Blob ? one : String(one)]);
    }
  }
  if (pairs.some(([, v]) => v instanceof Blob)) {
    const data = new FormData();
    for (const [k, v] of pairs) {
      if (typeof v === "string") data.append(k, v);
      else data.append(k, v);
    }
    return data;
  }
  if (!headers.has("content-type")) headers.set("Content-Type", "application/x-www-form-urlencoded");
  return new URLSearchParams(pairs.map(([k, v]) => [k, String(v)])).toString();
}
