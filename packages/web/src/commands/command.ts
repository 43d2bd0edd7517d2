/** Commands of an app's own: what they are called, take and do (Flask: app.cli.command). */
import { didYouMean } from "@athanor/core";
import { WebError } from "../errors/web-error.js";

/** `--count 3`, `-f`. Strings and numbers without a default may be missing. */
export type CommandOption =
  | { readonly type: "boolean"; readonly short?: string; readonly description?: string; readonly default?: boolean }
  | { readonly type: "string"; readonly short?: string; readonly description?: string; readonly default?: string }
  | { readonly type: "number"; readonly short?: string; readonly description?: string; readonly default?: number };
export type CommandOptions = { readonly [name: string]: CommandOption };

interface ValueTypes {
  boolean: boolean;
  string: string;
  number: number;
}
type OptionValue<O extends CommandOption> = O["type"] extends "boolean"
  ? boolean
  : O extends { readonly default: string | number }
    ? ValueTypes[O["type"]]
    : ValueTypes[O["type"]] | undefined;
type WordValue<W extends string> = W extends `<${infer N}...>` | `[${infer N}...]`
  ? { readonly [_ in N]: readonly string[] }
  : W extends `<${infer N}>`
    ? { readonly [_ in N]: string }
    : W extends `[${infer N}]`
      ? { readonly [_ in N]: string | undefined }
      : {};
type WordValues<S extends string> = S extends `${infer W} ${infer Rest}`
  ? WordValue<W> & WordValues<Rest>
  : WordValue<S>;

/** What a handler gets: arguments by the names in the words, options by their keys. */
export type CommandValues<S extends string, O extends CommandOptions> = WordValues<S> & {
  readonly [K in keyof O]: OptionValue<O[K]>;
};

/** Where a command writes. */
export interface CommandOutput {
  /** One line to stdout. */
  print(line?: string): void;
  /** One line to stderr. */
  warn(line: string): void;
}
/** Returning a number makes it the exit code. */
export type CommandHandler<V> = (values: V, output: CommandOutput) => unknown;

export interface CommandSettings<O extends CommandOptions = CommandOptions> {
  readonly description?: string;
  readonly options?: O;
}

export interface CommandArgument {
  readonly name: string;
  readonly required: boolean;
  readonly variadic: boolean;
}
/** A command as it is run. */
export interface Command {
  /** Without a group: ["seed"]; of a blueprint: ["admin", "seed"]. */
  readonly path: readonly string[];
  readonly words: string;
  readonly description: string;
  readonly args: readonly CommandArgument[];
  readonly options: CommandOptions;
  readonly handler: CommandHandler<never>;
}

const NAME = /^[a-z][a-z0-9]*(?:[-:_][a-z0-9]+)*$/i;

/** @throws WebError "command" */
function parseWords(words: string): { readonly name: string; readonly args: CommandArgument[] } {
  const [name = "", ...rest] = words.trim().split(/\s+/);
  if (!NAME.test(name))
    throw new WebError("command", `'${name}' cannot name a command: use letters, digits and dashes, "seed <count>".`);
  const args = rest.map((word): CommandArgument => {
    const found = /^(?:<([\w-]+)(\.\.\.)?>|\[([\w-]+)(\.\.\.)?\])$/.exec(word);
    if (found === null)
      throw new WebError(
        "command",
        `The command '${name}' has '${word}', which is neither <needed>, [optional], <several...> nor [several...].`,
      );
    return {
      name: (found[1] ?? found[3])!,
      required: found[1] !== undefined,
      variadic: (found[2] ?? found[4]) !== undefined,
    };
  });
  args.forEach((arg, i) => {
    if (arg.variadic && i < args.length - 1)
      throw new WebError(
        "command",
        `The command '${name}': only the last argument can take several values, not '${arg.name}'.`,
      );
    if (arg.required && args[i - 1]?.required === false)
      throw new WebError(
        "command",
        `The command '${name}': the needed '${arg.name}' comes after an optional argument.`,
      );
  });
  return { name, args };
}

function checkOptions(name: string, options: CommandOptions, args: readonly CommandArgument[]): void {
  const shorts = new Set(["h"]);
  for (const [key, { short }] of Object.entries(options)) {
    if (key === "help" || args.some((arg) => arg.name === key))
      throw new WebError("command", `The command '${name}' has '${key}' twice.`);
    if (short === undefined) continue;
    if (!/^[A-Za-z0-9]$/.test(short) || shorts.has(short))
      throw new WebError(
        "command",
        `The command '${name}': '${short}' cannot be the short form of --${key}: it is taken, or not one letter.`,
      );
    shorts.add(short);
  }
}

/** The commands of an app, a blueprint or a plugin. */
export class Commands {
  readonly #byPath = new Map<string, Command>();

  /**
   * @throws WebError "command" for words or options that do not fit, and for a name that is taken
   * @example commands.add("seed <count>", { options: { fast: { type: "boolean", short: "f" } } }, async ({ count, fast }, { print }) => { … });
   */
  add<const S extends string, const O extends CommandOptions = {}>(
    words: S,
    first: CommandSettings<O> | CommandHandler<CommandValues<S, {}>>,
    second?: CommandHandler<CommandValues<S, O>>,
  ): this {
    const settings = typeof first === "function" ? {} : first;
    const handler = (typeof first === "function" ? first : second) as CommandHandler<never> | undefined;
    const { name, args } = parseWords(words);
    if (typeof handler !== "function") throw new WebError("command", `The command '${name}' needs a function.`);
    const options: CommandOptions = settings.options ?? {};
    checkOptions(name, options, args);
    return this.put({ path: [name], words, description: settings.description ?? "", args, options, handler });
  }
  put(command: Command): this {
    const key = command.path.join(" ");
    if (
      this.#byPath.has(key) ||
      [...this.#byPath.values()].some(({ path }) => path.length !== command.path.length && path[0] === command.path[0])
    )
      throw new WebError(
        "command",
        `There are two commands '${key}', or a command and a group of one name. Give one another name.`,
      );
    this.#byPath.set(key, command);
    return this;
  }
  /** Takes over those of another set, under a group's name if it is not null. */
  adopt(other: Commands, group: string | null): void {
    for (const command of other) this.put(group === null ? command : { ...command, path: [group, ...command.path] });
  }
  get size(): number {
    return this.#byPath.size;
  }
  [Symbol.iterator](): Iterator<Command> {
    return this.#byPath.values();
  }
  /** What stands at the top: commands and groups. */
  get names(): readonly string[] {
    return [...new Set([...this.#byPath.values()].map(({ path }) => path[0]!))];
  }
  /** The command at the beginning of `args`, and what is left of them. */
  find(args: readonly string[]): { readonly command: Command; readonly rest: readonly string[] } | undefined {
    for (const length of [1, 2]) {
      const command = this.#byPath.get(args.slice(0, length).join(" "));
      if (command !== undefined) return { command, rest: args.slice(length) };
    }
    return undefined;
  }
  /** Commands of a group. */
  group(name: string): readonly Command[] {
    return [...this.#byPath.values()].filter(({ path }) => path.length > 1 && path[0] === name);
  }
  suggestion(name: string, among: readonly string[] = this.names): string {
    return didYouMean(name, among);
  }
}
