/**
 * The reloader: a parent process watches the files that the child has imported, and starts a new child when one of them
 * changes. A process of its own, since modules cannot be unloaded.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";

const CHILD = "ATHANOR_RELOAD_CHILD";
/** Milliseconds in which several changes count as one: editors write in steps. */
const SETTLE = 120;
/** Milliseconds a child gets to end by itself. */
const PATIENCE = 3000;
const WATCHED = /\.(?:[cm]?[jt]sx?|json)$|^\.(?:env|athanorenv|flaskenv)$/;

export function isReloadChild(): boolean {
  return process.env[CHILD] === "1" && process.send !== undefined;
}

/** In the child: tells the parent which file was imported. */
export function reportImport(url: string): void {
  process.send?.({ imported: url });
}

function isImported(message: unknown): message is { readonly imported: string } {
  return (
    typeof message === "object" && message !== null && "imported" in message && typeof message.imported === "string"
  );
}

/** Runs the command again as a child, and again after each change, until Ctrl+C. */
export async function superviseReload(args: readonly string[], cwd: string): Promise<void> {
  const folders = new Map<string, FSWatcher>();
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopping = false;
  let finish = () => {};
  const done = new Promise<void>((resolve) => (finish = resolve));

  const watchFolder = (folder: string) => {
    if (folders.has(folder)) return;
    try {
      const watcher = watch(folder, (_kind, name) => {
        if (name === null || WATCHED.test(basename(name))) changed(name ?? folder);
      });
      watcher.on("error", () => folders.delete(folder));
      folders.set(folder, watcher);
    } catch {
      // A folder that cannot be watched is not: changes there need a restart by hand.
    }
  };
  const start = () => {
    const next = spawn(process.execPath, [...process.execArgv, process.argv[1] as string, ...args], {
      cwd,
      stdio: ["inherit", "inherit", "inherit", "ipc"],
      env: { ...process.env, [CHILD]: "1" },
    });
    child = next;
    next.on("message", (message: unknown) => {
      if (isImported(message)) watchFolder(dirname(fileURLToPath(message.imported)));
    });
    next.on("exit", (code) => {
      if (child !== next) return;
      child = undefined;
      if (stopping) finish();
      else if (timer === undefined)
        process.stderr.write(` * The server ended (${code ?? "killed"}); waiting for a change.\n`);
    });
  };
  const stopChild = async () => {
    const old = child;
    if (old === undefined || old.exitCode !== null) return;
    const ended = new Promise<void>((resolve) => old.once("exit", () => resolve()));
    old.kill("SIGTERM");
    const hard = setTimeout(() => old.kill("SIGKILL"), PATIENCE);
    await ended;
    clearTimeout(hard);
  };
  const changed = (name: string) => {
    if (stopping) return;
    clearTimeout(timer);
    timer = setTimeout(async () => {
      process.stderr.write(` * '${name}' changed, starting again\n`);
      await stopChild();
      timer = undefined;
      if (!stopping) start();
    }, SETTLE);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      clearTimeout(timer);
      void stopChild().then(finish);
    });
  }
  watchFolder(cwd);
  start();
  await done;
  for (const watcher of folders.values()) watcher.close();
}
