/** Texts with backslashes, written into DDL and statements: the same text, whatever a session makes of a backslash. */
import { describeEachDatabase, type Target } from "@athanor/test-support";
import mysql2 from "mysql2/promise";
import { expect, it } from "vitest";
import {
  check,
  createEngine,
  type Engine,
  enumeration,
  insert,
  inspect,
  integer,
  json,
  literal,
  MetaData,
  mysql,
  select,
  sql,
  string,
  table,
  tableOf,
  text,
} from "../../src/index.js";

const BACKSLASHES = ["a\\b", "\\d+\\\\", "it's \\ so", "\\\\server\\share", "ü\\ü"] as const;
const [FIRST] = BACKSLASHES;

async function roundTrip(engine: Engine, target: Target, texts: readonly string[]): Promise<void> {
  for (const one of texts) {
    const metadata = new MetaData();
    const t = table(
      "notes",
      {
        id: integer().primaryKey(),
        kind: enumeration(["plain", one] as const, { name: "kinds", native: true }),
        note: string(40)
          .comment(one)
          .serverDefault(sql`${literal(one, string())}`),
        doc: json<{ [key: string]: number }>().nullable(),
      },
      { metadata, comment: one, constraints: (c) => [check(c.note.ne(`${one}${one}`), "ck_notes_note")] },
    );
    await metadata.createAll(engine);
    await engine.begin(async (conn) => {
      await conn.execute(insert(t).values({ id: 1, kind: one, doc: { [one]: 7 } }));
      const row = await conn.execute(select(t.c.kind, t.c.note, t.c.doc.get(one).asNumber().as("n"))).one();
      expect([...row]).toEqual([one, one, 7]);
      if (!target.capabilities.has("comments")) return;
      const inspector = inspect(conn);
      expect((await inspector.table("notes")).comment).toBe(one);
      expect((await inspector.columns("notes")).find((c) => c.name === "note")?.comment).toBe(one);
    });
    const refused = engine.begin((conn) => conn.execute(insert(t).values({ id: 2, kind: "plain", note: one + one })));
    await expect(refused).rejects.toThrow(/ck_notes_note/);
    const escaped = select(literal(1, integer()).as("one")).where(
      literal("a%b", string()).like("a\\%b", { escape: "\\" }),
    );
    await engine.begin(async (conn) => {
      expect(await conn.execute(escaped).scalar()).toBe(1);
      const both = select(literal(one, string()).as("v"), literal(one, text()).as("w")).where(sql`${one} = ${one}`);
      const written = both.compile(engine, { literalBinds: true });
      expect([...(await conn.execDriverSql(written.sql).one())]).toEqual([one, one]);
    });
    await metadata.dropAll(engine);
  }
}

describeEachDatabase("a text with backslashes", (target) => {
  it("is itself in comments, enums, defaults, checks, paths and literals", async () => {
    await using engine = createEngine(await target.url());
    await roundTrip(engine, target, BACKSLASHES);
  });
});

describeEachDatabase(
  "a text with backslashes where sessions take them as they are",
  (target) => {
    const plain = async () =>
      createEngine(await target.url(), {
        creator: async (settings) => {
          const connection = await mysql2.createConnection(settings);
          await connection.query("set sql_mode = concat(@@sql_mode, ',NO_BACKSLASH_ESCAPES')");
          return connection;
        },
      });
    it("is itself", async () => {
      await using engine = await plain();
      // With this mode MySQL cannot read the quotes again that it writes into its own expressions: an error, and no damage.
      const quoted = target.name === "mysql" ? [] : ["it's \\ so"];
      await roundTrip(engine, target, [FIRST, ...quoted, "\\\\server\\share", "ü\\ü"]);
    });
    it("is refused in DDL where it could end its literal in another session", async () => {
      await using engine = await plain();
      await engine.connect().then((c) => c.close());
      const metadata = new MetaData();
      for (const risky of ["ends \\", "\\' or 1=1"]) {
        const kinds = table(`t${risky.length}`, { id: integer().primaryKey(), k: mysql.set("a", risky) }, { metadata });
        await expect(metadata.createAll(engine, { tables: [tableOf(kinds)] })).rejects.toMatchObject({
          code: "ddl.backslash",
          message: expect.stringContaining(JSON.stringify(risky)),
        });
      }
    });
    it("is itself in scripts", async () => {
      await using engine = await plain();
      await using conn = await engine.connect();
      await conn.executeScript(
        "create table s (v varchar(20)); insert into s values ('\\'); insert into s values (';')",
      );
      expect(await conn.execDriverSql("select v from s").scalars().all()).toEqual(["\\", ";"]);
    });
  },
  { only: ["mariadb", "mysql"] },
);
