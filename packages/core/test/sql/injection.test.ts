/**
 * No text of a user's becomes SQL, through any API that takes one: it is quoted, bound or refused. Texts that are SQL are
 * listed by name below, and the list of exports is checked, so that a new one has to be placed. Rules: issue 3, E11.
 */
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as core from "../../src/index.js";
import {
  AthanorError,
  alias,
  CompileError,
  columnValued,
  createEngine,
  deleteFrom,
  dialectNamed,
  type Engine,
  fieldOf,
  func,
  insert,
  inspect,
  integer,
  isDdl,
  literal,
  MetaData,
  mysql,
  pg,
  pgFunc,
  select,
  sql,
  string,
  table,
  tableFunction,
  tableSample,
  text,
  update,
  values,
} from "../../src/index.js";
import { orders, tags, users } from "./corpus/tables.js";

/** All begin with a mark that no SQL of ours holds; none is a plain name. */
const HOSTILE = [
  "zz'; DROP TABLE canary; --",
  'zz"; DROP TABLE canary; --',
  "zz`; DROP TABLE canary; --",
  "zz\\'; DROP TABLE canary; --",
  "zz\\",
  "zz) OR (1=1",
  "zz, canary",
  "zz\nDROP TABLE canary",
  "zz/*zz*/",
  "zz -- ",
  "zz;",
  'zz"."zz',
  "zz`.`zz",
  "zz' || 'zz",
  "zz''zz",
  'zz""zz',
  "$$zz$$ zz",
  "zz]zz[",
  "zz%s?:zz$1",
  "zz\u2019zz\u00b4",
  "zz zz",
];
type Printable = { compile(dialect: string, options?: { literalBinds?: boolean }): { sql: string } };
const u = users.c,
  t = tags.c;
// biome-ignore lint/suspicious/noExplicitAny: texts go where the types would refuse them
type Any = any;
let made = 0;
const fresh = () => new MetaData();
const tableWith = (column: Any, options: Any = {}): Any =>
  table(`t${++made}`, { id: integer().primaryKey(), c: column }, { metadata: fresh(), ...options });
const created = (of: Any) => new core.CreateTable(of);
const createdAll = (of: Any) => [created(of), ...of.indexes.map((i: Any) => new core.CreateIndex(i))];
const T = () => ({ tableName: "t", schema: undefined, fullName: "t" }) as Any;

