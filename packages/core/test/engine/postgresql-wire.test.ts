/** Rows read from the bytes PostgreSQL sends: order, cuts between chunks, errors in readers, and whether `pg` still lets us. */

import { spawnSync } from "node:child_process";
import { chownSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeEachDatabase, startEmbeddedPostgres } from "@athanor/test-support";
import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bigInteger, integer, string, text } from "../../src/api/columns.js";
import { insert, select } from "../../src/api/statements.js";
import { table, tableOf } from "../../src/api/tables.js";
import { asPgQuery, isWireStatement, WireStatement } from "../../src/dialects/postgresql/driver-query.js";
import { rowBytesReader, rowPlan } from "../../src/dialects/postgresql/driver-readers.js";
import { MessageWriter, splitter, tapConnection } from "../../src/dialects/postgresql/driver-wire.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { CreateTable } from "../../src/schema/ddl.js";
import { INTEGER, STRING } from "../../src/types/sql-type.js";

describe("the installed pg", () => {
  it("can be tapped: otherwise reads fall back to pg's own and are slower", () => {
    expect(asPgQuery(pg.Query)).toBe(true);
    expect(tapConnection(new pg.Client({}), isWireStatement)).toBe(true);
  });
  it("of another make is left alone", () => {
    expect(asPgQuery(undefined)).toBe(false);
    expect(asPgQuery(class {})).toBe(false);
    expect(tapConnection({} as pg.Client, isWireStatement)).toBe(false);
    expect(tapConnection({ connection: { attachListeners() {} } } as never, isWireStatement)).toBe(false);
  });
});

describe("the stream of messages", () => {
  const message = (code: number, body: Buffer): Buffer => {
    const out = Buffer.alloc(5 + body.length);
    out[0] = code;
    out.writeInt32BE(4 + body.length, 1);
    body.copy(out, 5);
    return out;
  };
  it("is cut the same however it arrives, in order, rows only to the query that is active then", () => {
    const code = fc.constantFrom(49, 50, 67, 68, 84, 90, 78);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(code, fc.uint8Array({ minLength: 1, maxLength: 40 })), { maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 }),
        (messages, cuts) => {
          const seen: string[] = [];
          let active = false;
          const split = splitter(
            (part) => {
              for (let at = 0; at < part.length; ) {
                const end = at + 1 + part.readInt32BE(at + 1);
                seen.push(part.subarray(at, end).toString("hex"));
                // RowDescription makes a query active, ReadyForQuery ends it.
                if (part[at] === 84) active = true;
                if (part[at] === 90) active = false;
                at = end;
              }
            },
            () => {
              if (!active) return undefined;
              return {
                parsed: () => seen.push("parsed"),
                dataRow: (bytes, at) => seen.push(`row ${bytes[at]}`),
                complete: (bytes, from, to) => seen.push(`complete ${bytes.subarray(from, to).toString("hex")}`),
              };
            },
          );
          const expected: string[] = [];
          let now = false;
          for (const [c, body] of messages) {
            const bytes = Buffer.from(body);
            if (now && c === 49) expected.push("parsed");
            else if (now && c === 68) expected.push(`row ${bytes[0]}`);
            else if (now && c === 67) expected.push(`complete ${bytes.subarray(0, -1).toString("hex")}`);
            else if (!(now && c === 50)) expected.push(message(c, bytes).toString("hex"));
            if (c === 84) now = true;
            if (c === 90) now = false;
          }
          const all = Buffer.concat(messages.map(([c, body]) => message(c, Buffer.from(body))));
          for (let at = 0, i = 0; at < all.length; i++) {
            const size = cuts[i % cuts.length] as number;
            split(all.subarray(at, at + size));
            at += size;
          }
          expect(seen).toEqual(expected);
        },
      ),
    );
  });
  it("refuses what would end a message early", () => {
    const writer = new MessageWriter();
    expect(() => writer.simpleQuery("select '\0'")).toThrow(/NUL/);
    writer.drop();
    writer.bind("", ["a\u{1f701}", null, Uint8Array.from([1, 2])], []);
    expect(writer.take().includes(Buffer.from("a\u{1f701}"))).toBe(true);
  });
  it("makes what a reader throws the error of its query", () => {
    const known = {
      name: "s",
      parsed: true,
      described: { fields: [{ name: "a", typeCode: 23 }], oids: [23] },
      plan: undefined,
    };
    const answers: unknown[] = [];
    const query = new WireStatement("select a", [], known, undefined, true, (error, result) =>
      answers.push(error ?? result),
    );
    expect(query.submit({ stream: { writable: true, write: () => true } })).toBeNull();
    const whole = Buffer.from([0, 1, 0, 0, 0, 4, 0, 0, 0, 7]);
    query.dataRow(whole as never, 0);
    query.dataRow(whole.subarray(0, 8) as never, 0);
    query.dataRow(whole as never, 0);
    query.handleReadyForQuery();
    expect(answers).toHaveLength(1);
    expect(answers[0]).toBeInstanceOf(RangeError);
  });
  it("is read as the columns are declared, where that agrees with the server's types", () => {
    const row = Buffer.concat([Buffer.from([0, 2, 0, 0, 0, 1, 53]), Buffer.from([0, 0, 0, 1, 53])]);
    const read = (columns: Parameters<typeof rowPlan>[1]) =>
      rowBytesReader(rowPlan([23, 23], columns, false))(row as never, 0);
    expect(read(undefined)).toEqual([5, 5]);
    expect(read([{ type: INTEGER }, { type: STRING }])).toEqual([5, "5"]);
    expect(rowPlan([23, 1700, 25, 700], undefined, true).formats).toEqual([1, 0, 0, 0]);
    expect(rowPlan([25], undefined, true).formats).toEqual([]);
  });
});

