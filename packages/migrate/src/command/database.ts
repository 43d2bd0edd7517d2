/** Commands that act on a database: upgrade, downgrade, current, stamp, check, ensureVersion. */
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describeDifferences, produceMigrations, renderOps } from "../autogenerate/index.js";
import { CommandError, DifferenceError } from "../errors.js";
import {
  currentTips,
  downgradeSteps,
  formatRevision,
  formatRevisionBlock,
  ids,
  type MigrationStep,
  parseRelative,
  type Revision,
  type RevisionSpec,
  resolveOne,
  revisionData,
  splitRange,
  stampSteps,
  upgradeSteps,
} from "../graph/index.js";
import type { Operations } from "../operations/index.js";
import { labelOf } from "../ops/index.js";
import { describeHalfDone, type LoadRevision, type MigrationContext, type RunSettings } from "../runtime/index.js";
import { runnable, type ScriptDirectory } from "../script/index.js";
import { type CommandEnvironment, type MigrateConfig, withEnvironment } from "./config.js";
import { requireUpToDate } from "./revisions.js";
import type { MigrationTarget } from "./target.js";
import { runTogether } from "./together.js";

export interface RunOptions {
  /** Write a script to stdout instead of running; with several databases or tenants, a file for each. */
  readonly sql?: boolean | undefined;
  /** Handed to the env file. */
  readonly tag?: string | undefined;
  /** Print what was done, for machines. */
  readonly json?: boolean | undefined;
}
/** Loads each file once, with its functions for the target's database. */
function loader(scripts: ScriptDirectory, target: MigrationTarget): LoadRevision {
  const loaded = new Map<Revision, ReturnType<LoadRevision>>();
  return (revision) => {
    const known = loaded.get(revision);
    if (known !== undefined) return known;
    const made = scripts.load<Operations>(revision).then((module) => runnable(module, target.scope, revision));
    loaded.set(revision, made);
    return made;
  };
}

const settings = (scripts: ScriptDirectory) => ({
  checksum: (r: Revision) => scripts.checksum(r),
  rename: (row: string) => scripts.map.get(row)?.revision ?? row,
});

/** What a run did in one database, for `--json`. */
interface RunReport {
  readonly database: string | null;
  readonly tenant: string | null;
  readonly steps: readonly {
    readonly direction: string;
    readonly revision: string | null;
    readonly rows: readonly string[];
  }[];
}
/** Runs a plan in every target. */
async function run(
  environment: CommandEnvironment,
  scripts: ScriptDirectory,
  plan: (rows: readonly string[]) => readonly MigrationStep[],
  options: {
    readonly json?: boolean | undefined;
    readonly settings: RunSettings;
    readonly before?: (context: MigrationContext) => Promise<unknown>;
  },
): Promise<void> {
  const reports: RunReport[] = [];
  await runTogether(environment, async (target, context, together) => {
    await options.before?.(context);
    let steps: readonly MigrationStep[] = [];
    const planned = (rows: readonly string[]) => {
      steps = plan(rows);
      return steps;
    };
    // Others may run within this run.
    const at = reports.length;
    reports.push({ database: target.scope?.name ?? null, tenant: target.tenant ?? null, steps: [] });
    await context.run(planned, loader(scripts, target), { ...options.settings, ...together });
    const done = steps.map((s) => ({ direction: s.kind, revision: s.revision?.revision ?? null, rows: s.rows }));
    reports[at] = { ...(reports[at] as RunReport), steps: done };
  });
  if (options.json) environment.data({ databases: reports });
}

/** Applied revisions whose files say something else than when they were applied. */
async function editedFiles(context: MigrationContext, scripts: ScriptDirectory): Promise<Revision[]> {
  if (context.isOffline) return [];
  const then = await context.checksums.read(context.connection);
  const edited: Revision[] = [];
  for (const [id, checksum] of then) {
    const revision = scripts.map.get(id);
    // What a squash replaced had another file.
    if (revision?.revision === id && (await scripts.checksum(revision)) !== checksum) edited.push(revision);
  }
  return edited;
}
async function warnOfEditedFiles(context: MigrationContext, scripts: ScriptDirectory): Promise<Revision[]> {
  const edited = await editedFiles(context, scripts);
  for (const one of edited) {
    context.log.warn(
      "runtime.migration",
      `Revision ${one} was edited after it had been applied: this database keeps what the old text did, a new one gets the new text (${one.path})`,
    );
  }
  return edited;
}

