/** Real processes that run `upgrade`: the worker is bundled once, so that starting one is cheap. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../../../../", import.meta.url));

/** Builds the worker beside node_modules, where it finds the drivers. Gives its path. */
export async function bundleWorker(): Promise<string> {
  const directory = join(root, "node_modules", ".cache");
  await mkdir(directory, { recursive: true });
  const outfile = join(directory, `athanor-migrate-worker-${process.pid}.mjs`);
  await build({
    entryPoints: [fileURLToPath(new URL("./worker.ts", import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["@athanor/source"],
    external: ["pg", "pg-*", "better-sqlite3", "mysql2", "mysql2/*", "@electric-sql/pglite", "commander", "@clack/*"],
    logLevel: "error",
  });
  return outfile;
}

export interface RevisionsProject {
  readonly directory: string;
  put(id: string, down: string | null, upgrade: string, downgrade?: string): Promise<void>;
  dispose(): Promise<void>;
}
/** A migration directory with revisions in JavaScript, which every process can import. */
export async function revisions(): Promise<RevisionsProject> {
  const home = await mkdtemp(join(tmpdir(), "athanor-processes-"));
  const directory = join(home, "migrations");
  await mkdir(join(directory, "versions"), { recursive: true });
  await writeFile(join(directory, "package.json"), '{ "type": "module" }');
  return {
    directory,
    put: (id, down, upgrade, downgrade = "") =>
      writeFile(
        join(directory, "versions", `${id}_.js`),
        `export const revision = "${id}", downRevision = ${JSON.stringify(down)};
export async function upgrade(op) {
${upgrade}
}
export async function downgrade(op) {
${downgrade}
}
`,
      ),
    dispose: () => rm(home, { recursive: true, force: true }),
  };
}
