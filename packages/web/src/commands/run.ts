/** Runs a command inside a scope of its app, for the command line and for tests (Flask: FlaskCliRunner). */
import type { Command, CommandOutput, Commands } from "./command.js";
import { CommandUsageError, readArguments, usage } from "./parse.js";

/** What running needs of an app. */
export interface CommandHost {
  start(): Promise<void>;
  context<T>(fn: () => T | Promise<T>): Promise<T>;
}

/** The table of a set's commands, or of one group's. */
export function listCommands(commands: Iterable<Command>): string {
  const rows = [...commands].map(({ path, words, description }) => [
    [...path.slice(0, -1), words.trim()].join(" "),
    description,
  ]);
  const width = Math.max(0, ...rows.map(([left]) => left!.length));
  return rows.map(([left, right]) => `  ${left!.padEnd(width)}  ${right}`.trimEnd()).join("\n");
}

/**
 * @param host the app whose scope the command runs in; undefined: none
 * @returns the exit code: what the handler returned if it is a number, else 0; 2 for wrong use
 * @throws what the handler throws
 */
export async function runCommand(
  commands: Commands,
  args: readonly string[],
  output: CommandOutput,
  host: CommandHost | undefined,
): Promise<number> {
  const found = commands.find(args);
  if (found === undefined) {
    const [name = "", next] = args;
    const group = commands.group(name);
    if (group.length > 0 && (next === undefined || next === "--help" || next === "-h")) {
      output.print(`Commands of '${name}':\n\n${listCommands(group)}`);
      return 0;
    }
    const hint =
      group.length > 0
        ? `There is no command '${name} ${next}'.${commands.suggestion(
            next ?? "",
            group.map(({ path }) => path[1]!),
          )}`
        : `There is no command '${name}'.${commands.suggestion(name)}`;
    output.warn(`Error: ${hint}`);
    return 2;
  }
  let values: Readonly<Record<string, unknown>> | null;
  try {
    values = readArguments(found.command, found.rest);
  } catch (error) {
    if (!(error instanceof CommandUsageError)) throw error;
    output.warn(`Error: ${error.message}\n\n${usage(found.command)}`);
    return 2;
  }
  if (values === null) {
    output.print(usage(found.command));
    return 0;
  }
  // The words and options the values were read by are those the handler was typed with.
  const work = () => (found.command.handler as (values: unknown, output: CommandOutput) => unknown)(values, output);
  await host?.start();
  const answer = host === undefined ? await work() : await host.context(work);
  return typeof answer === "number" ? answer : 0;
}

/** What a command did, for tests. */
export interface CommandResult {
  readonly exitCode: number;
  /** What it printed. */
  readonly output: string;
  /** What it warned of, usage errors included. */
  readonly warnings: string;
  /** What it threw, or null. */
  readonly error: unknown;
}

/** Runs commands without a process; made by `app.testCli()`. */
export class CommandRunner {
  readonly #commands: Commands;
  readonly #host: CommandHost;

  constructor(commands: Commands, host: CommandHost) {
    this.#commands = commands;
    this.#host = host;
  }
  /**
   * @example const { exitCode, output } = await app.testCli().invoke(["seed", "3"]);
   */
  async invoke(args: readonly string[]): Promise<CommandResult> {
    const lines: string[] = [];
    const warnings: string[] = [];
    const output: CommandOutput = {
      print: (line = "") => void lines.push(`${line}\n`),
      warn: (line) => void warnings.push(`${line}\n`),
    };
    let exitCode: number;
    let error: unknown = null;
    try {
      exitCode = await runCommand(this.#commands, args, output, this.#host);
    } catch (thrown) {
      [exitCode, error] = [1, thrown];
    }
    return { exitCode, output: lines.join(""), warnings: warnings.join(""), error };
  }
}
