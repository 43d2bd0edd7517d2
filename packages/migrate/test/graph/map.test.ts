/** Derived links, labels, dependencies that count, added revisions, and graphs that are refused. Anchors 14, 17. */
import { describe, expect, it } from "vitest";
import { CycleError, MigrationError } from "../../src/errors.js";
import { Revision, RevisionMap, resolveOne } from "../../src/graph/index.js";
import * as g from "./graphs.js";
import { exactly, graph, revisions } from "./graphs.js";

const names = (list: readonly Revision[]): string[] => list.map(String);
const labelsOf = (map: RevisionMap): Record<string, string> =>
  Object.fromEntries(
    map.all.flatMap((r) => (r.links.labels.length > 0 ? [[r.revision, r.links.labels.join(",")]] : [])),
  );

describe("links", () => {
  it("heads, real heads, bases, real bases, branch and merge points", () => {
    const map = graph(...g.threeBases);
    expect(names(map.heads)).toEqual(["b1a", "b1b", "d2", "b3"]);
    expect(names(graph("y1", "x1", "y2 < y1 needs x1").realHeads)).toEqual(["y2"]);
    expect(names(map.bases)).toEqual(["base1", "base2", "base3"]);
    expect(names(graph("a", "b needs a").realBases)).toEqual(["a"]);
    expect(names(map.branchPoints)).toEqual(["base1"]);
    expect(names(map.get("a3")!.links.allChildren)).toEqual(["b1b", "c2", "b3"]);
    expect(names(map.get("a3")!.links.children)).toEqual(["b3"]);
    expect(graph(...g.merged).get("e")!.isMergePoint).toBe(true);
  });

  it("dependencies already implied do not count [14]", () => {
    const map = graph(...g.normalised);
    expect(names(map.get("b4")!.links.dependencies)).toEqual(["a3"]);
    expect(names(map.get("b4")!.links.effectiveParents)).toEqual(["b3"]);
    expect(names(map.get("b5")!.links.effectiveParents)).toEqual(["b4"]);
    expect(names(map.get("b2")!.links.effectiveParents)).toEqual(["b1", "a3"]);
    const deep = graph("a1", "a2 < a1", "b1 needs a2", "b2 < b1 needs a1", "c needs a1,b2");
    expect(names(deep.get("b2")!.links.effectiveParents)).toEqual(["b1"]);
    expect(names(deep.get("c")!.links.effectiveParents)).toEqual(["b2"]);
  });

  it("dependsOn takes labels and unique beginnings", () => {
    const map = graph("abcdef label shop", "b needs shop", "c needs abcd");
    expect(names(map.get("b")!.links.dependencies)).toEqual(["abcdef"]);
    expect(names(map.get("c")!.links.dependencies)).toEqual(["abcdef"]);
  });

  it("labels cover descendants, and ancestors up to a fork or merge", () => {
    expect(labelsOf(graph("a", "b < a", "c1 < b label x", "c2 < b", "d < c1", "e < d"))).toEqual({
      c1: "x",
      d: "x",
      e: "x",
    });
    expect(labelsOf(graph("a", "b < a", "c < b label x", "d < c"))).toEqual({ a: "x", b: "x", c: "x", d: "x" });
    expect(labelsOf(graph("a", "b", "m < a,b", "n < m label x"))).toEqual({ n: "x" });
    expect(labelsOf(graph("a label x,y", "b label z", "m < a,b"))).toEqual({ a: "x,y", b: "z", m: "x,y,z" });
  });

  it("adding a revision moves heads, labels and dependencies; one that does not fit changes nothing", () => {
    const map = graph("a label x", "b < a", "c1 < b", "c2 < b");
    const add = (line: string) => map.add(revisions(line)[0]!);
    add("d1 < c1");
    expect(names(map.heads)).toEqual(["c2", "d1"]);
    expect(map.get("d1")!.links.labels).toEqual(["x"]);
    add("e needs d1 label z");
    expect(names(map.realHeads)).toEqual(["c2", "e"]);
    expect(String(resolveOne(map, "z"))).toBe("e");
    for (const bad of ["f < gone", "a", "f label x", "f needs f", "f label b"])
      expect(() => add(bad)).toThrow(MigrationError);
    expect(names(map.all)).toEqual(["a", "b", "c1", "c2", "d1", "e"]);
    expect(names(map.get("b")!.links.children)).toEqual(["c1", "c2"]);
  });
});

