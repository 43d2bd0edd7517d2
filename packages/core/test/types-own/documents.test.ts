/** What JSON has no form for is refused with its place; JSON.stringify would leave it out or make null or {} of it. */
import { describeEachDatabase } from "@athanor/test-support";
import { describe, expect, it } from "vitest";
import { jsonText } from "../../src/dialects/json-text.js";
import {
  ArgumentError,
  createEngine,
  insert,
  integer,
  json,
  MetaData,
  select,
  sql,
  table,
  update,
} from "../../src/index.js";

class Point {
  x: unknown;
  constructor(x: unknown) {
    this.x = x;
  }
}
const circle: { a: unknown } = { a: [] };
circle.a = [1, { back: circle }];

const REFUSED: readonly (readonly [string, unknown, string])[] = [
  ["an undefined member", { a: { b: undefined } }, "'$.a.b' is undefined"],
  ["an undefined element", { list: [1, undefined] }, "'$.list[1]' is undefined"],
  // biome-ignore lint/suspicious/noSparseArray: a hole is what is tested
  ["a hole in a list", [1, , 3], "'$[1]' is undefined"],
  ["NaN", { "odd key": [{ n: Number.NaN }] }, `'$."odd key"[0].n' is NaN`],
  ["Infinity", { n: Number.NEGATIVE_INFINITY }, "'$.n' is -Infinity"],
  ["NaN alone", Number.NaN, "The document is NaN"],
  ["a bigint", { n: 1n }, "'$.n' is the bigint 1n"],
  ["a function", { f: function callMe() {} }, "'$.f' is the function callMe"],
  ["a symbol", [Symbol("s")], "'$[0]' is Symbol(s)"],
  ["a Map", { m: new Map([["a", 1]]) }, "'$.m' is a Map"],
  ["a Set", { m: new Set([1]) }, "'$.m' is a Set"],
  ["a promise", { m: Promise.resolve(1) }, "'$.m' is a promise"],
  ["a regular expression", { m: /a/ }, "'$.m' is the regular expression /a/"],
  ["bytes", { m: new Uint8Array([1, 2]) }, "'$.m' is <2 bytes>"],
  ["an invalid Date", { at: new Date(Number.NaN) }, "'$.at' is an invalid Date"],
  ["a member of an object of a class", { p: new Point(undefined) }, "'$.p.x' is undefined"],
  ["what toJSON() gives", { p: { toJSON: () => ({ q: Number.NaN }) } }, "'$.p.q' is NaN"],
  ["a circle", circle, "'$.a[1].back' is an object it is itself a part of"],
];

describe("jsonText()", () => {
  it.each(REFUSED)("refuses %s with its place", (_, document, place) => {
    expect(() => jsonText(document)).toThrow(ArgumentError);
    expect(() => jsonText(document)).toThrow(place);
  });
  it.each<[string, unknown]>([
    ["nothing but values", { a: [1, -0.5, "x", true, null, {}], "": [] }],
    ["dates, URLs and buffers", { at: new Date(0), url: new URL("https://a.b/"), b: Buffer.from("a") }],
    ["objects of classes and of no prototype", { p: new Point(1), o: Object.assign(Object.create(null), { a: 1 }) }],
    ["one object in two places", [circle.a === undefined, ...[{ a: 1 }].flatMap((o) => [o, o])]],
    ["half of a character, which JSON can say", "\ud83d"],
  ])("writes %s as JSON.stringify does", (_, document) => {
    expect(jsonText(document)).toBe(JSON.stringify(document));
  });
  it("takes the form a program gave bigints", () => {
    const prototype = BigInt.prototype as { toJSON?: unknown };
    prototype.toJSON = function (this: bigint) {
      return String(this);
    };
    try {
      expect(jsonText({ n: 9007199254740993n })).toBe('{"n":"9007199254740993"}');
    } finally {
      delete prototype.toJSON;
    }
  });
  it("lets an error of a toJSON() through", () => {
    const failing = {
      toJSON(): never {
        throw new RangeError("not now");
      },
    };
    expect(() => jsonText({ failing })).toThrow(new RangeError("not now"));
  });
});

describeEachDatabase("a document", (target) => {
  it("that JSON cannot say is refused where it is written, and nothing is sent", async () => {
    const metadata = new MetaData();
    const t = table("documents", { id: integer().primaryKey(), doc: json<unknown>() }, { metadata });
    await using engine = createEngine(await target.url());
    await metadata.createAll(engine);
    await using conn = await engine.connect();
    await conn.execute(insert(t).values({ id: 1, doc: { a: 1 } }));
    await conn.commit();
    const sent: string[] = [];
    engine.on("statement", (e) => void sent.push(e.sql));
    for (const [, document, place] of REFUSED) {
      await expect(conn.execute(insert(t).values({ id: 2, doc: document as never })), place).rejects.toThrow(place);
      const several = insert(t).values([
        { id: 3, doc: 1 },
        { id: 4, doc: [document] },
      ]);
      await expect(conn.execute(several), place).rejects.toThrow(ArgumentError);
      await expect(conn.execute(update(t).set({ doc: document as never })), place).rejects.toThrow(place);
    }
    await expect(conn.execute(insert(t).values({ id: 2, doc: { n: Number.NaN } }))).rejects.toThrow(/^'doc': The doc/);
    // Raw SQL, too.
    const raw = sql`update documents set doc = ${{ n: Number.NaN }}`;
    await expect(conn.execute(raw)).rejects.toThrow("'$.n' is NaN");
    expect(sent.filter((s) => /documents/.test(s))).toEqual([]);
    expect(await conn.execute(select(t.c.doc)).scalars().all()).toEqual([{ a: 1 }]);
  });
});
