// Types are checked by both compilers we promise to support: 7 (native) and 5.9.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);
let failed = false;
for (const name of ["typescript", "typescript-5.9"]) {
  const tsc = join(dirname(require.resolve(`${name}/package.json`)), "bin", "tsc");
  const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.json", "--noEmit"], { stdio: "inherit" });
  console.log(`${name}: ${status === 0 ? "ok" : "failed"}`);
  failed ||= status !== 0;
}
process.exit(failed ? 1 : 0);
