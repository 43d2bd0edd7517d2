// What the types cost: N tables of 10 columns and 3 relationships and Q query functions (an outer-join select and a
// two-level relation load each) are generated, compiled with TypeScript 5.9 against the built declarations, and the
// instantiations per table and per function taken by differences. Fails above the ceilings of the speed specification.
//   node types/cost.mjs                  measure and judge
//   node types/cost.mjs <N> <Q> [bad]    generate only; bad: two typical mistakes in every function
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const here = import.meta.dirname;
const folder = join(here, "scale");
const ceilings = { perTable: 100, perFunction: 1100, perBadFunction: 3300 };
const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript-5.9/package.json")), "bin", "tsc");

const [tables, functions] = process.argv.slice(2, 4).map(Number);
if (tables) generate(tables, functions, process.argv[4] === "bad");
else judge();

function generate(n, q, bad) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const write = (name, text) => writeFileSync(join(folder, name), text);
  const models = (...indexes) => [...new Set(indexes)].map((x) => `import { M${x} } from "./m${x}.js";\n`).join("");
  for (let i = 0; i < n; i++) {
    const [next, far, previous] = [(i + 1) % n, (i + 7) % n, (i + n - 1) % n];
    const others = [next, far, previous].filter((x) => x !== i);
    const strings = Array.from({ length: 5 }, (_, k) => `s${k}: string(64)`).join(", ");
    write(
      `m${i}.ts`,
      `import { dateTime, integer, string } from "@athanor/core";
import { manyToOne, Model, oneToMany } from "@athanor/orm";
${models(...others)}
export class M${i} extends Model("M${i}", {
  id: integer().primaryKey(), ${strings}, n0: integer().nullable(), n1: integer(), d0: dateTime(),
  fk: integer().references("m${next}.id"),
  get r0() { return manyToOne(M${next}, { backPopulates: "r1" }); },
  get r1() { return oneToMany(M${previous}, { backPopulates: "r0" }); },
  get r2() { return oneToMany(M${far}); },
}) {}
`,
    );
  }
  for (let k = 0; k < q; k++) {
    const [i, next, previous] = [k % n, (k + 1) % n, (k + n - 1) % n];
    write(
      `q${k}.ts`,
      `import { select } from "@athanor/core";
import { joinedLoad, type Session } from "@athanor/orm";
${models(i, next, previous)}
export async function q(session: Session) {
  const rows = await session.execute(select(M${i}.c.id, M${i}.c.s0, M${next}.c.d0).outerJoin(M${i}.c.r0).where(M${i}.c.s1.like("x%"), M${i}.c.n1.gt(${bad ? '"3"' : "3"})));
  const es = await session.scalars(select(M${i}).where(M${i}.c.id.eq(4)).options(joinedLoad(M${i}.c.${bad ? "rr1" : "r1"}).selectinLoad(M${previous}.c.r1)));
  const s: string = rows[0]![1]; const d: Date | null = rows[0]!.d0; es[0]!.r1[0]!.r1[0]!.s2.trim();
  return [s, d];
}
`,
    );
  }
  const compilerOptions = { noEmit: true, customConditions: [], declaration: false, sourceMap: false };
  write(
    "tsconfig.json",
    JSON.stringify({ extends: "../../../tsconfig.base.json", compilerOptions, include: ["*.ts"] }),
  );
}

/** Instantiations and errors of one generated program. */
function measure(n, q, bad = false) {
  generate(n, q, bad);
  const run = spawnSync(process.execPath, ["--max-old-space-size=4096", tsc, "-p", folder, "--extendedDiagnostics"], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const figure = (label) => Number(new RegExp(`^${label}:\\s+([\\d.]+)`, "m").exec(run.stdout)?.[1]);
  const errors = run.stdout.match(/error TS\d+/g)?.length ?? 0;
  const result = { instantiations: figure("Instantiations"), seconds: figure("Total time"), errors };
  console.log(
    `N ${String(n).padStart(3)}  Q ${String(q).padStart(3)}  ${bad ? "bad " : "good"}  ` +
      `${String(result.instantiations).padStart(8)} instantiations  ${String(errors).padStart(4)} errors  ${result.seconds} s`,
  );
  if (!bad && errors > 0) {
    console.log(run.stdout.split("\n").slice(0, 12).join("\n"));
    rmSync(folder, { recursive: true, force: true });
    fail("the generated program must compile: is the API another, or the build old?");
  }
  return result;
}

function judge() {
  for (const name of ["core", "orm"]) {
    if (!existsSync(join(here, "..", "..", "packages", name, "dist", "index.d.ts"))) {
      fail(`packages/${name} is not built: npm run build`);
    }
  }
  const small = measure(10, 10).instantiations;
  const middle = measure(100, 20).instantiations;
  const wide = measure(300, 20).instantiations;
  const long = measure(100, 100).instantiations;
  const badMiddle = measure(100, 20, true);
  const badLong = measure(100, 100, true);
  rmSync(folder, { recursive: true, force: true });

  const perTable = (wide - middle) / 200;
  const perFunction = (long - middle) / 80;
  const perBadFunction = (badLong.instantiations - badMiddle.instantiations) / 80;
  // base + t·N + q·Q + x·N·Q through the four points: x is what each further table would cost each function.
  const cross = (0.45 * (wide - middle) + 0.125 * (long - middle) - (middle - small)) / 900;
  const rows = [
    ["per table", perTable, ceilings.perTable],
    ["per function", perFunction, ceilings.perFunction],
    ["per function with mistakes", perBadFunction, ceilings.perBadFunction],
    ["per table and function", cross, 1],
  ];
  let above = false;
  for (const [label, value, ceiling] of rows) {
    const over = !(value <= ceiling);
    above ||= over;
    console.log(`${label.padEnd(28)} ${value.toFixed(1).padStart(8)}   ceiling ${ceiling}${over ? "   ABOVE" : ""}`);
  }
  for (const [q, { errors }] of [
    [20, badMiddle],
    [100, badLong],
  ]) {
    if (errors < 2 * q) {
      console.log(`${q} functions with two mistakes each gave ${errors} errors`);
      above = true;
    }
  }
  process.exit(above ? 1 : 0);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
