/** The `db` subcommands, put onto a commander-like program. Source: `flask db`, `alembic`. */
import { createRequire } from "node:module";
import { AthanorError } from "@athanor/core";
import type { MigrateConfig } from "../command/config.js";
import * as command from "../command/index.js";
import { CommandError, MigrationError } from "../errors.js";
import type { LintLevel } from "../lint/index.js";
import { pullCommand } from "../pull/index.js";
import { renameQuestion } from "./ask.js";

/** As much of commander's `Command` as is used. */
export interface CommandLike {
  command(nameAndArguments: string): CommandLike;
  description(text: string): CommandLike;
  argument(name: string, description?: string, defaultValue?: unknown): CommandLike;
  option(flags: string, description?: string): CommandLike;
  option<T>(
    flags: string,
    description: string,
    parse: (value: string, previous: T) => T,
    defaultValue?: T,
  ): CommandLike;
  version(text: string, flags?: string, description?: string): CommandLike;
  allowUnknownOption(allow?: boolean): CommandLike;
  // biome-ignore lint/suspicious/noExplicitAny: commander hands over arguments and options as they come
  action(run: (...args: any[]) => void | Promise<void>): CommandLike;
}
export interface DbCommandOptions {
  /** Called with the exit code of a command that failed; default sets `process.exitCode`. */
  readonly exit?: ((code: number) => void) | undefined;
  /** Errors. Default the process's stderr. */
  readonly stderr?: ((text: string) => void) | undefined;
}
/** The configuration, or what finds it when a command runs; it is told `--directory`, `-x` and `-n`. */
export type ConfigSource =
  | MigrateConfig
  | ((given: {
      readonly directory?: string | undefined;
      readonly x: Readonly<Record<string, string>>;
      readonly name?: string | undefined;
    }) => MigrateConfig | Promise<MigrateConfig>);

interface Common {
  readonly directory?: string;
  readonly x?: readonly string[];
  readonly raiseerr?: boolean;
  readonly name?: string;
  readonly database?: readonly string[];
  readonly tenant?: readonly string[];
}
const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];

/** `key=value`; a bare key is "". */
function variables(list: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    list.map((item) => {
      const at = item.indexOf("=");
      return at < 0 ? [item, ""] : [item.slice(0, at), item.slice(at + 1)];
    }),
  );
}

/**
 * Runs a command as the terminal wants it: errors of ours become `FAILED: …` and exit code 255, others keep their trace
 * and give 1; an option that does not exist is wrong usage, 2.
 */
