/** Stamping: the fewest row changes that make the table say the target. Anchors 11 to 13, 21. */
import { describe, expect, it } from "vitest";
import { type RowChanges, stampSteps } from "../../src/graph/index.js";
import * as g from "./graphs.js";
import { graph } from "./graphs.js";

const words = (text: string): string[] => text.split(" ").filter(Boolean);
const show = (changes: RowChanges): string =>
  [
    ...changes.delete.map((id) => `-${id}`),
    ...changes.update.map(([from, to]) => `${from}>${to}`),
    ...changes.insert.map((id) => `+${id}`),
  ].join(" ");

describe("stamp", () => {
  const forest = ["a1", "b1 < a1", "a2", "b2 < a2"];
  it.each([
    [g.chain, "d", "base", "-d", ""],
    [g.fork, "d1 c2", "b", "-d1 c2>b", "b"], // [11]
    [g.fork, "d1 c2", "c1branch@base", "-d1", "c2"],
    [g.fork, "d1 c2", "c2branch@head", "c2>d2", "d1 d2"],
    [g.fork, "d1 c2", "base", "-d1 | -c2", ""],
    [g.fork, "b", "heads", "b>d1 | +d2", "d1 d2"],
    [g.merged, "e", "c2", "e>c2", "c2"],
    [g.merged, "e", "a", "e>a", "a"],
    [g.merged, "c2", "e", "c2>e", "e"],
    [g.merged, "d1 c2", "c2branch@head", "-d1 c2>f", "f"], // [12]
    [g.merged, "d1 c2", "e", "-d1 c2>e", "e"],
    [g.merged, "b", "e", "b>e", "e"],
    [g.library, "e1 c2", "b1", "-e1 c2>b1", "b1"], // [13]
    [forest, "", "heads", "+b1 | +b2", "b1 b2"],
    [forest, "b1 b2", "heads", "", "b1 b2"],
    [forest, "b1", "a2", "+a2", "a2 b1"],
    [["a", "b < a", "c < b", "d1 < c", "d2 < c", "d3 < c"], "c", "heads", "c>d1 | +d2 | +d3", "d1 d2 d3"], // [21]
    [["a", "b < a", "c < b", "d1 < c", "d2 < c", "d3 < c"], "c", "d3 d1", "c>d3 | +d1", "d1 d3"],
  ])("%j from [%s] to %s: %s", (lines, rows, target, changes, after) => {
    const targets = words(target);
    const steps = stampSteps(graph(...lines), words(rows), targets.length > 1 ? targets : target);
    expect(steps.map((s) => show(s.changes)).join(" | ")).toBe(changes);
    expect([...(steps.at(-1)?.rows ?? words(rows))].sort()).toEqual(words(after));
  });

  it("says which way it went, and refuses targets that contain one another", () => {
    const map = graph(...g.merged);
    expect(stampSteps(map, ["e"], "a").map((s) => s.isUpgrade)).toEqual([false]);
    expect(stampSteps(map, ["d1", "c2"], "e").map((s) => [s.isUpgrade, s.from, s.to])).toEqual([
      [true, ["d1", "c2"], ["e"]],
    ]);
    expect(() => stampSteps(map, [], ["b", "e"])).toThrow(
      "Requested revision e overlaps with other requested revisions b",
    );
  });
});
