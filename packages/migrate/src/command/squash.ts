/** `squash`: one revision in the place of several of one line. Source: Django "Squashing migrations". */
import type { Statement } from "@athanor/core";
import { renderOps } from "../autogenerate/index.js";
import { CommandError } from "../errors.js";
import type { Revision } from "../graph/index.js";
import { recordOps } from "../lint/index.js";
import type { Operations } from "../operations/index.js";
import { ExecuteOp, type MigrateOp } from "../ops/index.js";
import type { ImportNeed, ScriptDirectory } from "../script/index.js";
import { CommandEnvironment, type MigrateConfig } from "./config.js";

export interface SquashOptions {
  readonly message?: string | undefined;
  readonly revId?: string | undefined;
}

/**
 * Writes one revision that does what the revisions of a range (both ends included) do, and removes their files. Databases
 * at the last of them are recognised; those in the middle have to be brought to the last one first.
 * @throws CommandError when the range is no plain line, or a revision reads from the database
 * @example await command.squash(config, "base:3966764ac5bd", { message: "first year" });
 */
export async function squash(
  config: MigrateConfig,
  range = "base:head",
  options: SquashOptions = {},
): Promise<Revision> {
  const environment = new CommandEnvironment(config, { offline: true });
  const scripts = await environment.scripts();
  const chosen = scripts.walk(range).reverse();
  assertLine(chosen, range);
  try {
    const { dialect } = await environment.engine();
    const parts: { up: Body; down: Body }[] = [];
    for (const revision of chosen) {
      const module = await scripts.load<Operations>(revision);
      const body = async (name: "upgrade" | "downgrade") => written(revision, name, module[name], dialect);
      parts.push({ up: await body("upgrade"), down: await body("downgrade") });
    }
    const ids = chosen.map((r) => `${r}${r.doc === "" ? "" : ` (${r.doc})`}`);
    const join = (bodies: readonly Body[]) =>
      bodies
        .map((b) => b.text)
        .filter((t) => t !== "")
        .join("\n");
    return await scripts.generate({
      revision: options.revId,
      message: options.message ?? `squash of ${ids[0]} to ${ids.at(-1)}`,
      replaces: chosen,
      branchLabels: chosen.flatMap((r) => r.ownLabels),
      dependsOn: outerDependencies(scripts, chosen),
      upgrades: join(parts.map((p) => p.up)),
      downgrades: join([...parts].reverse().map((p) => p.down)),
      imports: parts.flatMap((p) => [...p.up.imports, ...p.down.imports]),
    });
  } finally {
    await environment.dispose();
  }
}
interface Body {
  readonly text: string;
  readonly imports: readonly ImportNeed[];
}

function assertLine(chosen: readonly Revision[], range: string): void {
  if (chosen.length < 2)
    throw new CommandError(
      "migrate.squash",
      `There is nothing to squash in '${range}': it holds ${chosen.length} revision(s)`,
    );
  chosen.forEach((one, i) => {
    const next = chosen[i + 1];
    const isOnLine = i === 0 || (one.links.parents.length === 1 && one.links.parents[0] === chosen[i - 1]);
    const [outer] = next === undefined ? [] : one.links.allChildren.filter((c) => c !== next);
    if (isOnLine && outer === undefined) return;
    throw new CommandError(
      "migrate.squash",
      outer === undefined
        ? `Revision ${one} does not simply follow ${chosen[i - 1]}: only a line without forks and merges can be squashed`
        : `Revision ${outer} stands on ${one}, which is in the middle of what is to be squashed`,
      { hint: "Choose a range between two branch points: squash from:to." },
    );
  });
}
function outerDependencies(scripts: ScriptDirectory, chosen: readonly Revision[]): string[] {
  const inner = new Set(chosen);
  return [...new Set(chosen.flatMap((r) => r.links.dependencies.filter((d) => !inner.has(d)).map(String)))].filter(
    (id) => scripts.map.has(id),
  );
}

async function written(
  revision: Revision,
  name: "upgrade" | "downgrade",
  work: ((op: Operations) => unknown) | undefined,
  dialect: Parameters<typeof recordOps>[1],
): Promise<Body> {
  if (work === undefined) {
    throw new CommandError("migrate.squash", `Revision ${revision} has no downgrade(), so the squash could have none`, {
      hint: `Write one in ${revision.path}, if only an empty one.`,
    });
  }
  const { ops, stopped } = await recordOps(work, dialect);
  if (stopped !== undefined) {
    throw new CommandError(
      "migrate.squash",
      `The ${name}() of revision ${revision} cannot be read without a database: ${stopped.message}`,
      {
        cause: stopped,
        hint: "Leave the revision out of the range.",
      },
    );
  }
  const lines: string[] = [`// ${revision}${revision.doc === "" ? "" : `: ${revision.doc.replaceAll(/\s+/g, " ")}`}`];
  const imports: ImportNeed[] = [];
  for (const { op, autocommit } of ops) {
    const rendered = renderOps([plain(op, dialect)], { dialect });
    imports.push(...rendered.imports);
    lines.push(...(autocommit ? [`await op.autocommitBlock(async () => {\n${rendered.text}\n});`] : [rendered.text]));
  }
  return { text: ops.length === 0 ? "" : lines.join("\n"), imports };
}
/** A statement object becomes its SQL, values in the text. */
function plain(op: MigrateOp, dialect: Parameters<typeof recordOps>[1]): MigrateOp {
  if (!(op instanceof ExecuteOp) || typeof op.statement === "string") return op;
  return new ExecuteOp((op.statement as unknown as Statement).compile(dialect, { literalBinds: true }).sql);
}
