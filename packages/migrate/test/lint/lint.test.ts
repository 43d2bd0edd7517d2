/** What lint says of operations, by database. */
import { bigInteger, dialectNamed, integer, json, MetaData, string, table, text } from "@athanor/core";
import { afterEach, describe, expect, it } from "vitest";
import { command, lintRevision, lintRules, type Operations } from "../../src/index.js";
import { type Project, project } from "../flow/project.js";

void [MetaData, table, json, text];
type Work = (op: Operations) => unknown;
async function rules(database: string, upgrade: Work): Promise<string[]> {
  const found = await lintRevision({ revision: "r", upgrade, downgrade: () => {} }, dialectNamed(database));
  for (const f of found) {
    expect(f.instead).not.toBe("");
    expect(f.message).not.toBe("");
  }
  return found.map((f) => f.rule).sort();
}
const on = { postgresql: { concurrently: true } };

/** Operation, then what each database's lint says; [] is silence. */
const cases: [string, Work, { postgresql: string[]; mysql: string[]; sqlite: string[] }][] = [
  [
    "dropTable",
    (op) => op.dropTable("t"),
    { postgresql: ["drop-table"], mysql: ["drop-table"], sqlite: ["drop-table"] },
  ],
  [
    "dropColumn",
    (op) => op.dropColumn("t", "c"),
    { postgresql: ["drop-column"], mysql: ["drop-column"], sqlite: ["drop-column"] },
  ],
  [
    "renameTable",
    (op) => op.renameTable("t", "u"),
    { postgresql: ["rename-table"], mysql: ["rename-table"], sqlite: ["rename-table"] },
  ],
  [
    "renameColumn",
    (op) => op.renameColumn("t", "a", "b"),
    { postgresql: ["rename-column"], mysql: ["rename-column"], sqlite: ["rename-column"] },
  ],
  [
    "a required column",
    (op) => op.addColumn("t", integer("n")),
    { postgresql: ["required-column"], mysql: ["required-column"], sqlite: ["required-column"] },
  ],
  ["a nullable column", (op) => op.addColumn("t", integer("n").nullable()), { postgresql: [], mysql: [], sqlite: [] }],
  [
    "a column with a constant default",
    (op) => op.addColumn("t", integer("n").serverDefault("0")),
    { postgresql: [], mysql: [], sqlite: [] },
  ],
  [
    "a volatile default",
    (op) => op.addColumn("t", string("n", 40).serverDefault("gen_random_uuid()")),
    { postgresql: ["volatile-default"], mysql: ["volatile-default"], sqlite: [] },
  ],
  [
    "a stored computed column",
    (op) => op.addColumn("t", integer("n").computed("a + 1", { persisted: true })),
    { postgresql: ["stored-computed-column"], mysql: ["stored-computed-column"], sqlite: [] },
  ],
  [
    "a key column",
    (op) => op.addColumn("t", integer("n").primaryKey()),
    { postgresql: ["add-key-column"], mysql: ["add-key-column"], sqlite: [] },
  ],
  [
    "another type",
    (op) => op.alterColumn("t", "c", { type: bigInteger() }),
    { postgresql: ["change-column-type"], mysql: ["change-column-type"], sqlite: ["table-rebuild"] },
  ],
  [
    "a longer string",
    (op) => op.alterColumn("t", "c", { type: string(80), existingType: string(40) }),
    { postgresql: [], mysql: [], sqlite: ["table-rebuild"] },
  ],
  [
    "a shorter string",
    (op) => op.alterColumn("t", "c", { type: string(20), existingType: string(40) }),
    { postgresql: ["change-column-type"], mysql: ["change-column-type"], sqlite: ["table-rebuild"] },
  ],
  [
    "NOT NULL",
    (op) => op.alterColumn("t", "c", { nullable: false }),
    { postgresql: ["set-not-null"], mysql: ["set-not-null"], sqlite: ["table-rebuild"] },
  ],
  [
    "NULL",
    (op) => op.alterColumn("t", "c", { nullable: true }),
    { postgresql: ["drop-not-null"], mysql: ["drop-not-null"], sqlite: ["drop-not-null", "table-rebuild"] },
  ],
  ["an index", (op) => op.createIndex("ix", "t", ["c"]), { postgresql: ["index-concurrently"], mysql: [], sqlite: [] }],
  [
    "a concurrent index in a transaction",
    (op) => op.createIndex("ix", "t", ["c"], { dialectOptions: on }),
    { postgresql: ["concurrently-in-transaction"], mysql: [], sqlite: [] },
  ],
  [
    "a concurrent index in a block",
    (op) => op.autocommitBlock(() => op.createIndex("ix", "t", ["c"], { dialectOptions: on })),
    { postgresql: [], mysql: [], sqlite: [] },
  ],
  [
    "dropIndex",
    (op) => op.dropIndex("ix", { table: "t" }),
    { postgresql: ["drop-index-concurrently"], mysql: [], sqlite: [] },
  ],
  [
    "a foreign key",
    (op) => op.createForeignKey("fk", "t", "u", ["c"], ["id"]),
    { postgresql: ["constraint-not-valid"], mysql: ["foreign-key-lock"], sqlite: ["table-rebuild"] },
  ],
  [
    "a check",
    (op) => op.createCheckConstraint("ck", "t", "c > 0"),
    { postgresql: ["constraint-not-valid"], mysql: [], sqlite: ["table-rebuild"] },
  ],
  [
    "unique",
    (op) => op.createUniqueConstraint("uq", "t", ["c"]),
    { postgresql: ["unique-constraint"], mysql: [], sqlite: ["table-rebuild"] },
  ],
  [
    "no primary key",
    (op) => op.dropConstraint("pk", "t", "primaryKey"),
    { postgresql: ["drop-primary-key"], mysql: ["drop-primary-key"], sqlite: ["drop-primary-key", "table-rebuild"] },
  ],
  [
    "an enumeration's value",
    (op) => op.addEnumValue("mood", "glad"),
    { postgresql: ["enum-value-in-transaction"], mysql: [], sqlite: [] },
  ],
  [
    "a backfill behind an ALTER",
    async (op) => {
      await op.addColumn("t", integer("n").nullable());
      await op.execute("UPDATE t SET n = 1 WHERE n IS NULL");
    },
    { postgresql: ["backfill-in-ddl-transaction"], mysql: [], sqlite: [] },
  ],
  [
    "raw DELETE",
    (op) => op.execute("DELETE FROM t"),
    { postgresql: ["delete-all-rows"], mysql: ["delete-all-rows"], sqlite: ["delete-all-rows"] },
  ],
  [
    "raw DELETE with WHERE",
    (op) => op.execute("DELETE FROM t -- all\nWHERE id = 1"),
    { postgresql: [], mysql: [], sqlite: [] },
  ],
  [
    "raw UPDATE",
    (op) => op.execute("UPDATE t SET a = 'where'"),
    { postgresql: ["update-all-rows"], mysql: ["update-all-rows"], sqlite: ["update-all-rows"] },
  ],
  [
    "raw TRUNCATE",
    (op) => op.execute("TRUNCATE t"),
    { postgresql: ["truncate"], mysql: ["truncate"], sqlite: ["truncate"] },
  ],
  [
    "raw DROP TABLE",
    (op) => op.execute("DROP TABLE IF EXISTS t"),
    { postgresql: ["drop-table"], mysql: ["drop-table"], sqlite: ["drop-table"] },
  ],
  [
    "raw DROP COLUMN",
    (op) => op.execute("ALTER TABLE t DROP COLUMN c"),
    { postgresql: ["drop-column"], mysql: ["drop-column"], sqlite: ["drop-column"] },
  ],
  [
    "raw DROP SCHEMA",
    (op) => op.execute("DROP SCHEMA s CASCADE"),
    { postgresql: ["drop-schema"], mysql: ["drop-schema"], sqlite: ["drop-schema"] },
  ],
  [
    "raw SET NOT NULL",
    (op) => op.execute("ALTER TABLE t ALTER COLUMN c SET NOT NULL"),
    { postgresql: ["set-not-null"], mysql: ["set-not-null"], sqlite: [] },
  ],
  [
    "raw VACUUM FULL",
    (op) => op.execute("VACUUM FULL t"),
    { postgresql: ["raw-table-lock"], mysql: ["raw-table-lock"], sqlite: ["raw-table-lock"] },
  ],
  [
    "raw NOT VALID",
    (op) => op.execute("ALTER TABLE t ADD CONSTRAINT ck CHECK (a > 0) NOT VALID"),
    { postgresql: [], mysql: [], sqlite: [] },
  ],
  [
    "raw json",
    (op) => op.execute("ALTER TABLE t ADD COLUMN j json"),
    { postgresql: ["json-column"], mysql: [], sqlite: [] },
  ],
  [
    "a new table is free",
    async (op) => {
      await op.createTable("t", bigInteger("id").primaryKey(), integer("c").nullable());
      await op.createIndex("ix", "t", ["c"]);
      await op.alterColumn("t", "c", { nullable: false });
      await op.addColumn("t", integer("n"));
      await op.dropColumn("t", "c");
      await op.dropTable("t");
    },
    { postgresql: [], mysql: [], sqlite: [] },
  ],
  [
    "a small key and a bare foreign key",
    (op) => op.createTable("t", integer("id").primaryKey(), integer("u").references("u.id")),
    { postgresql: ["foreign-key-index", "small-key"], mysql: ["small-key"], sqlite: ["foreign-key-index"] },
  ],
];

