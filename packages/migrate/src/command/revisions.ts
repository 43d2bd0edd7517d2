/** Commands that read and write revision files: init, revision, migrate, merge, show, history, heads, branches, edit. */
import { didYouMean } from "@athanor/core";
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
import { type MigrateOp, reversed } from "../ops/index.js";
import type { MigrationContext } from "../runtime/index.js";
import {
  type GenerateRequest,
  type ImportNeed,
  type InitResult,
  initDirectory,
  mergeMessage,
  type ScriptDirectory,
} from "../script/index.js";
import { CommandEnvironment, type MigrateConfig, withEnvironment } from "./config.js";
import { openInEditor } from "./editor.js";

/** Makes a migration directory. Source: `flask db init`. @throws ScriptError `migrate.directory-not-empty` */
export async function init(
  config: MigrateConfig = {},
  options: {
    readonly language?: "ts" | "js";
    readonly template?: string;
    /** The same as the template "multidb". */
    readonly multidb?: boolean | undefined;
    readonly json?: boolean | undefined;
  } = {},
): Promise<InitResult> {
  const environment = new CommandEnvironment(config);
  const template = options.template ?? (options.multidb ? "multidb" : "generic");
  const known = templates.find((t) => t.name === template);
  if (known === undefined) {
    throw new CommandError("migrate.no-template", `No such template '${template}'`, {
      hint: `${didYouMean(
        template,
        templates.map((t) => t.name),
      )} There is ${templates.map((t) => t.name).join(", ")}.`.trim(),
    });
  }
  const { language = known.language, json } = options;
  const print = json ? () => {} : environment.status;
  const made = await initDirectory({ directory: environment.directory, language, databases: known.databases, print });
  if (json) environment.data(made);
  return made;
}

