/** Environment files, read before the project is imported: -e file, .env, .athanorenv, .flaskenv. The real environment always wins. */
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { CommandError } from "./errors.js";

const NAMES = [".env", ".athanorenv", ".flaskenv"];

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** The nearest file of this name, from `cwd` upwards. */
function findUp(name: string, cwd: string): { readonly path: string; readonly text: string } | undefined {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const path = join(folder, name);
    const text = read(path);
    if (text !== undefined) return { path, text };
    if (dirname(folder) === folder) return undefined;
  }
}

/**
 * Fills `env` with what it does not hold yet, the strongest file first. Prints nothing.
 *
 * @param file the file of -e, which must exist
 * @returns the paths that were read
 * @throws CommandError "cli.env-file"
 */
export function loadEnvFiles(cwd: string, file: string | undefined, env: NodeJS.ProcessEnv): string[] {
  const found: { readonly path: string; readonly text: string }[] = [];
  if (file !== undefined) {
    const path = resolve(cwd, file);
    const text = read(path);
    if (text === undefined)
      throw new CommandError("cli.env-file", `The environment file '${path}' does not exist or cannot be read.`);
    found.push({ path, text });
  }
  for (const name of NAMES) {
    const next = findUp(name, cwd);
    if (next !== undefined && !found.some((f) => f.path === next.path)) found.push(next);
  }
  for (const { text } of found) {
    for (const [key, value] of Object.entries(parseEnv(text))) {
      if (env[key] === undefined && value !== undefined) env[key] = value;
    }
  }
  return found.map((f) => f.path);
}
