/** `athanor run`: serves the app; with --debug it starts anew when a file of the project changes. */
import type { Command } from "commander";
import { CommandError } from "../errors.js";
import { serveFailure } from "../failure-page.js";
import { watchImports } from "../modules.js";
import type { Project } from "../project.js";
import { isReloadChild, reportImport, superviseReload } from "../reload.js";

interface RunOptions {
  readonly host: string;
  readonly port?: string;
  readonly debug?: boolean;
  readonly reload?: boolean;
}

/** Milliseconds that running requests get after Ctrl+C. */
const GRACE = 5000;

function portOf(text: string | undefined): number {
  const source = text === undefined ? "The variable PORT" : "--port";
  const value = text ?? process.env.PORT ?? "";
  if (value === "") return 3000;
  const port = Number(value);
  if (/^\d+$/.test(value) && port <= 65535) return port;
  throw new CommandError("cli.argument", `${source} holds '${value}', which is no port number (0 to 65535).`);
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && !["", "0", "false", "no"].includes(value.toLowerCase());
}

/** Resolves when the user or the supervisor asks the process to end. */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
    if (isReloadChild()) process.once("disconnect", () => resolve());
  });
}

export function runCommand(command: Command, project: () => Project, args: readonly string[]): void {
  command
    .command("run")
    .description("serve the app")
    .option("-h, --host <name>", "address to listen on; 0.0.0.0 is every one", "127.0.0.1")
    .option("-p, --port <number>", "default: the variable PORT, else 3000")
    .option("--debug", "show errors in the browser, and reload when files change")
    .option("--no-reload", "do not watch files")
    .helpOption("--help", "display help for command")
    .action(async (options: RunOptions) => {
      const project_ = project();
      const debug = options.debug ?? (isOn(process.env.ATHANOR_DEBUG) || isOn(process.env.FLASK_DEBUG));
      const port = portOf(options.port);
      if (debug && options.reload !== false && !isReloadChild()) {
        await superviseReload(args, project_.cwd);
        return;
      }
      if (isReloadChild()) watchImports(reportImport);
      await serve(project_, { host: options.host, port, debug });
    });
}

async function serve(project: Project, at: { host: string; port: number; debug: boolean }): Promise<void> {
  const stop = interrupted();
  let close: () => Promise<void>;
  try {
    const app = await project.app("run");
    const running = await app.run({ host: at.host, port: at.port, ...(at.debug ? { debug: true } : {}) });
    close = () => running.close();
  } catch (error) {
    if (!isReloadChild()) throw error;
    // The terminal has the whole story; the browser shows it too until a file is mended.
    close = await serveFailure(error, at.host, at.port);
  }
  await stop;
  await Promise.race([close(), new Promise((resolve) => setTimeout(resolve, GRACE).unref())]);
  // The channel to the supervisor would keep the process alive.
  if (process.connected) process.disconnect();
}
