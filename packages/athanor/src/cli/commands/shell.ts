/** `athanor shell`: a prompt with the app, the database and all models, inside one scope: `await Todo.query().all()`. */
import { homedir } from "node:os";
import { join } from "node:path";
import { type REPLServer, start } from "node:repl";
import type { Command } from "commander";
import type { Project } from "../project.js";

type Evaluate = REPLServer["eval"];

export function shellCommand(command: Command, project: () => Project): void {
  command
    .command("shell")
    .description("a prompt with the app, db and all models; await works")
    .action(async () => {
      const web = await project().web("shell");
      const app = await project().app("shell");
      await app.start();
      const names = await app.makeShellContext();
      await app.context(async () => {
        const scope = web.currentScope();
        await prompt(names, (work) => (scope === undefined ? work() : scope.run(work)), app.name);
      });
    });
}

/** Runs the prompt until .exit or the end of the input, and until what was still awaited there has ended. */
async function prompt(
  names: Readonly<Record<string, unknown>>,
  inScope: <T>(work: () => T) => T,
  appName: string,
): Promise<void> {
  const interactive = process.stdin.isTTY === true;
  if (interactive) process.stdout.write(`${appName}: ${Object.keys(names).join(", ")}\n.exit leaves\n`);
  const server = start({ prompt: interactive ? "> " : "", terminal: interactive, ignoreUndefined: true });
  Object.assign(server.context, names);
  const { eval: evaluate } = server;
  let running = 0;
  let settled = () => {};
  // The REPL calls from its own async context; the scope has to be put around each line.
  const scoped: Evaluate = function (this: REPLServer, code, context, file, callback) {
    running++;
    inScope(() =>
      evaluate.call(this, code, context, file, (error, result) => {
        running--;
        callback(error, result);
        if (running === 0) settled();
      }),
    );
  };
  Object.defineProperty(server, "eval", { value: scoped, configurable: true, writable: true });
  if (interactive) {
    const history = process.env.NODE_REPL_HISTORY ?? join(homedir(), ".athanor_history");
    if (history !== "") server.setupHistory(history, () => {});
  }
  await new Promise<void>((resolve) => server.once("exit", () => resolve()));
  if (running > 0) await new Promise<void>((resolve) => (settled = resolve));
}