describe("lint", () => {
  it.each(cases)("%s", async (_, work, wanted) => {
    for (const [database, list] of Object.entries(wanted))
      expect([database, await rules(database, work)]).toEqual([database, list]);
  });

  it("has rules with distinct ids, at least fifteen", () => {
    const ids = lintRules.map((r) => r.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThanOrEqual(15);
    for (const rule of lintRules) expect(rule.id).toMatch(/^[a-z][a-z-]+$/);
  });

  it("a comment in the file turns rules off; what needs a connection is said", async () => {
    const dialect = dialectNamed("sqlite");
    const upgrade = (op: Operations) => op.dropTable("t");
    const downgrade = () => {};
    expect(
      await lintRevision({ revision: "r", upgrade, downgrade, text: "// athanor-lint-disable drop-table" }, dialect),
    ).toEqual([]);
    expect(
      await lintRevision({ revision: "r", upgrade, downgrade, text: "// athanor-lint-disable drop-column" }, dialect),
    ).toHaveLength(1);
    expect(await lintRevision({ revision: "r", upgrade, downgrade, text: "// athanor-lint-disable" }, dialect)).toEqual(
      [],
    );
    const reading = await lintRevision({ revision: "r", upgrade: (op) => op.getBind(), downgrade: undefined }, dialect);
    expect(reading.map((f) => f.rule)).toEqual(["no-downgrade", "not-readable"]);
  });
});

describe("db lint", () => {
  let p: Project;
  afterEach(() => p?.dispose());
  it("looks at what is not applied, prints JSON, and fails", async () => {
    p = await project("sqlite://");
    await p.revision(
      "aaaa",
      null,
      'await op.createTable("t", core.bigInteger("id").primaryKey(), core.integer("c").nullable());',
    );
    await p.revision("bbbb", "aaaa", 'await op.dropColumn("t", "c");');
    await expect(command.lint(p.config)).rejects.toMatchObject({
      code: "migrate.lint",
      count: 1,
      hint: expect.stringContaining("athanor-lint-disable drop-column"),
    });
    expect(p.printed.join("")).toMatch(
      /^error: bbbb, operation 1 \(dropColumn t\.c\): 't\.c' is dropped with all its values \[drop-column\]\n {2}Instead: /,
    );
    p.printed.length = 0;
    await expect(command.lint(p.config, { json: true })).rejects.toMatchObject({ code: "migrate.lint" });
    expect(JSON.parse(p.printed.join(""))).toMatchObject({
      revisions: ["aaaa", "bbbb"],
      findings: [{ rule: "drop-column", level: "error", revision: "bbbb", operation: 1 }],
    });
    await command.lint(p.config, { disable: ["drop-column"] });
    await command.lint(p.config, { range: "aaaa" });
    await command.lint(p.config, { failOn: "never" });
    await expect(command.lint(p.config, { disable: ["nope"] })).rejects.toMatchObject({ code: "migrate.no-rule" });
  });
});

it("a file with transaction = false is outside of one, and one that says why it is irreversible needs no downgrade", async () => {
  const upgrade: Work = (op) => op.createIndex("ix", "t", ["a"], { dialectOptions: on });
  const found = async (more: object) =>
    (await lintRevision({ revision: "r", upgrade, ...more }, dialectNamed("postgresql"))).map((f) => f.rule).sort();
  expect(await found({})).toEqual(["concurrently-in-transaction", "no-downgrade"]);
  expect(await found({ transaction: false, irreversible: "the rows are gone" })).toEqual([]);
});
