/**
 * Upgrade and downgrade sets, their order and the rows after them. The cases and their outcomes are those Alembic's
 * suite pins (test_version_traversal, test_revision); numbers in brackets are the rows of the spec's test anchors.
 */
import { describe, expect, it } from "vitest";
import { VersionRowError } from "../../src/errors.js";
import {
  ancestorsOf,
  downgradeSteps,
  type RevisionMap,
  tipsOf,
  upgradeSteps,
  VersionRows,
} from "../../src/graph/index.js";
import * as g from "./graphs.js";
import { graph } from "./graphs.js";

type Case = [lines: string[], rows: string, target: string, steps: string, after: string];
const words = (text: string): string[] => text.split(" ").filter(Boolean);
const sorted = (list: Iterable<string>): string[] => [...list].sort();

function check(
  map: RevisionMap,
  kind: "upgrade" | "downgrade",
  rows: string[],
  target: string,
  steps: string,
  after: string,
) {
  const names = words(target);
  const made =
    kind === "upgrade" ? upgradeSteps(map, rows, names.length > 1 ? names : target) : downgradeSteps(map, rows, target);
  expect(made.map((s) => s.revision!.revision)).toEqual(words(steps));
  const applied = ancestorsOf(rows.map((id) => map.get(id)!));
  for (const step of made) {
    if (kind === "upgrade") applied.add(step.revision!);
    else applied.delete(step.revision!);
    expect(sorted(step.rows)).toEqual(sorted(tipsOf(applied).map(String)));
  }
  expect(sorted(made.at(-1)?.rows ?? rows)).toEqual(sorted(words(after)));
}

const upgrades: Case[] = [
  [g.chain, "c", "e", "d e", "e"],
  [g.chain, "", "c", "a b c", "c"],
  [g.chain, "a", "+2", "b c", "c"],
  [g.chain, "a", "+1", "b", "b"],
  [g.chain, "b", "+3", "c d e", "e"],
  [g.chain, "a", "b+2", "b c d", "d"],
  [g.chain, "a", "d-2", "b", "b"],
  [g.chain, "e", "head", "", "e"],
  [g.chain, "e", "b", "", "e"],
  [g.chain, "e", "base", "", "e"],
  [g.fork, "b", "d1", "c1 d1", "d1"],
  [g.fork, "a", "d1 d2", "b c2 d2 c1 d1", "d1 d2"],
  [g.fork, "b", "c2branch@head-1", "c2", "c2"],
  [g.fork, "c1", "c2branch@+1", "c2", "c1 c2"],
  [g.fork, "c1 c2", "c2branch@+1", "d2", "c1 d2"],
  [g.fork, "", "base+1", "a", "a"],
  [g.fork, "", "+1", "a", "a"],
  [g.fork, "", "c2branch@+3", "a b c2", "c2"],
  [g.mergeOfTwo, "d2 b1", "d1", "c1 d1", "d2 d1"],
  [g.mergeOfThree, "d3 d2 b1", "d1", "c1 d1", "d3 d2 d1"],
  [g.mergeOfThree, "d3 b2 b1", "d1", "c2 c1 d1", "d3 d1"], // [2]
  [g.mergeOfThree, "d3 d1", "d2", "d2", "d3 d2 d1"], // [2]
  [["a1", "a2 < a1 needs a1"], "", "a2", "a1 a2", "a2"], // [8]
  [g.mergeOfDependent, "a1", "b1", "b1", "b1"], // [7]
  [g.mergeOfDependent, "b1", "bmerge", "bmerge", "bmerge"], // [7]
  [g.library.map((l) => l.replace("needs c1", "needs c1lib")), "a2", "c2", "a1 b1 c1 b2 c2", "c2"],
  [["a1", "b1 < a1", "a2", "b2 < a2"], "", "heads", "a2 b2 a1 b1", "b1 b2"],
  [g.merged, "b", "f", "c2 d2 c1 d1 e f", "f"],
  [g.threeBases, "", "b_2@head", "base3 a3 base2 a2 b2 c2 d2", "d2"],
  [g.threeBases, "", "b_3@head", "base3 a3 b3", "b3"],
  [g.threeBases, "", "b1b@head", "base3 a3 base1 a1b b1b", "b1b"],
];

