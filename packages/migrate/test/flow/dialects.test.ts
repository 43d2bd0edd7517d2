/** What is one database's own: exclusions, conversions, schemas, search paths, operator classes; TIMESTAMP and reserved words. */
import {
  dateTime,
  exclude,
  index,
  inspect,
  integer,
  MetaData,
  Sequence,
  sql,
  string,
  table,
  text,
  time,
} from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, expect, it } from "vitest";
import { labelOf, Operations, produceMigrations, renderOps, reversed } from "../../src/index.js";
import { OfflineHost } from "../../src/runtime/hosts.js";
import { AdHoc } from "./ad-hoc.js";

let a: AdHoc;
afterEach(() => a?.dispose());
const models = (declare: (metadata: MetaData) => void, options = {}): MetaData => {
  const metadata = new MetaData(options);
  declare(metadata);
  return metadata;
};
const labels = async (metadata: MetaData) => (await produceMigrations(a.context, [metadata])).map(labelOf);
/** There and back, and both times nothing is left. */
const change = async (from: MetaData, to: MetaData): Promise<string[]> => {
  await a.runSource(await produceMigrations(a.context, [from]));
  expect(await labels(from)).toEqual([]);
  const ops = await produceMigrations(a.context, [to]);
  await a.runSource(ops);
  expect(await labels(to)).toEqual([]);
  await a.runSource(reversed(ops));
  expect(await labels(from)).toEqual([]);
  return ops.map(labelOf);
};

