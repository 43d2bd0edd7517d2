/** The header scanner reads literals exactly or not at all. Oracle: the same text, run as a module. */
import fc from "fast-check";
import ts from "typescript-5.9";
import { describe, expect, it } from "vitest";
import { leadingComment, scanHeader } from "../../src/script/index.js";

/** What Node makes of the file's constants. */
async function imported(text: string): Promise<Record<string, unknown>> {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  const module = (await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(outputText)}`)) as object;
  return Object.fromEntries(Object.entries(module).filter(([, value]) => typeof value !== "function"));
}

const functions =
  "\nexport async function upgrade(op) {\n  await op.execute(`x`);\n}\nexport async function downgrade(op) {}\n";

describe("scanHeader", () => {
  it.each([
    `export const revision = "3966764ac5bd", downRevision = "8938cfaeed68";`,
    `/** doc */\nexport const revision = 'a';\nexport const downRevision = null;\nexport const branchLabels = ["shop", 'b',];`,
    `export const revision: string = "a"; export const downRevision: string | null = null`,
    `export const revision = "a" as const\nexport const downRevision = ["b", "c"] as const\nexport const dependsOn = []`,
    `#!/usr/bin/env node\n// first\n// second\nexport const revision = \`a\`, /* note */ downRevision = "b" // end`,
    `export const revision = "q\\"\\u0041\\n\\x41'", transactional = false, weight = -1.5;`,
    `\n\n  export const revision="a",downRevision=undefined;;`,
  ])("%s", async (head) => {
    const text = head + functions;
    expect(Object.fromEntries(scanHeader(text)!)).toEqual(await imported(text));
  });

  it("passes over imports", () => {
    const text = `import type { Operations } from "@athanor/migrate";
import { boolean,
  integer as int } from '@athanor/core';
import * as all from "x"; import "side-effect"
import def, { other } from "y";
export const revision = "a";${functions}`;
    expect(Object.fromEntries(scanHeader(text)!)).toEqual({ revision: "a" });
  });

  it.each([
    `const id = "a"; export const revision = id;`,
    `export const revision = "a" + "b";`,
    `export const revision = "a"\n  + "b";`,
    `export const revision = makeId();`,
    `export const revision = \`a\${1}\`;`,
    `export const revision = "a\\q";`,
    `export const revision = "a", { x } = y;`,
    `export const revision = "a";\nexport default 1;`,
    `export const revision = "a";\nfunction f() {}\nexport const dependsOn = "b";`,
    `export const revision = "a";\nconst d = ["b"];\nexport { d as dependsOn };`,
    `export const revision = "a";\nexport * from "./other.js";`,
    `export const revision = "a", revision = "b";`,
    `export const revision = ["a", ...more];`,
    `export let revision = "a";`,
    `export const revision = "a`,
    `export const revision = "a" satisfies string;`,
  ])("gives up on %s", (text) => {
    expect(scanHeader(text)).toBeUndefined();
  });

  it("reads back any strings the generator may write", () => {
    const strings = fc.array(fc.string({ unit: "binary" }), { maxLength: 3 });
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), strings, (one, many) => {
        const text = `export const revision = ${JSON.stringify(one)};\nexport const dependsOn = ${JSON.stringify(many)};\n`;
        const read = scanHeader(text);
        expect(read?.get("revision")).toBe(one);
        expect(read?.get("dependsOn")).toEqual(many);
      }),
    );
  });
});

describe("leadingComment", () => {
  it.each([
    ["/**\n * create owners\n *\n * Revision ID: a\n */\nexport {}", "create owners\n\nRevision ID: a"],
    ["/* one line */ x", "one line"],
    ["\n// first\n// second\n\n// other\nx", "first\nsecond"],
    ["#!/bin/x\n/** a\r\n * b */", "a\nb"],
    ["x /** late */", ""],
    ["", ""],
    ["/**\n * list:\n *   - indented\n */", "list:\n  - indented"],
  ])("%j", (text, comment) => {
    expect(leadingComment(text)).toBe(comment);
  });
});
