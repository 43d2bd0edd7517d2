/** What autogenerate compares, on every database: hooks, names, filters, plugins, trees of operations, sequences. */
import {
  boolean,
  check,
  custom,
  index,
  integer,
  MetaData,
  numeric,
  Sequence,
  sql,
  string,
  TypeDecorator,
  table,
  text,
  unique,
} from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, expect, it } from "vitest";
import {
  AddColumnOp,
  asDiffs,
  type CompareOptions,
  command,
  compareMetadata,
  DropTableOp,
  describeDifferences,
  ExecuteOp,
  flattened,
  groupByTable,
  labelOf,
  MigrateOp,
  MigrationScript,
  ModifyTableOps,
  produceMigrations,
  produceScript,
  Rewriter,
  registerComparator,
  renderOps,
  reversed,
  ScriptOps,
  unregisterComparator,
} from "../../src/index.js";
import { AdHoc } from "./ad-hoc.js";
import { type Project, project } from "./project.js";

let a: AdHoc;
let p: Project;
afterEach(async () => {
  await a?.dispose();
  await p?.dispose();
});
const models = (declare: (metadata: MetaData) => void, options = {}): MetaData => {
  const metadata = new MetaData(options);
  declare(metadata);
  return metadata;
};

const defaulted = () => integer().serverDefault("1");

