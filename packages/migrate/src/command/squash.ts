/** `squash`: one revision in the place of several of one line. Source: Django "Squashing migrations". */
import type { Statement } from "@athanor/core";
import { renderOps } from "../autogenerate/index.js";
import { CommandError } from "../errors.js";
import { type Revision, revisionData } from "../graph/index.js";
import { recordOps } from "../lint/index.js";
import type { Operations } from "../operations/index.js";
import { ExecuteOp, type MigrateOp } from "../ops/index.js";
import { type DatabaseBodies, type ImportNeed, indented, runnable, type ScriptDirectory } from "../script/index.js";
import { type MigrateConfig, withEnvironment } from "./config.js";
import type { MigrationTarget } from "./target.js";

export interface SquashOptions {
  readonly message?: string | undefined;
  readonly revId?: string | undefined;
  readonly json?: boolean | undefined;
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
  return withEnvironment(config, { offline: true }, async (environment) => {
    const scripts = await environment.scripts();
    const chosen = scripts.walk(range).reverse();
    assertLine(chosen, range);
    const bodies: (DatabaseBodies & { readonly imports: readonly ImportNeed[] })[] = [];
    for (const target of await environment.targets()) {
      if (bodies.some((b) => b.name === (target.scope?.name ?? ""))) continue;
      bodies.push({ name: target.scope?.name ?? "", ...(await bodiesOf(scripts, chosen, target)) });
    }
    const [first] = bodies;
    const several = first !== undefined && first.name !== "";
    const ids = chosen.map((r) => `${r}${r.doc === "" ? "" : ` (${r.doc})`}`);
    const made = await scripts.generate({
      revision: options.revId,
      message: options.message ?? `squash of ${ids[0]} to ${ids.at(-1)}`,
      replaces: chosen,
      branchLabels: chosen.flatMap((r) => r.ownLabels),
      dependsOn: outerDependencies(scripts, chosen),
      ...(several ? { databases: bodies } : { upgrades: first?.upgrades, downgrades: first?.downgrades }),
      imports: bodies.flatMap((b) => b.imports),
      extra: await environment.templateArgs(),
    });
    if (options.json) environment.data(revisionData(made));
    return made;
  });
}
/** What the revisions do in one database, one after the other. */
async function bodiesOf(scripts: ScriptDirectory, chosen: readonly Revision[], { engine, scope }: MigrationTarget) {
  const parts: { up: Body; down: Body }[] = [];
  for (const revision of chosen) {
    const module = runnable(await scripts.load<Operations>(revision), scope, revision);
    const outside = module.transaction === false;
    const body = (name: "upgrade" | "downgrade") => written(revision, name, module[name], engine.dialect, outside);
    parts.push({ up: await body("upgrade"), down: await body("downgrade") });
  }
  const join = (bodies: readonly Body[]) =>
    bodies
      .map((b) => b.text)
      .filter((t) => t !== "")
      .join("\n");
  return {
    upgrades: join(parts.map((p) => p.up)),
    downgrades: join([...parts].reverse().map((p) => p.down)),
    imports: parts.flatMap((p) => [...p.up.imports, ...p.down.imports]),
  };
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
  outside: boolean,
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
    lines.push(
      ...(autocommit || outside
        ? [`await op.autocommitBlock(async () => {\n${indented(rendered.text)}\n});`]
        : [rendered.text]),
    );
  }
  return { text: ops.length === 0 ? "" : lines.join("\n"), imports };
}
/** A statement object becomes its SQL, values in the text. */
function plain(op: MigrateOp, dialect: Parameters<typeof recordOps>[1]): MigrateOp {
  if (!(op instanceof ExecuteOp) || typeof op.statement === "string") return op;
  return new ExecuteOp((op.statement as unknown as Statement).compile(dialect, { literalBinds: true }).sql);
}
