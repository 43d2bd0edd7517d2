// What real schemas hold beside plain tables: several keys between two tables, circles, one-to-one, composite keys,
// enumerations, checks, partial and expression indexes, comments, odd names, types nobody has a factory for.
import { createEngine, type Engine, inspect, type ReflectedTable } from "@athanor/core";
import { type PulledModels, pullModels } from "@athanor/migrate";
import { mapperOf } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { differences, expectSameDatabase, PulledFiles, reflect } from "./pulled-file.js";

const common = `
create table people (id integer primary key, email varchar(80) not null, boss_id integer references people (id), constraint uq_people_email unique (email));
create table passports (person_id integer primary key references people (id) on delete cascade, number varchar(20) not null);
create table teams (id integer primary key, name varchar(40) not null, captain_id integer unique references people (id));
create table matches (id integer primary key, home_team_id integer not null references teams (id), away_team_id integer not null references teams (id), score integer default 0 not null, constraint ck_matches_score check (score >= 0));
create table memberships (person_id integer not null references people (id), team_id integer not null references teams (id), since date not null, primary key (person_id, team_id));
create table followers (follower_id integer not null references people (id), followed_id integer not null references people (id), primary key (follower_id, followed_id));
create table person_team (person_id integer not null references people (id), team_id integer not null references teams (id), primary key (person_id, team_id));
create table orders (shop integer not null, number integer not null, primary key (shop, number));
create table order_lines (shop integer not null, number integer not null, line integer not null, note varchar(30), primary key (shop, number, line), constraint fk_lines_order foreign key (shop, number) references orders (shop, number) on delete cascade);
create table log_entries (at timestamp, message varchar(100));
create index ix_people_boss_id on people (boss_id);
create index ix_lines_note on order_lines (note, line);
`;
const own: Record<string, string> = {
  sqlite: `
create table "odd names" ("select" integer primary key, "Mixed Case" text, "1st" text collate nocase, "class" blob, "then" text, "a b" text, "a_b" text, untyped, "quote""d" text default 'it''s');
create table settings (id integer primary key autoincrement, key text not null, area real generated always as (length(key) * 2) stored, at datetime default CURRENT_TIMESTAMP, data json) strict;
create unique index ix_settings_lower on settings (lower(key)) where id > 5;
create index ix_settings_desc on settings (key desc, id);
create view v_people as select * from people;
create trigger tr_people after insert on people begin select 1; end;
`.replace(") strict;", ");"),
  postgresql: `
create type mood as enum ('sad', 'it''s ok', 'happy');
create sequence counters;
create table "odd names" ("select" serial primary key, "Mixed Case" text, "1st" text collate "C", "class" bytea, "then" text, "a b" text, "a_b" text, "quote""d" text default 'it''s');
create table settings (id integer generated always as identity (start with 5 increment by 2) primary key, key text not null, m mood default 'sad', ms mood[], data jsonb, plain json, tags text[] not null default '{}', area integer generated always as (length(key) * 2) stored, at timestamp with time zone default now(), addr inet, precise timestamp(3), code character(3), price numeric(38, 10) check (price > 0), big bigint, u uuid, constraint uq_key unique nulls not distinct (key, big), constraint uq_late unique (code) deferrable initially deferred);
comment on table settings is 'what is set; it''s "quoted"
over two lines';
comment on column settings.key is 'the key';
create unique index ix_settings_lower on settings (lower(key)) where id > 5;
create index ix_settings_desc on settings (key desc nulls last, id);
create index ix_settings_tags on settings using gin (tags);
create index ix_settings_include on settings (code) include (big);
create view v_people as select * from people;
create domain positive as integer check (value > 0);
create domain "Odd Domain" as varchar(20);
create table natives (id integer primary key, ip inet, net cidr, mac macaddr, mac8 macaddr8, r int4range, nr numrange[], dr daterange, tr tstzrange, im int8multirange, b bit(8), b1 bit, vb bit varying(5), vb0 bit varying, vec tsvector, q tsquery, iv interval, ivd interval day to second(3), tz time with time zone, t3 time(3) without time zone, cash money, o oid, rc regclass, x xml, p positive, ps positive[], od "Odd Domain", f4 real, f8 double precision, n numeric, j jsonb not null default '{}', js jsonb[], c10 char(10), g point);
create table parted (id integer not null, ref integer references settings (id) on update set null deferrable initially deferred, n integer default nextval('counters'), primary key (id));
`,
  mariadb: `
create table \`odd names\` (\`select\` integer auto_increment primary key, \`Mixed Case\` text, \`1st\` varchar(20) collate utf8mb4_bin, \`class\` blob, \`then\` text, \`a b\` text, \`a_b\` text, \`quote\`\`d\` varchar(20) default 'it''s');
create table settings (id integer unsigned auto_increment primary key, \`key\` varchar(50) not null comment 'the key; it''s', m enum('sad', 'it''s ok') default 'sad', flags set('a', 'b'), data json, area integer generated always as (length(\`key\`) * 2) stored, at timestamp not null default current_timestamp on update current_timestamp, y year, big bigint unsigned, ok tinyint(1) not null default 1, price decimal(38, 10) check (price > 0), constraint ck_named check (ok in (0, 1)), body text, fulltext index ix_body (body), index ix_prefix (body(20)), index ix_desc (\`key\` desc, id)) comment 'what is set' engine = InnoDB;
create table natives (id integer primary key, t1 tinyint, t2 tinyint unsigned, s smallint unsigned, m mediumint, mu mediumint unsigned, z int(5) unsigned zerofill, bu bigint unsigned, d decimal(10, 2) unsigned, f float, du double unsigned, b1 bit, b9 bit(9), y year, c char(3), tt tinytext, mt mediumtext, lt longtext, tb tinyblob, mb mediumblob, lb longblob, fixed binary(16), var varbinary(20), dt datetime, dt3 datetime(3), dt6 datetime(6), ti time, ti6 time(6), ts timestamp(3) null, i4 inet4, i6 inet6, u uuid, j json, g point, s2 set('x', 'it''s') default 'x');
create view v_people as select * from people;
`,
};
// Of MariaDB alone.
own.mysql = (own.mariadb as string).replace(" i4 inet4, i6 inet6, u uuid,", "");

