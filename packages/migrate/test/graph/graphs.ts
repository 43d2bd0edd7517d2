/** Small language for graphs in tests: "c1 < b", "m < c1,c2", "y2 < y1 needs x1", "y1 label y,z". */
import { Revision, RevisionMap } from "../../src/graph/index.js";

export function revisions(...lines: string[]): Revision[] {
  return lines.map((line) => {
    const match = /^(\w+)(?: < ([\w,]+))?(?: needs ([\w,]+))?(?: label ([\w,]+))?$/.exec(line);
    if (match === null) throw new TypeError(`not a revision: ${line}`);
    const [, revision, down, needs, label] = match;
    return new Revision({
      revision: revision!,
      downRevision: down?.split(","),
      dependsOn: needs?.split(","),
      branchLabels: label?.split(","),
    });
  });
}

export const graph = (...lines: string[]): RevisionMap => new RevisionMap(revisions(...lines));

export const chain = ["a", "b < a", "c < b", "d < c", "e < d"];
export const fork = ["a", "b < a", "c1 < b label c1branch", "d1 < c1", "c2 < b label c2branch", "d2 < c2"];
export const crossFork = [...fork.slice(0, 5), "d2 < c2 needs c1"];
export const merged = ["a", "b < a", "c1 < b", "d1 < c1", "c2 < b label c2branch", "d2 < c2", "e < d1,d2", "f < e"];
export const mergeOfTwo = ["a1", "b1 < a1", "c1 < b1", "a2", "b2 < a2", "c2 < b2", "d1 < c1,c2", "d2 < c2"];
export const mergeOfThree = [
  ...["a1", "b1 < a1", "c1 < b1", "a2", "b2 < a2", "c2 < b2", "a3", "b3 < a3", "c3 < b3"],
  ...["d1 < c1,c2,c3", "d2 < c2", "d3 < c3"],
];
export const web = [
  ...["a1", "a2", "a3", "amerge < a1,a2,a3", "b1", "b2", "bmerge < b1,b2"],
  ...["c1", "c2", "c3", "cmerge < c1,c2,c3", "d1 needs a3,b2,c1"],
];
export const crisscross = ["a1", "a2 < a1", "b1", "b2 < b1 needs a2", "b3 < b2", "a3 < a2 needs b1"];
export const repeatedDependency = ["a1", "a2 < a1", "a3 < a2", "b1", "b2 < b1 needs a3", "b3 < b2", "b4 < b3 needs a3"];
export const mergeOfDependent = ["a1", "b1 needs a1", "bmerge < a1,b1"];
export const library = [
  ...["a1 label lib1", "b1 < a1", "c1 < b1 label c1lib", "a2", "b2 < a2", "c2 < b2 needs c1"],
  ...["d1 < c1", "e1 < d1", "f1 < e1"],
];
export const threeBases = [
  ...["base1 label b_1", "a1a < base1", "a1b < base1", "b1a < a1a", "b1b < a1b needs a3"],
  ...["base2 label b_2", "a2 < base2", "b2 < a2", "c2 < b2 needs a3", "d2 < c2"],
  ...["base3 label b_3", "a3 < base3", "b3 < a3"],
];
export const labelled = [
  ...["a label abranch", "b < a", "somelongername < b", "c < somelongername"],
  ...["d", "e < d label ebranch", "someothername < e", "f < someothername"],
];
export const travelling = [
  ...["a1", "a2 < a1", "a3 < a2", "b1 < a3", "b2 < a3", "cb1 < b1", "cb2 < b2", "db1 < cb1", "db2 < cb2"],
  ...["e1b1 < db1", "fe1b1 < e1b1", "e2b1 < db1", "e2b2 < db2", "merge < e2b1,e2b2"],
];
export const normalised = [
  ...["a1", "a2 < a1", "a3 < a2", "b1", "b2 < b1 needs a3", "b3 < b2", "b4 < b3 needs a3", "b5 < b4 needs b4"],
];

/** For `toThrow`: this message and nothing around it. */
export const exactly = (message: string): RegExp => new RegExp(`^${message.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`);