/** API, what it makes of a text; a list is several statements. `ddl` ones are only read, not run. */
const APIS: readonly (readonly [string, (x: string) => unknown])[] = [
  // names in queries
  ["table(): name", (x) => select(table(x, { id: integer().primaryKey() }, { metadata: fresh() }).c.id)],
  ["table(): schema", (x) => select(table("t", { id: integer().primaryKey() }, { metadata: fresh(), schema: x }).c.id)],
  ["named(): column", (x) => select((tableWith(integer().named(x)).c as Any).c)],
  [
    "table(): key of a column",
    (x) => select((table("t", { id: integer().primaryKey(), [x]: integer() }, { metadata: fresh() }).c as Any)[x]),
  ],
  ["alias(): name", (x) => select(alias(users, x).c.id)],
  ["as(): label", (x) => select(u.id.as(x)).orderBy(u.id.as(x))],
  [
    "as(): label in GROUP BY",
    (x) => {
      const l = func.lower(u.name).as(x);
      return select(l).groupBy(l).orderBy(l);
    },
  ],
  ["subquery(): name", (x) => select(select(u.id).subquery(x).c.id)],
  ["subquery(): label read through", (x) => select((select(u.id.as(x)).subquery("s").c as Any)[x])],
  ["cte(): name", (x) => select(select(u.id).cte(x).c.id)],
  [
    "lateral(): name",
    (x) => select(u.id, (select(orders.c.id).where(orders.c.userId.eq(u.id)).lateral(x).c as Any).id),
  ],
  ["values(): name", (x) => select(values({ a: integer() }, [{ a: 1 }], x).c.a)],
  ["values(): column", (x) => select((values({ [x]: integer() }, [{ [x]: 1 }] as Any, "v").c as Any)[x])],
  ["values(): value", (x) => select(values({ a: string() }, [{ a: x }], "v").c.a)],
  ["tableFunction(): function", (x) => select(tableFunction(x, { a: integer() }, [1], { name: "f" }).c.a)],
  ["tableFunction(): name", (x) => select(tableFunction("generate_series", { a: integer() }, [1, 2], { name: x }).c.a)],
  [
    "tableFunction(): column",
    (x) =>
      select(
        (tableFunction("generate_series", { [x]: integer() }, [1, 2], { name: "f", derived: "typed" }).c as Any)[x],
      ),
  ],
  [
    "tableFunction(): ordinality",
    (x) =>
      select(
        (
          tableFunction("generate_series", { a: integer(), [x]: integer() }, [1, 2], { name: "f", ordinality: x })
            .c as Any
        )[x],
      ),
  ],
  ["tableSample(): method", (x) => select(tableSample(users, 10, { method: x as Any, name: "s" }).c.id)],
  ["tableSample(): name", (x) => select(tableSample(users, 10, { name: x }).c.id)],
  ["tableSample(): percent", (x) => select(tableSample(users, x as Any, { name: "s" }).c.id)],
  ["columnValued(): function", (x) => select(columnValued(x, integer(), [1], "n"))],
  ["columnValued(): name", (x) => select(columnValued("unnest", integer(), [1], x))],
  ["fieldOf(): field", (x) => select(fieldOf(u.id, x, integer()))],
  ["sql.identifier()", (x) => sql`select 1 as ${sql.identifier(x)}`],
  ["sql.identifier(): parts", (x) => sql`select ${sql.identifier("t", x)}`],
  ["sql`…`: value", (x) => sql`select ${x}`],
  ["sql.join(): value", (x) => sql`select ${sql.join([x, x])}`],
  ["sql.text(): value", (x) => sql.text("select :v").bindParams({ v: x })],
  ["columns(): name", (x) => (sql`select 1` as Any).columns({ [x]: integer() })],
  // functions and operators
  ["func.call(): name", (x) => select(func.call(x, integer(), u.id))],
  ["func[name]", (x) => select((func as Any)[x](u.id))],
  ["func.lower(): value", (x) => select(func.lower(literal(x, string())))],
  ["aggregateStrings(): separator", (x) => select(func.aggregateStrings(u.name, x))],
  ["sqlFunction(): name", (x) => select(core.sqlFunction(x, { returns: integer() })())],
  ["sqlFunction(): package", (x) => select(core.sqlFunction("f", { package: x, returns: integer() })())],
  [
    "sqlFunction(): spelling",
    (x) => select(core.sqlFunction("f", { returns: integer(), spelled: { sqlite: x, postgresql: x, mysql: x } })()),
  ],
  ["sqlFunction(): argument", (x) => select(core.sqlFunction("f", { arguments: [string()], returns: integer() })(x))],
  ["op(): operator", (x) => select(u.name.op(x, "y"))],
  ["boolOp(): operator", (x) => select(u.id).where(u.name.boolOp(x, "y"))],
  ["op(): value", (x) => select(u.name.op("||", x))],
  ["collate(): collation", (x) => select(u.name.collate(x))],
  ["extract(): field", (x) => select(u.created.extract(x as Any))],
  ["over(): frame", (x) => select(func.sum(u.age).over({ orderBy: u.id, rows: [x as Any, 0] }))],
  ["over(): exclude", (x) => select(func.sum(u.age).over({ orderBy: u.id, rows: [null, 0], exclude: x as Any }))],
  ["like(): pattern", (x) => select(u.id).where(u.name.like(x))],
  ["like(): escape", (x) => select(u.id).where(u.name.like("a", { escape: x }))],
  ["startsWith(): text and escape", (x) => select(u.id).where(u.name.startsWith(x, { autoescape: true }))],
  ["regexpMatch()", (x) => select(u.id).where(u.name.regexpMatch(x, { ignoreCase: true }))],
  ["regexpReplace()", (x) => select(u.name.regexpReplace(x, x))],
  ["match()", (x) => select(u.id).where(u.name.match(x))],
  ["concat()", (x) => select(u.name.concat(x))],
  ["eq(), in(), between()", (x) => select(u.id).where(u.name.eq(x), u.name.in([x, "a"]), u.name.between(x, x))],
  ["tuple().in()", (x) => select(u.id).where(core.tuple(u.id, u.name).in([[1, x]]))],
  ["get(): key of a document", (x) => select(u.prefs.get(x as "theme"))],
  ["get(): path, as text", (x) => select((u.prefs.get(x as "theme") as Any).get(x).asText())],
  ["date add(): interval", (x) => select(u.created.add(x))],
  ["date diff()", (x) => select(u.birthday.diff(x))],
  [
    "when().else(), caseOf()",
    (x) => select(core.when(u.name.eq(x), x).else(x), core.caseOf(u.name).when(x, x).else(x)),
  ],
  [
    "coalesce(), nullif(), replace()",
    (x) => select(func.coalesce(u.email, x), func.nullif(u.name, x), func.replace(u.name, x, x)),
  ],
  [
    "arrays: has(), contains()",
    (x) => {
      const l = tableWith(core.array(string())).c as Any;
      return select(l.id).where(l.c.has(x), l.c.contains([x]));
    },
  ],
  [
    "pgFunc: texts and configuration",
    (x) => select(pgFunc.toTsvector(x, { config: x }), pgFunc.websearchToTsquery(x), pgFunc.array([x])),
  ],
  ["bindParam(): name", (x) => select(u.id).where(u.age.eq(core.bindParam(x, integer(), { value: 1 })))],
  ["bindParam(): value written out", (x) => select(core.bindParam("p", string(), { value: x, literalExecute: true }))],
  ["params()", (x) => select(core.bindParam("p", string())).params({ p: x })],
  [
    "cast(), tryCast(), typeCoerce()",
    (x) => select(core.cast(literal(x, string()), text()), core.tryCast(literal(x, string()), integer())),
  ],
  [
    "literal(): text, enumeration",
    (x) => select(literal(x, string()), literal(x, text()), literal(x, core.enumeration(x, "b") as Any)),
  ],
  ...(["uuid", "date", "time", "numeric", "interval", "json", "dateTime", "binary", "bigInteger"] as const).map(
    (type) => [`literal(): ${type}`, (x: string) => select(literal(x as Any, (core[type] as Any)()).as("v"))] as const,
  ),
  ["json: keys and texts", (x) => select(literal({ [x]: x }, core.json<object>()).as("v"))],
  // clauses
  ["filterBy(): key", (x) => select(users).filterBy({ [x]: 1 })],
  ["filterBy(): value", (x) => select(users).filterBy({ name: x })],
  ["limit(), offset(), fetch()", (x) => select(u.id).limit(x as Any)],
  ["offset()", (x) => select(u.id).offset(x as Any)],
  ["fetch()", (x) => select(u.id).fetch(x as Any)],
  ["slice()", (x) => select(u.id).slice(x as Any, 3)],
  ["orderBy(): a text", (x) => select(u.id).orderBy(x as Any)],
  ["groupBy(): a text", (x) => select(u.id).groupBy(x as Any)],
  ["where(): a text", (x) => select(u.id).where(x as Any)],
  ["having(): a text", (x) => select(u.id).having(x as Any)],
  ["join(): a text", (x) => select(u.id).join(x as Any)],
  ["selectFrom(): a text", (x) => select(u.id).selectFrom(x as Any)],
  ["select(): a text", (x) => select(x as Any)],
  ["distinct(): a text", (x) => select(u.id).distinct(x as Any)],
  ["prefixWith(): a text", (x) => select(u.id).prefixWith(x as Any)],
  ["suffixWith(): a text", (x) => select(u.id).suffixWith(x as Any)],
  ["withHint(): a text", (x) => select(u.id).withHint(users, x as Any)],
  ["withStatementHint(): a text", (x) => select(u.id).withStatementHint(x as Any)],
  ["cte(): suffix", (x) => select(select(u.id).cte("c", { suffix: x as Any }).c.id)],
  ["withForUpdate(): of", (x) => select(u.id).withForUpdate({ of: x as Any })],
  ["withForUpdate(): words", (x) => select(u.id).withForUpdate({ nowait: x, skipLocked: x, read: x } as Any)],
  ["setLabelStyle()", (x) => select(u.id).setLabelStyle(x as Any)],
  ["label style beside a hostile table", (x) => select(alias(users, x).c.id).setLabelStyle("tableNamePlusColumn")],
  [
    "union() order by name",
    (x) =>
      select(u.id.as(x))
        .union(select(t.id.as(x)) as Any)
        .orderBy(u.id.as(x)),
  ],
  ["executionOptions()", (x) => select(u.id).executionOptions({ [x]: x })],
  // changes
  ["insert(): key", (x) => insert(tags).values({ [x]: 1 } as Any)],
  ["insert(): value", (x) => insert(tags).values({ name: x })],
  ["insert(): rows", (x) => insert(tags).values([{ name: x }, { name: "b" }])],
  ["tuples(): column", (x) => insert(tags).tuples([x] as Any, [[1]] as Any)],
  ["fromSelect(): column", (x) => insert(tags).fromSelect([x] as Any, select(u.name) as Any)],
  [
    "insert prefixWith(): a text",
    (x) =>
      insert(tags)
        .values({ name: "a" })
        .prefixWith(x as Any),
  ],
  [
    "onConflict: target",
    (x) =>
      insert(tags)
        .values({ name: "a" })
        .onConflictDoNothing({ target: [x] as Any }),
  ],
  ["onConflict: constraint", (x) => insert(tags).values({ name: "a" }).onConflictDoNothing({ constraint: x })],
  [
    "onConflict: set, where",
    (x) =>
      insert(tags)
        .values({ name: "a" })
        .onConflictDoUpdate({ target: ["name"], set: { name: x }, where: t.name.ne(x) }),
  ],
  [
    "onConflict: condition of an index",
    (x) =>
      insert(tags)
        .values({ name: "a" })
        .onConflictDoNothing({ target: ["name"], targetWhere: t.name.ne(x) }),
  ],
  [
    "onConflict: key in set",
    (x) =>
      insert(tags)
        .values({ name: "a" })
        .onConflictDoUpdate({ target: ["name"], set: { [x]: 1 } as Any }),
  ],
  ["onDuplicateKeyUpdate()", (x) => insert(tags).values({ name: "a" }).onDuplicateKeyUpdate({ name: x })],
  ["set(): key", (x) => update(tags).set({ [x]: 1 } as Any)],
  ["set(): value", (x) => update(tags).set({ name: x })],
  ["orderedValues(): key", (x) => update(tags).orderedValues([x, 1] as Any)],
  [
    "update limit()",
    (x) =>
      update(tags)
        .set({ uses: 1 })
        .limit(x as Any),
  ],
  ["delete where()", (x) => deleteFrom(tags).where(t.name.eq(x))],
  ["returning(): label", (x) => insert(tags).values({ name: "a" }).returning(t.id.as(x))],
  ["default(): a value", (x) => insert(tableWith(string().default(x))).values({} as Any)],
  ["onUpdate(): a value", (x) => update(tableWith(string().onUpdate(x))).set({ id: 1 } as Any)],
  // DDL
  [
    "CREATE TABLE: names",
    (x) => created(table(x, { id: integer().primaryKey(), [x]: integer() }, { metadata: fresh(), schema: x })),
  ],
  ["CREATE TABLE: comments", (x) => createdAll(tableWith(integer().comment(x), { comment: x }))],
  ["CREATE TABLE: constraint names", (x) => createdAll(tableWith(integer().unique(x).index(x).check("c > 0", x)))],
  [
    "CREATE TABLE: an enumeration's values",
    (x) => created(tableWith(core.enumeration([x, "b"], { name: x, native: true } as Any))),
  ],
  [
    "CREATE TABLE: a checked enumeration",
    (x) => created(tableWith(core.enumeration([x, "b"], { check: true, name: x } as Any))),
  ],
  [
    "CREATE TABLE: mysql.enumeration, set",
    (x) => [created(tableWith(mysql.enumeration(x, "b"))), created(tableWith(mysql.set(x.replaceAll(",", ""), "b")))],
  ],
  ["CREATE TABLE: a domain", (x) => created(tableWith(pg.domain(x, text())))],
  ["CREATE TABLE: lengths", (x) => created(tableWith((string as Any)("c", x)))],
  ["CREATE TABLE: precision", (x) => created(tableWith((core.numeric as Any)("c", x, x)))],
  ["CREATE TABLE: a column's collation", (x) => created(tableWith((string(20) as Any).collate(x)))],
  ["CREATE TABLE: references()", (x) => created(tableWith(integer().references(`${x}.id`)))],
  ["CREATE TABLE: onDelete", (x) => created(tableWith(integer().references("t.id", { onDelete: x as Any })))],
  [
    "CREATE TABLE: initially, match",
    (x) => created(tableWith(integer().references("t.id", { initially: x, match: x } as Any))),
  ],
  ["CREATE TABLE: identity", (x) => created(tableWith(integer().identity({ start: x, increment: x } as Any)))],
  [
    "CREATE TABLE: table options",
    (x) => [created(tableWith(integer(), { dialectOptions: { mysql: { engine: x, charset: x, collate: x } } }))],
  ],
  [
    "CREATE TABLE: options of PostgreSQL and SQLite",
    (x) =>
      [
        { using: x },
        { with: { fillfactor: x } },
        { with: { [x]: 1 } },
        { tablespace: x },
        { inherits: x },
        { onCommit: x },
      ].map((postgresql) =>
        created(tableWith(integer(), { dialectOptions: { postgresql, sqlite: { strict: x, withoutRowid: x } } })),
      ),
  ],
  [
    "CREATE TABLE: primary key's name",
    (x) =>
      created(
        table(
          "t",
          { id: integer(), c: integer() },
          { metadata: fresh(), constraints: (c) => [core.primaryKeyConstraint(x, c.id)] },
        ),
      ),
  ],
  [
    "CREATE TABLE: foreign key's name",
    (x) =>
      created(
        table(
          "t",
          { id: integer().primaryKey(), c: integer() },
          { metadata: fresh(), constraints: (c) => [core.foreignKey([c.c], ["o.id"], { name: x })] },
        ),
      ),
  ],
  [
    "CREATE INDEX: name and condition",
    (x) =>
      createdAll(
        table(
          "t",
          { id: integer().primaryKey(), c: string(9) },
          { metadata: fresh(), constraints: (c) => [core.index(x, c.c, func.lower(c.c)).where(c.c.ne(x))] },
        ),
      ),
  ],
  ...(
    [
      ["postgresql", "using"],
      ["postgresql", "tablespace"],
      ["postgresql", "ops"],
      ["postgresql", "include"],
      ["postgresql", "with"],
      ["mysql", "using"],
      ["mysql", "parser"],
      ["mysql", "prefix"],
      ["mysql", "length"],
    ] as const
  ).map(
    ([dialect, option]) =>
      [
        `CREATE INDEX: ${dialect} ${option}`,
        (x: string) => {
          const given: Any = { ops: { c: x }, include: [x], with: { fillfactor: x, [x]: 1 }, length: { c: x } };
          const of = table(
            "t",
            { id: integer().primaryKey(), c: string(9) },
            {
              metadata: fresh(),
              constraints: (c) => [core.index("i", c.c).with(dialect, { [option]: given[option] ?? x })],
            },
          );
          return createdAll(of);
        },
      ] as const,
  ),
  [
    "check(): an expression",
    (x) =>
      created(
        table(
          "t",
          { id: integer().primaryKey(), c: string(9) },
          { metadata: fresh(), constraints: (c) => [core.check(c.c.ne(x), x)] },
        ),
      ),
  ],
  [
    "DROP TABLE, DROP INDEX",
    (x) => [new core.DropTable({ ...T(), tableName: x }), new core.DropIndex({ name: x, table: T() } as Any)],
  ],
  ["DROP CONSTRAINT", (x) => new core.DropConstraint(T(), { kind: "unique", name: x } as Any)],
  [
    "DROP COLUMN, RENAME COLUMN, RENAME TABLE",
    (x) => [new core.DropColumn(T(), x), new core.RenameColumn(T(), x, x), new core.RenameTable(T(), x)],
  ],
  [
    "ALTER COLUMN",
    (x) => [
      new core.AlterColumnNullable(T(), x, false),
      new core.AlterColumnDefault(T(), x, null),
      new core.AlterColumnType(T(), x, core.INTEGER),
    ],
  ],
  ["comments afterwards", (x) => [new core.SetTableComment(T(), x), new core.SetColumnComment(T(), x, x)]],
  ["schemas", (x) => [new core.CreateSchema(x), new core.DropSchema(x)]],
  [
    "sequences",
    (x) => [new core.CreateSequence(new core.Sequence(x, { schema: x })), new core.DropSequence({ name: x })],
  ],
  [
    "sequence options",
    (x) =>
      new core.CreateSequence(
        new core.Sequence("s", { start: x, increment: x, minValue: x, maxValue: x, cache: x } as Any),
      ),
  ],
  [
    "types",
    (x) => {
      const e = new core.EnumType([x, "b"], { name: x, native: true });
      return [new core.CreateType(e, x), new core.DropType(e), new core.AddEnumValue(e as Any, x)];
    },
  ],
  [
    "views",
    (x) => [
      new core.CreateView(x, select(u.id).where(u.name.eq(x)) as Any, { schema: x } as Any),
      new core.DropView(x, { schema: x }),
    ],
  ],
];

