/** Commands that read and write revision files: init, revision, migrate, merge, show, history, heads, branches, edit. */
import { spawn } from "node:child_process";
import { produceMigrations, renderOps } from "../autogenerate/index.js";
import { CommandError } from "../errors.js";
import {
  currentTips,
  formatRevision,
  formatRevisionBlock,
  graphLines,
  graphMermaid,
  graphSvg,
  ids,
  type Revision,
  type RevisionSpec,
  resolveAll,
  revisionData,
} from "../graph/index.js";
import { reversed } from "../ops/index.js";
import type { MigrationContext } from "../runtime/index.js";
import {
  type GenerateRequest,
  type InitResult,
  initDirectory,
  mergeMessage,
  type ScriptDirectory,
} from "../script/index.js";
import { CommandEnvironment, type MigrateConfig } from "./config.js";

/** Makes a migration directory. Source: `flask db init`. @throws ScriptError `migrate.directory-not-empty` */
export async function init(
  config: MigrateConfig = {},
  options: { readonly language?: "ts" | "js"; readonly template?: string } = {},
): Promise<InitResult> {
  const environment = new CommandEnvironment(config);
  if (options.template !== undefined && !templates.some((t) => t.name === options.template)) {
    throw new CommandError("migrate.no-template", `No such template '${options.template}'`, {
      hint: `There is ${templates.map((t) => t.name).join(", ")}.`,
    });
  }
  const language = options.language ?? (options.template === "javascript" ? "js" : "ts");
  return initDirectory({ directory: environment.directory, language, print: environment.status });
}

const templates = [
  { name: "generic", text: "Revision files and environment in TypeScript." },
  { name: "javascript", text: "The same in JavaScript." },
] as const;
export function listTemplates(config: MigrateConfig = {}): void {
  const environment = new CommandEnvironment(config);
  environment.print("Available templates:\n");
  for (const { name, text } of templates) environment.print(`${name} - ${text}`);
}

export interface RevisionOptions {
  readonly message?: string | undefined;
  /** Write the difference between models and database. */
  readonly autogenerate?: boolean | undefined;
  readonly head?: RevisionSpec;
  readonly splice?: boolean | undefined;
  readonly branchLabel?: string | readonly string[] | undefined;
  readonly versionPath?: string | undefined;
  readonly revId?: string | undefined;
  readonly dependsOn?: string | readonly string[] | undefined;
}
function request(options: RevisionOptions): GenerateRequest {
  return {
    revision: options.revId,
    message: options.message,
    head: options.head,
    splice: options.splice,
    branchLabels: options.branchLabel,
    versionPath: options.versionPath,
    dependsOn: options.dependsOn,
  };
}

/**
 * A new revision file: empty, or with the difference between models and database. Null when there is no difference.
 * @throws RevisionError, CommandError `migrate.not-up-to-date`
 */
export async function revision(config: MigrateConfig, options: RevisionOptions = {}): Promise<Revision | null> {
  const environment = new CommandEnvironment(config);
  const scripts = await environment.scripts();
  if (!options.autogenerate) return scripts.generate(request(options));
  const metadata = await environment.metadata();
  const { ops, names } = await environment.online(async (context) => {
    await requireUpToDate(context, scripts);
    const found = await produceMigrations(context, metadata, config);
    return { ops: await filtered(config, found), names: context };
  });
  if (ops.length === 0) {
    environment.log.info("autogenerate", "No changes in schema detected.");
    if (metadata.every((m) => m.tables.size === 0)) {
      environment.log.warn(
        "autogenerate",
        "The metadata has no tables: is the file with the models imported in the env file?",
      );
    } else if (scripts.map.size === 0) {
      environment.log.warn(
        "autogenerate",
        "The database has all tables already, and there is no revision yet: were they made by createAll()? Generate against an empty database, then 'stamp head' this one.",
      );
    }
    return null;
  }
  const language = config.scripts?.language ?? "ts";
  const upgrades = renderOps(ops, { dialect: names.dialect, language });
  const downgrades = renderOps(reversed(ops), { dialect: names.dialect, language });
  return scripts.generate({
    ...request(options),
    upgrades: upgrades.text,
    downgrades: downgrades.text,
    imports: [...upgrades.imports, ...downgrades.imports],
  });
}
async function filtered(config: MigrateConfig, ops: Awaited<ReturnType<typeof produceMigrations>>) {
  const process = config.processRevisionDirectives;
  return process === undefined ? ops : await process(ops);
}
/** Autogenerate compares with the newest models: the database must be there. */
export async function requireUpToDate(context: MigrationContext, scripts: ScriptDirectory): Promise<void> {
  const rows = (await context.currentHeads()).map((row) => scripts.map.get(row)?.revision ?? row);
  const heads = ids(scripts.map.realHeads);
  if (rows.length === heads.length && heads.every((h) => rows.includes(h))) return;
  throw new CommandError("migrate.not-up-to-date", "Target database is not up to date.", {
    hint: `It is at ${rows.join(", ") || "base"}, the files are at ${heads.join(", ") || "base"}: run 'upgrade' first, or 'stamp head' if the tables are there already.`,
  });
}

/** `revision --autogenerate`, under Flask-Migrate's name. */
export function migrate(
  config: MigrateConfig,
  options: Omit<RevisionOptions, "autogenerate"> = {},
): Promise<Revision | null> {
  return revision(config, { ...options, autogenerate: true });
}

