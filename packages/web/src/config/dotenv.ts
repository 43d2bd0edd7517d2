/** Loads .env files into the environment, quietly; what is already set always wins (Flask: load_dotenv). */
import { readFileSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { WebError } from "../errors/web-error.js";

export interface DotenvOptions {
  /** Where the search upwards starts. Default: the working directory. */
  readonly cwd?: string;
  /** A file that must exist and goes before the others (the command's -e). */
  readonly file?: string;
  /** Names searched upwards, the strongest first. */
  readonly names?: readonly string[];
  /** Where the values go. Default process.env. */
  readonly env?: NodeJS.ProcessEnv;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** The nearest file of that name, from `cwd` upwards. */
function findUp(name: string, cwd: string): { readonly path: string; readonly text: string } | undefined {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const path = join(folder, name);
    const text = readIfThere(path);
    if (text !== undefined) return { path, text };
    if (dirname(folder) === folder) return undefined;
  }
}

/**
 * Order of strength: real environment, `file`, .env, .athanorenv, .flaskenv. Missing files are no error, except `file`.
 * Values are taken literally: no ${...} is expanded.
 *
 * @returns the paths that were read, strongest first
 * @throws WebError "config" when `file` is missing
 */
export function loadDotenv(options: DotenvOptions = {}): string[] {
  const cwd = options.cwd ?? process.cwd();
  const env = options.env ?? process.env;
  const found: { path: string; text: string }[] = [];
  if (options.file !== undefined) {
    const path = isAbsolute(options.file) ? options.file : join(cwd, options.file);
    const text = readIfThere(path);
    if (text === undefined) throw new WebError("config", `The environment file '${path}' does not exist.`);
    found.push({ path, text });
  }
  for (const name of options.names ?? [".env", ".athanorenv", ".flaskenv"]) {
    const file = findUp(name, cwd);
    if (file !== undefined && !found.some((f) => f.path === file.path)) found.push(file);
  }
  for (const { text } of found) {
    for (const [key, value] of Object.entries(parseEnv(text)))
      if (env[key] === undefined && value !== undefined) env[key] = value;
  }
  return found.map((f) => f.path);
}