/** What is left of a text when everything quoted is taken out. */
function bare(sqlText: string, dialect: string): string {
  const quoted =
    dialect === "postgresql"
      ? /\bE'(?:[^'\\]|''|\\[\s\S])*'|'(?:[^']|'')*'|"(?:[^"]|"")*"/g
      : dialect === "sqlite"
        ? /'(?:[^']|'')*'|"(?:[^"]|"")*"/g
        : /'(?:[^'\\]|''|\\[\s\S])*'|`(?:[^`]|``)*`/g;
  return sqlText.replace(quoted, " ");
}
const DIALECTS = ["sqlite", "postgresql", "mysql", "mariadb"] as const;
function textsOf(madeOf: unknown, dialect: string): string[] {
  if (Array.isArray(madeOf)) return madeOf.flatMap((m) => textsOf(m, dialect));
  if (isDdl(madeOf as never))
    return [
      ...dialectNamed(dialect)
        .createDdlCompiler()
        .statements(madeOf as never),
    ];
  const statement = madeOf as Printable;
  return [false, true].map((literalBinds) => statement.compile(dialect, { literalBinds }).sql);
}
/** Refusals are ours, with a sentence; a TypeError from inside is a defect. */
const refusal = (error: unknown) => error instanceof AthanorError;

describe.each(DIALECTS)("a text of a user's is no SQL on %s", (dialect) => {
  it.each(APIS)("%s", (_, make) => {
    for (const x of HOSTILE) {
      let texts: string[];
      try {
        texts = textsOf(make(x), dialect);
      } catch (error) {
        if (!refusal(error)) throw error;
        continue;
      }
      for (const written of texts) {
        const rest = bare(written, dialect);
        expect(rest, `${x} in ${written}`).not.toMatch(/zz|canary|--|;|\/\*|\\|['"`]/i);
      }
    }
  });
});

describeEachDatabase("hostile texts on a server", (target) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = createEngine(await target.url());
    await engine.begin(async (conn) => {
      await conn.execDriverSql("create table canary (n integer)");
      await conn.execDriverSql("insert into canary values (7)");
    });
    const { metadata } = await import("./corpus/tables.js");
    await metadata.createAll(engine);
  });
  afterAll(() => engine.dispose());
  it("leave the canary alone, whatever is executed", async () => {
    for (const [name, make] of APIS) {
      for (const x of HOSTILE) {
        let statement: unknown;
        try {
          statement = make(x);
        } catch {
          continue;
        }
        if (Array.isArray(statement) || isDdl(statement as never)) continue;
        await using conn = await engine.connect();
        await conn
          .execute(statement as never)
          .all()
          .catch((error: unknown) => {
            if (!(error instanceof AthanorError)) throw new Error(`${name} with ${x}: ${String(error)}`);
          });
        await conn.rollback();
      }
    }
    await using conn = await engine.connect();
    expect(await conn.execute(sql`select n from canary`).scalar()).toBe(7);
  });
  it("neither do the inspector, schema maps, names of transactions and levels", async () => {
    for (const x of HOSTILE) {
      await using conn = await engine.connect();
      const inspector = inspect(conn) as Any;
      for (const ask of [
        "columns",
        "indexes",
        "foreignKeys",
        "uniqueConstraints",
        "checkConstraints",
        "primaryKey",
        "comment",
        "hasTable",
      ]) {
        if (typeof inspector[ask] !== "function") continue;
        await Promise.resolve()
          .then(() => inspector[ask](x, { schema: x }))
          .catch((error: unknown) => expect(error, `${ask} ${x}`).toBeInstanceOf(AthanorError));
        await conn.rollback();
      }
      const mapped = select(
        table("t", { id: integer().primaryKey() }, { metadata: fresh(), schema: "s" }).c.id,
      ).executionOptions({ schemaTranslateMap: { s: x } });
      await conn
        .execute(mapped)
        .all()
        .catch((error: unknown) => expect(error).toBeInstanceOf(AthanorError));
      await conn.rollback();
      await conn.begin({ twoPhase: x }).catch((error: unknown) => expect(error).toBeInstanceOf(AthanorError));
      await conn.rollback();
      await expect(conn.begin({ isolationLevel: x as never })).rejects.toBeInstanceOf(AthanorError);
      await conn.rollback();
      expect(() => createEngine("sqlite://", { isolationLevel: x as never })).toThrow(AthanorError);
    }
    await using conn = await engine.connect();
    expect(await conn.execute(sql`select n from canary`).scalar()).toBe(7);
  });
});

