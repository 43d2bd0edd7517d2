// Builds every package in dependency order with the native compiler; the path is explicit because both compilers claim `.bin/tsc`.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);
const tsc = join(dirname(require.resolve("typescript/package.json")), "bin", "tsc");
const { status } = spawnSync(process.execPath, [tsc, "-b", "tsconfig.build.json", ...process.argv.slice(2)], {
  stdio: "inherit",
});
process.exit(status ?? 1);
