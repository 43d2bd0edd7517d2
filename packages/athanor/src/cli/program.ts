/** The command line: `athanor run|routes|shell|db …`. */
import { createRequire } from "node:module";
import { Command } from "commander";
import { dbCommand } from "./commands/db.js";
import { routesCommand } from "./commands/routes.js";
import { runCommand } from "./commands/run.js";
import { shellCommand } from "./commands/shell.js";
import { Project } from "./project.js";

export interface Program {
  readonly command: Command;
  /** The project, opened if it is not yet. */
  open(): Project;
  /** The project, if a command has asked for it. */
  project(): Project | undefined;
  /** What a command that reports its own errors left. */
  exitCode(): number;
}

/** @param args the arguments after the command's own name */
export function createProgram(args: readonly string[]): Program {
  let project: Project | undefined;
  let code = 0;
  const command = new Command("athanor")
    .description("The SQL toolkit for TypeScript: web app, shell and migrations.")
    .option("-A, --app <target>", "the app: file, file:name or file:factory(args); default ATHANOR_APP, then app.ts")
    // Not --env-file: Node takes that word for its own, wherever it stands.
    .option("-e, --dotenv <file>", "file of environment variables, stronger than .env and .athanorenv")
    .version(version(), "--version")
    .showSuggestionAfterError()
    .exitOverride();
  const open = () => {
    project ??= openProject(command.opts<{ app?: string; dotenv?: string }>());
    return project;
  };
  runCommand(command, open, args);
  routesCommand(command, open, (line) => void process.stdout.write(`${line}\n`));
  shellCommand(command, open);
  dbCommand(command, open, (failed) => (code = failed));
  // Each level decides about the end of the process by itself unless told otherwise.
  for (const child of command.commands) {
    child.exitOverride();
    for (const grandchild of child.commands) grandchild.exitOverride();
  }
  return { command, open, project: () => project, exitCode: () => code };
}

function openProject({ app, dotenv }: { readonly app?: string; readonly dotenv?: string }): Project {
  return new Project({ app, envFile: dotenv });
}

function version(): string {
  // Both src/cli and dist/cli are two below the package.
  return (createRequire(import.meta.url)("../../package.json") as { version: string }).version;
}
