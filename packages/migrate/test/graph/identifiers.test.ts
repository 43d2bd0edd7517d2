/** What users type, and the sentences they get back. Anchors 14 to 16 of the spec. */
import { describe, expect, it } from "vitest";
import { MigrationError, MultipleHeadsError } from "../../src/errors.js";
import {
  currentTips,
  downgradeSteps,
  filterForLineage,
  historyRange,
  type Revision,
  RevisionMap,
  resolveAll,
  resolveOne,
  resolveRows,
  selectRange,
  upgradeSteps,
} from "../../src/graph/index.js";
import * as g from "./graphs.js";
import { exactly, graph } from "./graphs.js";

const words = (text: string): string[] => text.split(" ").filter(Boolean);
const names = (list: readonly Revision[]): string[] => list.map(String);

describe("identifiers", () => {
  const map = graph(...g.labelled);
  it.each([
    ["ebranch@some", "someothername"], // [16]
    ["abranch@some", "somelongername"], // [16]
    ["abranch@head", "c"],
    ["abranch@heads", "c"],
    ["ebranch@head", "f"],
    ["ebranch@d", "d"],
    ["ebranch@ebranch", "e"],
    ["abranch", "a"],
    ["ebranch", "e"],
    ["e@d", "d"],
    ["someoth@d", "d"],
    ["e", "e"],
    ["somel", "somelongername"],
    ["abranch@base", undefined],
    ["base", undefined],
  ])("%s is %s", (identifier, expected) => {
    expect(resolveOne(map, identifier)?.revision).toBe(expected);
  });

  it.each([
    [
      "head",
      "Multiple head revisions are present for given argument 'head'; please specify a specific target revision, '<branchname>@head' to narrow to a specific head, or 'heads' for all heads",
    ],
    ["ebranch@b", "Revision b is not a member of branch 'ebranch'"],
    ["abranch@d", "Revision d is not a member of branch 'abranch'"],
    ["x@d", "No such branch: 'x'"],
    ["abranch@qprstuv", "Can't locate revision identified by 'qprstuv'"],
    [
      "ebranch@sos",
      "Can't locate revision identified by 'sos'; please ensure at least four characters are present for partial revision identifier matches",
    ],
    ["some", "Multiple revisions start with 'some': 'somelongername', 'someothername'..."],
    [
      "",
      "Can't locate revision identified by ''; please ensure at least four characters are present for partial revision identifier matches",
    ],
    ["current", "'current' needs a database to read the current revisions from"],
  ])("%s is refused: %s", (identifier, message) => {
    expect(() => resolveOne(map, identifier)).toThrow(exactly(message));
  });

  it("one character is enough when it is unique, and prefixes reach labels", () => {
    const other = graph("ae1027a6acf", "b27c6a30d7c24 label shopping");
    expect(String(resolveOne(other, "a"))).toBe("ae1027a6acf");
    expect(String(resolveOne(other, "shop"))).toBe("b27c6a30d7c24");
  });

  it("a typo gets a suggestion, several heads a list", () => {
    const caught = (identifier: string): MigrationError => {
      try {
        resolveOne(map, identifier);
      } catch (error) {
        if (error instanceof MigrationError) return error;
      }
      throw new TypeError("no error");
    };
    expect(caught("somelongernane").hint).toBe("Did you mean 'somelongername'?");
    const heads = caught("head");
    expect(heads).toBeInstanceOf(MultipleHeadsError);
    expect((heads as MultipleHeadsError).heads).toEqual(["c", "f"]);
    expect(heads.code).toBe("migrate.multiple-heads");
  });

  it("lists collapse duplicates; heads are the real heads, head the versioned ones", () => {
    expect(names(resolveAll(map, ["c", "abranch@head", "f"]))).toEqual(["c", "f"]);
    const effective = graph("y1 label y", "x1 label x", "y2 < y1 needs x1");
    expect(names(effective.heads)).toEqual(["x1", "y2"]);
    expect(names(resolveAll(effective, "heads"))).toEqual(["y2"]);
    expect(() => resolveOne(effective, "head")).toThrow("Multiple head revisions");
    expect(effective.get("x1")!.isEffectiveHead).toBe(true); // [15]
  });

  it("current stands for the rows, narrowed by a branch", () => {
    const fork = graph(...g.fork);
    expect(names(resolveAll(fork, "current", { current: ["c1", "d2"] }))).toEqual(["c1", "d2"]);
    expect(names(resolveAll(fork, "c2branch@current", { current: ["c1", "d2"] }))).toEqual(["d2"]);
    expect(resolveOne(fork, "current", { current: [] })).toBeNull();
    expect(() => resolveOne(fork, "current", { current: ["c1", "d2"] })).toThrow(MultipleHeadsError);
  });

  it("rows hold whole ids that exist and are strings", () => {
    expect(() => resolveRows(map, ["some"])).toThrow("Can't locate revision identified by 'some'");
    // A driver may hand out bytes where the type says string.
    const bytes = Buffer.from("12345") as unknown as string;
    const message = "revision identifier b'12345' is not a string; ensure database driver settings are correct";
    expect(() => resolveRows(map, [bytes])).toThrow(exactly(message));
    expect(() => resolveAll(map, [bytes])).toThrow(exactly(message));
  });

  it("lineage counts both label and symbol", () => {
    const merge = graph("a", "b < a", "c1 < b label c1branch", "c2 < b", "d < c1,c2");
    const some = ["c1", "c2", "d"].map((id) => merge.get(id)!);
    expect(filterForLineage(merge, some, "c1branch@head")).toEqual(some);
    expect(names(filterForLineage(map, map.bases, "somelongername@base"))).toEqual(["a"]);
    expect(names(filterForLineage(map, map.bases, "base"))).toEqual(["a", "d"]);
  });

  it("an empty directory has no head and no error", () => {
    const empty = new RevisionMap([]);
    expect(resolveAll(empty, "head")).toEqual([]);
    expect(selectRange(empty)).toEqual([]);
    expect(upgradeSteps(empty, [], "head")).toEqual([]);
  });

  it("current tips show what dependencies brought along", () => {
    expect(names(currentTips(graph(...g.threeBases), ["d2"]))).toEqual(["d2", "a3"]);
  });
});