describeEachDatabase("autogenerate compares", (target) => {
  const has = (what: Parameters<typeof target.capabilities.has>[0]) => target.capabilities.has(what);
  const open = async (metadata: MetaData) => {
    a = await AdHoc.open(target);
    await a.runSource(await compare(metadata));
  };
  const compare = (metadata: MetaData, options: CompareOptions = {}) =>
    produceMigrations(a.context, [metadata], options);
  const labels = async (metadata: MetaData, options: CompareOptions = {}) =>
    (await compare(metadata, options)).map(labelOf);
  /** There, nothing left, back, nothing left; gives what was done. */
  const change = async (from: MetaData, to: MetaData) => {
    await open(from);
    const ops = await compare(to);
    await a.runSource(ops);
    expect(await labels(to)).toEqual([]);
    await a.runSource(reversed(ops));
    expect(await labels(from)).toEqual([]);
    return ops.map(labelOf);
  };

  it("comments of tables and columns: new, other, none", async () => {
    if (!has("comments")) return;
    const of = (tableComment?: string, columnComment?: string) =>
      models((metadata) => {
        const id = integer().primaryKey();
        const n = integer();
        table(
          "t",
          { id, n: columnComment === undefined ? n : n.comment(columnComment) },
          tableComment === undefined ? { metadata } : { metadata, comment: tableComment },
        );
      });
    expect(await change(of(), of("a 'table'", "a `column`"))).toEqual(["alterColumn t.n", "tableComment t"]);
    expect(await change(of("one", "two"), of("1", "2"))).toEqual(["alterColumn t.n", "tableComment t"]);
    expect(await change(of("one", "two"), of())).toEqual(["alterColumn t.n", "tableComment t"]);
  });

  it("types and defaults as hooks say; synonyms and lengths of one side are no difference", async () => {
    const of = (name: ReturnType<typeof string>, n: ReturnType<typeof integer> | ReturnType<typeof defaulted>) =>
      models((metadata) => table("t", { id: integer().primaryKey(), name, n }, { metadata }));
    await open(of(string(30), integer().serverDefault("1")));
    const wider = of(string(50), integer().serverDefault("2"));
    expect(await labels(wider)).toEqual(["alterColumn t.name", "alterColumn t.n"]);
    expect(await labels(wider, { compareType: false, compareServerDefault: false })).toEqual([]);
    const asked: unknown[] = [];
    const hooks: CompareOptions = {
      compareType: (there, model) => {
        asked.push([there.name, model.columnName]);
        return model.columnName === "name" ? false : undefined;
      },
      compareServerDefault: (_there, model) => (model.columnName === "n" ? false : undefined),
    };
    expect(await labels(wider, hooks)).toEqual([]);
    expect(asked).toEqual([
      ["id", "id"],
      ["name", "name"],
      ["n", "n"],
    ]);
    const same = of(string(30), integer().serverDefault("1"));
    expect(await labels(same, { compareType: (there) => there.name === "n" || undefined })).toEqual([
      "alterColumn t.n",
    ]);
    expect(await labels(same, { compareServerDefault: (there) => there.name === "n" || undefined })).toEqual([
      "alterColumn t.n",
    ]);
    // NUMERIC and DECIMAL, BOOLEAN and TINYINT, FLOAT and DOUBLE PRECISION: as the database spells them.
    const spelled = target.family === "mysql" ? "NUMERIC(8, 2)" : "DECIMAL(8, 2)";
    await a.connection.executeScript(`CREATE TABLE s (id INTEGER PRIMARY KEY, d ${spelled}, b BOOLEAN, v VARCHAR(9))`);
    const synonyms = models((metadata) => {
      table("t", { id: integer().primaryKey(), name: string(30), n: integer().serverDefault("1") }, { metadata });
      table(
        "s",
        { id: integer().primaryKey(), d: numeric(8, 2).nullable(), b: boolean().nullable(), v: string(9).nullable() },
        { metadata },
      );
    });
    expect(await labels(synonyms)).toEqual([]);
  });

  it("an index that becomes unique, an index that becomes a constraint, and names that differ in case only", async () => {
    const of = (...items: ((c: { a: never; b: never }) => unknown)[]) =>
      models((metadata) =>
        table(
          "t",
          { id: integer().primaryKey(), a: string(20), b: string(20) },
          {
            metadata,
            constraints: ((c: never) => items.map((make) => make(c))) as never,
          },
        ),
      );
    expect(
      await change(
        of((c) => index("ix_a", c.a)),
        of((c) => index("ix_a", c.a).unique()),
      ),
    ).toEqual(["dropIndex t.ix_a", "createIndex t.ix_a"]);
    await a.dispose();
    const flipped = await change(
      of((c) => index("same", c.a).unique()),
      of((c) => unique("same", c.a)),
    );
    // Where the two are one thing there is nothing to do.
    expect(flipped).toEqual(target.family === "mysql" ? [] : ["dropIndex t.same", "addConstraint t.same"]);
    await a.dispose();
    expect(
      await change(
        of((c) => unique("uq_T_a", c.a)),
        of((c) => unique("uq_t_A", c.b)),
      ),
    ).toEqual(["dropConstraint t.uq_T_a", "addConstraint t.uq_t_A"]);
  });

  it("names that a convention makes too long, as the database keeps them", async () => {
    const long = "x".repeat(58);
    const convention = {
      ix: "ix_%(column_0_label)s",
      uq: "uq_%(table_name)s_%(column_0_N_name)s",
      ck: "ck_%(table_name)s_%(constraint_name)s",
    };
    const of = (both: boolean) =>
      models(
        (metadata) =>
          table(
            `t_${long}`,
            { id: integer().primaryKey(), aaaaaaaaaa: string(20).index(), bbbbbbbbbb: integer() },
            {
              metadata,
              constraints: (c) => [
                both ? unique(c.aaaaaaaaaa, c.bbbbbbbbbb) : unique(c.aaaaaaaaaa),
                check("bbbbbbbbbb > 0", "is_positive"),
              ],
            },
          ),
        { namingConvention: convention },
      );
    const ops = await change(of(true), of(false));
    expect(ops.map((o) => o.split(" ")[0])).toEqual(["dropConstraint", "addConstraint"]);
  });

  it("another expression of an index, and one that is only spelled otherwise", async () => {
    if (!has("expressionIndexes")) return;
    const of = (expression: string) =>
      models((metadata) =>
        table(
          "t",
          { id: integer().primaryKey(), a: string(20), n: integer() },
          {
            metadata,
            constraints: () => [index("ix_e", sql.raw(expression))],
          },
        ),
      );
    expect(await change(of("lower(a)"), of("upper(a)"))).toEqual(["dropIndex t.ix_e", "createIndex t.ix_e"]);
    expect(await labels(of("LOWER( a )"))).toEqual([]);
  });

  it("keys to tables that a filter hides are not lost", async () => {
    const both = models((metadata) => {
      table("hidden", { id: integer().primaryKey() }, { metadata });
      table(
        "seen",
        { id: integer().primaryKey(), hiddenId: integer().references("hidden.id", { name: "fk_seen" }) },
        { metadata },
      );
    });
    await open(both);
    const filters: CompareOptions = {
      includeObject: (o) => o.table !== "hidden",
      includeName: (name) => name !== "hidden",
    };
    expect(await labels(both, filters)).toEqual([]);
    // NO ACTION is what happens anyway.
    const spelled = models((metadata) => {
      table("hidden", { id: integer().primaryKey() }, { metadata });
      table(
        "seen",
        {
          id: integer().primaryKey(),
          hiddenId: integer().references("hidden.id", { name: "other", onDelete: "NO ACTION" }),
        },
        { metadata },
      );
    });
    expect(await labels(spelled)).toEqual([]);
  });

  it("names are asked for before anything is compared, objects on both sides", async () => {
    await open(
      models((metadata) => {
        table("mine", { id: integer().primaryKey(), old: integer().nullable() }, { metadata });
        table("theirs", { id: integer().primaryKey() }, { metadata });
      }),
    );
    await a.connection.executeScript("CREATE INDEX ix_theirs ON mine (old)");
    const metadata = models((m) =>
      table("mine", { id: integer().primaryKey(), now: integer().nullable() }, { metadata: m }),
    );
    const names: unknown[] = [];
    const seen: string[] = [];
    const found = await labels(metadata, {
      includeName: (name, schema) => names.push([name, schema]) > 0 && name !== "theirs",
      includeObject: (o) => seen.push(`${o.kind} ${o.name}${o.reflected ? " there" : ""}`) > 0 && o.kind !== "index",
    });
    expect(names).toEqual([
      ["mine", undefined],
      ["theirs", undefined],
    ]);
    expect(seen).toContain("index ix_theirs there");
    expect(seen).toContain("column now");
    expect(seen).toContain("column old there");
    expect(found).toEqual(["addColumn mine.now", "dropColumn mine.old"]);
  });

  it("sequences where they are declared, and leaves those of columns alone", async () => {
    const of = (...names: string[]) =>
      models((metadata) => {
        for (const name of names) metadata.addSequence(new Sequence(name, { start: 5, increment: 2 }));
        table("t", { id: integer().primaryKey() }, { metadata });
      });
    await open(of("a", "b"));
    if (!has("sequences")) {
      expect(await labels(of("a", "c"))).toEqual([]);
      return;
    }
    expect(await labels(of("a", "c"))).toEqual(["createSequence c"]);
    const ops = await compare(of("a", "c"), { compareObjects: true });
    expect(ops.map(labelOf)).toEqual(["createSequence c", "dropSequence b"]);
    await a.runSource(ops);
    expect(await labels(of("a", "c"))).toEqual([]);
    await a.runSource(reversed(ops));
    expect(await labels(of("a", "b"))).toEqual([]);
    expect(await labels(of())).toEqual([]);
    const next = target.family === "mysql" ? "NEXTVAL(b)" : "nextval('b')";
    expect((await a.rows(`SELECT ${next}`)).flat().map(Number)).toEqual([5]);
  });

  it("what plugins choose, with comparators of one's own", async () => {
    await open(models((metadata) => table("t", { id: integer().primaryKey(), n: integer() }, { metadata })));
    const metadata = models((m) =>
      table(
        "t",
        { id: integer().primaryKey(), n: integer().serverDefault("3") },
        { metadata: m, constraints: (c) => [index("ix_n", c.n)] },
      ),
    );
    expect(await labels(metadata)).toEqual(["alterColumn t.n", "createIndex t.ix_n"]);
    expect(await labels(metadata, { plugins: ["~athanor.defaults"] })).toEqual(["createIndex t.ix_n"]);
    expect(await labels(metadata, { plugins: ["athanor.*", "~athanor.indexes"] })).toEqual(["alterColumn t.n"]);
    expect(await labels(metadata, { plugins: ["athanor.types"] })).toEqual([]);
    await expect(labels(metadata, { plugins: ["athanor.type"] })).rejects.toMatchObject({
      message: "Did not locate plugins: 'athanor.type'. Did you mean 'athanor.types'?",
    });
    const called: string[] = [];
    try {
      registerComparator({
        name: "acme.first",
        level: "table",
        priority: "first",
        compare: ({ table: t, reflected, found, detected }) => {
          called.push(`${t?.tableName} ${reflected?.columns.length} ${found.length}`);
          detected("something of acme's");
          return [new ExecuteOp("SELECT 1")];
        },
      });
      registerComparator({
        name: "acme.last",
        level: "schema",
        priority: "last",
        compare: ({ found }) => [new ExecuteOp(`SELECT ${found.length}`)],
      });
      registerComparator({
        name: "acme.none",
        level: "schema",
        dialects: ["nowhere"],
        compare: () => [new ExecuteOp("x")],
      });
      const all = ["execute SELECT 1", "alterColumn t.n", "createIndex t.ix_n", "execute SELECT 3"];
      expect(await labels(metadata)).toEqual(all);
      expect(called).toEqual(["t 2 2"]);
      registerComparator({ name: "acme.stop", level: "schema", compare: () => "stop" });
      expect(await labels(metadata)).toEqual(all.slice(0, 3));
      expect(await labels(metadata, { plugins: ["~acme.*"] })).toEqual(all.slice(1, 3));
    } finally {
      for (const name of ["acme.first", "acme.last", "acme.none", "acme.stop"]) unregisterComparator(name);
    }
  });

  it("into trees and tuples, reversed and empty as what is in them", async () => {
    await open(
      models((metadata) => {
        table("t", { id: integer().primaryKey(), a: string(10), gone: integer().nullable() }, { metadata });
        table("old", { id: integer().primaryKey() }, { metadata });
      }),
    );
    const metadata = models((m) => {
      table(
        "t",
        { id: integer().primaryKey(), a: string(20).nullable(), b: integer().nullable().index() },
        { metadata: m },
      );
      table(
        "fresh",
        { id: integer().primaryKey(), tId: integer().references("t.id", { name: "fk" }) },
        { metadata: m },
      );
    });
    const script = await produceScript(a.context, [metadata]);
    expect(script.isEmpty).toBe(false);
    const groups = script.upgradeOps.ops.map((o) =>
      o instanceof ModifyTableOps ? [o.tableName, o.ops.length] : o.kind,
    );
    expect(groups).toEqual(["createTable", ["t", 4], "dropTable"]);
    expect(script.downgradeOps.ops.map((o) => o.kind)).toEqual(["createTable", "modifyTable", "dropTable"]);
    expect(flattened(script.downgradeOps.reverse().ops).map(labelOf)).toEqual(
      flattened(script.upgradeOps.ops).map(labelOf),
    );
    expect(new MigrationScript(new ScriptOps([new ModifyTableOps("t", [])])).isEmpty).toBe(true);
    const diffs = await compareMetadata(a.context, [metadata]);
    expect(
      diffs.map((d) => (d[0] === "add_table" || d[0] === "remove_table" || d[0] === "add_index" ? d[0] : d)),
    ).toEqual([
      "add_table",
      ["add_column", null, "t", "b"],
      ["modify_nullable", null, "t", "a", false, true],
      ["modify_type", null, "t", "a", expect.anything(), expect.anything()],
      "add_index",
      ["remove_column", null, "t", "gone"],
      "remove_table",
    ]);
    // A group is run and written as its operations.
    const { text } = renderOps(script.upgradeOps.ops, { dialect: a.context.dialect });
    expect(text).toBe(renderOps(flattened(script.upgradeOps.ops), { dialect: a.context.dialect }).text);
    await a.run(async (op) => {
      for (const one of script.upgradeOps.ops) await op.invoke(one);
    });
    expect(await compareMetadata(a.context, [metadata])).toEqual([]);
    expect(asDiffs([new ExecuteOp("SELECT 1")])).toEqual([["operation", "execute SELECT 1", expect.any(ExecuteOp)]]);
  });

  it("and writes batches by table, which do the same", async () => {
    const from = models((metadata) =>
      table("t", { id: integer().primaryKey(), a: string(10), gone: integer().nullable() }, { metadata }),
    );
    await open(from);
    await a.connection.executeScript("INSERT INTO t (id, a) VALUES (1, 'x')");
    const to = models((m) =>
      table(
        "t",
        { id: integer().primaryKey(), a: string(20).nullable(), b: integer().nullable(), need: integer().default(4) },
        {
          metadata: m,
          constraints: (c) => [index("ix_b", c.b), unique("uq_a", c.a), check("b > 0", "ck_b")],
        },
      ),
    );
    const ops = await compare(to);
    const { text } = renderOps(ops, { dialect: a.context.dialect, asBatch: true });
    expect(
      text
        .split("\n")
        .filter((l) => l.startsWith("await op."))
        .map((l) => l.split("(")[0]),
    ).toEqual([
      "await op.batchAlterTable",
      "await op.addColumn",
      "await op.execute",
      "await op.alterColumn",
      "await op.batchAlterTable",
    ]);
    expect(text).toContain('  batch.createUniqueConstraint("uq_a", ["a"]);');
    expect(text).toContain('  batch.dropColumn("gone");');
    const names = renderOps(ops, { dialect: a.context.dialect, asBatch: true }).imports.flatMap((i) => i.names);
    const work = new Function("op", ...names, `return (async () => {${text}\n})();`);
    await a.run((op) => work(op, ...names.map((n) => (a.core as unknown as Record<string, unknown>)[n])));
    expect(describeDifferences(await compare(to))).toEqual([]);
    expect((await a.rows("SELECT a, need FROM t")).flat().map(String)).toEqual(["x", "4"]);
  });
});