describe("what carries SQL does so by its name", () => {
  const carried = "zz + 1";
  it.each<[string, () => Printable]>([
    ["sql`…`", () => sql`select zz + 1` as never],
    ["sql.raw()", () => sql`select ${sql.raw(carried)}` as never],
    ["sql.text(), sqlText()", () => core.sqlText("select zz + 1") as never],
    ["sql.join(): separator", () => sql`select ${sql.join([sql`zz`, sql`1`], " + ")}` as never],
    ["literalColumn()", () => select(core.literalColumn(carried, integer()))],
    ["prefixWith(sql`…`)", () => select(u.id).prefixWith(sql.raw("zz + 1 AS q,"))],
  ])("%s", (_, make) => expect(make().compile("sqlite").sql).toContain("zz"));
  it.each<[string, () => unknown]>([
    ["serverDefault()", () => created(tableWith(integer().serverDefault("1 + 1")))],
    ["check()", () => created(tableWith(integer().check("c > 1 + 1")))],
    ["computed()", () => created(tableWith(integer().computed("1 + 1")))],
    ["spelled()", () => created(tableWith(core.spelled("VARCHAR(1 + 1)", string(3))))],
    [
      "partitionBy",
      () => created(tableWith(integer(), { dialectOptions: { postgresql: { partitionBy: "RANGE (1 + 1)" } } })),
    ],
    ["ddl()", () => core.ddl("select 1 + 1")],
    ["CreateView of a text", () => new core.CreateView("v", "select 1 + 1")],
  ])("in DDL: %s", (_, make) => expect(textsOf(make(), "postgresql").join()).toContain("1 + 1"));
  it("the stored objects of a database are its own language", () => {
    expect(
      [core.view, core.materializedView, core.storedFunction, core.storedProcedure, core.trigger].every(
        (f) => typeof f === "function",
      ),
    ).toBe(true);
  });
});