describe("refused targets", () => {
  it.each([
    [g.chain, "b", "-2", "Relative revision -2 didn't produce 2 migrations"],
    [g.chain, "b", "+5", "Relative revision +5 didn't produce 5 migrations"],
    [g.chain, "b", "c+5", "Walked too far"],
    [g.chain, "b", "c-9", "Walked too far"],
    [g.fork, "c1 c2", "+1", "Ambiguous upgrade from multiple current revisions"],
    [g.fork, "b", "+1", "Ambiguous walk"],
    [g.travelling, "", "e1b1 db1", "Requested revision e1b1 overlaps with other requested revisions db1"],
  ])("upgrade %j from [%s] to %s: %s", (lines, rows, target, message) => {
    const targets = words(target);
    expect(() => upgradeSteps(graph(...lines), words(rows), targets.length > 1 ? targets : target)).toThrow(
      exactly(message),
    );
  });

  it.each([
    [g.chain, "b", "-5", "Relative revision -5 didn't produce 5 migrations"],
    [g.chain, "b", "+2", "Relative revision +2 didn't produce 2 migrations"],
    [g.chain, "b", "b-9", "Walked too far"],
    [g.chain, "", "-1", "Relative revision -1 didn't produce 1 migrations"],
    [g.chain, "", "b", "Destination b is not a valid downgrade target from current head(s)"],
    [g.chain, "b", "c", "Destination c is not a valid downgrade target from current head(s)"],
    [g.fork, "d1 d2", "-1", "Ambiguous downgrade from multiple current revisions: d1, d2"],
    [g.merged, "e", "-1", "Ambiguous walk"],
    [g.fork, "zzzz", "-1", "Can't locate revision identified by 'zzzz'"],
  ])("downgrade %j from [%s] to %s: %s", (lines, rows, target, message) => {
    expect(() => downgradeSteps(graph(...lines), words(rows), target)).toThrow(exactly(message));
  });
});

