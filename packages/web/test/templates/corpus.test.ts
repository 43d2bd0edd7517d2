/** Every entry of the corpus renders to the same bytes as in Jinja2, except where the entry says why not. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DictLoader, Environment, TemplateError } from "../../src/templates/index.js";

interface Entry {
  readonly group: string;
  readonly main: string;
  readonly templates: Record<string, string>;
  readonly context: Record<string, unknown>;
  readonly options?: Record<string, unknown>;
  readonly expected?: string;
  readonly error?: string;
  readonly why?: string;
}
const corpus = JSON.parse(readFileSync(new URL("./corpus/corpus.json", import.meta.url), "utf8")) as {
  entries: Entry[];
};

const groups = new Map<string, Entry[]>();
for (const entry of corpus.entries) groups.set(entry.group, [...(groups.get(entry.group) ?? []), entry]);

test("the corpus has at least 250 entries", () => {
  expect(corpus.entries.length).toBeGreaterThanOrEqual(250);
});

describe.each([...groups])("like Jinja2: %s", (_group, entries) => {
  test.each(entries.map((entry, i) => [`${i} ${entry.templates[entry.main]?.slice(0, 60) ?? ""}`, entry] as const))(
    "%s",
    async (_name, entry) => {
      const env = new Environment({ loader: new DictLoader(entry.templates), ...entry.options });
      const run = env.render(entry.main, structuredClone(entry.context));
      if (entry.error === undefined) {
        expect(await run).toBe(entry.expected);
        return;
      }
      const error: unknown = await run.then(
        (text) => new Error(`expected ${entry.error}, rendered ${JSON.stringify(text)}`),
        (e: unknown) => e,
      );
      expect(error).toBeInstanceOf(TemplateError);
      if (entry.error !== "TemplateError") expect((error as Error).name).toBe(entry.error);
    },
  );
});
