// Holds docs/parity.md to its promise: every id of the goal tables exactly once, a known state, and for every "done"
// row at least one test file that exists. Run: npm run check:parity [-- <file>]
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = join(import.meta.dirname, "..");
const file = resolve(process.argv[2] ?? join(root, "docs", "parity.md"));
const states = ["done", "partly", "not yet", "declined"];

/** How far each id prefix counts, from 1 unless a range says otherwise. */
const goals = {
  "core-orm": {
    ...{ A: 9, B: 9, C: 15, D: 11, E: 15, F: 21, G: 9, H: 9, I: 18, J: 15, K: 24, L: 12, M: 9, P: 11, U: 15, T: 12 },
    extra: ["L6b", "M7b"],
  },
  migrations: {
    ...{ E: 14, C: [0, 14], I: 9, G: 12, V: 7, T: 6, O: 4, D: 13, B: 12, A: 19, P: 3, F: 4, K: 7, S: 5 },
    ...{ "3.": 15, "4.": 30 },
  },
  web: { "0.": 13, FS: 29, FL: 30, WF: 26, JJ: 14, "3.": 10 },
};

const problems = [];
const counts = new Map();
const wanted = new Map(Object.entries(goals).map(([section, prefixes]) => [section, new Set(idsOf(prefixes))]));
const seen = new Set();
let section;
let number = 0;

for (const line of readFileSync(file, "utf8").split("\n")) {
  number++;
  if (line.startsWith("## ")) {
    section = line.slice(3).trim();
    if (!wanted.has(section)) problem(`no such section "${section}"; known: ${[...wanted.keys()].join(", ")}`);
  } else if (line.startsWith("|") && section && !/^\|\s*(id\s*\||-)/.test(line)) checkRow(line);
}
for (const [name, ids] of wanted) {
  const missing = [...ids].filter((id) => !seen.has(`${name} ${id}`));
  if (missing.length > 0) problems.push(`${name}: no row for ${missing.join(", ")}`);
}

for (const text of problems) console.log(text);
const summary = states.map((state) => `${counts.get(state) ?? 0} ${state}`).join(", ");
console.log(`${seen.size} rows: ${summary}`);
process.exit(problems.length === 0 ? 0 : 1);

function checkRow(line) {
  const cells = line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
  if (cells.length !== 4) {
    problem(`${cells.length} cells instead of 4 (a | inside a cell is written \\|)`);
    return;
  }
  const [id, state, why, test] = cells;
  const key = `${section} ${id}`;
  if (!wanted.get(section)?.has(id)) problem(`${section} has no goal "${id}"`);
  if (seen.has(key)) problem(`${id} stands twice in ${section}`);
  seen.add(key);
  if (!states.includes(state)) problem(`${id}: state "${state}" is not one of ${states.join(", ")}`);
  counts.set(state, (counts.get(state) ?? 0) + 1);
  if ((state === "partly" || state === "declined") && why === "")
    problem(`${id}: ${state}, and no word on what is missing or why`);
  const tests = test.match(/[\w./-]+\.(test\.ts|test-d\.ts|ts|mjs)/g) ?? [];
  if (state === "done" && tests.length === 0) problem(`${id}: done, and no test named`);
  for (const path of tests) if (!existsSync(join(root, path))) problem(`${id}: ${path} does not exist`);
}

function problem(text) {
  problems.push(`docs/parity.md:${number}: ${text}`);
}

function idsOf({ extra = [], ...prefixes }) {
  const ranges = Object.entries(prefixes).map(([prefix, range]) => [
    prefix,
    ...(Array.isArray(range) ? range : [1, range]),
  ]);
  return [
    ...ranges.flatMap(([prefix, from, to]) => Array.from({ length: to - from + 1 }, (_, i) => `${prefix}${from + i}`)),
    ...extra,
  ];
}