const templates = [
  { name: "generic", language: "ts", databases: false, text: "Revision files and environment in TypeScript." },
  { name: "javascript", language: "js", databases: false, text: "The same in JavaScript." },
  {
    name: "multidb",
    language: "ts",
    databases: true,
    text: "Several databases: every revision has a function for each of them.",
  },
  { name: "multidb-javascript", language: "js", databases: true, text: "The same in JavaScript." },
] as const;
export function listTemplates(config: MigrateConfig = {}, options: Pick<ListOptions, "json"> = {}): void {
  const environment = new CommandEnvironment(config);
  if (options.json) {
    const data = templates.map(({ name, text }) => ({ name, description: text }));
    environment.data(data);
    return;
  }
  environment.print("Available templates:\n");
  for (const { name, text } of templates) environment.print(`${name} - ${text}`);
  environment.print("\nTemplates are used via the 'init' command, e.g.:\n\n  athanor db init --template generic");
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
  /** Refused: a revision is no SQL. */
  readonly sql?: boolean | undefined;
  /** Print what was made, for machines. */
  readonly json?: boolean | undefined;
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
 * A new revision file: empty, or with the difference between models and database. Null when there is no difference in
 * any of the databases.
 * @throws RevisionError, CommandError `migrate.not-up-to-date`
 */
export async function revision(config: MigrateConfig, options: RevisionOptions = {}): Promise<Revision | null> {
  if (options.sql) {
    throw new CommandError(
      "migrate.revision-sql",
      options.autogenerate
        ? "Using --sql with --autogenerate does not make any sense"
        : "Using --sql with the revision command when revision_environment is not configured does not make any sense",
      { hint: "A revision file is TypeScript. The SQL of revisions: upgrade --sql." },
    );
  }
  return withEnvironment(config, {}, async (environment) => {
    const scripts = await environment.scripts();
    const asked = { ...request(options), extra: await environment.templateArgs() };
    const made = options.autogenerate
      ? await autogenerated(environment, scripts, asked)
      : await scripts.generate({ ...asked, databases: (await environment.databaseNames()).map((name) => ({ name })) });
    if (options.json) environment.data(made === null ? null : revisionData(made));
    return made;
  });
}
async function autogenerated(
  environment: CommandEnvironment,
  scripts: ScriptDirectory,
  asked: GenerateRequest,
): Promise<Revision | null> {
  const { config } = environment;
  const targets = await environment.compared();
  const madeHere = await scripts.madeHere();
  const language = config.scripts?.language ?? "ts";
  const passes: { readonly name: string | undefined; readonly ops: readonly MigrateOp[]; readonly bodies: Bodies }[] =
    [];
  for (const target of targets) {
    const name = target.scope?.name;
    if (name !== undefined) environment.log.info("env", `Comparing ${target.label}`);
    const { ops, dialect } = await target.online(async (context) => {
      await requireUpToDate(context, scripts);
      const found = await produceMigrations(context, target.metadata, { ...config, madeHere });
      const process = config.processRevisionDirectives;
      return {
        ops: process === undefined ? found : await process(found, { database: name }),
        dialect: context.dialect,
      };
    });
    const rendering = { dialect, language, asBatch: config.renderAsBatch, renderItem: config.renderItem };
    const up = renderOps(ops, rendering);
    const down = renderOps(reversed(ops), rendering);
    passes.push({
      name,
      ops,
      bodies: { upgrades: up.text, downgrades: down.text, imports: [...up.imports, ...down.imports] },
    });
  }
  if (passes.every((p) => p.ops.length === 0)) {
    environment.log.info("autogenerate", "No changes in schema detected.");
    if (targets.every((t) => t.metadata.every((m) => m.tables.size === 0))) {
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
  const imports = passes.flatMap((p) => p.bodies.imports);
  const [first] = passes;
  if (first !== undefined && first.name === undefined) return scripts.generate({ ...asked, ...first.bodies });
  const databases = passes.map(({ name = "", bodies: { upgrades, downgrades } }) => ({ name, upgrades, downgrades }));
  return scripts.generate({ ...asked, imports, databases });
}
interface Bodies {
  readonly upgrades: string;
  readonly downgrades: string;
  readonly imports: readonly ImportNeed[];
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
  options: Omit<RevisionOptions, "autogenerate" | "head" | "sql"> = {},
): Promise<Revision> {
  return withEnvironment(config, {}, async (environment) => {
    const scripts = await environment.scripts();
    const wanted = [...new Set([revisions].flat().flatMap((one) => resolveAll(scripts.map, one)))];
    if (wanted.length < 2) {
      throw new CommandError(
        "migrate.merge",
        `There is nothing to merge: '${[revisions].flat().join(", ")}' is ${wanted.length === 0 ? "no revision" : `only ${wanted[0]}`}`,
      );
    }
    const made = await scripts.generate({
      ...request({ ...options, head: ids(wanted) }),
      message: options.message ?? mergeMessage(wanted),
      extra: await environment.templateArgs(),
      databases: (await environment.databaseNames()).map((name) => ({ name })),
    });
    if (options.json) environment.data(revisionData(made));
    return made;
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
  return withEnvironment(config, {}, (environment) => listHistory(environment, options));
}
async function listHistory(environment: CommandEnvironment, options: HistoryOptions): Promise<void> {
  const scripts = await environment.scripts();
  const needsRows = options.indicateCurrent || /current|^:?[+-]|:[+-]/.test(options.range ?? "");
  const rows = needsRows ? await environment.rows() : undefined;
  const current =
    rows === undefined || !options.indicateCurrent ? undefined : new Set(ids(currentTips(scripts.map, rows)));
  const found = scripts.walk(options.range, rows);
  if (options.json) return printData(environment, found, current);
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
function printData(environment: CommandEnvironment, found: readonly Revision[], current?: ReadonlySet<string>): void {
  const data = found.map((one) => revisionData(one, current));
  environment.data(data);
}
/** Revisions nothing follows; with `resolveDependencies`, those nothing depends on either. */
export async function heads(
  config: MigrateConfig,
  options: ListOptions & { readonly resolveDependencies?: boolean | undefined } = {},
): Promise<void> {
  const environment = new CommandEnvironment(config);
  const { map } = await environment.scripts();
  const found = options.resolveDependencies ? map.realHeads : map.heads;
  if (options.json) return printData(environment, found);
  for (const one of found) {
    environment.print(options.verbose ? formatRevisionBlock(one) : formatRevision(one, { labels: true, tree: false }));
  }
}
/** Branch points with what branches off. */
export async function branches(config: MigrateConfig, options: ListOptions = {}): Promise<void> {
  const environment = new CommandEnvironment(config);
  const { map } = await environment.scripts();
  if (options.json) return printData(environment, map.branchPoints);
  for (const one of map.branchPoints) {
    const children = [...one.links.children].sort((a, b) => (a.revision < b.revision ? -1 : 1));
    environment.print(options.verbose ? formatRevisionBlock(one) : formatRevision(one, { doc: true }));
    const indent = " ".repeat(one.revision.length);
    for (const child of children)
      environment.print(`${indent} -> ${formatRevision(child, { labels: true, doc: true })}`);
  }
}
/** Everything about one revision. */
export async function show(
  config: MigrateConfig,
  identifier = "head",
  options: Pick<ListOptions, "json"> = {},
): Promise<void> {
  await withEnvironment(config, {}, async (environment) => {
    const scripts = await environment.scripts();
    const rows = /current/.test(identifier) ? await environment.rows() : undefined;
    const found = resolveAll(scripts.map, identifier, { current: rows });
    if (options.json) return printData(environment, found);
    for (const one of found) environment.print(formatRevisionBlock(one));
  });
}
/** Opens a revision file in an editor. @throws CommandError when there is none */
export async function edit(config: MigrateConfig, identifier = "current"): Promise<void> {
  const found = await withEnvironment(config, {}, async (environment) => {
    const scripts = await environment.scripts();
    const rows = /current/.test(identifier) ? await environment.rows() : undefined;
    return resolveAll(scripts.map, identifier, { current: rows });
  });
  if (found.length === 0) {
    throw new CommandError(
      "migrate.no-revision",
      identifier === "current" ? "No current revisions" : `No revision files indicated by symbol '${identifier}'`,
    );
  }
  await openInEditor(found.flatMap((r) => r.path ?? []));
}
