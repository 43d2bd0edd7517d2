/** Programs that are run on a new revision file: formatters, linters. Source: Alembic "Applying Post Processing". */
import { spawn } from "node:child_process";

/** A program and its arguments, without a shell. `{file}` stands for the path; without it the path comes last. */
export interface PostWriteHook {
  readonly command: string;
  readonly args?: readonly string[] | undefined;
  /** Default the working directory. */
  readonly cwd?: string | undefined;
}

/**
 * Runs the hooks in order. The file is written already, so one that fails is told and the next one runs.
 * @example await runHooks([{ command: "npx", args: ["biome", "check", "--write", "{file}"] }], path, console.warn)
 */
export async function runHooks(
  hooks: readonly PostWriteHook[],
  path: string,
  warn: (text: string) => void,
): Promise<void> {
  for (const { command, args = [], cwd } of hooks) {
    const given = args.some((a) => a.includes("{file}"))
      ? args.map((a) => a.replaceAll("{file}", path))
      : [...args, path];
    const problem = await new Promise<string | undefined>((done) => {
      const child = spawn(command, given, { cwd, stdio: ["ignore", "inherit", "inherit"] });
      child.once("error", (error) => done(error.message));
      child.once("close", (code, signal) =>
        done(code === 0 ? undefined : `it ended with ${signal ?? `exit code ${code}`}`),
      );
    });
    if (problem !== undefined)
      warn(`Post-write hook '${[command, ...given].join(" ")}' failed: ${problem}. The file stays as written.`);
  }
}
