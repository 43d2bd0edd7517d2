/** Commands that act on a database: upgrade, downgrade, current, stamp, check, ensureVersion. */
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
import { describeHalfDone, type MigrationContext } from "../runtime/index.js";
import type { ScriptDirectory } from "../script/index.js";
import { CommandEnvironment, type MigrateConfig } from "./config.js";
import { requireUpToDate } from "./revisions.js";

export interface RunOptions {
  /** Write a script to stdout instead of running. */
  readonly sql?: boolean | undefined;
  /** Handed to the env file. */
  readonly tag?: string | undefined;
}
const loader = (scripts: ScriptDirectory) => (revision: Parameters<ScriptDirectory["load"]>[0]) =>
  scripts.load<Operations>(revision);

const settings = (scripts: ScriptDirectory) => ({
  checksum: (r: Revision) => scripts.checksum(r),
  rename: (row: string) => scripts.map.get(row)?.revision ?? row,
});

/** Applied revisions whose files say something else than when they were applied. */
async function editedFiles(context: MigrationContext, scripts: ScriptDirectory): Promise<Revision[]> {
  if (context.isOffline) return [];
  const then = await context.checksums.read(context.connection);
  const edited: Revision[] = [];
  for (const [id, checksum] of then) {
    const revision = scripts.map.get(id);
    if (revision !== undefined && (await scripts.checksum(revision)) !== checksum) edited.push(revision);
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
async function writeScript(
  environment: CommandEnvironment,
  scripts: ScriptDirectory,
  from: string | undefined,
  plan: (rows: readonly string[]) => readonly MigrationStep[],
): Promise<void> {
  const rows = startRows(scripts, from);
  const steps = plan(rows);
  try {
    const context = await environment.script();
    await context.write(steps, loader(scripts), { fromBase: rows.length === 0 && steps.some((s) => s.isUpgrade) });
  } finally {
    await environment.dispose();
  }
}

/**
 * Applies what is missing up to a revision. With `sql`: `from:to`, or a target from the base.
 * @throws MigrationFailedError, RevisionError, LockError
 * @example await command.upgrade({ directory: "migrations", url: "sqlite:///app.db" });
 */
export async function upgrade(
  config: MigrateConfig,
  target: RevisionSpec = "head",
  options: RunOptions = {},
): Promise<void> {
  const environment = new CommandEnvironment(config, { offline: options.sql ?? false, tag: options.tag });
  const scripts = await environment.scripts();
  const range = typeof target === "string" ? splitRange(target) : undefined;
  if (options.sql) {
    const to = range === undefined ? target : (range.upper ?? "head");
    await writeScript(environment, scripts, range?.lower, (rows) => upgradeSteps(scripts.map, rows, to));
    return;
  }
  if (range !== undefined)
    throw new CommandError("migrate.range", "Range revision not allowed", {
      hint: "Ranges are for scripts: add --sql.",
    });
  await environment.online(async (context) => {
    await warnOfEditedFiles(context, scripts);
    await context.run((rows) => upgradeSteps(scripts.map, rows, target), loader(scripts), settings(scripts));
  });
}

/**
 * Goes back to a revision, by default one step. With `sql`: `from:to`, or `-1` from the head.
 * @throws MigrationFailedError, RevisionError, LockError
 */
export async function downgrade(config: MigrateConfig, target = "-1", options: RunOptions = {}): Promise<void> {
  const environment = new CommandEnvironment(config, { offline: options.sql ?? false, tag: options.tag });
  const scripts = await environment.scripts();
  let range = splitRange(target);
  if (!options.sql) {
    if (range !== undefined)
      throw new CommandError("migrate.range", "Range revision not allowed", {
        hint: "Ranges are for scripts: add --sql.",
      });
    await environment.online((context) =>
      context.run((rows) => downgradeSteps(scripts.map, rows, target), loader(scripts), settings(scripts)),
    );
    return;
  }
  if (range === undefined && parseRelative(target) !== undefined) range = { lower: "head", upper: target };
  const { lower, upper } = range ?? {};
  if (lower === undefined || upper === undefined) {
    throw new CommandError("migrate.range", "downgrade with --sql requires <fromrev>:<torev>");
  }
  await writeScript(environment, scripts, lower, (rows) => downgradeSteps(scripts.map, rows, upper));
}

/** Prints the revisions the database is at. @throws CommandError with `checkHeads` when it is not at the heads */
export async function current(
  config: MigrateConfig,
  options: {
    readonly verbose?: boolean | undefined;
    readonly checkHeads?: boolean | undefined;
    readonly json?: boolean | undefined;
  } = {},
): Promise<void> {
  const environment = new CommandEnvironment(config);
  const scripts = await environment.scripts();
  const url = (await environment.engine()).url.toString();
  await environment.online(async (context) => {
    const rows = (await context.currentHeads()).map(settings(scripts).rename);
    const half = await context.halfDone();
    if (half !== undefined) context.log.warn("runtime.migration", describeHalfDone(half, half.carriedOut));
    const edited = await warnOfEditedFiles(context, scripts);
    const wanted = ids(scripts.map.realHeads);
    const isAtHeads = rows.length === wanted.length && wanted.every((h) => rows.includes(h));
    if (options.json) {
      const tips = currentTips(scripts.map, rows);
      const data = {
        rows,
        revisions: tips.map((one) => revisionData(one)),
        heads: wanted,
        isAtHeads,
        halfDone:
          half === undefined
            ? null
            : {
                revision: half.revision,
                direction: half.direction,
                operation: half.operation,
                statement: half.statement,
              },
        edited: ids(edited),
      };
      environment.print(JSON.stringify(data, null, 2));
    } else if (options.verbose) environment.print(`Current revision(s) for ${url}:`);
    for (const one of options.json ? [] : currentTips(scripts.map, rows)) {
      environment.print(options.verbose ? formatRevisionBlock(one) : formatRevision(one, { tree: false }));
    }
    if (!options.checkHeads || isAtHeads) return;
    throw new CommandError("migrate.not-at-heads", "Database is not on all head revisions", {
      hint: `It is at ${rows.join(", ") || "base"}; the heads are ${wanted.join(", ") || "none"}.`,
    });
  });
}

/** Sets the version rows without running anything. `purge`: removes all rows first, also unknown ones. */
export async function stamp(
  config: MigrateConfig,
  target: RevisionSpec = "head",
  options: RunOptions & { readonly purge?: boolean | undefined } = {},
): Promise<void> {
  const environment = new CommandEnvironment(config, { offline: options.sql ?? false, tag: options.tag });
  const scripts = await environment.scripts();
  if (options.sql) {
    if (options.purge) throw new CommandError("migrate.purge", "Can't use --purge with --sql mode");
    const ranges = [target ?? "base"].flat().map((t) => splitRange(t) ?? { lower: undefined, upper: t });
    const starts = new Set(ranges.map((r) => r.lower));
    if (starts.size > 1)
      throw new CommandError("migrate.range", "Stamp operation with --sql requires all targets to have the same start");
    const to = ranges.map((r) => r.upper ?? "head");
    await writeScript(environment, scripts, [...starts][0], (rows) => stampSteps(scripts.map, rows, to));
    return;
  }
  await environment.online((context) =>
    context.run((rows) => stampSteps(scripts.map, rows, target), loader(scripts), {
      purge: options.purge ?? false,
      forgetHalfDone: true,
      rename: settings(scripts).rename,
    }),
  );
}

/** Compares models and database as autogenerate does, and writes nothing. @throws DifferenceError */
export async function check(
  config: MigrateConfig,
  options: { readonly json?: boolean | undefined } = {},
): Promise<void> {
  const environment = new CommandEnvironment(config);
  const scripts = await environment.scripts();
  const metadata = await environment.metadata();
  const { ops, edited, sources } = await environment.online(async (context) => {
    await requireUpToDate(context, scripts);
    const found = await produceMigrations(context, metadata, config);
    const written = options.json ? found.map((op) => renderOps([op], { dialect: context.dialect }).text) : [];
    return { ops: found, edited: await warnOfEditedFiles(context, scripts), sources: written };
  });
  if (options.json) {
    const differences = ops.map((op, i) => ({ kind: op.kind, what: labelOf(op), source: sources[i] }));
    environment.print(JSON.stringify({ upToDate: ops.length === 0, differences, edited: ids(edited) }, null, 2));
    if (ops.length === 0) return;
  }
  if (ops.length > 0) throw new DifferenceError(describeDifferences(ops));
  environment.print("No new upgrade operations detected.");
}

/** Creates the version table where it is missing. */
export async function ensureVersion(config: MigrateConfig, options: Pick<RunOptions, "sql"> = {}): Promise<void> {
  const environment = new CommandEnvironment(config, { offline: options.sql ?? false });
  if (options.sql) {
    try {
      await (await environment.script()).ensureVersionTable();
    } finally {
      await environment.dispose();
    }
    return;
  }
  await environment.online((context) => context.ensureVersionTable());
}
