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
  /** The project, if a command has asked for it. */
  project(): Project | undefined;
}

/** @param args the arguments after the command's own name */
export function createProgram(args: readonly string[]): Program {
  let project: Project | undefined;
  const command = new Command("athanor")
    .description("The SQL toolkit for TypeScript: web app, shell and migrations.")
    .option("-A, --app <target>", "the app: file, file:name or file:factory(args); default ATHANOR_APP, then app.ts")
    .option("-e, --env-file <file>", "environment variables, before .env and .athanorenv")
    .option("--raiseerr", "show the stack of every error")
    .version(version(), "--version")
    .showSuggestionAfterError()
    .exitOverride();
  const open = () => {
    project ??= new Project(command.opts<{ app?: string; envFile?: string }>());
    return project;
  };
  runCommand(command, open, args);
  routesCommand(command, open, (line) => void process.stdout.write(`${line}\n`));
  shellCommand(command, open);
  dbCommand(command, open);
  // Each level decides about the end of the process by itself unless told otherwise.
  for (const child of command.commands) {
    child.exitOverride();
    for (const grandchild of child.commands) grandchild.exitOverride();
  }
  return { command, project: () => project };
}

function version(): string {
  // Both src/cli and dist/cli are two below the package.
  return (createRequire(import.meta.url)("../../package.json") as { version: string }).version;
}
