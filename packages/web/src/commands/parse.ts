/** Reads a command's arguments and says how it is used. */
import { parseArgs } from "node:util";
import { didYouMean } from "@athanor/core";
import { WebError } from "../errors/web-error.js";
import type { Command, CommandOption } from "./command.js";

/** Wrong use of a command: the message says what, the usage follows. */
export class CommandUsageError extends WebError {
  constructor(message: string) {
    super("command-usage", message);
  }
}

/** `dryRun` is --dry-run. */
const flagOf = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function numberOf(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value))
    throw new CommandUsageError(`--${flag} holds '${text}', which is no number.`);
  return value;
}

/** @returns null when the help was asked for @throws CommandUsageError */
export function readArguments(command: Command, given: readonly string[]): Readonly<Record<string, unknown>> | null {
  const flags = new Map(Object.entries(command.options).map(([key, option]) => [flagOf(key), { key, option }]));
  const { tokens } = parseArgs({
    args: [...given],
    options: Object.fromEntries([
      ["help", { type: "boolean" as const, short: "h" }],
      ...[...flags].map(([flag, { option }]) => [
        flag,
        {
          type: option.type === "boolean" ? ("boolean" as const) : ("string" as const),
          ...(option.short === undefined ? {} : { short: option.short }),
        },
      ]),
    ]),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(command.options))
    values[key] = option.default ?? (option.type === "boolean" ? false : undefined);
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    if (token.name === "help") return null;
    const negated = token.name.startsWith("no-") ? flags.get(token.name.slice(3)) : undefined;
    const known = flags.get(token.name) ?? (negated?.option.type === "boolean" ? negated : undefined);
    if (known === undefined)
      throw new CommandUsageError(
        `There is no option '${token.rawName}'.${didYouMean(token.name, [...flags.keys(), "help"])}`,
      );
    values[known.key] = optionValue(token.rawName, token.value, known.option, known === negated);
  }
  command.args.forEach((arg, i) => {
    if (arg.required && positionals.length <= i) throw new CommandUsageError(`The argument <${arg.name}> is missing.`);
    values[arg.name] = arg.variadic ? positionals.slice(i) : positionals[i];
  });
  if (positionals.length > command.args.length && command.args.at(-1)?.variadic !== true)
    throw new CommandUsageError(`'${positionals[command.args.length]}' is one argument too many.`);
  return values;
}

function optionValue(raw: string, value: string | undefined, option: CommandOption, negated: boolean): unknown {
  if (option.type === "boolean") {
    if (value !== undefined) throw new CommandUsageError(`${raw} takes no value; '${value}' was given.`);
    return !negated;
  }
  if (value === undefined) throw new CommandUsageError(`${raw} needs a value.`);
  return option.type === "number" ? numberOf(raw.replace(/^-+/, ""), value) : value;
}

/** Several lines: how the command is called, and what each option is for. */
export function usage(command: Command, program = "athanor"): string {
  const words = command.words.trim().split(/\s+/).slice(1);
  const rows = Object.entries(command.options).map(([key, option]) => {
    const flag = `${option.short === undefined ? "    " : `-${option.short}, `}--${flagOf(key)}`;
    const preset = option.default === undefined ? "" : ` (default ${String(option.default)})`;
    return [
      option.type === "boolean" ? flag : `${flag} <${option.type}>`,
      `${option.description ?? ""}${preset}`.trim(),
    ] as const;
  });
  rows.push(["-h, --help", "shows this"]);
  const width = Math.max(...rows.map(([left]) => left.length));
  return [
    ["Usage:", program, ...command.path, "[options]", ...words].join(" "),
    ...(command.description === "" ? [] : ["", command.description]),
    "",
    "Options:",
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd()),
  ].join("\n");
}