describeEachDatabase(
  "PostgreSQL's own in migrations",
  (target) => {
    it("leaves what came with an extension or from another server, and partitions whose table stays", async () => {
      a = await AdHoc.open(target);
      const parent = (metadata: MetaData) =>
        table(
          "visit",
          { id: integer(), at: integer() },
          { metadata, dialectOptions: { postgresql: { partitionBy: "RANGE (at)" } } },
        );
      const declared = models((metadata) => {
        parent(metadata);
        metadata.addSequence(new Sequence("tickets"));
      });
      await a.runSource(await produceMigrations(a.context, [declared]));
      // The name sorts before that of its table.
      await a.connection.executeScript(
        "CREATE TABLE a_visit PARTITION OF visit FOR VALUES FROM (1) TO (9); CREATE EXTENSION citext; CREATE EXTENSION postgres_fdw; CREATE SERVER there FOREIGN DATA WRAPPER postgres_fdw; CREATE FOREIGN TABLE far (id integer) SERVER there; CREATE TYPE hue AS ENUM ('red'); CREATE TABLE hues (id integer, hue hue); CREATE SEQUENCE hue_numbers; CREATE FUNCTION hued() RETURNS integer LANGUAGE sql AS 'SELECT 1'; ALTER EXTENSION citext ADD TABLE hues; ALTER EXTENSION citext ADD TYPE hue; ALTER EXTENSION citext ADD SEQUENCE hue_numbers; ALTER EXTENSION citext ADD FUNCTION hued()",
      );
      const strict = async (metadata: MetaData) =>
        produceMigrations(a.context, [metadata], { compareObjects: true, includeSchemas: true });
      expect((await strict(declared)).map(labelOf)).toEqual([]);
      const ops = await strict(new MetaData());
      expect(ops.map(labelOf)).toEqual(["dropTable a_visit", "dropTable visit", "dropSequence tickets"]);
      await a.runSource(ops);
      await a.runSource(reversed(ops));
      expect((await strict(declared)).map(labelOf)).toEqual([]);
      const made = (factory: string, name: string) => factory === "createTable" && name === "a_visit";
      const own = await produceMigrations(a.context, [declared], { madeHere: made });
      expect(own.map(labelOf)).toEqual(["dropTable a_visit"]);
    });

    it("exclusion constraints: as operations, in batches, and compared", async () => {
      a = await AdHoc.open(target);
      const of = (where: string | undefined, ...operators: string[]) =>
        models((metadata) =>
          table(
            "booking",
            { id: integer().primaryKey(), room: text(), open: integer().nullable() },
            {
              metadata,
              constraints: (c) =>
                operators.map((o) =>
                  exclude(
                    "no_overlap",
                    [[sql`int4range(${c.id}, ${c.open})`, o]],
                    where === undefined ? {} : { where },
                  ),
                ),
            },
          ),
        );
      expect(await change(of(undefined), of("open > 0", "&&"))).toEqual(["addConstraint booking.no_overlap"]);
      await a.dispose();
      a = await AdHoc.open(target);
      expect(await change(of("open > 0", "&&"), of("open > 1", "&&"))).toEqual([
        "dropConstraint booking.no_overlap",
        "addConstraint booking.no_overlap",
      ]);
      await a.run(async (op) => {
        await op.dropConstraint("no_overlap", "booking", "exclude");
        await op.createExcludeConstraint("one_room", "booking", [["room", "="]], { using: "hash", where: "open > 0" });
        await op.batchAlterTable("booking", (b) => {
          b.createExcludeConstraint("two", [["open", "="]], {
            using: "btree",
            deferrable: true,
            initially: "DEFERRED",
          });
          b.dropConstraint("two", "exclude");
        });
      });
      expect(a.sent).toContain(
        `ALTER TABLE booking ADD CONSTRAINT one_room EXCLUDE USING hash (room WITH =) WHERE (open > 0)`,
      );
      await a.connection.executeScript("INSERT INTO booking VALUES (1, 'x', 2)");
      await expect(a.connection.executeScript("INSERT INTO booking VALUES (2, 'x', 3)")).rejects.toThrow(/one_room/);
    });

    it("an exclusion refuses an option it does not know", async () => {
      a = await AdHoc.open(target);
      const parts = [["room", "="]] as const;
      const misspelled = a.run((op) => op.createExcludeConstraint("ex", "booking", parts, { usng: "hash" } as never));
      await expect(misspelled).rejects.toThrow(
        `createExcludeConstraint("ex"): there is no option 'usng'. Did you mean 'using'?`,
      );
    });

    it("values move to another type by USING, which goes with a type only", async () => {
      a = await AdHoc.open(target);
      await a.connection.executeScript("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT DEFAULT '0')");
      await a.connection.executeScript("INSERT INTO t VALUES (1, '12 cm'), (2, '7 cm')");
      await a.run((op) =>
        op.alterColumn("t", "v", { type: integer(), using: "split_part(v, ' ', 1)::integer", serverDefault: null }),
      );
      expect((await a.rows("SELECT v FROM t ORDER BY id")).flat()).toEqual([12, 7]);
      await expect(a.run((op) => op.alterColumn("t", "v", { nullable: true, using: "v" }))).rejects.toMatchObject({
        code: "migrate.using",
      });
    });

    it("operator classes, methods and included columns make no false difference", async () => {
      a = await AdHoc.open(target);
      const metadata = models((m) =>
        table(
          "t",
          { id: integer().primaryKey(), name: string(40), n: integer() },
          {
            metadata: m,
            constraints: (c) => [
              index("ix_pattern", c.name).with("postgresql", { ops: { name: "varchar_pattern_ops" } }),
              index("ix_hash", c.name).with("postgresql", { using: "hash" }),
              index("ix_more", c.n.desc().nullsLast()).with("postgresql", {
                include: ["name"],
                with: { fillfactor: 70 },
              }),
              index("ix_both", sql`lower(${c.name})`, c.n).where(c.n.gt(3)),
            ],
          },
        ),
      );
      await a.runSource(await produceMigrations(a.context, [metadata]));
      expect(await labels(metadata)).toEqual([]);
      const [row] = await a.rows("SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_pattern'");
      expect(row?.[0]).toContain("varchar_pattern_ops");
    });

    it("the search path says which schema is the default one; others are named", async () => {
      a = await AdHoc.open(target);
      await a.connection.executeScript("CREATE SCHEMA tenant");
      await a.connection.executeScript("CREATE SCHEMA shop");
      await a.connection.executeScript("SET search_path TO tenant, public");
      const metadata = models((m) => {
        table("here", { id: integer().primaryKey() }, { metadata: m });
        table("named", { id: integer().primaryKey() }, { metadata: m, schema: "tenant" });
        table(
          "item",
          {
            id: integer().primaryKey(),
            hereId: integer().references("tenant.named.id", { name: "fk" }),
            selfId: integer().nullable().references("shop.item.id"),
          },
          { metadata: m, schema: "shop" },
        );
      });
      await a.runSource(await produceMigrations(a.context, [metadata]));
      expect(await labels(metadata)).toEqual([]);
      const names = async (schema: string) => [...(await inspect(a.connection).tableNames({ schema }))].sort();
      expect([await names("tenant"), await names("shop"), await names("public")]).toEqual([
        ["here", "named"],
        ["item"],
        [],
      ]);
      await a.runSource(await produceMigrations(a.context, [new MetaData()], { includeSchemas: true }));
      expect([await names("tenant"), await names("shop")]).toEqual([[], []]);
    });
  },
  { only: ["postgresql"] },
);