export async function runCommand(
  work: () => Promise<unknown>,
  options: DbCommandOptions & { readonly raiseErrors?: boolean } = {},
): Promise<void> {
  const exit = options.exit ?? ((code: number) => void (process.exitCode = code));
  const stderr = options.stderr ?? ((text: string) => process.stderr.write(text));
  try {
    await work();
  } catch (error) {
    if (options.raiseErrors) throw error;
    if (!(error instanceof AthanorError)) {
      stderr(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      exit(1);
      return;
    }
    stderr(`FAILED: ${error.message}\n`);
    if (error instanceof MigrationError && error.hint !== undefined)
      stderr(`  ${error.hint.replaceAll("\n", "\n  ")}\n`);
    exit(error instanceof CommandError && error.code === "migrate.unknown-option" ? 2 : 255);
  }
}

/**
 * Adds `db` with all its commands to a program and gives the `db` command.
 *
 * @example buildDbCommand(new Command("athanor"), { directory: "migrations", url: "sqlite:///app.db" });
 */
export function buildDbCommand(
  program: CommandLike,
  source: ConfigSource,
  options: DbCommandOptions = {},
): CommandLike {
  const db = program
    .command("db")
    .description("Perform database migrations.")
    .version(packageVersion(), "--version", "show the version of the migration tool");
  const add = (
    name: string,
    description: string,
    configure: (c: CommandLike) => CommandLike,
    run: (config: MigrateConfig, args: readonly string[], o: Options) => Promise<unknown>,
  ) => {
    const made = configure(db.command(name).description(description))
      .option("-d, --directory <directory>", 'migration directory (default "migrations")')
      .option("-x, --x-arg <argument>", "variable for the env file: key=value", collect)
      .option("-n, --name <environment>", "one of the configuration's environments")
      .option("--database <name>", "of several databases, only this one", collect)
      .option("--tenant <name>", "of several tenants, only this one", collect)
      .option("--raiseerr", "show errors with their trace");
    made.action(async (...given: unknown[]) => {
      // commander: arguments, then options, then the command.
      const o = given[given.length - 2] as Options & Common & { readonly xArg?: readonly string[] };
      const args = given
        .slice(0, -2)
        .flat()
        .filter((a): a is string => typeof a === "string");
      const work = async () => {
        const unknown = args.find((a) => /^-(?!\d+$)/.test(a));
        if (unknown !== undefined)
          throw new CommandError("migrate.unknown-option", `'db ${name}' has no option '${unknown}'`);
        const x = variables(o.xArg);
        const given = typeof source === "function" ? await source({ directory: o.directory, x, name: o.name }) : source;
        // What finds the configuration may have chosen already.
        const base =
          given.environments === undefined && typeof source === "function"
            ? given
            : command.namedEnvironment(given, o.name);
        const config: MigrateConfig = {
          ...base,
          x: { ...base.x, ...x },
          ...(o.directory === undefined ? {} : { directory: o.directory }),
          ...running(base, o),
          only: { databases: o.database ?? base.only?.databases, tenants: o.tenant ?? base.only?.tenants },
        };
        await run(config, args, o);
      };
      await runCommand(work, { ...options, raiseErrors: o.raiseerr ?? false });
    });
  };
  /** `-1` is a revision here, not an option. */
  const relative = (c: CommandLike) => c.argument("[revision]").allowUnknownOption();
  const message = (c: CommandLike) => c.option("-m, --message <message>", "revision message");
  const json = (c: CommandLike) => c.option("--json", "write JSON for machines");
  const sql = (c: CommandLike) =>
    json(c)
      .option("--sql", "write SQL to stdout instead of running it")
      .option("--tag <tag>", "handed to the env file")
      .option("--no-lock", "do not keep other runs out")
      .option("--lock-wait <duration>", 'how long other runs may take, such as 5min (default "60s")')
      .option("--lock-timeout <duration>", "how long a statement waits for a lock, such as 5s")
      .option("--statement-timeout <duration>", "how long a statement may take, such as 1min")
      .option("--keep-going", "a tenant that fails does not stop the others");
  const verbose = (c: CommandLike) => c.option("-v, --verbose", "show more");
  const files = (c: CommandLike) =>
    json(message(c))
      .option("--head <head>", 'what the revision continues: a revision or branch, "base" for a new line')
      .option("--splice", "allow a revision that is not a head as parent")
      .option("--branch-label <label>", "name of a new branch", collect)
      .option("--version-path <path>", "which version location")
      .option("--rev-id <id>", "the revision's id instead of a random one")
      .option("--depends-on <revision>", "a revision this one needs", collect);
  const revisionOptions = (o: Options): command.RevisionOptions => ({
    message: o.message,
    head: o.head,
    splice: o.splice,
    branchLabel: o.branchLabel,
    versionPath: o.versionPath,
    revId: o.revId,
    dependsOn: o.dependsOn,
    json: o.json,
  });

  add(
    "init",
    "Creates a new migration directory.",
    (c) =>
      json(c.argument("[directory]"))
        .option("-t, --template <template>", "see list-templates")
        .option("--multidb", "for several databases: --template multidb"),
    (config, [directory], { template, multidb, json }) =>
      command.init(directory === undefined ? config : { ...config, directory }, {
        ...(template === undefined ? {} : { template }),
        multidb,
        json,
      }),
  );
  add("list-templates", "Shows the templates of init.", json, async (config, _, o) => command.listTemplates(config, o));
  const renaming = (c: CommandLike) =>
    c
      .option(
        "--rename <old:new>",
        "a rename, not one dropped and one added: table.old:new, or old:new for tables",
        collect,
      )
      .option("--no-input", "never ask");
  /** What the models are compared with: renames that were said, and who can be asked for others. */
  const comparing = (config: MigrateConfig, o: Options): MigrateConfig => {
    const wrong = o.rename?.find((r) => !/^[^:]+:[^:.]+$/.test(r));
    if (wrong !== undefined) {
      throw new CommandError("migrate.rename", `--rename '${wrong}' is not old:new`, {
        hint: "Columns: --rename todo.done:completed. Tables: --rename todo:task.",
      });
    }
    const ask = config.askRename ?? (o.input === false ? undefined : renameQuestion());
    return { ...config, renames: [...(config.renames ?? []), ...(o.rename ?? [])], askRename: ask };
  };
  add(
    "revision",
    "Creates a new, empty revision file.",
    (c) =>
      renaming(files(c).option("--autogenerate", "write the difference between models and database")).option(
        "--sql",
        "refused: a revision is no SQL",
      ),
    (config, _, { autogenerate, sql, ...o }) =>
      command.revision(comparing(config, o), { ...revisionOptions(o), autogenerate, sql }),
  );
  add(
    "migrate",
    "Writes a revision from the difference between models and database.",
    (c) => renaming(files(c)),
    (config, _, o) => command.migrate(comparing(config, o), revisionOptions(o)),
  );
  add(
    "edit",
    "Opens a revision file in $EDITOR.",
    (c) => c.argument("[revision]"),
    (config, [revision]) => command.edit(config, revision),
  );
  add(
    "merge",
    "Joins several revisions into one.",
    (c) => files(c.argument("[revisions...]")),
    (config, revisions, o) => command.merge(config, revisions.length === 0 ? "heads" : revisions, revisionOptions(o)),
  );
  add(
    "upgrade",
    "Applies revisions up to a later one.",
    (c) => sql(relative(c)),
    (config, [revision], o) => command.upgrade(config, revision, o),
  );
  add(
    "downgrade",
    "Goes back to an earlier revision.",
    (c) => sql(relative(c)),
    (config, [revision], o) => command.downgrade(config, revision, o),
  );
  add(
    "show",
    "Shows one revision.",
    (c) => json(c.argument("[revision]")),
    (config, [revision], o) => command.show(config, revision, o),
  );
  add(
    "history",
    "Lists revisions, newest first.",
    (c) =>
      json(verbose(c))
        .option("-r, --rev-range <range>", "from:to")
        .option("-i, --indicate-current", "mark the current revision")
        .option("--graph", "draw the graph beside the list")
        .option("--mermaid", "the graph as Mermaid text")
        .option("--svg", "the graph as SVG"),
    (config, _, { verbose, revRange, indicateCurrent, json, graph, mermaid, svg }) =>
      command.history(config, { verbose, range: revRange, indicateCurrent, json, graph, mermaid, svg }),
  );
  add(
    "heads",
    "Shows the revisions nothing follows.",
    (c) => json(verbose(c)).option("--resolve-dependencies", "count dependencies as followers"),
    (config, _, o) => command.heads(config, o),
  );
  add(
    "branches",
    "Shows where branches part.",
    (c) => json(verbose(c)),
    (config, _, o) => command.branches(config, o),
  );
  add(
    "current",
    "Shows what the database is at.",
    (c) => json(verbose(c)).option("-c, --check-heads", "fail unless it is at the heads"),
    (config, _, o) => command.current(config, o),
  );
  add(
    "stamp",
    "Sets what the database is said to be at; runs nothing.",
    (c) => sql(c.argument("[revisions...]")).option("--purge", "forget all rows first"),
    (config, revisions, o) => command.stamp(config, revisions.length === 0 ? "head" : revisions, o),
  );
  add("check", "Fails when models and database differ.", json, (config, _, o) => command.check(config, o));
  add(
    "lint",
    "Tells what revisions would lose or lock; fails when there is something.",
    (c) =>
      json(c.argument("[range]", "a revision or from:to; default what the database has not applied"))
        .option("--all", "every revision")
        .option("--disable <rule>", "leave a rule out", collect)
        .option("--fail-on <level>", "error, warning (default), notice or never")
        .option("--rules", "list the rules"),
    (config, [range], o) => command.lint(config, { range, ...o }),
  );
  add(
    "squash",
    "Puts one revision in the place of a line of several.",
    (c) =>
      json(message(c.argument("[range]", 'from:to, both included; default "base:head"'))).option(
        "--rev-id <id>",
        "the revision's id instead of a random one",
      ),
    (config, [range], o) => command.squash(config, range, { message: o.message, revId: o.revId, json: o.json }),
  );
  add(
    "erd",
    "Draws the models' tables as an entity-relationship diagram.",
    (c) => json(c.option("--mermaid", "as Mermaid text (default)")),
    (config, _, { json }) => command.erd(config, { json }),
  );
  add(
    "pull",
    "Writes models from the database at a URL.",
    (c) =>
      json(c.argument("<url>"))
        .option("-o, --out <file>", "the file to write (stdout without it)")
        .option("--force", "write over a file that exists")
        .option("--schema <name>", "a schema other than the default one")
        .option("--umbrella", "import from 'athanor' alone"),
    async (config, [url], o) => {
      const { out, force, schema, umbrella, json } = o;
      await pullCommand(config, url as string, {
        ...(out === undefined ? {} : { out }),
        ...(force === undefined ? {} : { force }),
        ...(schema === undefined ? {} : { schema }),
        ...(umbrella === undefined ? {} : { umbrella }),
        ...(json === undefined ? {} : { json }),
      });
    },
  );
  add("ensure-version", "Creates the version table.", sql, (config, _, o) => command.ensureVersion(config, o));
  return db;
}

/** What a run is given on the command line, over what the configuration says. */
function running(base: MigrateConfig, o: Options): Partial<MigrateConfig> {
  return {
    lock: o.lock === false ? false : base.lock,
    lockWait: o.lockWait ?? base.lockWait,
    lockTimeout: o.lockTimeout ?? base.lockTimeout,
    statementTimeout: o.statementTimeout ?? base.statementTimeout,
    keepGoing: o.keepGoing ?? base.keepGoing,
  };
}
function packageVersion(): string {
  // Both src/cli and dist/cli are two below the package.
  return (createRequire(import.meta.url)("../../package.json") as { version: string }).version;
}

interface Options {
  readonly lock?: boolean;
  readonly lockWait?: string;
  readonly lockTimeout?: string;
  readonly statementTimeout?: string;
  readonly keepGoing?: boolean;
  readonly multidb?: boolean;
  readonly out?: string;
  readonly force?: boolean;
  readonly schema?: string;
  readonly umbrella?: boolean;
  readonly message?: string;
  readonly head?: string;
  readonly splice?: boolean;
  readonly branchLabel?: readonly string[];
  readonly versionPath?: string;
  readonly revId?: string;
  readonly dependsOn?: readonly string[];
  readonly autogenerate?: boolean;
  readonly template?: string;
  readonly sql?: boolean;
  readonly tag?: string;
  readonly verbose?: boolean;
  readonly revRange?: string;
  readonly indicateCurrent?: boolean;
  readonly resolveDependencies?: boolean;
  readonly checkHeads?: boolean;
  readonly purge?: boolean;
  readonly json?: boolean;
  readonly graph?: boolean;
  readonly mermaid?: boolean;
  readonly svg?: boolean;
  readonly rename?: readonly string[];
  readonly input?: boolean;
  readonly all?: boolean;
  readonly disable?: readonly string[];
  readonly failOn?: LintLevel | "never";
  readonly rules?: boolean;
}
