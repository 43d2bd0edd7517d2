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

/** Jinja 3.1: `sorted(Environment().filters)` and the tests that have a name. */
const FILTERS =
  "abs attr batch capitalize center count d default dictsort e escape filesizeformat first float forceescape format groupby indent int items join last length list lower map max min pprint random reject rejectattr replace reverse round safe select selectattr slice sort string striptags sum title tojson trim truncate unique upper urlencode urlize wordcount wordwrap xmlattr";
const TESTS =
  "boolean callable defined divisibleby eq equalto escaped even false filter float ge greaterthan gt in integer iterable le lessthan lower lt mapping ne none number odd sameas sequence string test true undefined upper";

describe("every filter and test of Jinja is there, and in the corpus by its name", () => {
  const text = corpus.entries.flatMap((entry) => Object.values(entry.templates)).join("\n");
  const env = new Environment();
  test.each(FILTERS.split(" "))("filter %s", (name) => {
    expect(env.filters.has(name)).toBe(true);
    expect(text).toMatch(new RegExp(`\\|\\s*${name}\\b`));
  });
  test.each(TESTS.split(" "))("test %s", (name) => {
    expect(env.tests.has(name)).toBe(true);
    expect(text).toMatch(new RegExp(`is (?:not )?${name}\\b|(?:select|reject)(?:attr)?\\([^)]*['"]${name}['"]`));
  });
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
