/** Generated source: indented around literals, wrapped as a formatter would. */
import { describe, expect, it } from "vitest";
import { indented, wrapped } from "../../src/script/index.js";
import { defaultRevisionTemplate } from "../../src/script/template.js";

describe("generated source", () => {
  it("keeps what stands in literals of several lines as it is, in a function and in one per database", () => {
    const body =
      'await op.createFunction(storedFunction("f", "", `AS $$\n  it\'s \'a\n b\'\n\n$$`));\n// it\'s `one\nawait op.dropTable("t");';
    const moved = indented(body);
    expect(moved.split("\n").slice(0, 5)).toEqual([
      '  await op.createFunction(storedFunction("f", "", `AS $$',
      "  it's 'a",
      " b'",
      "",
      "$$`));",
    ]);
    expect(moved.split("\n").slice(5)).toEqual(["  // it's `one", '  await op.dropTable("t");']);
    const context = {
      revision: "abcd",
      downRevision: [],
      branchLabels: [],
      dependsOn: [],
      replaces: [],
      message: "m",
      createDate: "now",
      imports: [],
      language: "ts" as const,
      extra: {},
    };
    const one = defaultRevisionTemplate({ ...context, upgrades: body, downgrades: undefined, databases: [] });
    const many = defaultRevisionTemplate({
      ...context,
      upgrades: undefined,
      downgrades: undefined,
      databases: [{ name: "main", upgrades: body, downgrades: undefined }],
    });
    for (const text of [one, many]) expect(text).toContain("`AS $$\n  it's 'a\n b'\n\n$$`");
  });

  it("breaks lines that are too wide: the last object first, then the arguments, then what is in them", () => {
    expect(wrapped('await op.dropColumn("a", "b");', 30)).toBe('await op.dropColumn("a", "b");');
    expect(wrapped('await op.alterColumn("a", "b", { type: text(), note: "x, (y" });', 34)).toBe(
      'await op.alterColumn("a", "b", {\n  type: text(),\n  note: "x, (y",\n});',
    );
    expect(
      wrapped('await op.addColumn("author", enumeration(["sad", "glad"], { name: "mood" }).nullable());', 40),
    ).toBe(
      [
        "await op.addColumn(",
        '  "author",',
        '  enumeration(["sad", "glad"], {',
        '    name: "mood",',
        "  }).nullable(),",
        ");",
      ].join("\n"),
    );
    expect(wrapped('  string("a", 20, { "b": [1, 2] }),', 20)).toBe('  string("a", 20, {\n    "b": [1, 2],\n  }),');
    expect(wrapped("await op.autocommitBlock(async () => {", 10)).toBe("await op.autocommitBlock(async () => {");
  });
});
