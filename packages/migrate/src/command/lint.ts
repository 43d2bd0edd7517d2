/** `lint`: what the migrations that are still to run would lose or lock. */
import { readFile } from "node:fs/promises";
import { CommandError, LintError } from "../errors.js";
import { ids, type Revision, upgradeSteps } from "../graph/index.js";
import { type LintFinding, type LintLevel, lintRevision, lintRules } from "../lint/index.js";
import type { Operations } from "../operations/index.js";
import { runnable, type ScriptDirectory } from "../script/index.js";
import { type CommandEnvironment, type MigrateConfig, withEnvironment } from "./config.js";
import type { MigrationTarget } from "./target.js";

export interface LintCommandOptions {
  /** A range as for `history`, or one revision; default what the database has not applied. */
  readonly range?: string | undefined;
  readonly all?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly disable?: readonly string[] | undefined;
  /** From which level on the command fails; default "warning". */
  readonly failOn?: LintLevel | "never" | undefined;
  /** List the rules instead. */
  readonly rules?: boolean | undefined;
}
const weight = { notice: 0, warning: 1, error: 2, never: 3 } as const;

/**
 * @throws LintError when there is a finding of the level
 * @example await command.lint(config, { json: true });
 */
export async function lint(config: MigrateConfig, options: LintCommandOptions = {}): Promise<readonly LintFinding[]> {
  return withEnvironment(config, { offline: true }, (environment) => lintIn(environment, options));
}
async function lintIn(environment: CommandEnvironment, options: LintCommandOptions): Promise<readonly LintFinding[]> {
  if (options.rules) {
    const listed = lintRules.map(({ id, level, databases, about, instead }) => ({
      id,
      level,
      databases,
      about,
      instead,
    }));
    if (options.json) environment.data(listed);
    else
      for (const r of listed)
        environment.print(
          `${r.id} (${r.level}${r.databases === undefined ? "" : `; ${r.databases.filter((d) => d !== "other").join(", ")}`}): ${r.about}`,
        );
    return [];
  }
  const unknown = options.disable?.find((id) => !lintRules.some((r) => r.id === id));
  if (unknown !== undefined)
    throw new CommandError("migrate.no-rule", `There is no lint rule '${unknown}'`, { hint: "See lint --rules." });
  const failOn = options.failOn ?? "warning";
  if (weight[failOn] === undefined)
    throw new CommandError("migrate.fail-on", `'${failOn}' is no level: error, warning, notice or never`);
  const scripts = await environment.scripts();
  const findings: LintFinding[] = [];
  const looked = new Set<string>();
  const seen = new Set<string | undefined>();
  for (const target of await environment.targets()) {
    // Tenants are alike.
    if (seen.has(target.scope?.name)) continue;
    seen.add(target.scope?.name);
    const { dialect } = target.engine;
    for (const revision of await chosenRevisions(scripts, target, options)) {
      looked.add(revision.revision);
      const module = runnable(await scripts.load<Operations>(revision), target.scope, revision);
      const text = revision.path === undefined ? undefined : await readFile(revision.path, "utf8");
      const subject = {
        ...module,
        revision: revision.revision,
        path: revision.path,
        text,
        database: target.scope?.name,
      };
      findings.push(...(await lintRevision(subject, dialect, { disable: options.disable })));
    }
  }
  const counted = findings.filter((f) => weight[f.level] >= weight[failOn]);
  if (options.json) environment.data({ revisions: [...looked], findings });
  else {
    for (const f of findings) {
      const at = f.operation === undefined ? f.revision : `${f.revision}, operation ${f.operation} (${f.what})`;
      environment.print(`${f.level}: ${at}: ${f.message} [${f.rule}]\n  Instead: ${f.instead}`);
    }
    if (findings.length === 0) environment.print(`${looked.size} revision(s), nothing to complain about.`);
  }
  if (counted.length > 0) throw new LintError(counted.length, [...new Set(counted.map((f) => f.rule))]);
  return findings;
}
async function chosenRevisions(
  scripts: ScriptDirectory,
  target: MigrationTarget,
  { range, all }: LintCommandOptions,
): Promise<readonly Revision[]> {
  if (range !== undefined) {
    const one = range.includes(":") ? undefined : scripts.get(range);
    return one === undefined ? scripts.walk(range).reverse() : one === null ? [] : [one];
  }
  if (all) return scripts.walk().reverse();
  return target.online(
    async (context) => {
      const rows = await context.currentHeads();
      return upgradeSteps(scripts.map, rows, ids(scripts.map.realHeads)).flatMap((s) => s.revision ?? []);
    },
    { announce: false },
  );
}
