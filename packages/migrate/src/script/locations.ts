/**
 * Finds the revision files of the version locations, in an order that does not depend on the file system.
 */
import { readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import { ScriptError } from "../errors.js";

/** Sources first: where a compiled file lies beside its source, the source counts. */
const extensions = [".ts", ".mts", ".js", ".mjs"];

function isRevisionFile(name: string): boolean {
  // Drafts, editor files and helpers begin with a dot, a hash or an underscore.
  return extensions.includes(extname(name)) && !/^[._#]/u.test(name) && !/\.(?:d|test|spec)\.[mc]?[tj]s$/u.test(name);
}

function withoutCompiledTwins(names: readonly string[]): string[] {
  const chosen = new Map<string, string>();
  const rank = (name: string) => extensions.indexOf(extname(name));
  for (const name of names) {
    const stem = name.slice(0, -extname(name).length);
    const other = chosen.get(stem);
    if (other === undefined || rank(name) < rank(other)) chosen.set(stem, name);
  }
  return [...chosen.values()];
}

/**
 * Paths of the revision files below the locations, sorted by name within each directory.
 * @throws ScriptError `migrate.no-directory` when a location does not exist
 */
export async function findRevisionFiles(locations: readonly string[], recursive: boolean): Promise<string[]> {
  const found = new Set<string>();
  for (const location of locations) {
    const todo = [location];
    for (let directory = todo.shift(); directory !== undefined; directory = todo.shift()) {
      const at = directory;
      const entries = await readdir(at, { withFileTypes: true }).catch((cause: unknown) => {
        throw new ScriptError("migrate.no-directory", `Can't read the version location ${at}`, {
          cause,
          hint: "Use the 'init' command to create a migration directory, or correct versionLocations.",
        });
      });
      entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
      const files = entries.filter((e) => !e.isDirectory() && isRevisionFile(e.name)).map((e) => e.name);
      for (const name of withoutCompiledTwins(files)) found.add(join(at, name));
      if (!recursive) continue;
      const below = entries.filter((e) => e.isDirectory() && !/^[._]|^node_modules$/u.test(e.name));
      todo.unshift(...below.map((e) => join(at, e.name)));
    }
  }
  return [...found];
}
