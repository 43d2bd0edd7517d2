// Checks each package as npm would publish it: publint and attw (ESM only) over the packed files, and that every entry
// offers its TypeScript source under the condition "@athanor/source". Needs a build. Run: npm run check:exports
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const root = resolve(process.argv[2] ?? join(import.meta.dirname, ".."));
const attw = join(root, "node_modules", "@arethetypeswrong", "cli", "dist", "index.js");
let failed = false;

for (const folder of readdirSync(join(root, "packages")).sort()) {
  const path = join(root, "packages", folder);
  if (!existsSync(join(path, "package.json"))) continue;
  const manifest = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  const problems = [
    ...entryProblems(path, manifest),
    ...(await publintProblems(path, manifest)),
    ...attwProblems(path),
  ];
  failed ||= problems.length > 0;
  console.log(`${manifest.name}: ${problems.length === 0 ? "ok" : ""}`);
  for (const problem of problems) console.log(`  ${problem}`);
}
process.exit(failed ? 1 : 0);

function entryProblems(path, manifest) {
  const problems = [];
  if (!manifest.files?.includes("src")) problems.push('"src" is not in "files", but "@athanor/source" points there');
  for (const [entry, conditions] of Object.entries(manifest.exports ?? {})) {
    if (entry === "./package.json") continue;
    const order = Object.keys(conditions).join(", ");
    if (order !== "@athanor/source, types, default") {
      problems.push(`exports["${entry}"] has the conditions ${order}; wanted @athanor/source, types, default`);
      continue;
    }
    const source = conditions["@athanor/source"];
    if (!source.startsWith("./src/")) problems.push(`exports["${entry}"]["@athanor/source"] is not below ./src/`);
    const stem = source.replace("./src/", "./dist/").replace(/\.ts$/, "");
    if (conditions.types !== `${stem}.d.ts` || conditions.default !== `${stem}.js`) {
      problems.push(`exports["${entry}"]: types and default are not what the build makes of ${source}`);
    }
    for (const target of Object.values(conditions)) {
      if (!existsSync(join(path, target))) problems.push(`exports["${entry}"]: ${target} does not exist (built?)`);
    }
  }
  return problems;
}

async function publintProblems(path, manifest) {
  const { messages } = await publint({ pkgDir: path, strict: true, pack: "npm" });
  return messages.map((message) => `publint: ${formatMessage(message, manifest, { color: false }) ?? message.code}`);
}

function attwProblems(path) {
  const run = spawnSync(process.execPath, [attw, "--pack", path, "--profile", "esm-only", "--format", "json"], {
    encoding: "utf8",
    cwd: path,
  });
  if (run.status === 0) return [];
  let report;
  try {
    report = JSON.parse(run.stdout);
  } catch {
    return [`attw: ${run.stderr || run.stdout}`];
  }
  // Only ESM is promised: what old resolution or require() would see is no concern.
  const ignored = new Set(["node10", "node16-cjs"]);
  const problems = Object.values(report.problems ?? report.analysis?.problems ?? {})
    .flat()
    .filter((problem) => !ignored.has(problem.resolutionKind));
  return problems.map(
    (problem) =>
      `attw: ${problem.kind} ${problem.entrypoint ?? problem.fileName ?? ""} ${problem.resolutionKind ?? ""}`,
  );
}