const notes = table("notes", {
  id: integer().primaryKey(),
  big: bigInteger(),
  name: string(50).nullable(),
  body: text(),
});

describeEachDatabase(
  "statements written and read by us",
  (target) => {
    let engine: Engine;
    beforeAll(async () => {
      engine = createEngine(await target.url());
      await engine.begin(async (conn) => {
        await conn.execute(new CreateTable(tableOf(notes)));
        for (let id = 1; id <= 50; id++)
          await conn.execute(
            insert(notes).values({
              id,
              big: BigInt(id) * 2n ** 40n,
              name: id % 2 ? null : `n${id}`,
              body: "x".repeat(id * 997),
            }),
          );
      });
    });
    afterAll(() => engine.dispose());

    it("give the same rows the first time, named, and in binary", async () => {
      await using conn = await engine.connect();
      const all = [];
      for (let i = 0; i < 4; i++) all.push(await conn.execute(select(notes).orderBy(notes.c.id)).all());
      for (const rows of all) expect(rows).toEqual(all[0]);
      expect(all[0]).toHaveLength(50);
      const raws = [];
      for (let i = 0; i < 4; i++)
        raws.push(await conn.execDriverSql("select * from notes order by id").mappings().all());
      for (const rows of raws) expect(rows).toEqual(raws[0]);
      expect(raws[0]?.[49]).toEqual({ id: 50, big: 50n * 2n ** 40n, name: "n50", body: "x".repeat(50 * 997) });
    });
    it("read every type alike in text and in binary", async () => {
      await using conn = await engine.connect();
      const sql = `select 1::int2, (-2147483648)::int4, 9223372036854775807::int8, (-9223372036854775808)::int8, 9007199254740993::int8,
        (-9007199254740993)::int8, 4294967295::oid, 0.1::float4, 0.1::float8, 'NaN'::float8, '-Infinity'::float8, true, false, null::int4,
        '2024-02-29 23:59:59.999999'::timestamp, '0044-03-15 12:00:00.5 BC'::timestamp, '1969-12-31 23:59:59.999999+00'::timestamptz,
        '1999-12-31 23:59:59.9999'::timestamp, 'infinity'::timestamp, '-infinity'::timestamptz, '200000-01-01'::timestamp,
        '\\x00ff27'::bytea, ''::bytea, 1.50::numeric, 'é\u{1f701}', '{1,2}'::int[], '[1]'::jsonb`;
      const first = [...((await conn.execDriverSql(sql).one()) as readonly unknown[])];
      for (let i = 0; i < 3; i++)
        expect([...((await conn.execDriverSql(sql).one()) as readonly unknown[])]).toEqual(first);
      expect(first.slice(0, 14)).toEqual([
        1,
        -2147483648,
        2n ** 63n - 1n,
        -(2n ** 63n),
        9007199254740993n,
        -9007199254740993n,
        4294967295,
        0.1,
        0.1,
        Number.NaN,
        -Infinity,
        true,
        false,
        null,
      ]);
      expect(first[14]).toEqual(new Date("2024-02-29T23:59:59.999Z"));
      expect(first[16]).toEqual(new Date("1969-12-31T23:59:59.999Z"));
    });
    it("fail alone when the server does not like one", async () => {
      await using conn = await engine.connect({ isolationLevel: "AUTOCOMMIT" });
      for (let i = 0; i < 3; i++) {
        await expect(conn.execDriverSql("select 1/(2-x) from generate_series(1,3) x").all()).rejects.toThrow(
          /division by zero/,
        );
        await expect(conn.execDriverSql("select $1::int", ["x"]).all()).rejects.toThrow(/invalid input syntax/);
        await expect(conn.execDriverSql("selec 1", []).all()).rejects.toThrow(/syntax error/);
        expect(await conn.execDriverSql("select $1::int", [i]).scalar()).toBe(i);
      }
    });
    it("notice a table that changed under a prepared statement", async () => {
      await using conn = await engine.connect({ isolationLevel: "AUTOCOMMIT" });
      await using other = await engine.connect({ isolationLevel: "AUTOCOMMIT" });
      await conn.executeScript("create table changing (a int); insert into changing values (1)");
      for (let i = 0; i < 3; i++)
        expect(await conn.execDriverSql("select * from changing").mappings().all()).toEqual([{ a: 1 }]);
      await other.executeScript("alter table changing add column b text default 'new'");
      for (let i = 0; i < 3; i++)
        expect(await conn.execDriverSql("select * from changing").mappings().all()).toEqual([{ a: 1, b: "new" }]);
    });
    it("keep statements and errors apart when many travel together", async () => {
      await using conn = await engine.connect();
      await conn.executeScript("create temp table t (id int primary key, v text)");
      const sets = Array.from({ length: 1200 }, (_, i) => [i, `v${i}`]);
      await conn.execDriverSql("insert into t values ($1, $2)", sets as never);
      expect(await conn.execDriverSql("select count(*) from t").scalar()).toBe(1200n);
      await conn.beginNested();
      const doubled = conn.execDriverSql("insert into t values ($1, $2)", [
        [2000, "a"],
        [5, "b"],
        [2001, "c"],
      ] as never);
      await expect(doubled).rejects.toThrow(/duplicate key/);
    });
    it("refuse the streams of COPY instead of losing them, and go on", async () => {
      await using conn = await engine.connect();
      await conn.execDriverSql("create temporary table copied (a int)");
      await conn.commit();
      await expect(conn.execDriverSql("copy (select 1) to stdout").all()).rejects.toThrow(/TO STDOUT gives a stream/);
      await conn.rollback();
      await expect(conn.execDriverSql("copy copied from stdin").all()).rejects.toThrow(/FROM STDIN needs a stream/);
      await conn.rollback();
      expect(await conn.execDriverSql("select 7").scalar()).toBe(7);
    });
    it("send several commands of raw SQL, again and again", async () => {
      await using conn = await engine.connect();
      for (let i = 0; i < 3; i++)
        expect(await conn.execDriverSql("select 1 as a; select 2 as b").mappings().all()).toEqual([{ b: 2 }]);
      for (let i = 0; i < 3; i++) expect(await conn.execDriverSql("").rowCount()).toBe(-1);
    });
  },
  { only: ["postgresql"] },
);

