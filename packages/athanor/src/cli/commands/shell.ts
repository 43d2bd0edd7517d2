/** `athanor shell`: a prompt with the app, the database and all models, inside one scope: `await Todo.query().all()`. */
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type REPLServer, start } from "node:repl";
import { PassThrough } from "node:stream";
import { deleteFrom, func, insert, select, sql, update } from "@athanor/core";
import type { Command } from "commander";
import { importedModules } from "../modules.js";
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
      await meetModels();
      const names = await app.makeShellContext();
      await app.context(async () => {
        const scope = web.currentScope();
        await prompt(names, (work) => (scope === undefined ? work() : scope.run(work)), app.name);
      });
    });
}

/**
 * A class is known to its base only when something was done with it: JavaScript tells nobody that a class was extended.
 * Whatever the project exports and is a model is made known here, so that the shell has the project's own classes.
 */
async function meetModels(): Promise<void> {
  for (const module of await importedModules()) {
    for (const value of Object.values(module)) {
      if (
        typeof value === "function" &&
        "subclass" in value &&
        "register" in value &&
        typeof value.register === "function"
      )
        value.register();
    }
  }
}

/** Piped lines one after the other: the REPL by itself takes the next while an `await` is still waiting. */
async function feed(server: REPLServer, input: PassThrough, exited: Promise<void>): Promise<void> {
  let answered = () => {};
  const { displayPrompt } = server;
  // The REPL shows its prompt when it is done with a line, however that went.
  server.displayPrompt = (preserveCursor) => {
    displayPrompt.call(server, preserveCursor);
    answered();
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const done = new Promise<void>((resolve) => (answered = resolve));
    input.write(`${line}\n`);
    await Promise.race([done, exited]);
  }
  input.end();
}

/** Runs the prompt until .exit or the end of the input. */
async function prompt(
  names: Readonly<Record<string, unknown>>,
  inScope: <T>(work: () => T) => T,
  appName: string,
): Promise<void> {
  const interactive = process.stdin.isTTY === true;
  if (interactive) process.stdout.write(`${appName}: ${Object.keys(names).join(", ")}\n.exit leaves\n`);
  const piped = new PassThrough();
  const server = start({
    prompt: interactive ? "> " : "",
    terminal: interactive,
    ignoreUndefined: true,
    ...(interactive ? {} : { input: piped, output: process.stdout }),
  });
  Object.assign(server.context, { select, insert, update, deleteFrom, func, sql }, names);
  const { eval: evaluate } = server;
  // The REPL calls from its own async context; the scope has to be put around each line.
  const scoped: Evaluate = function (this: REPLServer, ...args) {
    inScope(() => evaluate.apply(this, args));
  };
  Object.defineProperty(server, "eval", { value: scoped, configurable: true, writable: true });
  const exited = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  if (interactive) {
    const history = process.env.NODE_REPL_HISTORY ?? join(homedir(), ".athanor_history");
    if (history !== "") server.setupHistory(history, () => {});
  } else await feed(server, piped, exited);
  await exited;
}
