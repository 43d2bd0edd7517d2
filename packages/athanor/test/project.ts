/** Small projects in temporary folders, and the real command run in them. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const bin = fileURLToPath(new URL("../bin/athanor.js", import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/**
 * As it is published, from `dist`, where somebody has built it just now (CI): a start is four times as fast. Otherwise
 * from the sources, so that nobody has to build before testing: the condition "@athanor/source", with tsx to read them.
 */
const program = process.env["ATHANOR_BUILT"] === "1" ? [bin] : ["--conditions=@athanor/source", "--import", tsx, bin];

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** What the variables of the machine must not decide. */
const CLEAN = {
  ATHANOR_APP: undefined,
  FLASK_APP: undefined,
  ATHANOR_DEBUG: undefined,
  FLASK_DEBUG: undefined,
  PORT: undefined,
  DATABASE_URL: undefined,
  VITEST: undefined,
  NODE_ENV: undefined,
  NODE_OPTIONS: undefined,
};

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly done: Promise<Outcome>;
  /** Resolves with the match when the text has appeared on stdout or stderr. */
  saw(pattern: RegExp): Promise<RegExpExecArray>;
}

export interface Project {
  readonly path: string;
  write(files: Readonly<Record<string, string>>): void;
  run(args: readonly string[], options?: { env?: NodeJS.ProcessEnv; input?: string }): Promise<Outcome>;
  start(args: readonly string[], options?: { env?: NodeJS.ProcessEnv; input?: string }): Started;
}

/**
 * @param packages "none": nothing is installed; a list: only these of ours
 */
export function project(files: Readonly<Record<string, string>>, packages: "all" | readonly string[] = "all"): Project {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "athanor-cli-")));
  folders.push(path);
  if (packages === "all") symlinkSync(join(root, "node_modules"), join(path, "node_modules"));
  else {
    mkdirSync(join(path, "node_modules", "@athanor"), { recursive: true });
    for (const name of packages)
      symlinkSync(join(root, "packages", name), join(path, "node_modules", "@athanor", name));
  }
  const write = (more: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(more)) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), text);
    }
  };
  write({ "package.json": '{ "type": "module", "private": true }', ...files });
  const start: Project["start"] = (args, { env = {}, input } = {}) => {
    const child = spawn(process.execPath, [...program, ...args], {
      cwd: path,
      env: { ...process.env, ...CLEAN, ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    const waiting = new Set<() => void>();
    const took = () => {
      for (const look of waiting) look();
    };
    child.stdout?.on("data", (chunk: Buffer) => {
      stdout += String(chunk);
      took();
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      stderr += String(chunk);
      took();
    });
    child.stdin?.end(input ?? "");
    const done = new Promise<Outcome>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, stdout, stderr }));
    });
    const saw = (pattern: RegExp) =>
      new Promise<RegExpExecArray>((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(stdout + stderr);
          if (found === null) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
        void done.then((o) => reject(new Error(`the command ended without ${pattern}: ${o.stdout}${o.stderr}`)));
      });
    return { child, done, saw };
  };
  return { path, write, start, run: (args, options) => start(args, options).done };
}

/** An app with a model, without migrations. */
export const APP = `
import { createApp, Database, Migrate } from "@athanor/web";
import { integer, string, boolean } from "athanor";

export const app = createApp(import.meta, { config: { DATABASE_URL: process.env.DATABASE_URL ?? "sqlite:///app.db" } });
export const db = new Database(app);
new Migrate(app, db);

export class Todo extends db.Model("Todo", { id: integer().primaryKey(), description: string(100) }) {
  override toString() { return \`<Todo \${this.id} \${this.description}>\`; }
}
app.get("/", async function index() { return \`\${await Todo.query().count()} todos\`; });
app.post("/todo/create", function create() { return "made"; });
app.get("/item/<int:id>", async function item(c) { return (await Todo.query().getOr404(c.args.id)).description; });
`;