describeEachDatabase("names and times in migrations", (target) => {
  it("reserved words are names of tables, columns, indexes and keys", async () => {
    a = await AdHoc.open(target);
    const of = (more: boolean) =>
      models((metadata) => {
        table("order", { id: integer().primaryKey(), group: string(20), select: integer().nullable() }, { metadata });
        table(
          "user",
          {
            id: integer().primaryKey(),
            key: integer().references("order.id", { name: "from" }),
            ...(more ? { where: integer().serverDefault("1"), 'strange `name"': string(9).nullable() } : {}),
          },
          {
            metadata,
            constraints: (c) => (more ? [index("table", c.key, (c as unknown as { where: never }).where)] : []),
          },
        );
      });
    expect(await change(of(false), of(true))).toEqual([
      "addColumn user.where",
      'addColumn user.strange `name"',
      "createIndex user.table",
    ]);
    await a.run(async (op) => {
      await op.renameColumn("order", "group", "by");
      await op.alterColumn("order", "by", { type: string(40), nullable: true, serverDefault: "'x'" });
      await op.renameTable("order", "limit");
    });
    expect((await a.look("limit")).columns.find((c) => c.name === "by")).toMatchObject({ nullable: true });
  });

  it("times keep their NULL, their default and their clock", async () => {
    a = await AdHoc.open(target);
    const at = (nullable: boolean, clock: boolean) =>
      models((metadata) => {
        const made = clock
          ? dateTime({ timezone: true }).serverDefault("CURRENT_TIMESTAMP")
          : dateTime({ timezone: true });
        table("t", { id: integer().primaryKey(), at: (nullable ? made.nullable() : made) as never }, { metadata });
      });
    expect(await change(at(true, false), at(false, true))).toEqual(["alterColumn t.at"]);
    await a.run((op) => op.alterColumn("t", "at", { nullable: false }));
    await a.runSource(await produceMigrations(a.context, [at(true, true)]));
    await a.connection.executeScript("INSERT INTO t (id) VALUES (1)");
    await a.connection.executeScript("INSERT INTO t (id, at) VALUES (2, NULL)");
    expect((await a.rows("SELECT at IS NULL FROM t ORDER BY id")).flat().map(Boolean)).toEqual([false, true]);
    expect(await labels(at(true, true))).toEqual([]);
  });
});

describeEachDatabase("fractions of a second in migrations", (target) => {
  it("change where the model says how many and the database has them", async () => {
    a = await AdHoc.open(target);
    const of = (precision: 0 | 3 | 6 | undefined) => {
      const options = precision === undefined ? {} : { precision };
      return models((metadata) =>
        table("t", { id: integer().primaryKey(), at: dateTime(options), on: time(options) }, { metadata }),
      );
    };
    const changed = a.connection.dialect.name === "sqlite" ? [] : ["alterColumn t.at", "alterColumn t.on"];
    expect(await change(of(0), of(3))).toEqual(changed);
    expect(await change(of(0), of(6))).toEqual(changed);
    expect(await labels(of(undefined))).toEqual([]);
    await a.dispose();
    a = await AdHoc.open(target);
    expect(await change(of(undefined), of(6))).toEqual([]);
    expect(await labels(of(3))).toEqual(changed);
  });
});