describe("ranges, newest first", () => {
  const multi = [
    "a",
    "b1 < a",
    "b2 < a",
    "cb1 < b1",
    "cb2 < b2",
    "d1cb1 < cb1",
    "d2cb1 < cb1",
    "d1cb2 < cb2",
    "d2cb2 < cb2",
    "d3cb2 < cb2",
    "d1d2cb2 < d1cb2,d2cb2",
  ];
  const chainOfThree = [
    "c1",
    "a1",
    "a2 < a1 needs c1",
    "a3 < a2 needs c1",
    "b1",
    "b2 < b1 needs a3",
    "b3 < b2",
    "b4 < b3 needs a3",
    "b5 < b4",
  ];
  it.each([
    [["a", "b1 < a", "b2 < a", "c < b1,b2", "d < c"], "d", "a", "d c b1 b2 a"],
    [["a", "b1 < a", "b2 < a", "c1 < b1", "d11 < c1", "d12 < c1"], "heads", "base", "b2 d11 d12 c1 b1 a"],
    [multi, "d1d2cb2", "a", "d1d2cb2 d1cb2 d2cb2 cb2 b2 a"],
    [multi, "d2cb2 d3cb2", "a", "d2cb2 d3cb2 cb2 b2 a"],
    [multi, "d3cb2 cb1", "base", "cb1 b1 d3cb2 cb2 b2 a"],
    [g.labelled, "heads", "ebranch@base", "f someothername e d"],
    [g.labelled, "heads", "abranch@base", "c somelongername b a"],
    [g.labelled, "ebranch@head", "base", "f someothername e d"],
    [g.labelled, "heads", "ebranch@head", "f"],
    [g.labelled, "heads", "ebranch@d", "f someothername e d"],
    [g.labelled, "heads", "e@base", "f someothername e d"],
    [g.labelled, "heads", "ebranch@-2", "f someothername e"],
    [g.labelled, "ebranch@+2", "base", "e d"],
    [g.travelling, "merge fe1b1", "a3", "fe1b1 e1b1 merge e2b1 db1 cb1 b1 e2b2 db2 cb2 b2 a3"],
    [g.travelling, "merge", "a1", "merge e2b1 db1 cb1 b1 e2b2 db2 cb2 b2 a3 a2 a1"],
    [g.travelling, "merge", "b1", "merge e2b1 db1 cb1 b1"],
    [g.travelling, "merge fe1b1", "cb1 cb2", "fe1b1 e1b1 merge e2b1 db1 cb1 e2b2 db2 cb2"],
    [g.travelling, "e2b1 b2 fe1b1", "base", "b2 fe1b1 e1b1 e2b1 db1 cb1 b1 a3 a2 a1"],
    [g.threeBases, "heads", "base", "b1a a1a b1b a1b base1 d2 c2 b2 a2 base2 b3 a3 base3"],
    [g.threeBases, "b_2@head", "base", "d2 c2 b2 a2 base2 a3 base3"],
    [g.threeBases, "heads", "b_2@base", "d2 c2 b2 a2 base2 a3 base3"],
    [g.threeBases, "heads", "b_3@base", "b3 a3 base3"],
    [["base1", "a1 < base1", "b1 < a1", "c2 needs a1", "c3 < c2"], "heads", "base", "b1 c3 c2 a1 base1"],
  ])("%j %s down to %s: %s", (lines, upper, lower, expected) => {
    const many = (text: string) => (words(text).length > 1 ? words(text) : text);
    expect(names(selectRange(graph(...lines), { upper: many(upper), lower: many(lower) }))).toEqual(words(expected));
  });

  it("implicit bases fill in what a merge needs [14]", () => {
    const range = (lines: string[], upper: string, lower: string, inclusive = true) =>
      names(selectRange(graph(...lines), { upper, lower, inclusive, implicitBase: true })).join(" ");
    expect(range(g.travelling, "merge", "db1")).toBe("merge e2b1 db1 e2b2 db2 cb2 b2");
    expect(range(g.normalised, "b5", "b1")).toBe("b5 b4 b3 b2 b1 a3 a2 a1");
    expect(range(chainOfThree, "b5", "b1")).toBe("b5 b4 b3 b2 b1 a3 a2 a1 c1");
  });

  it.each([
    [multi, "b1", "d1cb1"],
    [multi, "d2cb2", "b1"],
    [g.threeBases, "b3", "d2"],
  ])("%j %s down to %s is no line", (lines, upper, lower) => {
    expect(() => selectRange(graph(...lines), { upper, lower })).toThrow(
      exactly(
        `Requested range ${lower}:${upper} does not refer to ancestor/descendant revisions along the same branch`,
      ),
    );
  });

  it.each([
    ["-2:current", "c b a"],
    ["current:+1", "d c"],
    ["current:+9", "e d c"],
    ["-50:", "e d c b a"],
    ["b:", "e d c b"],
    [":b", "b a"],
    ["a:b+1", "c b a"],
    ["b:head-1", "d c b"],
    ["head-1:head", "e d"],
    [":", "e d c b a"],
  ])("history -r %s with c applied: %s", (range, expected) => {
    expect(names(historyRange(graph(...g.chain), range, ["c"]))).toEqual(words(expected));
  });

  it("a count from several heads counts from each", () => {
    const last = (lines: string[], range: string) => names(historyRange(graph(...lines), range)).join(" ");
    expect(last(g.fork, "-1:")).toBe("d1 c1 d2 c2");
    expect(last(g.fork, "c2branch@-1:")).toBe("d2 c2");
    expect(last(["a label x", "b < a", "c < b", "d < a"], "-1:")).toBe("c b d a");
    expect(last(["a", "b < a", "c < b", "z"], "-2:")).toBe("c b a z");
  });

  it("history refuses what is no range", () => {
    const map = graph(...g.chain);
    expect(() => historyRange(map, "b")).toThrow("History range requires [start]:[end], [start]:, or :[end]");
    expect(() => historyRange(map, "a:b:c")).toThrow("A range has one colon, not 2");
    expect(() => historyRange(map, "d:b")).toThrow("Requested range d:b does not refer");
  });
});
