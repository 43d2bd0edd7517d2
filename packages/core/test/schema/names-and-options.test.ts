// Hostile names of columns on every database, keys that number themselves and those that do not, a third party's options.
import { describeEachDatabase } from "@athanor/test-support";
import { describe, expect, it } from "vitest";
import { SqliteDdlCompiler } from "../../src/dialects/sqlite/ddl.js";
import {
  CreateTable,
  createEngine,
  dialectNamed,
  insert,
  inspect,
  integer,
  MetaData,
  select,
  string,
  table,
  tableOf,
  update,
} from "../../src/index.js";

const HOSTILE = [
  "a%b",
  "a.b",
  "a:b",
  "a(b)",
  "[a]",
  "a b",
  'a"b',
  "a`b",
  "a'b",
  "select",
  "Mixed",
  "ü",
  "a%(b)s",
  "$1",
  "?",
  "--x",
];

describeEachDatabase("hostile names of columns", (target) => {
  it("survive creation, parameters, results, changes and reflection", async () => {
    const engine = createEngine(await target.url());
    try {
      const metadata = new MetaData();
      const props = Object.fromEntries(HOSTILE.map((name) => [name, string(20).nullable().named(name)]));
      const t = table("odd", { id: integer().primaryKey(), ...props }, { metadata }) as never as {
        readonly c: { readonly [name: string]: never };
      };
      await metadata.createAll(engine);
      const row = Object.fromEntries(HOSTILE.map((name) => [name, `v ${name}`]));
      await engine.begin(async (c) => {
        await c.execute(
          insert(t as never).values([
            { id: 1, ...row },
            { id: 2, ...row },
          ] as never),
        );
        expect((await c.execute(select(t as never)).all()).map((r) => r[0])).toEqual(
          [1, 2].map((id) => ({ id, ...row })),
        );
        for (const name of HOSTILE) {
          const column = t.c[name] as unknown as { eq(v: string): never };
          await c.execute(
            update(t as never)
              .set({ [name]: "new" } as never)
              .where(column.eq(`v ${name}`)),
          );
          const found = await c.execute(select(column as never).where(column.eq("new"))).all();
          expect(found.map((r) => r[0])).toEqual(["new", "new"]);
        }
        expect((await inspect(c).columns("odd")).map((x) => x.name)).toEqual(["id", ...HOSTILE]);
      });
    } finally {
      await engine.dispose();
    }
  });
});

describe("keys that number themselves", () => {
  // SQLAlchemy, autoincrement="auto": one whole number without a foreign key or a default.
  it("are single whole numbers without reference or default", () => {
    const metadata = new MetaData();
    const lines = (t: unknown) =>
      ["postgresql", "mysql"].map(
        (name) =>
          dialectNamed(name)
            .createDdlCompiler()
            .statements(new CreateTable(tableOf(t as never)))[0] as string,
      );
    const numbered = /SERIAL|AUTO_INCREMENT/;
    const one = table("one", { id: integer().primaryKey() }, { metadata });
    const two = table("two", { a: integer(), b: integer() }, { metadata, primaryKey: ["a", "b"] });
    const child = table("child", { id: integer().references("one.id").primaryKey() }, { metadata });
    const given = table("given", { id: integer().default(1).primaryKey() }, { metadata });
    const text = table("words", { id: string(5).primaryKey() }, { metadata });
    const asked = table("asked", { a: integer().autoincrement(), b: integer() }, { metadata, primaryKey: ["a", "b"] });
    const off = table("off", { id: integer().primaryKey().autoincrement(false) }, { metadata });
    for (const sql of [...lines(one), ...lines(asked)]) expect(sql).toMatch(numbered);
    for (const t of [two, child, given, text, off]) for (const sql of lines(t)) expect(sql).not.toMatch(numbered);
  });
});

describe("options of a third party's dialect", () => {
  class OwnDdl extends SqliteDdlCompiler {
    protected override readonly optionsName = "own";
    protected override readonly tableOptions = ["shards", "autoincrement", "strict", "withoutRowid"];
    protected override tableSuffix(t: Parameters<SqliteDdlCompiler["visitCreateTable"]>[0]["table"]): string {
      const { shards } = this.optionsOf(`Table '${t.fullName}'`, t.dialectOptions, this.tableOptions);
      return shards === undefined ? "" : ` SHARDS ${shards}`;
    }
  }
  const sql = (options: object) => {
    const t = table(
      "t",
      { id: integer().primaryKey() },
      { metadata: new MetaData(), dialectOptions: { own: { ...options }, sqlite: { strict: true } } },
    );
    return new OwnDdl(dialectNamed("sqlite")).statements(new CreateTable(tableOf(t)))[0];
  };
  it("are its own to name, and misspelled ones are told", () => {
    expect(sql({ shards: 4 })).toMatch(/\) SHARDS 4$/);
    expect(() => sql({ shrads: 4 })).toThrow(/own has no option 'shrads'. Did you mean 'shards'/);
  });
});