const downgrades: Case[] = [
  [g.chain, "", "base", "", ""],
  [g.chain, "a", "a", "", "a"],
  [g.chain, "e", "e", "", "e"],
  [g.chain, "e", "c", "e d", "c"],
  [g.chain, "c", "base", "c b a", ""],
  [g.chain, "c", "-1", "c", "b"],
  [g.chain, "e", "-3", "e d c", "b"],
  [g.chain, "e", "-5", "e d c b a", ""],
  [g.chain, "d", "a+2", "d", "c"],
  [g.chain, "d", "c-2", "d c b", "a"],
  [g.fork, "d1 d2", "a", "d1 c1 d2 c2 b", "a"],
  [g.fork, "d2 d1", "base+2", "d1 c1 d2 c2", "b"],
  [g.fork, "d2 d1", "c2branch@base+2", "d2 c2", "d1"],
  [g.fork, "d2 d1", "c2", "d2", "d1 c2"],
  [g.fork, "d2 d1", "c2branch@base+3", "d2", "d1 c2"],
  [g.fork, "d1 d2", "c1branch@-1", "d1", "c1 d2"], // [10]
  [g.fork, "d2 d1", "c1branch@-1", "d1", "c1 d2"], // [10]
  [g.fork, "d2 c1", "d2-1", "d2", "c1 c2"],
  [g.fork, "c1 d2", "d2-1", "d2", "c1 c2"],
  [g.fork, "c1 d2", "c1branch@b", "c1", "d2"],
  [g.fork, "c1 d2", "c2branch@b", "d2 c2", "c1"],
  [g.fork, "d1 d2", "c2@b", "d2 c2", "d1"],
  [g.fork, "d1 d2", "d1@b", "d1 c1", "d2"],
  [g.fork, "d1 d2", "c1branch@head-1", "d1", "c1 d2"],
  [g.fork, "a", "-1", "a", ""],
  [g.fork, "d1 c2", "c2", "", "d1 c2"],
  [g.fork, "d1 c2", "d1", "", "d1 c2"],
  [g.mergeOfTwo, "d2 d1", "b1", "d1 c1", "d2 b1"], // [1]
  [g.mergeOfThree, "d3 d2 d1", "b1", "d1 c1", "d3 d2 b1"],
  [g.web, "amerge bmerge cmerge d1", "b2", "bmerge", "amerge b1 cmerge d1"], // [4]
  [g.web, "amerge d1 b1 cmerge", "d1@base", "d1", "amerge b1 b2 cmerge"], // [4]
  [g.web, "amerge b1 b2 cmerge", "base", "amerge a1 b1 b2 cmerge c1 a2 a3 c2 c3", ""], // [4]
  [g.crisscross, "a3 b2", "b1", "b2", "a3"], // [5]
  [["a1", "a2 < a1 needs a1"], "a2", "a1", "a2", "a1"], // [8]
  [g.repeatedDependency, "b4", "b3", "b4", "b3"], // [6]
  [g.mergeOfDependent, "bmerge", "a1", "bmerge", "b1"], // [7]
  [g.mergeOfDependent, "bmerge", "b1", "bmerge", "b1"], // [7]
  [g.merged, "f", "b", "f e d1 c1 d2 c2", "b"],
  [g.crossFork, "d1 d2", "c2branch@b", "d2 c2", "d1"],
  [g.crossFork, "d1 d2", "c1branch@b", "d1 d2 c1", "c2"], // [9]
  [["y1 label y", "x1 label x", "y2 < y1 needs x1", "x2 < x1"], "x2 y2", "x@-1", "x2", "y2"],
  [["y1 label y", "x1 label x", "y2 < y1 needs x1", "x2 < x1"], "y2", "x@-1", "y2 x1", "y1"], // [15]
  [g.threeBases, "b1a b1b d2 b3", "base", "b1a a1a b1b a1b base1 d2 c2 b2 a2 base2 b3 a3 base3", ""],
  [g.threeBases, "b1a b1b d2 b3", "b_2@base", "d2 c2 b2 a2 base2", "b1a b1b b3"],
  [g.threeBases, "b1a b1b d2 b3", "b_3@base", "b1b d2 c2 b3 a3 base3", "b1a a1b b2"],
  [g.threeBases, "d2", "b_2@base", "d2 c2 b2 a2 base2", "a3"],
  [g.normalised, "b5", "b1@base", "b5 b4 b3 b2 b1", "a3"], // [14]
  [g.normalised, "b5", "base", "b5 b4 b3 b2 b1 a3 a2 a1", ""], // [14]
  [g.normalised, "b5", "a2", "b5 b4 b3 b2 a3", "a2 b1"], // [14]
];

describe("upgrade", () => {
  it.each(upgrades)("%j from [%s] to %s: %s", (lines, rows, target, steps, after) => {
    check(graph(...lines), "upgrade", words(rows), target, steps, after);
  });
});

describe("downgrade", () => {
  it.each(downgrades)("%j from [%s] to %s: %s", (lines, rows, target, steps, after) => {
    check(graph(...lines), "downgrade", words(rows), target, steps, after);
  });
});

