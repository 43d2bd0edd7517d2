/** Where templates come from. Source: Jinja, "Loaders". */
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { TemplateRuntimeError } from "./errors.js";

export interface TemplateSource {
  readonly source: string;
  /** The file behind it, for messages and editors. */
  readonly path?: string | undefined;
  /** Whether the source is still the same; asked before each use when the environment reloads. */
  readonly fresh?: (() => boolean | Promise<boolean>) | undefined;
}

export interface Loader {
  /** The template, or undefined when this loader does not know the name. */
  load(name: string): Promise<TemplateSource | undefined>;
  /** The places that were looked at for a name, for the error. */
  searched(name: string): string[];
  /** Known names, for "did you mean". */
  list(): Promise<string[]>;
}

/** The parts of a template name; undefined when it tries to leave its folder. */
function safeParts(name: string): string[] | undefined {
  if (name === "" || name.includes("\0") || name.includes("\\") || isAbsolute(name)) return undefined;
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (
    parts.length === 0 ||
    parts.some((part) => part === ".." || (sep !== "/" && part.includes(sep)) || /^[a-zA-Z]:/.test(part))
  )
    return undefined;
  return parts;
}

/** Whether a file system error only says "not there". */
const isMissing = (error: unknown): boolean =>
  ["ENOENT", "ENOTDIR", "EISDIR", "ENAMETOOLONG"].includes((error as { code?: string }).code ?? "");

/**
 * Templates in one folder or several; the first that has the name wins. Names cannot leave the folder, neither by `..`
 * nor through a symbolic link (unless `followLinks`).
 * @example new FolderLoader("templates")
 */
export class FolderLoader implements Loader {
  readonly folders: readonly string[];
  private readonly followLinks: boolean;
  constructor(folders: string | URL | readonly (string | URL)[], options: { readonly followLinks?: boolean } = {}) {
    const list = Array.isArray(folders) ? (folders as readonly (string | URL)[]) : [folders as string | URL];
    this.folders = list.map((folder) => resolve(folder instanceof URL ? fileURLToPath(folder) : folder));
    this.followLinks = options.followLinks ?? false;
  }

  async load(name: string): Promise<TemplateSource | undefined> {
    const parts = safeParts(name);
    if (parts === undefined) return undefined;
    for (const folder of this.folders) {
      const path = join(folder, ...parts);
      try {
        if (!this.followLinks) {
          const inside = relative(await realpath(folder), await realpath(path));
          if (inside.startsWith("..") || isAbsolute(inside)) continue;
        }
        const before = await stat(path);
        if (!before.isFile()) continue;
        const source = await readFile(path, "utf8");
        const fresh = async (): Promise<boolean> => {
          try {
            const now = await stat(path);
            return now.mtimeMs === before.mtimeMs && now.size === before.size;
          } catch {
            return false;
          }
        };
        return { source, path, fresh };
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    }
    return undefined;
  }

  searched(name: string): string[] {
    const parts = safeParts(name);
    if (parts === undefined) return [`nothing, because '${name}' would leave the template folder`];
    return this.folders.map((folder) => join(folder, ...parts));
  }

  async list(): Promise<string[]> {
    const names = new Set<string>();
    for (const folder of this.folders) {
      try {
        for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
          const parent = (entry as { parentPath?: string }).parentPath ?? entry.path;
          if (entry.isFile()) names.add(relative(folder, join(parent, entry.name)).split(sep).join("/"));
        }
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    }
    return [...names].sort();
  }
}

/** Templates from an object or Map of texts; for tests and generated templates. */
export class DictLoader implements Loader {
  private readonly templates: Record<string, string> | Map<string, string>;
  constructor(templates: Record<string, string> | Map<string, string>) {
    this.templates = templates;
  }
  private get(name: string): string | undefined {
    if (this.templates instanceof Map) return this.templates.get(name);
    return Object.hasOwn(this.templates, name) ? this.templates[name] : undefined;
  }
  async load(name: string): Promise<TemplateSource | undefined> {
    const source = this.get(name);
    return source === undefined ? undefined : { source, fresh: () => this.get(name) === source };
  }
  searched(name: string): string[] {
    return [`'${name}' in a dictionary of templates`];
  }
  async list(): Promise<string[]> {
    return this.templates instanceof Map ? [...this.templates.keys()] : Object.keys(this.templates);
  }
}

/** Asks several loaders in turn: an application's folder before those of its blueprints. Loaders can be added later. */
export class ChoiceLoader implements Loader {
  readonly loaders: Loader[];
  constructor(loaders: readonly Loader[]) {
    this.loaders = [...loaders];
  }
  async load(name: string): Promise<TemplateSource | undefined> {
    for (const [i, loader] of this.loaders.entries()) {
      const found = await loader.load(name);
      if (found === undefined) continue;
      const before = this.loaders.slice(0, i);
      // A template that appears in an earlier loader takes over.
      const fresh = async (): Promise<boolean> => {
        for (const earlier of before) if ((await earlier.load(name)) !== undefined) return false;
        return (await found.fresh?.()) ?? true;
      };
      return { ...found, fresh };
    }
    return undefined;
  }
  searched(name: string): string[] {
    return this.loaders.flatMap((loader) => loader.searched(name));
  }
  async list(): Promise<string[]> {
    return [...new Set((await Promise.all(this.loaders.map((loader) => loader.list()))).flat())];
  }
}

/** Sends `admin/index.html` to the loader registered as `admin`. */
export class PrefixLoader implements Loader {
  private readonly loaders: ReadonlyMap<string, Loader>;
  private readonly delimiter: string;
  constructor(loaders: Record<string, Loader>, delimiter = "/") {
    if (delimiter === "") throw new TemplateRuntimeError("The delimiter of a PrefixLoader cannot be empty.");
    this.loaders = new Map(Object.entries(loaders));
    this.delimiter = delimiter;
  }
  private find(name: string): { loader: Loader; rest: string } | undefined {
    const at = name.indexOf(this.delimiter);
    const loader = at < 0 ? undefined : this.loaders.get(name.slice(0, at));
    return loader && { loader, rest: name.slice(at + this.delimiter.length) };
  }
  async load(name: string): Promise<TemplateSource | undefined> {
    const found = this.find(name);
    return found?.loader.load(found.rest);
  }
  searched(name: string): string[] {
    const found = this.find(name);
    if (found !== undefined) return found.loader.searched(found.rest);
    return [`the prefixes ${[...this.loaders.keys()].map((p) => `'${p}${this.delimiter}'`).join(", ")}`];
  }
  async list(): Promise<string[]> {
    const names: string[] = [];
    for (const [prefix, loader] of this.loaders)
      for (const name of await loader.list()) names.push(prefix + this.delimiter + name);
    return names;
  }
}