describe("refused declarations", () => {
  it.each(["a@b", "a-b", "a+b", "a:b"])("id %s", (id) => {
    const message = `Character(s) '${id[1]}' not allowed in revision identifier '${id}'`;
    expect(() => new Revision({ revision: id })).toThrow(exactly(message));
  });

  it("several bad characters at once, symbols, blanks, and the same for labels", () => {
    expect(() => new Revision({ revision: "a@b-c" })).toThrow(
      exactly("Character(s) '-, @' not allowed in revision identifier 'a@b-c'"),
    );
    for (const name of ["head", "heads", "base", "current", "", "a b", "a,b", "../a", 'a"b']) {
      expect(() => new Revision({ revision: name })).toThrow(MigrationError);
      expect(() => new Revision({ revision: "ok", branchLabels: name === "" ? [""] : name })).toThrow(MigrationError);
    }
  });

  it("the same id twice names both files, a missing parent the file that wants it", () => {
    const one = new Revision({ revision: "a", path: "versions/a_one.ts" });
    const two = new Revision({ revision: "a", path: "versions/a_two.ts" });
    expect(() => new RevisionMap([one, two])).toThrow(
      "Revision a is present more than once: in versions/a_one.ts and versions/a_two.ts",
    );
    const orphan = new Revision({ revision: "b", downRevision: "gone", path: "versions/b.ts" });
    expect(() => new RevisionMap([orphan])).toThrow(
      "Revision 'gone' referenced from 'b' (versions/b.ts) is not present",
    );
    const needy = new Revision({ revision: "b", dependsOn: "gone", path: "versions/b.ts" });
    expect(() => new RevisionMap([needy])).toThrow("Revision 'b' (versions/b.ts) depends on 'gone'");
  });

  it("one label for two revisions, or for another's id", () => {
    expect(() => graph("c label xy1", "e label xy1")).toThrow(
      exactly("Branch name 'xy1' in revision e already used by revision c"),
    );
    expect(() => graph("c", "e label c")).toThrow("Branch name 'c' in revision e already used by revision c");
  });
});

describe("loops are named exactly [17]", () => {
  const self = "Self-loop";
  const dep = "Dependency cycle";
  it.each([
    [["a < a"], self, "a"],
    [["a < a", "b < a", "c < b"], self, "a"],
    [["a", "b < a", "c < b,c"], self, "c"],
    [["a", "b < a,b", "c1 < b", "c2 < b"], self, "b"],
    [["a needs a"], "Dependency self-loop", "a"],
    [["a", "b < a needs b", "c1 < b", "c2 < b"], "Dependency self-loop", "b"],
    [["a < c", "b < a", "c < b"], "Cycle", "a, b, c"],
    [["a < c", "b < a", "c < b", "d", "e < d"], "Cycle", "a, b, c"],
    [["a < c", "b < a", "c < b", "d < c", "e < d"], "Cycle", "a, b, c"],
    [["a", "b < a", "c < b,e", "d < c", "e < d"], "Cycle", "c, d, e"],
    [["e < d,x", "d < c", "c < e", "x", "y < e"], "Cycle", "e, c, d"],
    [["a needs c", "b < a", "c < b"], dep, "a, b, c"],
    [["a needs c", "b < a", "c < b", "d", "e < d"], dep, "a, b, c"],
    [["a needs c", "b < a", "c < b", "d < c", "e < d"], dep, "a, b, c"],
    [["a", "b < a", "c < b needs e", "d < c", "e < d"], dep, "c, d, e"],
    [["a needs b", "b needs a"], dep, "a, b"],
  ])("%j: %s (%s)", (lines, kind, loop) => {
    const made = (): RevisionMap => graph(...lines);
    expect(made).toThrow(CycleError);
    expect(made).toThrow(exactly(`${kind} is detected in revisions (${loop})`));
  });

  it("ids contained in one another are no loop", () => {
    expect(names(graph("user_foo", "user < user_foo needs user_foo").heads)).toEqual(["user"]);
  });
});
