/** The command `athanor`, as a function: `athanor/cli`. */
import { CommanderError } from "commander";
import { EXIT, explainsItself } from "./errors.js";
import { commandIndex, type OwnCommands, ownCommands } from "./own-commands.js";
import { createProgram, type Program } from "./program.js";

export { loadEnvFiles } from "./env-files.js";
export { CommandError, type CommandErrorCode } from "./errors.js";
export { createProgram, type Program } from "./program.js";

/**
 * Runs the command.
 *
 * @param args without the interpreter and the script: ["db", "upgrade"]
 * @returns the exit code: 0, 1 for errors, 2 for wrong usage, 255 for failed `db` commands
 */
export async function main(args: readonly string[]): Promise<number> {
  const program = createProgram(args);
  let code: number = EXIT.ok;
  try {
    const own = await runOwn(program, args);
    if (own === undefined) await program.command.parseAsync(args, { from: "user" });
    code = own ?? program.exitCode();
  } catch (error) {
    code = report(error, args);
  }
  try {
    await program.project()?.dispose();
  } catch (error) {
    code = Math.max(code, report(error, args));
  }
  return code;
}

/**
 * Runs a command of the project's own. For the help, and for a name nobody knows, they are made known to the program, so
 * that it lists and suggests them.
 *
 * @returns the exit code; undefined: the command is not one of those
 */
async function runOwn(program: Program, args: readonly string[]): Promise<number | undefined> {
  const at = commandIndex(args);
  const name = at === -1 ? undefined : args[at]!;
  const known = program.command.commands.map((command) => command.name());
  const help = name === undefined ? !args.includes("--version") : name === "help";
  if (!help && known.includes(name ?? "")) return undefined;
  // The options in front say which app; the rest is the command's own.
  program.command.parseOptions(args.slice(0, at === -1 ? args.length : at));
  let own: OwnCommands | undefined;
  try {
    own = await ownCommands(program.open());
  } catch (error) {
    // The help, and "did you mean", must come although the app is broken.
    report(error, args);
    return undefined;
  }
  if (own === undefined) return undefined;
  if (name !== undefined && own.commands.names.includes(name)) {
    const warn = (line: string) => void process.stderr.write(`${line}\n`);
    return own.run(args.slice(at), { print: (line = "") => void process.stdout.write(`${line}\n`), warn });
  }
  for (const top of own.commands.names.filter((n) => !known.includes(n))) {
    const single = own.commands.find([top])?.command;
    const made = program.command.command(top);
    made.description(
      single?.description ??
        `commands: ${own.commands
          .group(top)
          .map(({ path }) => path[1])
          .join(", ")}`,
    );
    for (const { name: argument, required, variadic } of single?.args ?? [])
      made.argument(required ? `<${argument}${variadic ? "..." : ""}>` : `[${argument}${variadic ? "..." : ""}]`);
  }
  return undefined;
}

/** Prints an error in the form its kind deserves. */
function report(error: unknown, args: readonly string[]): number {
  // Commander has printed its own message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const isDatabase = args.includes("db");
  const raise = args.includes("--raiseerr");
  if (!raise && explainsItself(error)) {
    process.stderr.write(`${isDatabase ? "FAILED" : "Error"}: ${error.message}\n`);
    if (error.hint !== undefined) process.stderr.write(`  ${error.hint}\n`);
    return isDatabase ? EXIT.database : EXIT.failed;
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? String(error)) : String(error)}\n`);
  return EXIT.failed;
}
