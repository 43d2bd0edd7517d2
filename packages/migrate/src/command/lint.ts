/** `lint`: what the migrations that are still to run would lose or lock. */
import { readFile } from "node:fs/promises";
import { CommandError, LintError } from "../errors.js";
import { ids, type Revision, upgradeSteps } from "../graph/index.js";
import { type LintFinding, type LintLevel, lintRevision, lintRules } from "../lint/index.js";
import type { Operations } from "../operations/index.js";
import { CommandEnvironment, type MigrateConfig } from "./config.js";

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
  const environment = new CommandEnvironment(config, { offline: true });
  if (options.rules) {
    const listed = lintRules.map(({ id, level, databases, about, instead }) => ({
      id,
      level,
      databases,
      about,
      instead,
    }));
    if (options.json) environment.print(JSON.stringify(listed, null, 2));
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
  let chosen: readonly Revision[];
  if (options.range !== undefined) {
    const one = options.range.includes(":") ? undefined : scripts.get(options.range);
    chosen = one === undefined ? scripts.walk(options.range).reverse() : one === null ? [] : [one];
  } else if (options.all) chosen = scripts.walk().reverse();
  else {
    chosen = await environment.online(
      async (context) => {
        const rows = await context.currentHeads();
        return upgradeSteps(scripts.map, rows, ids(scripts.map.realHeads)).flatMap((s) => s.revision ?? []);
      },
      { announce: false },
    );
  }
  const findings: LintFinding[] = [];
  try {
    const { dialect } = await environment.engine();
    for (const revision of chosen) {
      const module = await scripts.load<Operations>(revision);
      const text = revision.path === undefined ? undefined : await readFile(revision.path, "utf8");
      const subject = {
        ...module,
        revision: revision.revision,
        path: revision.path,
        text,
        upgrade: module.upgrade,
        downgrade: module.downgrade,
      };
      findings.push(...(await lintRevision(subject, dialect, { disable: options.disable })));
    }
  } finally {
    await environment.dispose();
  }
  const counted = findings.filter((f) => weight[f.level] >= weight[failOn]);
  if (options.json) environment.print(JSON.stringify({ revisions: ids(chosen), findings }, null, 2));
  else {
    for (const f of findings) {
      const at = f.operation === undefined ? f.revision : `${f.revision}, operation ${f.operation} (${f.what})`;
      environment.print(`${f.level}: ${at}: ${f.message} [${f.rule}]\n  Instead: ${f.instead}`);
    }
    if (findings.length === 0) environment.print(`${chosen.length} revision(s), nothing to complain about.`);
  }
  if (counted.length > 0) throw new LintError(counted.length, [...new Set(counted.map((f) => f.rule))]);
  return findings;
}