describeEachDatabase(
  "a hard schema pulled",
  (target) => {
    const files = new PulledFiles();
    let engine: Engine;
    let before: readonly ReflectedTable[];
    let pulled: PulledModels;
    let path: string;
    beforeAll(async () => {
      engine = createEngine(await target.url());
      const connection = await engine.connect();
      // In MySQL a REFERENCES beside the column is read and forgotten by old servers; MariaDB keeps it.
      await connection.executeScript(common + own[target.name]);
      await connection.commit();
      await connection.close();
      before = await engine.begin(reflect);
      pulled = await engine.begin((c) => pullModels(c));
      path = await files.write(pulled.source);
    });
    afterAll(async () => {
      await engine?.dispose();
      await files.remove();
    });

    it("compiles", async () => {
      expect(await files.diagnostics(path)).toBe("");
    }, 60_000);
    it("configures, with every relationship under the name it should have", async () => {
      const models = await files.load(path);
      models.Base.registry.configure();
      const of = (name: string) =>
        Object.fromEntries(
          mapperOf(models[name]).relationships.map((r) => [r.key, `${r.definition.kind} ${r.target}`]),
        );
      expect(of("Person")).toEqual({
        boss: "manyToOne Person",
        people: "oneToMany Person",
        passport: "oneToOne Passport",
        team: "oneToOne Team",
        memberships: "oneToMany Membership",
        followers: "manyToMany Person",
        followeds: "manyToMany Person",
        teams: "manyToMany Team",
      });
      expect(of("Team")).toEqual({
        captain: "oneToOne Person",
        matchesByHomeTeam: "oneToMany Match",
        matchesByAwayTeam: "oneToMany Match",
        memberships: "oneToMany Membership",
        people: "manyToMany Person",
      });
      expect(of("Match")).toEqual({ homeTeam: "manyToOne Team", awayTeam: "manyToOne Team" });
      expect(of("OrderLine")).toEqual({ order: "manyToOne Order" });
      expect(of("Order")).toEqual({ orderLines: "oneToMany OrderLine" });
      expect(mapperOf(models.Person).relationship("followers")?.secondary?.remotePairs[0]?.column.key).toBe(
        "followerId",
      );
      expect(pulled.names.get("log_entries")).toBe("logEntries");
    });
    it("loses nothing: a database made from it reflects the same, and autogenerate is silent", async () => {
      const models = await files.load(path);
      expect(await differences(engine, models.Base.metadata)).toEqual([]);
      const fresh = createEngine(await target.url());
      try {
        if (target.name === "postgresql") {
          const needed = `create sequence counters; create domain positive as integer check (value > 0); create domain "Odd Domain" as varchar(20)`;
          await fresh.begin((c) => c.executeScript(needed));
        }
        // SQLite keeps what was declared, also where our name for the same type is another.
        await expectSameDatabase(before, models.Base.metadata, fresh, { exactTypes: target.name !== "sqlite" });
      } finally {
        await fresh.dispose();
      }
    });
    it("says aloud what it cannot express", () => {
      const said = pulled.warnings.join("\n");
      expect(said).toMatch(/log_entries: the table has no primary key/);
      expect(said).toMatch(/Views are not written: v_people/);
      expect(pulled.source).toContain("// WARNING: Views are not written: v_people.");
      if (target.name === "sqlite") expect(said).toMatch(/trigger 'tr_people'/);
      if (target.name === "postgresql") {
        expect(said).toMatch(/Sequences of their own are not written: counters/);
        expect(said).toMatch(/natives\.g: .*point/);
        expect(said).not.toMatch(/jsonb|inet/);
      }
    });
    it("names odd columns so that code can reach them", () => {
      const { source } = pulled;
      expect(source).toContain("export class OddName extends Base(");
      expect(source).toContain('.named("Mixed Case")');
      expect(source).toMatch(/_1st: /);
      expect(source).toMatch(/then_: /);
      expect(source).toMatch(/aB: .*\n\s+aB_: /);
    });
  },
  { only: ["sqlite", "postgresql", "mariadb", "mysql"] },
);