describeEachDatabase("values that no type has converted", (target) => {
  it("are refused or text, and never SQL or numbers of the driver's making", async () => {
    const metadata = new MetaData();
    const notes = table(
      "notes",
      { id: integer().primaryKey(), note: string(60).nullable(), n: integer().nullable() },
      { metadata },
    );
    await using engine = createEngine(await target.url());
    await metadata.createAll(engine);
    await using conn = await engine.connect();
    await conn.execute(insert(notes).values({ id: 1, note: "x", n: 1 }));
    const made = { id: 1, toSqlString: () => "1 = 1" };
    for (const value of [made, [["y"], ["z"]], Symbol("x"), () => 1, Promise.resolve(1), new Map()] as Any[]) {
      for (const given of [{ note: value }, { n: value }]) {
        await using point = await conn.beginNested();
        const write = async () => conn.execute(insert(notes).values(given)).rowCount();
        await expect(write()).rejects.toThrow(AthanorError);
        await point.rollback();
      }
      await using point = await conn.beginNested();
      const read = async () => conn.execute(select(notes.c.id).where(notes.c.id.eq(value))).all();
      await expect(read()).rejects.toThrow(AthanorError);
      await point.rollback();
    }
    // Compared as numbers, every text without digits would be 0.
    for (const value of [0, 0n] as Any[]) {
      expect(await conn.execute(select(notes.c.id).where(notes.c.note.eq(value))).all()).toEqual([]);
      expect(await conn.execute(select(notes.c.id).where(notes.c.note.in([value]))).all()).toEqual([]);
    }
  });
});
describeEachDatabase("autoescape", (target) => {
  it("takes any character to escape with, and texts only", async () => {
    await using engine = createEngine(await target.url());
    await using conn = await engine.connect();
    const texts = ["a%b", "a_b", "a/b", "a^b", "a\\b", "a!%b", "^%", "%%", "😀%"];
    for (const escape of [undefined, "/", "^", "!", "😀"])
      for (const one of texts)
        for (const other of texts) {
          const like = literal(other, string()).startsWith(one, { autoescape: true, ...(escape && { escape }) });
          const said = await conn.execute(select(core.when(like, 1).else(0).as("v"))).scalar();
          expect(Number(said), `${other} starts with ${one}, ${escape}`).toBe(other.startsWith(one) ? 1 : 0);
        }
    expect(() => u.name.contains("a", { escape: "" })).toThrow(/one character/);
    expect(() => u.name.contains(u.email as Any, { autoescape: true })).toThrow(/autoescape is for a text/);
  });
});
describeEachDatabase(
  "a session that takes backslashes as they are",
  (target) => {
    it("gets its values bound as they are, from whenever it says so", async () => {
      await using engine = createEngine(await target.url(), { poolSize: 1, maxOverflow: 0 });
      engine.on("connect", async ({ connection }) => {
        const hint = { prepare: false, returnsRows: false, exactIntegers: false };
        await connection.execute("set sql_mode = concat(@@sql_mode, ',NO_BACKSLASH_ESCAPES')", [], hint);
      });
      await using conn = await engine.connect();
      for (const value of [...HOSTILE, "' or 1=1 -- ", "\\' or 1=1 -- "]) {
        expect(await conn.execute(sql`select ${value} as v`).scalar()).toBe(value);
        expect(await conn.execDriverSql("select ? as v", [value]).scalar()).toBe(value);
        if (value.includes("\0")) continue;
        const written = select(literal(value, core.string()).as("v")).compile(engine, { literalBinds: true }).sql;
        expect(await conn.execDriverSql(written).scalar()).toBe(value);
      }
      await conn.execDriverSql("set sql_mode = ''");
      expect(await conn.execDriverSql("select ? as v", ["a\\' b"]).scalar()).toBe("a\\' b");
    });
  },
  { only: ["mariadb"] },
);