/** Rows that a script starts from. */
function startRows(scripts: ScriptDirectory, from: string | undefined): readonly string[] {
  if (from === undefined) return [];
  const found = resolveOne(scripts.map, from);
  return found === null ? [] : [found.revision];
}
/** Where the script of a target goes: stdout, or a file where there are several. */
async function withWriter(
  environment: CommandEnvironment,
  work: (target: MigrationTarget, context: MigrationContext) => Promise<void>,
): Promise<void> {
  const targets = await environment.targets();
  const [only] = targets;
  if (targets.length === 1 && only !== undefined) return work(only, only.script());
  for (const target of targets) {
    const texts: string[] = [];
    environment.log.info("env", `Migrating ${target.label}`);
    const path = join(resolve(environment.config.scriptDirectory ?? "."), target.fileName);
    environment.log.info("env", `Writing output to ${path}`);
    await work(
      target,
      target.script((text) => void texts.push(text)),
    );
    await writeFile(path, texts.join(""));
  }
}
async function writeScript(
  environment: CommandEnvironment,
  scripts: ScriptDirectory,
  from: string | undefined,
  plan: (rows: readonly string[]) => readonly MigrationStep[],
): Promise<void> {
  const rows = startRows(scripts, from);
  const steps = plan(rows);
  const fromBase = rows.length === 0 && steps.some((s) => s.isUpgrade);
  await withWriter(environment, (target, context) => context.write(steps, loader(scripts, target), { fromBase }));
}
const rangeOffline = () =>
  new CommandError("migrate.range", "Range revision not allowed", { hint: "Ranges are for scripts: add --sql." });

/**
 * Applies what is missing up to a revision. With `sql`: `from:to`, or a target from the base.
 * @throws MigrationFailedError, RevisionError, LockError
 * @example await command.upgrade({ url: "sqlite:///app.db" }, "head");
 */
export async function upgrade(
  config: MigrateConfig,
  target: RevisionSpec = "head",
  options: RunOptions = {},
): Promise<void> {
  await withEnvironment(config, { offline: options.sql, tag: options.tag }, async (environment) => {
    const scripts = await environment.scripts();
    const range = typeof target === "string" ? splitRange(target) : undefined;
    if (options.sql) {
      const to = range === undefined ? target : (range.upper ?? "head");
      await writeScript(environment, scripts, range?.lower, (rows) => upgradeSteps(scripts.map, rows, to));
      return;
    }
    if (range !== undefined) throw rangeOffline();
    await run(environment, scripts, (rows) => upgradeSteps(scripts.map, rows, target), {
      json: options.json,
      settings: settings(scripts),
      before: (context) => warnOfEditedFiles(context, scripts),
    });
  });
}

/**
 * Goes back to a revision, by default one step. With `sql`: `from:to`, or `-1` from the head.
 * @throws MigrationFailedError, RevisionError, LockError
 */
export async function downgrade(config: MigrateConfig, target = "-1", options: RunOptions = {}): Promise<void> {
  await withEnvironment(config, { offline: options.sql, tag: options.tag }, async (environment) => {
    const scripts = await environment.scripts();
    let range = splitRange(target);
    if (!options.sql) {
      if (range !== undefined) throw rangeOffline();
      await run(environment, scripts, (rows) => downgradeSteps(scripts.map, rows, target), {
        json: options.json,
        settings: settings(scripts),
      });
      return;
    }
    if (range === undefined && parseRelative(target) !== undefined) range = { lower: "head", upper: target };
    const { lower, upper } = range ?? {};
    if (lower === undefined || upper === undefined) {
      throw new CommandError("migrate.range", "downgrade with --sql requires <fromrev>:<torev>");
    }
    await writeScript(environment, scripts, lower, (rows) => downgradeSteps(scripts.map, rows, upper));
  });
}

