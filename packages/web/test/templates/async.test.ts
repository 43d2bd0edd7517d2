/** Promises and async iterables can stand wherever a value can; output can be streamed. */
import { describe, expect, test } from "vitest";
import { DictLoader, Environment, templateFrames, UndefinedError } from "../../src/templates/index.js";

const env = new Environment();
const later = <T>(value: T): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(value), 1));
async function* rows(n: number) {
  for (let i = 1; i <= n; i++) yield await later({ id: i });
}

describe("promises are awaited", () => {
  test.each([
    ["{{ p }}", "5"],
    ["{{ p + p }}", "10"],
    ["{{ u.name }}{{ u.tags[0] }}", "Annx"],
    ["{{ f(2) }}{{ o.method() }}", "4m"],
    ["{% if no %}a{% else %}b{% endif %}", "b"],
    ["{% for x in list %}{{ x }}{{ loop.last and '.' or ',' }}{% endfor %}", "1,2."],
    ["{% for a, b in pairs %}{{ a }}{{ b }}{% endfor %}", "12"],
    ["{{ list|join('-') }}{{ p|upper }}{{ list|map('string')|join }}", "1-2512"],
    ["{{ o.lazy.deep }}{{ o.list|map(attribute='v')|sum }}", "d3"],
    [
      "{% set x = p %}{{ x }}{% macro m(a) %}{{ a }}{% endmacro %}{{ m(p) }}{% with y = p %}{{ y }}{% endwith %}",
      "555",
    ],
    ["{{ 'yes' if p is odd else 'no' }}{{ p is defined and 'd' }}{{ 5 is eq p and 'e' }}", "yesde"],
    ["{{ [p, list][1][0] }}{{ {'k': p}.k }}", "15"],
    ["{{ p == 5 and 'eq' }}{{ 1 < p < 9 and 'lt' }}{{ 2 in list and 'in' }}", "eqltin"],
    ["{% if p and list %}{{ p or 1 }}{% endif %}", "5"],
    ["{{ p|asyncdouble }}", "10"],
  ])("%s", async (source, expected) => {
    env.filters.set("asyncdouble", async (n: number) => later(n * 2));
    const context = {
      p: later(5),
      u: later({ name: "Ann", tags: later(["x"]) }),
      f: async (n: number) => later(n * 2),
      o: {
        method: async () => later("m"),
        lazy: later({ deep: later("d") }),
        list: [{ v: later(1) }, later({ v: 2 })],
      },
      no: later([]),
      list: later([later(1), 2]),
      pairs: [[later(1), 2]],
    };
    expect(await env.renderString(source, context)).toBe(expected);
  });

  test("a promise nobody uses is not waited for", async () => {
    const rejected = Promise.reject(new Error("never read"));
    rejected.catch(() => undefined);
    expect(await env.renderString("{% if false %}{{ p }}{% endif %}ok", { p: rejected })).toBe("ok");
  });

  test("a rejected promise comes through as it is, with its template line", async () => {
    const failure = new RangeError("from the database");
    const error = await env
      .renderString("a\nb\n{{ p }}", { p: later(0).then(() => Promise.reject(failure)) })
      .catch((e: unknown) => e);
    expect(error).toBe(failure);
    expect(templateFrames(error)[0]?.line).toBe(3);
    expect(failure.stack).toContain('at template "<string>" (<string>:3)');
  });
});