class MoneyType extends TypeDecorator<{ readonly amount: string }, string> {
  override readonly impl = numeric(10, 2);
  override toDatabase(value: { readonly amount: string }) {
    return value.amount;
  }
  override fromDatabase(amount: string) {
    return { amount };
  }
}
const money = custom(MoneyType);

it("types of one's own are written as what they store, or as a hook says; what cannot be written writes no file", async () => {
  const metadata = models((m) => {
    table("t", { id: integer().primaryKey(), price: money, note: text().nullable() }, { metadata: m });
  });
  p = await project("sqlite://", metadata);
  await command.migrate(p.config);
  const [[name, plain]] = [...(await p.versions())] as [[string, string]];
  expect(plain).toContain('numeric("price", 10, 2)');
  const { rm } = await import("node:fs/promises");
  await rm(`${p.directory}/versions/${name}`);
  await command.migrate({
    ...p.config,
    renderItem: (kind, item, writer) => {
      if (kind === "type" && String(item).toLowerCase().includes("numeric"))
        return `${writer.import("./money.js", "money")}()`;
      if (kind === "column" && (item as { columnName: string }).columnName === "note") return null;
      return false;
    },
  });
  const [[other, hooked]] = [...(await p.versions())] as [[string, string]];
  expect(hooked).toContain('import { money } from "./money.js";');
  expect(hooked).toContain('money().named("price")');
  expect(hooked).not.toContain("note");
  await rm(`${p.directory}/versions/${other}`);
  class Odd extends MigrateOp {
    readonly kind = "odd";
    reverse() {
      return this;
    }
  }
  for (const [ops, code] of [
    [[new Odd()], "migrate.render"],
    [[new ExecuteOp(sql`SELECT ${{ an: "object" }}` as never)], undefined],
    [[new DropTableOp("t")], "migrate.irreversible"],
  ] as const) {
    const failed = command.migrate({ ...p.config, processRevisionDirectives: () => ops });
    await expect(failed).rejects.toMatchObject(code === undefined ? {} : { code });
    expect([...(await p.versions()).keys()]).toEqual([]);
  }
});