describeEachDatabase(
  "MySQL's and MariaDB's own in migrations",
  (target) => {
    it("TIMESTAMP columns stay as they are when something else of them changes", async () => {
      a = await AdHoc.open(target);
      await a.connection.executeScript(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, ts TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT 'when', n INT UNSIGNED NOT NULL DEFAULT 4 COMMENT 'so many')",
      );
      await a.run(async (op) => {
        await op.renameColumn("t", "ts", "changed");
        await op.alterColumn("t", "n", { comment: "more" });
      });
      const [row] = await a.rows("SHOW CREATE TABLE t");
      expect(String(row?.[1])).toContain(
        target.name === "mysql"
          ? "`changed` timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT 'when'"
          : "`changed` timestamp NULL DEFAULT current_timestamp() ON UPDATE current_timestamp() COMMENT 'when'",
      );
      expect(String(row?.[1])).toContain(
        target.name === "mysql"
          ? "`n` int unsigned NOT NULL DEFAULT '4' COMMENT 'more'"
          : "`n` int(10) unsigned NOT NULL DEFAULT 4 COMMENT 'more'",
      );
    });
    it.each(["PRIMARY KEY (n)", "UNIQUE u (n)", "KEY k (n, w)"])("AUTO_INCREMENT stays, with %s", async (key) => {
      a = await AdHoc.open(target);
      await a.connection.executeScript(
        `CREATE TABLE t (w INTEGER NOT NULL, n INTEGER NOT NULL AUTO_INCREMENT, ${key})`,
      );
      await a.run((op) => op.alterColumn("t", "n", { comment: "numbered" }));
      const [row] = await a.rows("SHOW CREATE TABLE t");
      expect(String(row?.[1])).toMatch(/`n` int\S* NOT NULL AUTO_INCREMENT COMMENT 'numbered'/);
    });
    it("an index that a foreign key stands on goes after the key, and comes back before it", async () => {
      a = await AdHoc.open(target);
      const of = (keyed: boolean) =>
        models((metadata) => {
          table("p", { id: integer().primaryKey() }, { metadata });
          const pId = integer();
          table(
            "c",
            { id: integer().primaryKey(), pId: keyed ? pId.references("p.id", { name: "fk_c" }) : pId },
            {
              metadata,
              constraints: (c) => (keyed ? [index("ix_c", c.pId)] : []),
            },
          );
        });
      expect(await change(of(true), of(false))).toEqual(["dropConstraint c.fk_c", "dropIndex c.ix_c"]);
    });
  },
  { only: ["mariadb", "mysql"] },
);

describeEachDatabase("a rename that autogenerate wrote", (target) => {
  it("is a script too, on databases that say the whole column anew", async () => {
    a = await AdHoc.open(target);
    const of = (name: string) =>
      models((metadata) =>
        table(
          "person",
          { id: integer().primaryKey(), [name]: string(20).nullable().serverDefault("'x'") },
          { metadata },
        ),
      );
    await a.runSource(await produceMigrations(a.context, [of("bio")]));
    const ops = await produceMigrations(a.context, [of("life")], { renames: ["person.bio:life"] });
    for (const both of [ops, reversed(ops)]) {
      const lines: string[] = [];
      const { text, imports } = renderOps(both, { dialect: a.engine.dialect });
      const names = imports.flatMap((i) => i.names);
      const work = new Function("op", ...names, `return (async () => {${text}\n})();`);
      const host = new OfflineHost(a.engine.dialect, (line) => void lines.push(line), undefined, undefined);
      const op = new Operations(host, a.context.impl);
      await work(op, ...names.map((n) => (a.core as unknown as Record<string, unknown>)[n]));
      await op.finish();
      await a.connection.executeScript(lines.join("\n"));
      const model = of(both === ops ? "life" : "bio");
      expect(await labels(model)).toEqual([]);
    }
  });
});
