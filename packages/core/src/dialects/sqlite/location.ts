/** Where a SQLite URL points: a file, or memory. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { OperationalError } from "../../errors/errors.js";
import type { DatabaseUrl } from "../dialect.js";
import { checkUrlOptions, urlOption } from "../options.js";
import type { SqliteHandle } from "./driver.js";

export interface SqliteLocation {
  readonly path: string;
  readonly memory: boolean;
  readonly readOnly: boolean;
  readonly mustExist: boolean;
}
/** `made`: a database of the package that somebody else has opened. */
export type OpenSqlite = (
  location: SqliteLocation,
  args: { readonly [name: string]: unknown },
  made?: unknown,
) => SqliteHandle;

export const SQLITE_OPTIONS = [
  "mode",
  "timeout",
  "journal_mode",
  "foreign_keys",
  "begin",
  "synchronous",
  "uri",
] as const;

/**
 * `sqlite://` and `sqlite:///:memory:` are memory, `sqlite:///a.db` a relative and `sqlite:////a.db` an absolute path;
 * `file:` in front of a path is understood too. `?mode=ro` reads only, `rw` wants the file to exist.
 */
export function sqliteLocation(url: DatabaseUrl): SqliteLocation {
  checkUrlOptions(url, SQLITE_OPTIONS);
  let path = url.database ?? "";
  if (url.host !== undefined) {
    throw new OperationalError(
      `A SQLite URL has no host; '${url.host}' was read as one. Write three slashes: sqlite:///${url.host}${path === "" ? "" : `/${path}`}`,
    );
  }
  if (path.startsWith("file:")) path = path.slice(5).replace(/^\/\/(?=\/)/, "");
  const mode = urlOption(url, "mode");
  const memory = path === "" || path === ":memory:" || mode === "memory";
  return {
    path: memory ? ":memory:" : path,
    memory,
    readOnly: mode === "ro",
    mustExist: mode === "ro" || mode === "rw",
  };
}
/** @throws OperationalError where the file should exist and does not */
export function requireFile(location: SqliteLocation): void {
  if (location.memory) return;
  if (location.mustExist && !existsSync(location.path)) {
    throw new OperationalError(`The SQLite file '${location.path}' does not exist, and the URL says not to create it.`);
  }
  const folder = dirname(location.path);
  if (!existsSync(folder))
    throw new OperationalError(`The folder '${folder}' of the SQLite file does not exist; create it first.`);
}

const patterns = new Map<string, RegExp>();
/** `value REGEXP pattern` calls `regexp(pattern, value)`. */
export function matches(pattern: unknown, value: unknown): number | null {
  if (pattern === null || value === null) return null;
  const source = String(pattern);
  let compiled = patterns.get(source);
  if (compiled === undefined) {
    if (patterns.size > 200) patterns.clear();
    patterns.set(source, (compiled = new RegExp(source, "u")));
  }
  return compiled.test(String(value)) ? 1 : 0;
}
