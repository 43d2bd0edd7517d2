/** `athanor db …`: the commands of `@athanor/migrate`. Source: Flask-Migrate "Command Reference", Alembic `alembic --help`. */
import { command as actions, type MigrateConfig } from "@athanor/migrate";
import { type Command, Option } from "commander";
import { type DbOptions, withMigrateConfig } from "../migrate-config.js";
import type { Project } from "../project.js";

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
/** `-x key=value`; a bare `-x flag` is "". */
function collectPair(value: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const at = value.indexOf("=");
  return at < 0 ? { ...before, [value]: "" } : { ...before, [value.slice(0, at)]: value.slice(at + 1) };
}

interface NewRevision {
  readonly message?: string;
  readonly autogenerate?: boolean;
  readonly head?: string;
  readonly splice?: boolean;
  readonly branchLabel?: string;
  readonly versionPath?: string;
  readonly revId?: string;
  readonly dependsOn?: string[];
}
function revisionOptions(command: Command): Command {
  return command
    .option("-m, --message <text>", "what changes")
    .option("--head <revision>", "what the new revision continues", "head")
    .option("--splice", "allow a revision that already has a successor")
    .option("--branch-label <name>", "name of a new branch")
    .option("--version-path <folder>", "which of several version locations")
    .option("--rev-id <id>", "identifier instead of a random one")
    .option("--depends-on <revision>", "repeatable", collect, []);
}

/** Several targets in one word list; one alone stays text, so that ranges are understood. */
const oneOrMany = (names: readonly string[]): string | readonly string[] => (names.length === 1 ? names[0]! : names);

export function dbCommand(program: Command, project: () => Project): void {
  const db = program
    .command("db")
    .description("migrations of the database")
    .option("-d, --directory <folder>", "the migration folder (default: migrations)")
    .option("--config <file>", "settings instead of athanor.config.ts")
    .option("--url <url>", "database to use instead of the configured one")
    .addOption(new Option("-x <key=value>", "for the env file; repeatable").argParser(collectPair).default({}, "none"))
    .option("-q, --quiet", "no progress lines");

  const run = (work: (config: MigrateConfig) => Promise<unknown>) =>
    withMigrateConfig(project(), db.opts<DbOptions>(), work);
  const add = (name: string, description: string) => db.command(name).description(description);

  add("init [directory]", "make a migration folder")
    .option("-t, --template <name>", "see list-templates")
    .action((directory: string | undefined, { template }: { template?: string }) =>
      run((config) =>
        actions.init(
          directory === undefined ? config : { ...config, directory: project().path(directory) },
          template === undefined ? {} : { template },
        ),
      ),
    );
  add("list-templates", "show the templates of init").action(() => run(async (config) => actions.listTemplates(config)));
  revisionOptions(add("revision", "write an empty revision"))
    .option("--autogenerate", "write the difference between models and database")
    .action((options: NewRevision) => run((config) => actions.revision(config, options)));
  revisionOptions(add("migrate", "write a revision from the difference between models and database")).action(
    (options: NewRevision) => run((config) => actions.migrate(config, options)),
  );
  add("merge [revisions...]", "join several heads (default: all)")
    .option("-m, --message <text>", "default: names the merged revisions")
    .option("--branch-label <name>")
    .option("--rev-id <id>")
    .option("--splice", "allow revisions that are no heads")
    .action((revisions: string[], options: NewRevision) =>
      run((config) => actions.merge(config, revisions.length === 0 ? "heads" : revisions, options)),
    );

  add("upgrade [revision]", "apply revisions (default: head)")
    .option("--sql", "print the SQL instead of running it")
    .option("--tag <text>", "for the env file")
    .action((revision: string | undefined, options: { sql?: boolean; tag?: string }) =>
      run((config) => actions.upgrade(config, revision ?? "head", options)),
    );
  add("downgrade [revision]", "undo revisions (default: -1)")
    .option("--sql", "print the SQL instead of running it")
    .option("--tag <text>", "for the env file")
    .action((revision: string | undefined, options: { sql?: boolean; tag?: string }) =>
      run((config) => actions.downgrade(config, revision ?? "-1", options)),
    );
  add("stamp [revisions...]", "write the version table without running anything (default: head)")
    .option("--sql", "print the SQL instead of running it")
    .option("--tag <text>", "for the env file")
    .option("--purge", "empty the version table first")
    .action((revisions: string[], options: { sql?: boolean; tag?: string; purge?: boolean }) =>
      run((config) => actions.stamp(config, revisions.length === 0 ? "head" : oneOrMany(revisions), options)),
    );
  add("current", "show where the database is")
    .option("-v, --verbose")
    .option("--check-heads", "fail unless it is at the heads")
    .action((options: { verbose?: boolean; checkHeads?: boolean }) => run((config) => actions.current(config, options)));
  add("check", "fail when models and database differ").action(() => run((config) => actions.check(config)));
  add("ensure-version", "make the version table")
    .option("--sql", "print the SQL instead of running it")
    .action((options: { sql?: boolean }) => run((config) => actions.ensureVersion(config, options)));

  add("history", "list the revisions, newest first")
    .option("-r, --rev-range <range>", "a:b, -3:current, …")
    .option("-v, --verbose")
    .option("-i, --indicate-current", "mark where the database is")
    .action((options: { revRange?: string; verbose?: boolean; indicateCurrent?: boolean }) =>
      run((config) => actions.history(config, { ...options, range: options.revRange })),
    );
  add("heads", "show the newest revisions")
    .option("-v, --verbose")
    .option("--resolve-dependencies", "without those that others depend on")
    .action((options: { verbose?: boolean; resolveDependencies?: boolean }) =>
      run((config) => actions.heads(config, options)),
    );
  add("branches", "show where lines part")
    .option("-v, --verbose")
    .action((options: { verbose?: boolean }) => run((config) => actions.branches(config, options)));
  add("show [revision]", "show one revision (default: head)").action((revision: string | undefined) =>
    run((config) => actions.show(config, revision ?? "head")),
  );
  add("edit [revision]", "open a revision in $EDITOR (default: current)").action((revision: string | undefined) =>
    run((config) => actions.edit(config, revision ?? "current")),
  );
}