describe("over TLS", () => {
  it("rows are read from bytes too", async () => {
    const folder = mkdtempSync(join(tmpdir(), "athanor-tls-"));
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const made = spawnSync("openssl", [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-keyout",
      key,
      "-out",
      cert,
      "-days",
      "2",
      "-subj",
      "/CN=localhost",
    ]);
    if (made.status !== 0) return rmSync(folder, { recursive: true });
    if (process.getuid?.() === 0) {
      const entry = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync("/etc/passwd", "utf8")) ?? ["", "65534", "65534"];
      for (const path of [folder, key, cert]) chownSync(path, Number(entry[1]), Number(entry[2]));
    }
    const server = await startEmbeddedPostgres({ settings: { ssl: "on", ssl_cert_file: cert, ssl_key_file: key } });
    try {
      await using engine = createEngine(`${server.url}?sslmode=require`);
      await using conn = await engine.connect();
      const raw = conn.driverConnection as { connection: { stream: { encrypted?: boolean } } };
      expect(raw.connection.stream.encrypted).toBe(true);
      for (let i = 0; i < 3; i++) {
        const rows = await conn.execDriverSql("select n, repeat('x', 3000) from generate_series(1, 500) n").all();
        expect(rows.map((r) => r[0])).toEqual(Array.from({ length: 500 }, (_, n) => n + 1));
      }
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