it("a rewriter goes into groups, rewrites groups, and does not see its own work, whatever is added on the way", async () => {
  const column = (name: string) => new AddColumnOp("t", { name, definition: integer(name) as never });
  const group = (...ops: MigrateOp[]) => new ModifyTableOps("t", ops);
  const kinds = (ops: readonly MigrateOp[]): unknown[] =>
    ops.map((o) => (o instanceof ModifyTableOps ? kinds(o.ops) : labelOf(o)));
  const twice = new Rewriter().rewrites(AddColumnOp, (op) => [op, column(`${op.columnName}_2`)]);
  const given = [column("a"), group(column("b"), new ExecuteOp("x"))];
  const made = await twice.process(given);
  expect(kinds(made)).toEqual(["addColumn t.a", "addColumn t.a_2", ["addColumn t.b", "addColumn t.b_2", "execute x"]]);
  // A second pass over its work changes nothing; what was added in between is rewritten.
  const second = await twice.process([...made, column("c")]);
  expect(kinds(second)).toEqual([...kinds(made), "addColumn t.c", "addColumn t.c_2"]);
  // A chain: the second sees what the first made, each its own work once.
  const ddl = new Rewriter().rewrites(AddColumnOp, (op) => [new ExecuteOp(op.columnName), op]);
  expect(kinds(await twice.chain(ddl).process([group(column("d"))]))).toEqual([
    ["execute d", "addColumn t.d", "execute d_2", "addColumn t.d_2"],
  ]);
  // Groups are made for who asks for them, and may be left out or split.
  const groups = new Rewriter().rewrites(ModifyTableOps, (op) => (op.tableName === "t" ? null : op));
  const ops = [column("a"), column("b"), new AddColumnOp("u", { name: "a", definition: integer("a") as never })];
  expect(kinds(await groups.process(ops))).toEqual([["addColumn u.a"]]);
  expect(kinds(groupByTable(ops))).toEqual([["addColumn t.a", "addColumn t.b"], ["addColumn u.a"]]);
});
