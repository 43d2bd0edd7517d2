/**
 * The migration directory: its revision files as a graph, and new files written into it. Source: Alembic
 * "The Migration Environment", `ScriptDirectory`.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, stat, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { MultipleHeadsError, RevisionError, ScriptError } from "../errors.js";
import {
  assertBranchLabel,
  assertRevisionId,
  deriveGraph,
  historyRange,
  type Revision,
  RevisionMap,
  type RevisionSpec,
  resolveAll,
  resolveOne,
} from "../graph/index.js";
import {
  loadRevisionModule,
  type ModuleLoader,
  type RevisionModule,
  readRevisionFile,
  readRevisionText,
} from "./file.js";
import { type MadeHere, madeInGeneratedParts } from "./generated.js";
import { findRevisionFiles } from "./locations.js";
import { dateText, defaultFileTemplate, fileNameOf, newRevisionId, wallClock } from "./names.js";
import { type Print, status } from "./status.js";
import { type DatabaseBodies, defaultRevisionTemplate, type ImportNeed, type RevisionTemplate } from "./template.js";
import { writeNewFile } from "./write.js";

export interface ScriptDirectoryOptions {
  /** The directory made by `init`. */
  readonly directory: string;
  /** Where revision files are; default `<directory>/versions`. Relative paths count from `directory`. */
  readonly versionLocations?: readonly string[] | undefined;
  /** Look into sub-directories too; needed for file name templates with a slash. Default false. */
  readonly recursive?: boolean | undefined;
  /** Default `{rev}_{slug}`; see `fileNameOf`. */
  readonly fileTemplate?: string | undefined;
  /** Longest slug in characters; default 40. */
  readonly truncateSlugLength?: number | undefined;
  /** IANA time zone of file names and creation dates; default the machine's. */
  readonly timezone?: string | undefined;
  readonly template?: RevisionTemplate | undefined;
  /** What new files are written in; default "ts". */
  readonly language?: "ts" | "js" | undefined;
  /** Longest id the version table can hold, in characters; default 32. */
  readonly maxIdLength?: number | undefined;
  /** Imports a revision file; default the running Node's own `import`. */
  readonly load?: ModuleLoader | undefined;
  /** Called after a file has been written, for formatters. */
  readonly afterWrite?: ((path: string, revision: Revision) => void | Promise<void>) | undefined;
  readonly print?: Print | undefined;
  readonly now?: (() => Date) | undefined;
}

export interface GenerateRequest {
  /** Default: twelve random hexadecimal digits. */
  readonly revision?: string | undefined;
  /** Default "empty message", with an empty slug. */
  readonly message?: string | undefined;
  /** What the revision continues; default `head`. `base` begins a new line. */
  readonly head?: RevisionSpec;
  /** Allow a parent that already has a child. */
  readonly splice?: boolean | undefined;
  readonly branchLabels?: string | readonly string[] | undefined;
  /** Ids, prefixes, labels or symbols. */
  readonly dependsOn?: string | readonly string[] | undefined;
  /** A squash: these revisions of one line, oldest first, whose files go. */
  readonly replaces?: readonly Revision[] | undefined;
  /** Which of several version locations gets the file. */
  readonly versionPath?: string | undefined;
  /** Bodies; see `RevisionTemplateContext`. */
  readonly upgrades?: string | undefined;
  readonly downgrades?: string | undefined;
  readonly imports?: readonly ImportNeed[] | undefined;
  /** Of several databases, the bodies for each, instead of `upgrades` and `downgrades`. */
  readonly databases?: readonly DatabaseBodies[] | undefined;
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

const importFile: ModuleLoader = (path) => import(pathToFileURL(path).href);
/** @throws RevisionError `migrate.long-id` */
function assertLength(id: string, longest = 32, path: string | undefined): void {
  if (id.length <= longest) return;
  const where = path === undefined ? "" : ` Shorten it in ${path}.`;
  throw new RevisionError("migrate.long-id", `Revision identifier '${id}' is longer than ${longest} characters`, {
    hint: `The version table could not hold it.${where}`,
  });
}
const asList = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === "string" ? [value] : value;

/**
 * @example
 * const scripts = await ScriptDirectory.open({ directory: "migrations" });
 * scripts.walk("-3:head").map((r) => r.doc);
 * await scripts.generate({ message: "create owners" });
 */
export class ScriptDirectory {
  readonly directory: string;
  readonly versionLocations: readonly string[];
  /** The graph; it grows with `generate`. */
  readonly map: RevisionMap;
  readonly #options: ScriptDirectoryOptions;
  readonly #load: ModuleLoader;

  private constructor(options: ScriptDirectoryOptions, locations: readonly string[], map: RevisionMap) {
    this.#options = options;
    this.#load = options.load ?? importFile;
    this.directory = resolve(options.directory);
    this.versionLocations = locations;
    this.map = map;
  }

