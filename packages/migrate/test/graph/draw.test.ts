/** The revision graph as a picture. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  graphLines,
  graphMermaid,
  graphSvg,
  historyRange,
  Revision,
  type RevisionDeclaration,
  RevisionMap,
} from "../../src/index.js";

const history = (...list: RevisionDeclaration[]) => historyRange(new RevisionMap(list.map((r) => new Revision(r))));

describe("drawn graphs", () => {
  it("a line", () => {
    const r = history({ revision: "aaaa" }, { revision: "bbbb", downRevision: "aaaa" });
    expect(graphLines(r, String)).toEqual(["* bbbb", "* aaaa"]);
  });
  it("a fork and its merge", () => {
    const r = history(
      { revision: "aaaa" },
      { revision: "bbbb", downRevision: "aaaa" },
      { revision: "cccc", downRevision: "aaaa" },
      { revision: "dddd", downRevision: ["bbbb", "cccc"] },
    );
    const lines = graphLines(r, String);
    expect(lines.filter((l) => l.includes("*")).map((l) => l.replace(/^[^a-d]*/, ""))).toEqual(r.map(String));
    expect(lines[0]).toBe("* dddd");
    expect(lines[1]).toBe("| \\");
    expect(lines.at(-2)).toBe("| /");
    expect(lines.at(-1)).toBe("* aaaa");
  });
  it("Mermaid and SVG hold every revision and link; text is escaped", () => {
    const r = history(
      { revision: "aaaa", doc: 'say "<hi>" & go #1' },
      { revision: "bbbb", downRevision: "aaaa", branchLabels: "shop" },
      { revision: "cccc", dependsOn: "bbbb" },
    );
    expect(
      graphMermaid(r, new Set(["aaaa"]))
        .split("\n")
        .slice(0, 6),
    ).toEqual([
      "flowchart TD",
      ...[...r]
        .reverse()
        .map((one, i) =>
          one.revision === "aaaa"
            ? `  r${i}["aaaa say #quot;#lt;hi#gt;#quot; & go #35;1"]:::current`
            : one.revision === "bbbb"
              ? `  r${i}["bbbb (shop)"]:::head`
              : `  r${i}["cccc"]:::head`,
        ),
      expect.stringMatching(/^ {2}r\d (-->|-\.->) r\d$/),
      expect.stringMatching(/^ {2}r\d (-->|-\.->) r\d$/),
    ]);
    const svg = graphSvg(r, new Set(["aaaa"]));
    expect(svg.match(/<circle/g)).toHaveLength(3);
    expect(svg.match(/<path/g)).toHaveLength(2);
    expect(svg).toContain("aaaa (current) say &quot;&lt;hi&gt;&quot; &amp; go #1");
  });
  it("any graph: one dot per revision, in order, never beside its lanes", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { maxLength: 12 }), (spec) => {
        const list = spec.map(([a, b, merge], i): RevisionDeclaration => {
          const parents = i === 0 || a % 7 === 0 ? [] : [...new Set([a % i, ...(merge ? [b % i] : [])])];
          return {
            revision: `r${String(i).padStart(3, "0")}`,
            downRevision: parents.map((n) => `r${String(n).padStart(3, "0")}`),
          };
        });
        const r = history(...list);
        const dots = graphLines(r, String).filter((l) => l.includes("*"));
        expect(dots.map((l) => l.replace(/^[|* ]+/, ""))).toEqual(r.map(String));
        for (const line of dots) expect(line.match(/\*/g)).toHaveLength(1);
        expect(
          graphMermaid(r)
            .split("\n")
            .filter((l) => /-->/.test(l)),
        ).toHaveLength(list.reduce((n, l) => n + (l.downRevision as string[]).length, 0));
        expect(graphSvg(r).match(/<circle/g) ?? []).toHaveLength(list.length);
      }),
    );
  });
});
