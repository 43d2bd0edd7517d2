/** Options that say nothing to anybody are slips: each function that takes options names the one it does not know. */
import { describe, expect, it } from "vitest";
import * as core from "../../src/index.js";
import {
  bindParam,
  createEngine,
  func,
  insert,
  inspect,
  integer,
  MetaData,
  pg,
  pgFunc,
  select,
  sql,
  string,
  table,
  tableOf,
  tableSample,
} from "../../src/index.js";

const t = table("t", { id: integer().primaryKey(), name: string(10) }, { metadata: new MetaData() });
const slip = (options: object) => options as never;

describe("an unknown option", () => {
  it.each<[string, () => unknown, string]>([
    ["withForUpdate()", () => select(t).withForUpdate(slip({ noWait: true })), "Did you mean 'nowait'?"],
    ["over()", () => func.rowNumber().over(slip({ orderby: t.c.id })), "Did you mean 'orderBy'?"],
    ["cte()", () => select(t).cte("x", slip({ recursiv: true })), "Did you mean 'recursive'?"],
    ["fetch()", () => select(t).fetch(1, slip({ withTie: true })), "Did you mean 'withTies'?"],
    ["withHint()", () => select(t).withHint(t, sql`x`, slip({ dialects: "mysql" })), "Did you mean 'dialect'?"],
    ["prefixWith()", () => select(t).prefixWith(sql`x`, slip({ dialects: "mysql" })), "Did you mean 'dialect'?"],
    ["tableSample()", () => tableSample(t, 10, slip({ methode: "system" })), "Did you mean 'method'?"],
    [
      "onConflictDoNothing()",
      () =>
        insert(t)
          .values({ id: 1, name: "a" })
          .onConflictDoNothing(slip({ targets: ["id"] })),
      "target",
    ],
    [
      "onConflictDoUpdate()",
      () =>
        insert(t)
          .values({ id: 1, name: "a" })
          .onConflictDoUpdate(slip({ target: ["id"], set: { name: "a" }, wher: 1 })),
      "Did you mean 'where'?",
    ],
    ["like()", () => t.c.name.like("a", slip({ escpae: "/" })), "Did you mean 'escape'?"],
    ["notLike()", () => t.c.name.notLike("a", slip({ Escape: "/" })), "Did you mean 'escape'?"],
    ["ilike()", () => t.c.name.ilike("a", slip({ autoescape: true })), "'autoescape'"],
    ["notIlike()", () => t.c.name.notIlike("a", slip({ esc: "/" })), "'esc'"],
    ["startsWith()", () => t.c.name.startsWith("a", slip({ autoEscape: true })), "Did you mean 'autoescape'?"],
    ["endsWith()", () => t.c.name.endsWith("a", slip({ autoEscape: true })), "Did you mean 'autoescape'?"],
    ["contains()", () => t.c.name.contains("a", slip({ autoEscape: true })), "Did you mean 'autoescape'?"],
    ["iStartsWith()", () => t.c.name.iStartsWith("a", slip({ autoEscape: true })), "Did you mean 'autoescape'?"],
    ["iEndsWith()", () => t.c.name.iEndsWith("a", slip({ autoEscape: true })), "Did you mean 'autoescape'?"],
    ["iContains()", () => t.c.name.iContains("a", slip({ autoEscape: true })), "Did you mean 'autoescape'?"],
    ["regexpMatch()", () => t.c.name.regexpMatch("a", slip({ ignorecase: true })), "Did you mean 'ignoreCase'?"],
    ["op()", () => t.c.name.op("<>", "a", slip({ comparision: true })), "Did you mean 'comparison'?"],
    ["bindParam()", () => bindParam("p", integer(), slip({ require: false })), "Did you mean 'required'?"],
    ["compile()", () => select(t).compile("sqlite", slip({ literalbinds: true })), "Did you mean 'literalBinds'?"],
    ["columnValued()", () => core.columnValued("f", integer(), [], "n", slip({ Lateral: true })), "'lateral'"],
    [
      "tableFunction()",
      () => core.tableFunction("f", { n: integer() }, [], slip({ derive: true })),
      "Did you mean 'derived'?",
    ],
    ["to_tsvector()", () => pgFunc.toTsvector("a", slip({ conf: "english" })), "'conf'"],
  ])("of %s is refused by name", (where, call, hint) => {
    expect(call).toThrow(`${where}: there is no option`);
    expect(call).toThrow(hint);
  });
  const users = tableOf(t);
  const index = { kind: "index", name: "ix" } as never;
  it.each<[string, () => unknown, string]>([
    ["bigInteger()", () => core.bigInteger(slip({ Mode: "number" })), "Did you mean 'mode'?"],
    ["numeric()", () => core.numeric(5, 2, slip({ modes: "number" })), "Did you mean 'mode'?"],
    ["boolean()", () => core.boolean(slip({ createConstraints: true })), "Did you mean 'createConstraint'?"],
    ["dateTime()", () => core.dateTime(slip({ timeZone: true })), "Did you mean 'timezone'?"],
    ["time()", () => core.time(slip({ digits: 3 })), "'digits'"],
    ["json()", () => core.json(slip({ nullas: "json" })), "Did you mean 'nullAs'?"],
    ["jsonb()", () => pg.jsonb(slip({ nullas: "json" })), "Did you mean 'nullAs'?"],
    ["enumeration()", () => core.enumeration(["a"], slip({ nativ: true })), "Did you mean 'native'?"],
    ["enumOf()", () => core.enumOf({ a: 1 }, slip({ nativ: true })), "Did you mean 'native'?"],
    ["serialized()", () => core.serialized(slip({ serialiser: {} })), "Did you mean 'serializer'?"],
    ["dateTime()", () => core.sqlite.dateTime(slip({ formt: "x" })), "Did you mean 'format'?"],
    ["computed()", () => integer().computed("1", slip({ persist: true })), "'persist'"],
    ["identity()", () => integer().identity(slip({ begin: 3 })), "'begin'"],
    ["insertSentinel()", () => integer().insertSentinel(slip({ monoton: true })), "Did you mean 'monotonic'?"],
    ['references("t.id")', () => integer().references("t.id", slip({ ondelete: "CASCADE" })), "'onDelete'?"],
    ["foreignKey()", () => core.foreignKey(["a"] as never, ["t.id"], slip({ useAltr: true })), "'useAlter'?"],
    ["exclude()", () => core.exclude("x", [["a", "="]] as never, slip({ wher: "1" })), "Did you mean 'where'?"],
    ['new Sequence("s")', () => new core.Sequence("s", slip({ startWith: 1 })), "'startWith'"],
    ["new MetaData()", () => new MetaData(slip({ namingConventions: {} })), "Did you mean 'namingConvention'?"],
    ["toMetaData()", () => new MetaData().toMetaData(new MetaData(), slip({ scheme: "x" })), "'schema'?"],
    ["on()", () => new MetaData().on("beforeCreate", () => 1, slip({ tabel: users })), "Did you mean 'table'?"],
    ["view()", () => core.view("v", "select 1", slip({ metaData: 1 })), "Did you mean 'metadata'?"],
    ["materializedView()", () => core.materializedView("v", "select 1", slip({ column: [] })), "'columns'?"],
    ["selectView()", () => core.selectView("v", select(t.c.id), slip({ materialised: true })), "'materialized'?"],
    ["storedFunction()", () => core.storedFunction("f", "", "x", slip({ scheme: "a" })), "Did you mean 'schema'?"],
    ["storedProcedure()", () => core.storedProcedure("f", "", "x", slip({ scheme: "a" })), "Did you mean 'schema'?"],
    ["trigger()", () => core.trigger("f", "t", "x", "x", slip({ scheme: "a" })), "Did you mean 'schema'?"],
    ["new CreateTable()", () => new core.CreateTable(users, slip({ ifNotExist: true })), "'ifNotExists'?"],
    ["new DropTable()", () => new core.DropTable(users, slip({ ifexists: true })), "Did you mean 'ifExists'?"],
    ["new CreateIndex()", () => new core.CreateIndex(index, slip({ ifNotExist: true })), "'ifNotExists'?"],
    ["new DropIndex()", () => new core.DropIndex(index, slip({ concurrent: true })), "'concurrently'?"],
    [
      "new DropConstraint()",
      () => new core.DropConstraint(users, { kind: "check", name: "c" }, slip({ cascades: true })),
      "'cascade'?",
    ],
    ["new AddColumn()", () => new core.AddColumn(users, users.c.id as never, slip({ aftr: "a" })), "'after'?"],
    ["new DropColumn()", () => new core.DropColumn(users, "a", slip({ ifExist: true })), "'ifExists'?"],
    [
      "new AlterColumnType()",
      () => new core.AlterColumnType(users, "a", {} as never, slip({ usings: "x" })),
      "'using'?",
    ],
    ["new CreateSchema()", () => new core.CreateSchema("s", slip({ ifNotExist: true })), "'ifNotExists'?"],
    ["new DropSchema()", () => new core.DropSchema("s", slip({ casacde: true })), "'cascade'?"],
    ["new CreateSequence()", () => new core.CreateSequence(new core.Sequence("s"), slip({ ifnot: 1 })), "'ifnot'"],
    ["new DropSequence()", () => new core.DropSequence({ name: "s" }, slip({ ifExist: true })), "'ifExists'?"],
    ["new DropType()", () => new core.DropType({} as never, undefined, slip({ ifExist: true })), "'ifExists'?"],
    ["new AddEnumValue()", () => new core.AddEnumValue({ name: "e" }, "v", slip({ befor: "a" })), "'before'?"],
    ["new CreateView()", () => new core.CreateView("v", "select 1", slip({ orreplace: true })), "'orReplace'?"],
    ["new DropView()", () => new core.DropView("v", slip({ ifExist: true })), "'ifExists'?"],
    ["new CreateTableAs()", () => new core.CreateTableAs("v", "select 1", slip({ temp: true })), "'temp'"],
    ["new CreateTableAs()", () => select(t).into("v", slip({ temporari: true })), "'temporary'?"],
  ])("of %s in a schema is refused by name", (where, call, hint) => {
    expect(call).toThrow(`${where}: there is no option`);
    expect(call).toThrow(hint);
  });
  it("of what asks the database is refused before it asks", async () => {
    await using engine = createEngine("sqlite://");
    const metadata = new MetaData();
    for (const [call, hint] of [
      [() => metadata.createAll(engine, slip({ checkfirst: false })), "createAll(): there is no option 'checkfirst'."],
      [() => metadata.dropAll(engine, slip({ table: [] })), "dropAll(): there is no option 'table'."],
      [() => metadata.reflect(engine, slip({ view: true })), "reflect(): there is no option 'view'."],
    ] as const)
      await expect(call()).rejects.toThrow(hint);
    await using conn = await engine.connect();
    const inspector = inspect(conn);
    for (const ask of ["tableNames", "views", "viewNames", "enums", "storedObjects", "tables", "sortedTables"] as const)
      await expect((async () => inspector[ask](slip({ scheme: "x" })))(), ask).rejects.toThrow(/'scheme'.*'schema'/);
    await expect(inspector.columns("t", slip({ scheme: "x" }))).rejects.toThrow(
      "inspect(): there is no option 'scheme'",
    );
  });
  it.each([0, -1, 1.5, "10"])("a number of rows that is none, %s, is refused", async (n) => {
    expect(() => select(t).executionOptions(slip({ yieldPer: n }))).toThrow("yieldPer: a whole number of rows from 1");
  });
});
