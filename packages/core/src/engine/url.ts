/**
 * Database URLs: `dialect+driver://user:password@host:port/database?option=value`, as an immutable value.
 * Source: SQLAlchemy "Database URLs".
 */
import type { DatabaseUrl } from "../dialects/dialect.js";
import { ArgumentError } from "../errors/errors.js";

export type UrlQuery = { readonly [key: string]: string | readonly string[] };

/** What `Url.set()` may replace; `undefined` removes. */
export interface UrlParts {
  readonly dialect?: string;
  readonly driver?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly database?: string | undefined;
  readonly query?: UrlQuery;
}

const SCHEME = /^([a-z][a-z0-9_.-]*)(?:\+([a-z0-9_.-]+))?:\/\//i;
/** Names people write for a dialect. */
const ALIASES: { readonly [scheme: string]: string } = { postgres: "postgresql", sqlite3: "sqlite" };

/**
 * A parsed database URL. Nothing changes it; `set()` makes another one.
 *
 * @example
 * const url = Url.parse("postgresql://ann:s3cret@db.example/shop");
 * String(url);                                // postgresql://ann:***@db.example/shop
 * url.set({ database: "test" }).render();     // with the password
 */
export class Url implements DatabaseUrl {
  readonly dialect: string;
  readonly driver: string | undefined;
  readonly username: string | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly database: string | undefined;
  readonly query: UrlQuery;
  readonly #password: string | undefined;

  constructor(parts: UrlParts & { readonly dialect: string }) {
    this.dialect = parts.dialect;
    this.driver = parts.driver;
    this.username = parts.username;
    this.#password = parts.password;
    this.host = parts.host;
    this.port = parts.port;
    this.database = parts.database;
    this.query = Object.freeze({ ...parts.query });
    Object.freeze(this);
  }
  get password(): string | undefined {
    return this.#password;
  }

