/** The command `athanor`, as a function: `athanor/cli`. */
import { CommanderError } from "commander";
import { EXIT, explainsItself } from "./errors.js";
import { createProgram } from "./program.js";

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
    await program.command.parseAsync(args, { from: "user" });
    code = program.exitCode();
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
