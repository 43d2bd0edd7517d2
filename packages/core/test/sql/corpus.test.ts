/** Statements compile to the texts SQLAlchemy gives (corpus/generate.py), or to ours with the reason beside them. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CompileError } from "../../src/index.js";
import { statements } from "./corpus/statements.js";

const DIALECTS = ["sqlite", "postgresql", "mysql"] as const;
interface Entry extends Partial<Record<(typeof DIALECTS)[number], string | null>> {
  readonly id: string;
  readonly why?: string;
}
const corpus = JSON.parse(readFileSync(new URL("./corpus/corpus.json", import.meta.url), "utf8")) as {
  readonly statements: readonly Entry[];
};

/** Spaces beside "=" and after "(" say nothing; placeholders are "?", with the casts that strict servers need taken off. */
function normal(sql: string): string {
  return sql
    .replace(/\$\d+/g, "?")
    .replace(/\?::[A-Za-z_]+( PRECISION| VARYING| WITHOUT TIME ZONE)?(\(\d+(, ?\d+)?\))?(\[\])?/g, "?")
    .replace(/\s+/g, " ")
    .replace(/ ?= ?/g, "=")
    .trim();
}

it("the corpus and the statements have the same ids", () => {
  expect([...statements.keys()].sort()).toEqual(corpus.statements.map((e) => e.id).sort());
  expect(corpus.statements.length).toBeGreaterThanOrEqual(400);
});
for (const dialect of DIALECTS) {
  describe(dialect, () => {
    for (const entry of corpus.statements) {
      it(entry.id, () => {
        const expected = entry[dialect];
        const made = statements.get(entry.id)?.();
        if (expected === null) expect(() => made?.compile(dialect)).toThrow(CompileError);
        else expect(normal(made?.compile(dialect).sql ?? "")).toBe(normal(expected ?? "no text"));
      });
    }
  });
}