/** An empty revision that joins several. @throws RevisionError */
export async function merge(
  config: MigrateConfig,
  revisions: string | readonly string[] = "heads",
  options: Pick<RevisionOptions, "message" | "branchLabel" | "revId" | "splice"> = {},
): Promise<Revision> {
  const scripts = await new CommandEnvironment(config).scripts();
  const wanted = [...new Set([revisions].flat().flatMap((one) => resolveAll(scripts.map, one)))];
  if (wanted.length < 2) {
    throw new CommandError(
      "migrate.merge",
      `There is nothing to merge: '${[revisions].flat().join(", ")}' is ${wanted.length === 0 ? "no revision" : `only ${wanted[0]}`}`,
    );
  }
  return scripts.generate({
    ...request({ ...options, head: ids(wanted) }),
    message: options.message ?? mergeMessage(wanted),
  });
}

export interface ListOptions {
  readonly verbose?: boolean | undefined;
  /** For machines. */
  readonly json?: boolean | undefined;
}
export interface HistoryOptions extends ListOptions {
  readonly range?: string | undefined;
  readonly indicateCurrent?: boolean | undefined;
  /** Lines and dots beside the list. */
  readonly graph?: boolean | undefined;
  readonly mermaid?: boolean | undefined;
  readonly svg?: boolean | undefined;
}
/** Revisions, newest first. `-r`: `a:b`, `-3:`, `:current`. */
export async function history(config: MigrateConfig, options: HistoryOptions = {}): Promise<void> {
  const environment = new CommandEnvironment(config);
  const scripts = await environment.scripts();
  const needsRows = options.indicateCurrent || /current|^:?[+-]|:[+-]/.test(options.range ?? "");
  const rows = needsRows ? await environment.online((context) => context.currentHeads()) : undefined;
  const current =
    rows === undefined || !options.indicateCurrent ? undefined : new Set(ids(currentTips(scripts.map, rows)));
  const found = scripts.walk(options.range, rows);
  if (options.json) {
    environment.print(
      JSON.stringify(
        found.map((one) => revisionData(one, current)),
        null,
        2,
      ),
    );
    return;
  }
  if (options.mermaid || options.svg) {
    environment.print(options.svg ? graphSvg(found, current) : graphMermaid(found, current));
    return;
  }
  if (options.graph) {
    const text = (one: Revision) => formatRevision(one, { labels: true, doc: true, current });
    for (const line of graphLines(found, text)) environment.print(line);
    return;
  }
  for (const one of found) {
    if (options.verbose) environment.print(formatRevisionBlock(one, current));
    else environment.print(formatRevision(one, { parents: true, labels: true, doc: true, current }));
  }
}
/** Revisions nothing follows; with `resolveDependencies`, those nothing depends on either. */
export async function heads(
  config: MigrateConfig,
  options: ListOptions & { readonly resolveDependencies?: boolean | undefined } = {},
): Promise<void> {
  const environment = new CommandEnvironment(config);
  const { map } = await environment.scripts();
  const found = options.resolveDependencies ? map.realHeads : map.heads;
  if (options.json) {
    environment.print(
      JSON.stringify(
        found.map((one) => revisionData(one)),
        null,
        2,
      ),
    );
    return;
  }
  for (const one of found) {
    environment.print(options.verbose ? formatRevisionBlock(one) : formatRevision(one, { labels: true, tree: false }));
  }
}
/** Branch points with what branches off. */
export async function branches(config: MigrateConfig, options: ListOptions = {}): Promise<void> {
  const environment = new CommandEnvironment(config);
  const { map } = await environment.scripts();
  for (const one of map.branchPoints) {
    if (options.verbose) {
      environment.print(formatRevisionBlock(one));
      continue;
    }
    const children = [...one.links.children].sort((a, b) => (a.revision < b.revision ? -1 : 1));
    environment.print(formatRevision(one, { doc: true }));
    const indent = " ".repeat(one.revision.length);
    for (const child of children)
      environment.print(`${indent} -> ${formatRevision(child, { labels: true, doc: true })}`);
  }
}
/** Everything about one revision. */
export async function show(config: MigrateConfig, identifier = "head"): Promise<void> {
  const environment = new CommandEnvironment(config);
  const scripts = await environment.scripts();
  const rows = /current/.test(identifier) ? await environment.online((context) => context.currentHeads()) : undefined;
  for (const one of resolveAll(scripts.map, identifier, { current: rows })) environment.print(formatRevisionBlock(one));
}
/** Opens a revision file in $VISUAL or $EDITOR. @throws CommandError when there is none */
export async function edit(config: MigrateConfig, identifier = "current"): Promise<void> {
  const environment = new CommandEnvironment(config);
  const scripts = await environment.scripts();
  const rows = /current/.test(identifier) ? await environment.online((context) => context.currentHeads()) : undefined;
  const found = resolveAll(scripts.map, identifier, { current: rows });
  if (found.length === 0) {
    throw new CommandError(
      "migrate.no-revision",
      identifier === "current" ? "No current revisions" : `No revision files indicated by symbol '${identifier}'`,
    );
  }
  const editor = process.env.VISUAL ?? process.env.EDITOR;
  if (editor === undefined || editor === "") {
    throw new CommandError("migrate.no-editor", "There is no editor: set EDITOR or VISUAL", {
      hint: `The files are ${found.map((r) => r.path).join(", ")}.`,
    });
  }
  const [command = editor, ...given] = editor.split(" ");
  for (const one of found) {
    await new Promise<void>((done, failed) => {
      const child = spawn(command, [...given, one.path ?? ""], { stdio: "inherit" });
      child.once("error", (cause) =>
        failed(new CommandError("migrate.editor", `Can't start the editor '${editor}'`, { cause })),
      );
      child.once("exit", (code) =>
        code === 0
          ? done()
          : failed(new CommandError("migrate.editor", `The editor '${editor}' ended with exit code ${code}`)),
      );
    });
  }
}
