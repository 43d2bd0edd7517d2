/**
 * One revision file: from text (or, where the text is not literal, from the loaded module) to a `Revision`.
 */
import { ScriptError } from "../errors.js";
import { Revision, type RevisionDeclaration } from "../graph/index.js";
import { leadingComment, scanHeader } from "./scanner.js";

/** Imports a file and gives its exports. Injected, since TypeScript files need a loader (tsx, Node's own, a bundler). */
export type ModuleLoader = (path: string) => Promise<unknown>;

/** One function for all databases, told which one it is called for; or a function per database. */
export type RevisionFunctions<Op = never> =
  | ((op: Op, database: string) => unknown)
  | { readonly [database: string]: (op: Op) => unknown };

/** What the run needs of a revision file; `Op` is the operations object handed to both functions. */
export interface RevisionModule<Op = never> {
  readonly revision: string;
  readonly upgrade: RevisionFunctions<Op>;
  /** Absent when the revision cannot be undone. */
  readonly downgrade?: RevisionFunctions<Op> | undefined;
  /** Why there is no way back: instead of `downgrade`. */
  readonly irreversible?: string | undefined;
  /** False: the functions run outside of a transaction; what came before them is committed first. */
  readonly transaction?: boolean | undefined;
}

const fields = ["revision", "downRevision", "branchLabels", "dependsOn", "replaces", "createDate"] as const;
type Field = (typeof fields)[number];
type Getter = (field: Field) => unknown;

/**
 * Reads a revision file. The module is loaded only when the header is not literal.
 * @throws ScriptError `migrate.no-revision-id`, `migrate.bad-header`, `migrate.load-failed`
 */
export async function readRevisionFile(path: string, text: string, load: ModuleLoader): Promise<Revision> {
  const constants = scanHeader(text);
  const doc = leadingComment(text);
  // Without an id the text may still be a revision, written in a way the scanner does not follow.
  if (constants?.has("revision")) return declared(path, doc, (field) => constants.get(field));
  const module = await loadModule(path, load);
  return declared(path, doc, (field) => module[field]);
}

/** As `readRevisionFile` for text that is known to be literal; undefined when it is not. */
export function readRevisionText(path: string, text: string): Revision | undefined {
  const constants = scanHeader(text);
  return constants === undefined ? undefined : declared(path, leadingComment(text), (field) => constants.get(field));
}

function declared(path: string, doc: string, get: Getter): Revision {
  const revision = get("revision");
  if (revision === undefined) {
    throw new ScriptError("migrate.no-revision-id", `Could not determine revision id from ${path}`, {
      hint:
        'A revision file exports its id: export const revision = "…". Helper modules belong outside of the versions ' +
        "directory, or into files whose names begin with '_'.",
    });
  }
  if (typeof revision !== "string") throw badHeader(path, "revision", "a string");
  const createDate = get("createDate") ?? [...doc.matchAll(/^Create Date: *(.+)$/gmu)].at(-1)?.[1];
  if (createDate !== undefined && typeof createDate !== "string") throw badHeader(path, "createDate", "a string");
  const declaration: RevisionDeclaration = {
    revision,
    downRevision: listOf(path, "downRevision", get),
    branchLabels: listOf(path, "branchLabels", get),
    dependsOn: listOf(path, "dependsOn", get),
    replaces: listOf(path, "replaces", get),
    doc,
    createDate,
    path,
  };
  return new Revision(declaration);
}

function listOf(path: string, field: Field, get: Getter): string | readonly string[] | null {
  const value = get(field);
  if (value === undefined || value === null || typeof value === "string") return value ?? null;
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value as string[];
  throw badHeader(path, field, "a string, a list of strings or null");
}

function isFunctions(value: unknown): boolean {
  if (typeof value === "function") return true;
  return typeof value === "object" && value !== null && Object.values(value).every((v) => typeof v === "function");
}

function badHeader(path: string, field: Field | "transaction" | "irreversible", wanted: string): ScriptError {
  return new ScriptError("migrate.bad-header", `'${field}' in ${path} must be ${wanted}`);
}

/** Loads a file. @throws ScriptError `migrate.load-failed` with the loader's error as cause */
export async function loadModule(path: string, load: ModuleLoader): Promise<Record<string, unknown>> {
  let module: unknown;
  try {
    module = await load(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ScriptError("migrate.load-failed", `Can't load ${path}: ${reason}`, { cause });
  }
  if (typeof module !== "object" || module === null) {
    throw new ScriptError("migrate.load-failed", `Can't load ${path}: the loader gave no module`);
  }
  return module as Record<string, unknown>;
}

/**
 * The functions of a revision, ready to run.
 * @throws ScriptError when the file no longer holds that revision or has no `upgrade`
 */
export async function loadRevisionModule<Op>(revision: Revision, load: ModuleLoader): Promise<RevisionModule<Op>> {
  const path = revision.path;
  if (path === undefined) throw new ScriptError("migrate.no-file", `Revision ${revision} was not read from a file`);
  const module = await loadModule(path, load);
  if (module.revision !== revision.revision) {
    throw new ScriptError(
      "migrate.file-changed",
      `${path} was read as revision ${revision} but exports '${module.revision}'`,
    );
  }
  for (const name of ["upgrade", "downgrade"] as const) {
    const fn = module[name];
    if (!isFunctions(fn) && !(name === "downgrade" && fn === undefined)) {
      throw new ScriptError("migrate.no-function", `${path} must export a function '${name}(op)'`, {
        hint: `For several databases: export const ${name} = { async users(op) { … }, … };`,
      });
    }
  }
  if (module.transaction !== undefined && typeof module.transaction !== "boolean")
    throw badHeader(path, "transaction", "true or false");
  if (module.irreversible !== undefined && typeof module.irreversible !== "string")
    throw badHeader(path, "irreversible", "a string: the reason");
  // The check above is all that can be known about a loaded module.
  return module as unknown as RevisionModule<Op>;
}