  /**
   * Reads all revision files. Modules are imported only where a header is not literal.
   * @throws ScriptError `migrate.no-directory`; errors of files and of the graph
   */
  static async open(options: ScriptDirectoryOptions): Promise<ScriptDirectory> {
    const directory = resolve(options.directory);
    if (!(await isDirectory(directory))) {
      throw new ScriptError(
        "migrate.no-directory",
        `Path doesn't exist: ${directory}.  Please use the 'init' command to create a new scripts folder.`,
      );
    }
    const locations = (options.versionLocations ?? ["versions"]).map((location) => resolve(directory, location));
    const paths = await findRevisionFiles(locations, options.recursive ?? false);
    const load = options.load ?? importFile;
    const revisions: Revision[] = [];
    // A few dozen at a time: fast, and far from the limit of open files.
    for (let i = 0; i < paths.length; i += 32) {
      const batch = paths
        .slice(i, i + 32)
        .map(async (path) => readRevisionFile(path, await readFile(path, "utf8"), load));
      revisions.push(...(await Promise.all(batch)));
    }
    for (const one of revisions) assertLength(one.revision, options.maxIdLength, one.path);
    return new ScriptDirectory(options, locations, new RevisionMap(revisions));
  }

  /** All revisions in load order. */
  list(): readonly Revision[] {
    return this.map.all;
  }

  /** One revision by identifier; null for the base. @throws ResolutionError */
  get(identifier: RevisionSpec, current?: readonly string[]): Revision | null {
    return resolveOne(this.map, identifier, { current });
  }

  /** Revisions of a range (`a:b`, `-3:`; default all), newest first. */
  walk(range?: string, current?: readonly string[]): Revision[] {
    return historyRange(this.map, range, current);
  }

  /** Loads the functions of a revision. @throws ScriptError */
  load<Op>(revision: Revision): Promise<RevisionModule<Op>> {
    return loadRevisionModule<Op>(revision, this.#load);
  }

  /** SHA-256 of a revision's text, line ends and blanks at line ends aside; undefined without a file. */
  async checksum(revision: Revision): Promise<string | undefined> {
    if (revision.path === undefined) return undefined;
    const text = await readFile(revision.path, "utf8");
    return createHash("sha256")
      .update(text.replaceAll(/[ \t]*\r?\n/g, "\n").trim())
      .digest("hex");
  }

  /** What generated parts of the files make: views, functions, triggers, sequences. */
  async madeHere(): Promise<MadeHere> {
    const paths = this.map.all.flatMap((r) => r.path ?? []);
    return madeInGeneratedParts(await Promise.all(paths.map((path) => readFile(path, "utf8"))));
  }

  /**
   * Writes a new revision file and adds it to the map. Everything is checked before anything is written.
   * @throws RevisionError for ids, labels and parents that cannot be; ScriptError for paths
   */
  async generate(request: GenerateRequest = {}): Promise<Revision> {
    const options = this.#options;
    const id = request.revision ?? newRevisionId();
    const labels = asList(request.branchLabels);
    this.#assertNewNames(id, labels, new Set(request.replaces));
    const replaces = request.replaces ?? [];
    const parents =
      replaces.length > 0
        ? [...(replaces[0] as Revision).links.parents]
        : this.#parents(request.head === undefined ? "head" : request.head, request.splice ?? false);
    const dependsOn = asList(request.dependsOn).map((name) => this.#dependency(name));

    const location = this.#location(request.versionPath, parents);
    const date = options.now?.() ?? new Date();
    const path = this.#pathIn(location, id, request.message ?? "", date);
    const language = options.language ?? "ts";
    const text = (options.template ?? defaultRevisionTemplate)({
      revision: id,
      downRevision: parents.map(String),
      branchLabels: labels,
      dependsOn,
      replaces: replacedIds(replaces),
      message: request.message?.trim() ? request.message : "empty message",
      createDate: dateText(wallClock(date, options.timezone)),
      imports: request.imports ?? [],
      upgrades: request.upgrades,
      downgrades: request.downgrades,
      databases: request.databases ?? [],
      language,
      extra: request.extra ?? {},
    });
    const revision = this.#verify(path, text, { id, parents, labels, dependsOn, replaces });

    await this.#ensureDirectory(dirname(path));
    await status(this.#print, `Generating ${path}`, () => writeNewFile(path, text));
    if (replaces.length === 0) this.map.add(revision);
    else {
      for (const { path: old } of replaces)
        if (old !== undefined) await status(this.#print, `Removing ${old}`, () => unlink(old));
      this.map.replace(new Set(replaces), revision);
    }
    await options.afterWrite?.(path, revision);
    return revision;
  }

  get #print(): Print {
    return this.#options.print ?? (() => {});
  }

  #assertNewNames(id: string, labels: readonly string[], gone: ReadonlySet<Revision>): void {
    assertRevisionId(id);
    assertLength(id, this.#options.maxIdLength, undefined);
    const seen = new Set<string>();
    for (const [name, what] of [[id, "Revision"], ...labels.map((label) => [label, "Branch name"])] as [
      string,
      string,
    ][]) {
      if (what !== "Revision") assertBranchLabel(name);
      const other = this.map.get(name) ?? this.map.byLabel.get(name);
      // A label of what is replaced goes on with the squash; ids do not come back.
      if (other !== undefined && !(what !== "Revision" && gone.has(other))) {
        throw new RevisionError("migrate.name-taken", `${what} '${name}' is already used by revision ${other}`, {
          hint: other.path,
        });
      }
      if (seen.has(name)) throw new RevisionError("migrate.name-taken", `${what} '${name}' is given twice`);
      seen.add(name);
    }
  }

  #parents(head: RevisionSpec, splice: boolean): Revision[] {
    let parents: Revision[];
    try {
      // One by one, since a list collapses what is named twice.
      parents = (Array.isArray(head) ? (head as readonly string[]) : [head as string | null]).flatMap((one) =>
        resolveAll(this.map, one),
      );
    } catch (error) {
      if (!(error instanceof MultipleHeadsError)) throw error;
      throw new RevisionError(
        "migrate.multiple-heads",
        "Multiple heads are present; please specify the head revision on which the new revision should be based, or " +
          "perform a merge.",
        { cause: error, hint: error.hint },
      );
    }
    if (new Set(parents).size !== parents.length) {
      throw new RevisionError("migrate.duplicate-heads", "Duplicate head revisions specified");
    }
    const inner = splice ? undefined : parents.find((parent) => !parent.isHead);
    if (inner !== undefined) {
      throw new RevisionError(
        "migrate.not-a-head",
        `Revision ${inner} is not a head revision; please specify --splice to create a new branch from this revision`,
      );
    }
    return parents;
  }

  /** A label stays a label; any other identifier becomes the whole id. */
  #dependency(name: string): string {
    if (this.map.byLabel.has(name)) return name;
    const revision = resolveOne(this.map, name);
    if (revision === null) {
      throw new RevisionError(
        "migrate.depends-on-base",
        `A revision can't depend on '${name}', which names no revision`,
      );
    }
    return revision.revision;
  }

  #location(asked: string | undefined, parents: readonly Revision[]): string {
    const locations = this.versionLocations;
    if (asked !== undefined) {
      const path = resolve(asked);
      const known = locations.find((location) => location === path || location === resolve(this.directory, asked));
      if (known !== undefined) return known;
      throw new ScriptError("migrate.version-path", `Path ${asked} is not represented in current version locations`, {
        hint: `The version locations are ${locations.join(", ")}.`,
      });
    }
    if (locations.length === 1) return locations[0]!;
    const home = parents[0]?.path;
    const near = locations
      .filter((location) => home?.startsWith(join(location, "/")))
      .sort((a, b) => b.length - a.length)[0];
    if (near !== undefined) return near;
    throw new ScriptError("migrate.version-path", "Multiple version locations present, please specify --version-path", {
      hint: `The version locations are ${locations.join(", ")}.`,
    });
  }

