/** Commands of the project's own: those of its app, and those of plugins named in package.json. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CommandOutput, Commands } from "@athanor/web";
import { CommandError } from "./errors.js";
import { importFile, importPackage, type LoadedModule } from "./modules.js";
import type { Project } from "./project.js";

/** Options in front of the command that take a value. */
const WITH_VALUE = new Set(["-A", "--app", "-e", "--dotenv"]);

/** Where the command's own name stands in the arguments; -1: there is none. */
export function commandIndex(args: readonly string[]): number {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === "--") return i + 1 < args.length ? i + 1 : -1;
    if (!arg.startsWith("-")) return i;
    if (WITH_VALUE.has(arg)) i++;
  }
  return -1;
}

/** The names in `"athanor": { "plugins": ["./commands.ts", "@acme/deploy"] }` of package.json. */
function pluginNames(cwd: string): readonly string[] {
  const path = join(cwd, "package.json");
  if (!existsSync(path)) return [];
  const { athanor } = JSON.parse(readFileSync(path, "utf8")) as { athanor?: { plugins?: unknown } };
  const plugins = athanor?.plugins ?? [];
  if (Array.isArray(plugins) && plugins.every((name) => typeof name === "string")) return plugins;
  throw new CommandError(
    "cli.plugin",
    `"athanor": { "plugins": … } in '${path}' must be a list of files and packages.`,
  );
}

async function loadPlugin(name: string, project: Project): Promise<LoadedModule> {
  if (name.startsWith(".") || name.startsWith("/")) {
    const path = project.path(name);
    if (existsSync(path)) return importFile(path);
    throw new CommandError("cli.plugin", `The plugin '${name}' in package.json does not exist: there is no '${path}'.`);
  }
  const module = await importPackage(name, project.cwd);
  if (module !== undefined) return module;
  throw new CommandError(
    "cli.plugin",
    `The plugin '${name}' in package.json is not installed. Run: npm install ${name}`,
  );
}

/** What the project adds to the command. */
export interface OwnCommands {
  readonly commands: Commands;
  /** Runs one; plugins' commands run in the app's scope where there is an app. */
  run(args: readonly string[], output: CommandOutput): Promise<number>;
}

/** @throws CommandError for a plugin that cannot be loaded; what the app's module throws */
export async function ownCommands(project: Project): Promise<OwnCommands | undefined> {
  const web = await project.findWeb();
  if (web === undefined) return undefined;
  const commands = new web.Commands();
  for (const name of pluginNames(project.cwd)) {
    const { default: add } = await loadPlugin(name, project);
    if (typeof add !== "function")
      throw new CommandError(
        "cli.plugin",
        `The plugin '${name}' must export a function as default: export default (commands) => { commands.add(…); }`,
      );
    (add as (commands: Commands) => void)(commands);
  }
  const app = (await project.hasApp()) ? await project.app("commands") : undefined;
  if (app !== undefined) commands.adopt(app.commands, null);
  return { commands, run: (args, output) => web.runCommand(commands, args, output, app) };
}
