/** Expressions and statements of core tables: what must compile does, what must not does not, on both compilers. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const project = fileURLToPath(new URL("./tsconfig.json", import.meta.url));

function offences(compiler: string): Promise<string[]> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [`${root}node_modules/${compiler}/bin/tsc`, "-p", project, "--pretty", "false"],
      { cwd: root, maxBuffer: 1 << 24 },
      (_, stdout) => {
        resolve(stdout.split("\n").filter((line) => line.includes("packages/core/")));
      },
    );
  });
}

for (const compiler of ["typescript", "typescript-5.9"]) {
  it(`compiles or fails exactly as it says, with ${compiler}`, { timeout: 120_000 }, async () => {
    expect(await offences(compiler)).toEqual([]);
  });
}