  #pathIn(location: string, revision: string, message: string, date: Date): string {
    const { fileTemplate, timezone, truncateSlugLength, recursive, language } = this.#options;
    const template = fileTemplate ?? defaultFileTemplate;
    const name = fileNameOf(template, { revision, message, date, timezone, slugLimit: truncateSlugLength });
    if (name.includes("/") && !recursive) {
      throw new ScriptError(
        "migrate.file-template",
        `File name template '${template}' makes sub-directories, which would not be read back`,
        { hint: "Set recursive: true." },
      );
    }
    return join(location, `${name}.${language ?? "ts"}`);
  }

  /** Reads the text as `open` will, so that a faulty template is noticed while there is no file yet. */
  #verify(
    path: string,
    text: string,
    wanted: {
      id: string;
      parents: readonly Revision[];
      labels: readonly string[];
      dependsOn: readonly string[];
      replaces: readonly Revision[];
    },
  ): Revision {
    const revision = readRevisionText(path, text);
    const same = (a: readonly unknown[] | undefined, b: readonly unknown[]) => a?.join() === b.map(String).join();
    const lost =
      revision?.revision !== wanted.id
        ? "revision"
        : !same(revision.downRevisions, wanted.parents)
          ? "downRevision"
          : !same(revision.ownLabels, wanted.labels)
            ? "branchLabels"
            : !same(revision.dependsOn, wanted.dependsOn)
              ? "dependsOn"
              : !same(revision.replaces, replacedIds(wanted.replaces))
                ? "replaces"
                : undefined;
    if (revision === undefined || lost !== undefined) {
      throw new ScriptError(
        "migrate.template",
        `The revision template does not export '${lost ?? "revision"}' as a literal with the given value`,
        { hint: "Nothing was written. Print revision, downRevision, branchLabels and dependsOn as plain constants." },
      );
    }
    deriveGraph([...this.map.all.filter((r) => !wanted.replaces.includes(r)), revision]);
    return revision;
  }

  async #ensureDirectory(directory: string): Promise<void> {
    if (await isDirectory(directory)) return;
    await status(this.#print, `Creating directory ${directory}`, () => mkdir(directory, { recursive: true }));
  }
}

/** With what an earlier squash among them replaced. */
const replacedIds = (replaces: readonly Revision[]): string[] => replaces.flatMap((r) => [...r.replaces, r.revision]);

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

/** The message of a merge that was given none: it names what is joined. */
export function mergeMessage(parents: readonly Revision[]): string {
  return `merge ${parents.join(" and ")}`;
}
