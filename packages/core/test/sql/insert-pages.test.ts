/** An INSERT of more rows than a page: all of them or nothing, as they were when it was asked for. */
import { describeEachDatabase } from "@athanor/test-support";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  createEngine,
  custom,
  type Engine,
  insert,
  integer,
  MetaData,
  select,
  string,
  TypeDecorator,
  table,
} from "../../src/index.js";

class Picky extends TypeDecorator<string, string> {
  override readonly impl = string(20);
  override toDatabase(value: string) {
    if (value === "bad") throw new RangeError("too bad");
    return value;
  }
  override fromDatabase(value: string) {
    return value;
  }
}

describeEachDatabase("pages of an INSERT", (target) => {
  const metadata = new MetaData();
  const plain = table("plain_pages", { id: integer().primaryKey(), name: string(20) }, { metadata });
  const picky = table("picky_pages", { id: integer().primaryKey(), name: custom(Picky) }, { metadata });
  let engine: Engine;
  let sent: string[] = [];
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await metadata.createAll(engine);
    engine.on("statement", ({ sql }) => void sent.push(sql));
  });
  beforeEach(() => {
    sent = [];
  });
  afterAll(() => engine.dispose());
  const inserts = () => sent.filter((s) => s.startsWith("INSERT"));
  const rowsOf = (n: number) => Array.from({ length: n }, (_, i) => ({ id: i + 1, name: `row ${i}` }));

  it("nothing is sent when a row of the last page cannot be converted", async () => {
    const rows = rowsOf(2500);
    rows[2499] = { id: 2500, name: "bad" };
    await using connection = await engine.connect();
    await expect(async () => connection.execute(insert(picky).values(rows))).rejects.toThrow(/too bad/);
    expect(inserts()).toEqual([]);
  });
  it("rows are those of the call, whatever becomes of the list while it runs", async () => {
    await using connection = await engine.connect();
    const rows = rowsOf(2500);
    const running = connection.execute(insert(plain).values(rows)).then((result) => result);
    for (const row of rows) row.name = "changed";
    rows.length = 1;
    await running;
    const stored = await connection.execute(select(plain.c.id, plain.c.name).orderBy(plain.c.id)).all();
    expect(stored.map((r) => ({ id: r.id, name: r.name }))).toEqual(rowsOf(2500));
    expect(inserts().length).toBeGreaterThan(1);
  });
});

describe("generated loops over rows", () => {
  afterEach(() => vi.unstubAllEnvs());
  const load = async (generate: boolean) => {
    vi.resetModules();
    vi.stubEnv("ATHANOR_NO_CODEGEN", generate ? "" : "1");
    return import("../../src/codegen/rows.js");
  };
  it("do as the plain ones, whatever the names and values are", async () => {
    const [fast, slow] = [await load(true), await load(false)];
    const name = fc.constantFrom("a", "b", "it's", 'q"x', "line\nbreak", "\u2028", "constructor", "9", "");
    const value = fc.constantFrom<unknown>("text", 1, null, undefined, true, 5n, new Date(0), [1]);
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
        fc.array(fc.array(fc.option(value, { freq: 9, nil: "absent" }), { minLength: 5, maxLength: 5 }), {
          maxLength: 5,
        }),
        fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
        (keys, table_, converts) => {
          const rows = table_.map((cells) => {
            const entries = keys.map((key, i) => [key, cells[i]] as const).filter(([, v]) => v !== "absent");
            return Object.fromEntries(cells[4] === true ? [...entries, ["extra", 1]] : entries);
          });
          const odd = (list: typeof fast) => {
            const find = list.findOdd(keys);
            return rows.map((_, from) => find(rows, from));
          };
          expect(odd(fast)).toEqual(odd(slow));
          const columns = keys.map((key, i) => ({ key, process: converts[i] ? String : null }));
          const flat = (list: typeof fast) =>
            list.flatRows(columns)(rows, columns, Math.min(1, rows.length), rows.length, (v, c, row) => [
              c.key,
              v,
              row,
            ]);
          expect(flat(fast)).toEqual(flat(slow));
        },
      ),
    );
  });
});