describe("iterables", () => {
  test.each([
    ["{% for r in rows %}{{ r.id }}{% endfor %}", "123"],
    ["{% for r in rows %}{{ loop.index }}{{ loop.last and 'L' or '' }}{% endfor %}", "123L"],
    ["{% for r in rows %}{{ loop.length }}{{ loop.revindex }} {% endfor %}", "33 32 31 "],
    ["{% for r in rows %}{{ loop.nextitem.id if not loop.last else '-' }}{% endfor %}", "23-"],
    ["{% for r in rows if r.id != 2 %}{{ loop.index }}{{ r.id }} {% endfor %}", "11 23 "],
    ["{% for r in rows %}{{ r.id }}{% break %}{% endfor %}", "1"],
    ["{% for r in rows %}{% if r.id == 2 %}{% continue %}{% endif %}{{ r.id }}{% else %}none{% endfor %}", "13"],
    ["{{ rows|map(attribute='id')|join(',') }}", "1,2,3"],
    ["{{ rows|selectattr('id', '>', 1)|list|length }}", "2"],
    ["{% for x in set %}{{ x }}{% endfor %}{% for x in gen %}{{ x }}{% endfor %}", "ab01"],
    [
      "{% for k in map %}{{ k }}{% endfor %}{% for k, v in map %}{{ k }}{{ v }}{% endfor %}{% for k, v in map.items() %}{{ k }}{{ v }}{% endfor %}",
      "xyx1y2x1y2",
    ],
    [
      "{{ map.x }}{{ map['y'] }}{{ map.get('z', 0) }}{{ map|length }}{{ 'x' in map and 'in' }}{{ 'a' in set and 'in' }}",
      "1202inin",
    ],
    ["{% if emptymap %}a{% endif %}{% if emptyset %}b{% endif %}{% if map %}c{% endif %}", "c"],
    ["{% for k, v in obj %}{{ k }}={{ v }};{% endfor %}{{ obj.items }}", "a=1;items=own;own"],
  ])("%s", async (source, expected) => {
    const context = {
      rows: rows(3),
      set: new Set(["a", "b"]),
      map: new Map([
        ["x", 1],
        ["y", 2],
      ]),
      gen: (function* () {
        yield 0;
        yield 1;
      })(),
      emptymap: new Map(),
      emptyset: new Set(),
      obj: { a: 1, items: "own" },
    };
    expect(await env.renderString(source, context)).toBe(expected);
  });

  test("an abandoned source is closed, after break and after an error", async () => {
    for (const source of [
      "{% for r in rows %}{% break %}{% endfor %}",
      "{% for r in rows %}{{ loop.index }}{{ nope.x }}{% endfor %}",
    ]) {
      let closed = 0;
      async function* tracked() {
        try {
          yield 1;
          yield 2;
        } finally {
          closed++;
        }
      }
      await env
        .renderString(source, { rows: tracked() })
        .catch((e: unknown) => expect(e).toBeInstanceOf(UndefinedError));
      expect(closed).toBe(1);
    }
  });

  test("a non-promise thenable is awaited, and a query is walked row by row", async () => {
    const collection = { then: (resolve: (v: unknown) => void) => resolve(["p1", "p2"]) };
    const query = { [Symbol.asyncIterator]: () => rows(2) };
    expect(
      await env.renderString(
        "{{ c|length }}{% for x in c %}{{ x }}{% endfor %}{% for r in q %}{{ r.id }}{% endfor %}",
        { c: collection, q: query },
      ),
    ).toBe("2p1p212");
  });
});

describe("streaming", () => {
  const loader = new DictLoader({
    "base.html": "<html>{% block body %}{% endblock %}</html>",
    "page.html":
      "{% extends 'base.html' %}{% block body %}{% for r in rows %}<p>{{ r.id }} {{ 'x' * 100 }}</p>{% endfor %}{% endblock %}",
  });
  const streaming = new Environment({ loader });

  test("chunks together are the whole text, and there are several", async () => {
    const chunks: string[] = [];
    for await (const chunk of streaming.stream("page.html", { rows: Array.from({ length: 300 }, (_, id) => ({ id })) }))
      chunks.push(chunk);
    expect(chunks.length).toBeGreaterThan(3);
    expect(chunks.join("")).toBe(
      await streaming.render("page.html", { rows: Array.from({ length: 300 }, (_, id) => ({ id })) }),
    );
  });

  test("the reader sets the pace, and leaving ends the source", async () => {
    let made = 0;
    let closed = false;
    async function* source() {
      try {
        for (;;) yield { id: ++made };
      } finally {
        closed = true;
      }
    }
    for await (const chunk of streaming.stream("page.html", { rows: source() })) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(made).toBeLessThan(200);
    expect(closed).toBe(true);
  });

  test("an error reaches the reader", async () => {
    const read = async () => {
      for await (const _ of streaming.stream("page.html", { rows: 5 })) void _;
    };
    await expect(read()).rejects.toThrow(/cannot be looped over/);
  });
});

test("renderings run side by side without seeing each other", async () => {
  const template = env.fromString(
    "{% set ns = namespace(n=0) %}{% for r in rows %}{% set ns.n = ns.n + r.id %}{% endfor %}{{ who }}{{ ns.n }}",
  );
  const out = await Promise.all([1, 2, 3, 4].map((n) => template.render({ rows: rows(n), who: `w${n}:` })));
  expect(out).toEqual(["w1:1", "w2:3", "w3:6", "w4:10"]);
});
