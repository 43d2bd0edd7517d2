/** Thousands of revisions: nothing recurses and nothing is quadratic in the usual shapes. */
import { describe, expect, it } from "vitest";
import { CycleError } from "../../src/errors.js";
import {
  downgradeSteps,
  historyRange,
  Revision,
  type RevisionDeclaration,
  RevisionMap,
  upgradeSteps,
} from "../../src/graph/index.js";

const size = 5000;
const id = (n: number): string => `rev${String(n).padStart(6, "0")}`;
const make = (declare: (n: number) => Omit<RevisionDeclaration, "revision">): Revision[] =>
  Array.from({ length: size }, (_, n) => new Revision({ revision: id(n), ...declare(n) }));

const shapes: Record<string, Revision[]> = {
  "one long line": make((n) => ({ downRevision: n === 0 ? null : id(n - 1) })),
  "a line of forks and merges": make((n) => {
    if (n === 0) return {};
    return n % 3 === 0 ? { downRevision: [id(n - 1), id(n - 2)] } : { downRevision: id(n - (n % 3)) };
  }),
  "two lines that depend on each other": make((n) => ({
    downRevision: n < 2 ? null : id(n - 2),
    dependsOn: n > 10 && n % 5 === 0 ? id(n - 3) : null,
  })),
  "one fork into thousands": make((n) => ({ downRevision: n === 0 ? null : id(0) })),
  "thousands of bases and one merge": make((n) =>
    n === size - 1 ? { downRevision: Array.from({ length: size - 1 }, (_, i) => id(i)) } : {},
  ),
  "labels all along": make((n) => ({
    downRevision: n === 0 ? null : id(n - 1),
    branchLabels: n % 500 === 0 ? `part${n}` : null,
  })),
};

describe(`${size} revisions`, () => {
  it.each(Object.entries(shapes))("%s", (_, revisions) => {
    const begin = performance.now();
    const map = new RevisionMap(revisions);
    const heads = map.realHeads.map(String);
    const history = historyRange(map);
    const listed = performance.now() - begin;
    expect(history).toHaveLength(size);
    const up = upgradeSteps(map, [], "heads");
    expect(up).toHaveLength(size);
    expect(new Set(up.at(-1)!.rows)).toEqual(new Set(heads));
    expect(downgradeSteps(map, heads, "base").at(-1)!.rows).toEqual([]);
    // A guard against quadratic work; a quiet machine needs a small part of it.
    expect(listed).toBeLessThan(1000);
  });

  it("finds a loop at the very end", () => {
    const revisions = make((n) => ({ downRevision: n === 0 ? id(size - 1) : id(n - 1) }));
    expect(() => new RevisionMap(revisions)).toThrow(CycleError);
  });
});
