/** A migration project in a temporary directory, driven as the command line drives it. */
import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createEngine, type Engine, type MetaData } from "@athanor/core";
import { command, type MigrateConfig } from "../../src/index.js";

export interface Project {
  readonly root: string;
  readonly directory: string;
  readonly engine: Engine;
  readonly printed: string[];
  readonly logged: string[];
  config: MigrateConfig;
  /** Files in versions/, with their text. */
  versions(): Promise<Map<string, string>>;
  /** Writes a file of versions/ by hand. */
  put(name: string, text: string): Promise<void>;
  /** Writes a revision with these bodies. */
  revision(id: string, down: string | null, upgrade: string, downgrade?: string): Promise<void>;
  dispose(): Promise<void>;
}

export async function project(url: string, metadata?: MetaData, options: MigrateConfig = {}): Promise<Project> {
  const root = await mkdtemp(join(tmpdir(), "athanor-migrate-"));
  const directory = join(root, "migrations");
  const engine = createEngine(url);
  const printed: string[] = [];
  const logged: string[] = [];
  const made: Project = {
    root,
    directory,
    engine,
    printed,
    logged,
    config: {
      directory,
      engine,
      metadata,
      load: (path) => loadTs(path),
      stdout: (text) => void printed.push(text),
      log: (line) => void logged.push(line),
      ...options,
    },
    async versions() {
      const names = (await readdir(join(directory, "versions"))).sort();
      return new Map(
        await Promise.all(names.map(async (n) => [n, await readFile(join(directory, "versions", n), "utf8")] as const)),
      );
    },
    put: (name, text) => writeFile(join(directory, "versions", name), text),
    revision: (id, down, upgrade, downgrade = "") =>
      writeFile(
        join(directory, "versions", `${id}_.ts`),
        `/** ${id} */
import * as core from "@athanor/core";
void core;
export const revision = "${id}", downRevision = ${JSON.stringify(down)};
export async function upgrade(op: any) {
${upgrade}
}
export async function downgrade(op: any) {
${downgrade}
}
`,
      ),
    async dispose() {
      await engine.dispose();
      await rm(root, { recursive: true, force: true });
    },
  };
  await command.init(made.config);
  printed.length = 0;
  return made;
}

/** Revision files live outside of the workspace: they are imported as copies that find the core by its place. */
export async function loadTs(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8");
  const core = new URL("../../../core/src/index.ts", import.meta.url).href;
  const copy = join(dirname(dirname(path)), `.loaded-${randomUUID()}.ts`);
  await writeFile(copy, text.replaceAll('"@athanor/core"', JSON.stringify(core)));
  return import(/* @vite-ignore */ copy);
}
