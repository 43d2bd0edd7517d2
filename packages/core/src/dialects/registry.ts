/** Which dialect a URL's scheme names; third parties add theirs here. */
import { didYouMean } from "../errors/did-you-mean.js";
import { ArgumentError } from "../errors/errors.js";
import type { DatabaseUrl, Dialect } from "./dialect.js";
import { MysqlDialect } from "./mysql/dialect.js";
import { PgliteDialect } from "./pglite/dialect.js";
import { PostgresqlDialect } from "./postgresql/dialect.js";
import { SqliteDialect } from "./sqlite/dialect.js";

/** Makes a dialect for one engine. Driver packages are loaded later, by the dialect. */
export type DialectFactory = (scheme: string) => Dialect;

const factories = new Map<string, DialectFactory>([
  ["sqlite", () => new SqliteDialect()],
  ["postgresql", () => new PostgresqlDialect()],
  ["mysql", () => new MysqlDialect("mysql")],
  ["mariadb", () => new MysqlDialect("mariadb")],
  ["pglite", () => new PgliteDialect()],
]);

/**
 * Makes a dialect known under a URL scheme.
 * @example registerDialect("duckdb", () => new DuckDbDialect());
 */
export function registerDialect(name: string, make: DialectFactory): void {
  if (!/^[a-z][a-z0-9_.-]*$/.test(name))
    throw new ArgumentError(`'${name}' is no URL scheme: use lower-case letters and digits.`);
  factories.set(name, make);
}
export function dialectNames(): readonly string[] {
  return [...factories.keys()];
}
/** A dialect by name, for compiling without a database. @throws ArgumentError */
export function dialectNamed(name: string): Dialect {
  const make = factories.get(name === "postgres" ? "postgresql" : name);
  if (make !== undefined) return make(name);
  const known = dialectNames();
  throw new ArgumentError(
    `There is no database dialect '${name}'.${didYouMean(name, known)} Known: ${known.join(", ")}.`,
    "dialect.unknown",
  );
}
/** The dialect of a URL, new for each engine: it learns from its server. */
export function dialectFor(url: DatabaseUrl): Dialect {
  return dialectNamed(url.dialect);
}