/** Prints the revisions the databases are at. @throws CommandError with `checkHeads` when one is not at the heads */
export async function current(
  config: MigrateConfig,
  options: {
    readonly verbose?: boolean | undefined;
    readonly checkHeads?: boolean | undefined;
    readonly json?: boolean | undefined;
  } = {},
): Promise<void> {
  await withEnvironment(config, {}, async (environment) => {
    const scripts = await environment.scripts();
    const wanted = ids(scripts.map.realHeads);
    const behind: string[] = [];
    const told: object[] = [];
    const targets = await environment.targets();
    for (const target of targets) {
      if (target.label !== "") environment.log.info("env", `Current revision(s) of ${target.label}`);
      await target.online(async (context) => {
        const found = await currentOf(context, scripts, wanted);
        const { rows, tips, half, edited, isAtHeads } = found;
        if (!isAtHeads) behind.push(`${target.label === "" ? "It" : target.label} is at ${rows.join(", ") || "base"}`);
        if (options.json) {
          const { revision, direction, operation, statement } = half ?? {};
          told.push({
            ...(target.label === "" ? {} : { database: target.scope?.name ?? null, tenant: target.tenant ?? null }),
            rows,
            revisions: tips.map((one) => revisionData(one)),
            heads: wanted,
            isAtHeads,
            halfDone: half === undefined ? null : { revision, direction, operation, statement },
            edited: ids(edited),
          });
          return;
        }
        if (options.verbose || targets.length > 1)
          environment.print(
            `Current revision(s) for ${target.label === "" || options.verbose ? target.url : target.label}:`,
          );
        for (const one of tips)
          environment.print(options.verbose ? formatRevisionBlock(one) : formatRevision(one, { tree: false }));
      });
    }
    if (options.json) environment.data(targets.length === 1 ? told[0] : told);
    if (!options.checkHeads || behind.length === 0) return;
    throw new CommandError("migrate.not-at-heads", "Database is not on all head revisions", {
      hint: `${behind.join("; ")}; the heads are ${wanted.join(", ") || "none"}.`,
    });
  });
}
async function currentOf(context: MigrationContext, scripts: ScriptDirectory, wanted: readonly string[]) {
  const rows = (await context.currentHeads()).map(settings(scripts).rename);
  const half = await context.halfDone();
  if (half !== undefined) context.log.warn("runtime.migration", describeHalfDone(half, half.carriedOut));
  const edited = await warnOfEditedFiles(context, scripts);
  const isAtHeads = rows.length === wanted.length && wanted.every((h) => rows.includes(h));
  return { rows, half, edited, isAtHeads, tips: currentTips(scripts.map, rows) };
}

/** Sets the version rows without running anything. `purge`: removes all rows first, also unknown ones. */
export async function stamp(
  config: MigrateConfig,
  target: RevisionSpec = "head",
  options: RunOptions & { readonly purge?: boolean | undefined } = {},
): Promise<void> {
  await withEnvironment(config, { offline: options.sql, tag: options.tag }, async (environment) => {
    const scripts = await environment.scripts();
    if (options.sql) {
      if (options.purge) throw new CommandError("migrate.purge", "Can't use --purge with --sql mode");
      const ranges = [target ?? "base"].flat().map((t) => splitRange(t) ?? { lower: undefined, upper: t });
      const starts = new Set(ranges.map((r) => r.lower));
      if (starts.size > 1)
        throw new CommandError(
          "migrate.range",
          "Stamp operation with --sql requires all targets to have the same start",
        );
      const to = ranges.map((r) => r.upper ?? "head");
      await writeScript(environment, scripts, [...starts][0], (rows) => stampSteps(scripts.map, rows, to));
      return;
    }
    const { rename } = settings(scripts);
    await run(environment, scripts, (rows) => stampSteps(scripts.map, rows, target), {
      json: options.json,
      settings: { purge: options.purge ?? false, forgetHalfDone: true, rename },
    });
  });
}

/** Compares models and databases as autogenerate does, and writes nothing. @throws DifferenceError */
export async function check(
  config: MigrateConfig,
  options: { readonly json?: boolean | undefined } = {},
): Promise<void> {
  await withEnvironment(config, {}, async (environment) => {
    const scripts = await environment.scripts();
    const targets = await environment.targets();
    for (const target of targets) environment.assertMetadata(target);
    const madeHere = await scripts.madeHere();
    const told: object[] = [];
    const all: string[] = [];
    for (const target of targets) {
      if (target.label !== "") environment.log.info("env", `Checking ${target.label}`);
      const { ops, edited, sources } = await target.online(async (context) => {
        await requireUpToDate(context, scripts);
        const found = await produceMigrations(context, target.metadata, { ...config, madeHere });
        const written = options.json ? found.map((op) => renderOps([op], { dialect: context.dialect }).text) : [];
        return { ops: found, edited: await warnOfEditedFiles(context, scripts), sources: written };
      });
      all.push(...describeDifferences(ops).map((d) => (target.label === "" ? d : `${target.label}: ${d}`)));
      if (!options.json) continue;
      const differences = ops.map((op, i) => ({ kind: op.kind, what: labelOf(op), source: sources[i] }));
      const place = target.label === "" ? {} : { database: target.scope?.name ?? null, tenant: target.tenant ?? null };
      told.push({ ...place, upToDate: ops.length === 0, differences, edited: ids(edited) });
    }
    if (options.json) environment.data(targets.length === 1 ? told[0] : told);
    if (all.length > 0) throw new DifferenceError(all);
    if (!options.json) environment.print("No new upgrade operations detected.");
  });
}

/** Creates the version table where it is missing. */
export async function ensureVersion(config: MigrateConfig, options: RunOptions = {}): Promise<void> {
  await withEnvironment(config, { offline: options.sql, tag: options.tag }, async (environment) => {
    if (options.sql) return withWriter(environment, (_, context) => context.ensureVersionTable());
    await runTogether(environment, (_, context) => context.ensureVersionTable());
    if (options.json) environment.data({ versionTable: true });
  });
}