describe("rows that are not as expected [18]", () => {
  it.each([
    [{ update: ["x", "b"] as const }, 0, "updating 'x' to 'b' in 'version_table'; 0 found"],
    [{ update: ["a", "b"] as const }, 2, "updating 'a' to 'b' in 'version_table'; 2 found"],
    [{ delete: "x" }, 0, "deleting 'x' in 'version_table'; 0 found"],
  ])("%j, %d found", (action, found, text) => {
    const error = new VersionRowError(action, "version_table", found);
    expect(error.message).toBe(`Online migration expected to match one row when ${text}`);
    expect(error).toMatchObject({ code: "migrate.version-row", found });
  });

  it("a row another one implies does no harm", () => {
    const map = graph(...g.mergeOfDependent);
    check(map, "downgrade", ["b1"], "base", "b1 a1", "");
    expect(upgradeSteps(map, ["a1", "b1"], "heads").map((s) => s.changes)).toEqual([
      { delete: ["a1"], update: [["b1", "bmerge"]], insert: [] },
    ]);
    expect(downgradeSteps(map, ["a1", "b1"], "base").map((s) => s.changes.delete)).toEqual([["b1"], ["a1"]]);
  });
});

describe("rows step by step", () => {
  const twin = ["a", "b1 < a", "b2 < a", "b3 < a"];
  it.each([
    // [3]
    [
      "b3>b3 b1>b1,b3 b2>b1,b2,b3 c2>c2 d2>d2 c1>c1,d2 d1>d1,d2",
      [...twin, "c1 < b1,b2,b3", "c2 < b1,b2,b3", "d1 < c1", "d2 < c2"],
    ],
    [
      "b2>b2 b3>b2,b3 c2>c2 d2>d2 b1>b1,d2 c1>c1,d2 d1>d1,d2",
      [...twin, "c1 < b1,b2", "c2 < b2,b3", "d1 < c1", "d2 < c2"],
    ],
  ])("a second merge of used-up parents gets a new row: %s", (story, lines) => {
    const map = graph(...lines);
    const rows = new VersionRows(map, ["a"]);
    for (const [id, after] of words(story).map((part) => part.split(">") as [string, string])) {
      rows.upgrade(map.get(id)!);
      expect(sorted(rows.rows)).toEqual(after.split(","));
    }
  });

  it("a row implied by another is deleted, not moved", () => {
    const map = graph(...g.library);
    const rows = new VersionRows(map, ["c2", "d1"]);
    expect(rows.downgrade(map.get("d1")!)).toEqual({ delete: ["d1"], update: [], insert: [] });
    expect(rows.rows).toEqual(["c2"]);
  });

  it("un-merging updates one row and inserts the others; merging is the mirror [18]", () => {
    const map = graph("c1", "c2", "d1 < c1", "d2 < c2", "e < d1,d2");
    const rows = new VersionRows(map, ["e"]);
    expect(rows.downgrade(map.get("e")!)).toEqual({ delete: [], update: [["e", "d2"]], insert: ["d1"] });
    expect(rows.downgrade(map.get("d2")!)).toEqual({ delete: [], update: [["d2", "c2"]], insert: [] });
    rows.upgrade(map.get("d2")!);
    expect(rows.upgrade(map.get("e")!)).toEqual({ delete: ["d1"], update: [["d2", "e"]], insert: [] });
    expect(rows.rows).toEqual(["e"]);
  });

  it("branches come and go with inserts and deletes", () => {
    const map = graph("a", "b < a", "c", "d < c", "e1 < d", "e2 < d");
    const rows = new VersionRows(map, []);
    const up = (id: string) => rows.upgrade(map.get(id)!);
    const down = (id: string) => rows.downgrade(map.get(id)!);
    expect(up("a")).toEqual({ delete: [], update: [], insert: ["a"] });
    expect(up("b")).toEqual({ delete: [], update: [["a", "b"]], insert: [] });
    expect(up("c")).toEqual({ delete: [], update: [], insert: ["c"] });
    up("d");
    expect(up("e1")).toEqual({ delete: [], update: [["d", "e1"]], insert: [] });
    expect(up("e2")).toEqual({ delete: [], update: [], insert: ["e2"] });
    expect(sorted(rows.rows)).toEqual(["b", "e1", "e2"]);
    expect(down("e1")).toEqual({ delete: ["e1"], update: [], insert: [] });
    expect(down("e2")).toEqual({ delete: [], update: [["e2", "d"]], insert: [] });
    expect(() => down("c")).toThrow("Can't undo c while the version rows are b, d");
    expect(() => up("a")).toThrow("Can't apply a");
  });

  it("says what it does as Alembic logs it", async () => {
    const { describeStep } = await import("../../src/graph/index.js");
    expect(upgradeSteps(graph(...g.merged), ["d1", "d2"], "e").map(describeStep)).toEqual(["upgrade d1, d2 -> e"]);
    expect(upgradeSteps(graph("a"), [], "a").map(describeStep)).toEqual(["upgrade  -> a"]);
    expect(downgradeSteps(graph("a"), ["a"], "base").map(describeStep)).toEqual(["downgrade a -> "]);
  });
});