  /** @throws ArgumentError saying in one sentence what is wrong; never with the password in it. */
  static parse(source: string): Url {
    const scheme = SCHEME.exec(source);
    if (scheme === null) throw new ArgumentError(complain(source), "url.invalid");
    const name = (scheme[1] as string).toLowerCase();
    const dialect = ALIASES[name] ?? name;
    const driver = scheme[2]?.toLowerCase();
    let rest = source.slice(scheme[0].length);
    let query: UrlQuery = {};
    const question = rest.indexOf("?");
    if (question >= 0) {
      query = parseQuery(rest.slice(question + 1));
      rest = rest.slice(0, question);
    }
    const slash = rest.indexOf("/");
    const authority = slash < 0 ? rest : rest.slice(0, slash);
    const path = slash < 0 ? "" : rest.slice(slash + 1);
    const database = path === "" ? undefined : decode(path, "database name");
    if (authority === "") return new Url({ dialect, driver, database, query });

    const at = authority.lastIndexOf("@");
    const login = at < 0 ? undefined : authority.slice(0, at);
    const place = authority.slice(at + 1);
    const colon = login === undefined ? -1 : login.indexOf(":");
    const user = login === undefined ? undefined : colon < 0 ? login : login.slice(0, colon);
    const found = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:]*))?$/.exec(place);
    if (found === null) {
      throw new ArgumentError(
        "The host of the database URL cannot be read: write an IPv6 address in brackets, and '/', '@' or ':' in a " +
          "user name or password as %2F, %40 or %3A.",
        "url.host",
      );
    }
    const host = found[1] ?? found[2];
    return new Url({
      dialect,
      driver,
      username: user === undefined || user === "" ? undefined : decode(user, "user name"),
      password: colon < 0 ? undefined : decode((login as string).slice(colon + 1), "password"),
      host: host === "" || host === undefined ? undefined : decode(host, "host"),
      port: found[3] === undefined || found[3] === "" ? undefined : parsePort(found[3]),
      database,
      query,
    });
  }

  /** A copy with parts replaced; `{ password: undefined }` removes the password. */
  set(parts: UrlParts): Url {
    return new Url({
      dialect: this.dialect,
      driver: this.driver,
      username: this.username,
      password: this.#password,
      host: this.host,
      port: this.port,
      database: this.database,
      query: this.query,
      ...parts,
    });
  }
  /** A copy with query options added or, given as undefined, removed. */
  updateQuery(changes: { readonly [key: string]: string | readonly string[] | undefined }): Url {
    const query: { [key: string]: string | readonly string[] } = { ...this.query };
    for (const [key, value] of Object.entries(changes)) {
      if (value === undefined) delete query[key];
      else query[key] = value;
    }
    return this.set({ query });
  }
  /** The last value of a query option. */
  option(name: string): string | undefined {
    const value = this.query[name];
    return typeof value === "string" ? value : value?.[value.length - 1];
  }
  /** The URL as text that `parse` reads back; `hidePassword` writes `***` in its place. */
  render(options: { readonly hidePassword?: boolean } = {}): string {
    let out = `${this.dialect}${this.driver === undefined ? "" : `+${this.driver}`}://`;
    if (this.username !== undefined || this.#password !== undefined) {
      out += encode(this.username ?? "");
      if (this.#password !== undefined) out += `:${options.hidePassword ? "***" : encode(this.#password)}`;
      out += "@";
    }
    if (this.host !== undefined) out += this.host.includes(":") ? `[${this.host}]` : encode(this.host);
    if (this.port !== undefined) out += `:${this.port}`;
    if (this.database !== undefined) out += `/${encodePath(this.database)}`;
    const pairs = Object.entries(this.query).flatMap(([key, value]) =>
      (typeof value === "string" ? [value] : value).map((v) => `${encodeURIComponent(key)}=${encodeURIComponent(v)}`),
    );
    return pairs.length === 0 ? out : `${out}?${pairs.join("&")}`;
  }
  /** With the password masked: safe for logs. */
  toString(): string {
    return this.render({ hidePassword: true });
  }
  toJSON(): string {
    return this.toString();
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
  equals(other: Url): boolean {
    return this.render() === other.render();
  }
}

const encode = (text: string): string => encodeURIComponent(text);
/** Slashes, colons and backslashes of file names stay readable. */
const encodePath = (text: string): string =>
  encodeURIComponent(text).replaceAll("%2F", "/").replaceAll("%3A", ":").replaceAll("%5C", "\\");

function decode(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ArgumentError(
      `The ${what} in the database URL holds a '%' that begins no escape; write it as %25.`,
      "url.escape",
    );
  }
}
function parseQuery(text: string): UrlQuery {
  const query: { [key: string]: string | string[] } = {};
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const read = (part: string) => decode(part.replaceAll("+", " "), "query");
    const key = read(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? "" : read(pair.slice(equals + 1));
    const before = Object.hasOwn(query, key) ? query[key] : undefined;
    const next = before === undefined ? value : typeof before === "string" ? [before, value] : [...before, value];
    Object.defineProperty(query, key, { value: next, enumerable: true, writable: true, configurable: true });
  }
  return query;
}
function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65535) {
    throw new ArgumentError(
      "The port in the database URL is not a number from 1 to 65535. If the text after ':' is part of a password, " +
        "write '/', '@' and ':' in it as %2F, %40 and %3A.",
      "url.port",
    );
  }
  return port;
}
/** What is wrong with text that has no `scheme://`. */
function complain(source: string): string {
  if (source.trim() === "") return "The database URL is empty; write one such as sqlite:///app.db.";
  const bare = /^([a-z][a-z0-9_+.-]*):(\/?)([^/].*)?$/i.exec(source);
  if (bare !== null && /^sqlite3?(\+|$)/i.test(bare[1] as string)) {
    const file = bare[3] ?? "";
    if (file === ":memory:" || file === "")
      return `'${source}' is not a database URL; for a database in memory write sqlite://.`;
    return `'${source}' is not a database URL; for the file write sqlite:///${bare[2]}${file}.`;
  }
  if (bare !== null && !(bare[3] ?? "").includes("@")) {
    return `The database URL '${bare[1]}:…' misses '//' after the colon: write ${bare[1]}://host/database.`;
  }
  if (!source.includes("@") && /\.(db|sqlite3?)$/i.test(source)) {
    return `'${source}' is not a database URL; for the file write sqlite:///${source}.`;
  }
  return "The database URL has no 'dialect://' at its beginning; it should look like postgresql://user:password@host/database.";
}

/** Accepts text or a parsed URL. */
export function makeUrl(url: string | Url): Url {
  if (typeof url === "string") return Url.parse(url);
  if (url instanceof Url) return url;
  throw new ArgumentError("A database URL is a string or a Url.", "url.invalid");
}
