/** `athanor db pull URL`: what the command line calls. */
import { randomBytes } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { createEngine } from "@athanor/core";
import type { MigrateConfig } from "../command/config.js";
import { writeNewFile } from "../script/write.js";
import { type PulledModels, type PullOptions, pullModels } from "./pull.js";

export interface PullCommandOptions extends PullOptions {
  /** The file to write; without it the source goes to the configured stdout. */
  readonly out?: string | undefined;
  /** Write over a file that exists. */
  readonly force?: boolean | undefined;
  /** Print `{ path, tables, warnings, source }` for machines; the source only where no file was written. */
  readonly json?: boolean | undefined;
}
export interface PulledFile extends PulledModels {
  /** Absolute path, when a file was written. */
  readonly path: string | undefined;
}

/**
 * Reads the database at `url` and writes its models to a file or to stdout; warnings go to the log (stderr).
 *
 * @example await pullCommand(config, "postgresql://localhost/shop", { out: "src/models.ts" });
 * @throws ScriptError `migrate.file-exists` when the file is there and `force` was not given; CommandError as `pullModels`
 */
export async function pullCommand(
  config: Pick<MigrateConfig, "stdout" | "log" | "quiet" | "versionTable">,
  url: string,
  options: PullCommandOptions = {},
): Promise<PulledFile> {
  const stdout = config.stdout ?? ((text: string) => process.stdout.write(text));
  const log = config.log ?? ((line: string) => process.stderr.write(`${line}\n`));
  const { out, force = false, json = false, ...pull } = options;
  const tell = (path: string | null, pulled: PulledModels) => {
    const { warnings, names, source } = pulled;
    const told = { path, tables: Object.fromEntries(names), warnings, source: path === null ? source : undefined };
    stdout(`${JSON.stringify(told, null, 2)}\n`);
  };
  const own = config.versionTable?.name ?? "athanor_version";
  const exclude = pull.exclude ?? [own, `${own}_file`, `${own}_step`, "alembic_version"];
  const engine = createEngine(url);
  let pulled: PulledModels;
  try {
    pulled = await engine.begin((connection) => pullModels(connection, { ...pull, exclude }));
  } finally {
    await engine.dispose();
  }
  for (const warning of pulled.warnings) log(`WARNING: ${warning}`);
  if (out === undefined) {
    if (json) tell(null, pulled);
    else stdout(pulled.source);
    return { ...pulled, path: undefined };
  }
  const path = resolve(out);
  await mkdir(dirname(path), { recursive: true });
  if (force) {
    const draft = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString("hex")}.tmp`);
    await writeFile(draft, pulled.source);
    await rename(draft, path);
  } else await writeNewFile(path, pulled.source);
  if (json) tell(path, pulled);
  else if (!config.quiet) stdout(`  Generating ${path} (${pulled.names.size} tables) ...  done\n`);
  return { ...pulled, path };
}