it("every function that core exports has its place here", () => {
  const source = [APIS.map(([name, make]) => `${name} ${make}`).join(), String(describe)].join();
  const named = new Set(source.match(/\b[a-zA-Z]+\b/g));
  /** Raw SQL by name; see above. */
  const CARRIERS = [
    "literalColumn",
    "sqlText",
    "ddl",
    "spelled",
    "view",
    "materializedView",
    "storedFunction",
    "storedProcedure",
    "trigger",
  ];
  /** Take no text of a user's, or only the names of things that are looked up. */
  const LOOKED_UP = [
    "and",
    "or",
    "not",
    "exists",
    "asc",
    "desc",
    "anyOf",
    "allOf",
    "rollup",
    "cube",
    "groupingSets",
    "rowOf",
    "fromDmlColumn",
    "correspondingColumn",
    "tableOf",
    "selectView",
    "viewOf",
    "objectOfView",
    "sortObjects",
    "integer",
    "smallInteger",
    "boolean",
    "float",
    "double",
    "text",
    "insertSentinel",
    "custom",
    "columnOf",
    "enumOf",
    "serialized",
    "unique",
    "typeCoerce",
    // engines and dialects
    "createEngine",
    "createMockEngine",
    "createPoolFromUrl",
    "engineFromConfig",
    "makeUrl",
    "dialectFor",
    "dialectNamed",
    "dialectNames",
    "registerDialect",
    "inspect",
    "isRetryable",
    // for extensions, which write SQL themselves
    "registerCompilation",
    "registerTypeCompilation",
    "typeSource",
    "bindStatement",
    "joinCondition",
    "originColumn",
    "canGenerate",
    "viewedBy",
    "viewedJoins",
    "withEntityRows",
    "converter",
    "canGenerate",
    "rowPrototype",
    "rowReader",
    "lazyRows",
    "partsFromReflection",
    "queryOn",
    "withConnection",
    "buildTable",
    "typeCheckOf",
    "createTable",
    "columnsIn",
    "conjunction",
    "criterion",
    "negate",
    "operand",
    "asEntity",
    "asFrom",
    "requireFrom",
    "requireValue",
    "rowsOf",
    "ordering",
    "nextId",
    "selectItem",
    "children",
    "clonedTraverse",
    "compare",
    "iterate",
    "referencedFroms",
    "replace",
    "traverse",
    "converted",
    "sqlTypeOf",
    "nearest",
    "requireKnownOptions",
    "checkedExecutionOptions",
    "declareExecutionOptions",
    "atColumn",
    "didYouMean",
    "showParameter",
    "showParameters",
    "isDdl",
    "copyTable",
    "camelToSnake",
    "conv",
    "conventionalName",
    "truncatedName",
    "sortGraph",
    "topologicalSort",
    "cyclePath",
    "foreignKeysOf",
    "sortTables",
    "jsonStructure",
    "typeOfValue",
    "identityNumber",
    "storedType",
    "behaviourOf",
  ];
  const isClass = (x: unknown) => /^class/.test(Function.prototype.toString.call(x));
  const missing = Object.entries(core)
    .filter(([, x]) => typeof x === "function" && !isClass(x))
    .map(([name]) => name)
    .filter((name) => !named.has(name) && !CARRIERS.includes(name) && !LOOKED_UP.includes(name));
  expect(missing).toEqual([]);
});
void CompileError;