describe("options", () => {
  it("chooses tables, and says which foreign keys lead out", async () => {
    const engine = createEngine("sqlite://");
    const connection = await engine.connect();
    await connection.executeScript(
      "create table a (id integer primary key); create table b (id integer primary key, a_id integer references a (id)); create table athanor_version (version_num varchar(32) primary key);",
    );
    const all = await pullModels(connection);
    expect([...all.names.keys()]).toEqual(["a", "b"]);
    const some = await pullModels(connection, { only: ["b"] });
    expect(some.source).toContain(
      "// WARNING: the foreign key (a_id) to a (id) is left out: that table is not in this file.",
    );
    expect(some.source).not.toContain("references");
    await expect(pullModels(connection, { only: ["c"] })).rejects.toMatchObject({ code: "migrate.pull-unknown-table" });
    await expect(pullModels(connection, { only: () => false })).rejects.toMatchObject({ code: "migrate.pull-empty" });
    expect((await pullModels(connection, { umbrella: true })).source).toContain('} from "athanor";');
    await connection.close();
    await engine.dispose();
  });
});

describeEachDatabase(
  "a schema of another name pulled",
  (target) => {
    it("names the schema on tables and in foreign keys", async () => {
      const files = new PulledFiles();
      const engine = createEngine(await target.url());
      const fresh = createEngine(await target.url());
      try {
        await engine.begin((c) =>
          c.executeScript(
            "create schema shop; create table countries (code text primary key); create table shop.items (id integer primary key, country_code text references countries (code)); create table shop.parts (id integer primary key, item_id integer not null references shop.items (id))",
          ),
        );
        const pulled = await engine.begin((c) => pullModels(c, { schema: "shop" }));
        expect([...pulled.names.values()]).toEqual(["Item", "Part"]);
        expect(pulled.warnings).toEqual([
          expect.stringMatching(/^items: the foreign key .*to countries \(code\) is left out/),
        ]);
        const path = await files.write(pulled.source);
        expect(await files.diagnostics(path)).toBe("");
        const models = await files.load(path);
        models.Base.registry.configure();
        expect(mapperOf(models.Part).relationship("item")?.target.name).toBe("Item");
        await fresh.begin((c) => c.executeScript("create schema shop"));
        await models.Base.metadata.createAll(fresh);
        const parts = (e: Engine) => e.begin((c) => inspect(c).table("parts", { schema: "shop" }));
        expect((await parts(fresh)).foreignKeys).toEqual((await parts(engine)).foreignKeys);
      } finally {
        await engine.dispose();
        await fresh.dispose();
        await files.remove();
      }
    }, 60_000);
  },
  { only: ["postgresql"] },
);
