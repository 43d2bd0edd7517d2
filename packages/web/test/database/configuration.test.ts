/** What the configuration may say, which slip is named, and which engine comes of it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { camelToSnake, insert, integer, MetaData, select, string, Url } from "@athanor/core";
import { inspect, Mixin } from "@athanor/orm";
import { type App, createApp, Database, DatabaseSetupError } from "@athanor/web";
import { expect, test } from "vitest";
import { blog, collectingLogger, folder, makeApp } from "./app.js";

const bare = (config: object = {}): App => createApp({ root: folder(), logger: collectingLogger(), config });
function failure(make: () => unknown): DatabaseSetupError {
  try {
    make();
  } catch (error) {
    expect(error).toBeInstanceOf(DatabaseSetupError);
    return error as DatabaseSetupError;
  }
  return expect.fail("no error");
}
const made = (config: object, options = {}) => {
  const app = bare(config);
  return { app, db: new Database(app, options) };
};

test("without a URL the error says what to set and to move the line up; the seeds' slips are named", () => {
  const none = failure(() => new Database(bare()));
  expect(none.code).toBe("database.url-missing");
  expect(none.message).toMatch(/DATABASE_URL.*new Database\(app\).*move it up/s);
  for (const slip of ["SQLALCHEMY_DATABASE_URL", "SQLALCHEMYDATABASE_URI", "SQLALCHEMY_DATABSE_URI"])
    expect(failure(() => new Database(bare({ [slip]: "sqlite://" }))).message).toContain(
      `The configuration has '${slip}'. Did you mean 'SQLALCHEMY_DATABASE_URI'?`,
    );
  expect(failure(() => new Database(bare({ DATABASE_URI: "sqlite://" }))).message).toContain("'DATABASE_URL'");
});

test("a URL changed after the Database has read it stops the app with the line to move", async () => {
  const { app } = made({ DATABASE_URL: "sqlite://" });
  app.config.SQLALCHEMY_DATABASE_URI = "sqlite:///other.db";
  app.get("/", function index() {
    return "x";
  });
  await expect(app.start()).rejects.toThrow(/SQLALCHEMY_DATABASE_URI was changed after .*Move that line above/s);
});

test("a misspelt key beside a right one is warned about at start", async () => {
  const warnings: string[] = [];
  const logger = { ...collectingLogger(), warn: (text: unknown) => void warnings.push(String(text)) };
  const app = createApp({ root: folder(), logger, config: { DATABASE_URL: "sqlite://", DATABASE_EKO: true } });
  new Database(app);
  await app.start();
  expect(warnings.join()).toMatch(/DATABASE_EKO.*DATABASE_ECHO/);
});

test("both names, URL objects and postgres:// are accepted; two different URLs are not", () => {
  expect(String(made({ SQLALCHEMY_DATABASE_URI: "postgres://ann:secret@db.example/shop" }).db.engine.url)).toBe(
    "postgresql://ann:***@db.example/shop",
  );
  expect(made({ DATABASE_URL: Url.parse("mysql://db.example/shop") }).db.engine.url.host).toBe("db.example");
  const both = { DATABASE_URL: "postgresql://a:geheim@one/x", SQLALCHEMY_DATABASE_URI: "postgresql://a:geheim@two/x" };
  const { message } = failure(() => new Database(bare(both)));
  expect(message).toMatch(/DATABASE_URL and SQLALCHEMY_DATABASE_URI/);
  expect(message).not.toContain("geheim");
  expect(failure(() => new Database(bare({ DATABASE_URL: "app.db" }))).message).toMatch(
    /^DATABASE_URL: .*sqlite:\/\/\/app\.db/,
  );
  expect(failure(() => new Database(bare({ DATABASE_URL: 5 }))).message).toMatch(/as text/);
});

// Expected: Flask-SQLAlchemy's documented order, ctor < BINDS entry < ENGINE_OPTIONS (default bind only) < DATABASE_URI.
test("engine options: the constructor is weakest, DATABASE_ENGINE_OPTIONS counts for the default only, the URL wins", () => {
  const { db } = made(
    {
      DATABASE_URL: "postgresql://a/main",
      DATABASE_ENGINE_OPTIONS: { poolSize: 3, url: "postgresql://a/ignored" },
      DATABASE_BINDS: { auth: { url: "postgresql://a/auth", maxOverflow: 1 }, log: "postgresql://a/log" },
      DATABASE_ECHO: false,
    },
    { engineOptions: { poolSize: 2, maxOverflow: 0 } },
  );
  const sizes = (key: string | null) => {
    const { size } = db.engines.get(key)!.pool.status();
    return [db.engines.get(key)!.url.database, size];
  };
  expect(sizes(null)).toEqual(["main", 3]);
  expect(sizes("auth")).toEqual(["auth", 2]);
  expect(sizes("log")).toEqual(["log", 2]);
  expect(() => made({ DATABASE_URL: "sqlite://" }, { engineOptions: { pool_size: 3 } as object }).db.engine).toThrow(
    /pool_size.*Did you mean 'poolSize'/,
  );
});

test("a relative SQLite file lies in the instance folder, made when it is needed; memory is one shared connection", async () => {
  const { app, db } = await blog();
  expect(db.engine.url.database).toBe(join(app.instancePath, "app.db"));
  expect(existsSync(join(app.instancePath, "app.db"))).toBe(true);
  const absolute = join(folder(), "there.db");
  expect(made({ DATABASE_URL: `sqlite:///${absolute}` }).db.engine.url.database).toBe(absolute);
  expect(made({ DATABASE_URL: "sqlite:///:memory:" }).db.engine.url.database).toBe(":memory:");
  expect(made({ DATABASE_URL: "postgresql://localhost/app.db" }).db.engine.url.database).toBe("app.db");

  const { app: memory, db: shared } = made({ DATABASE_URL: "sqlite://" });
  class Note extends shared.Model("Note", { id: integer().primaryKey() }) {}
  await shared.createAll();
  await memory.context(async () => {
    shared.session.add(new Note({}));
    await shared.session.commit();
  });
  expect(await memory.context(() => Note.query().count())).toBe(1);
  await db.dispose();
  await shared.dispose();
});

test("DATABASE_ECHO is the default of every engine and pool, of binds too, unless their own options say otherwise", async () => {
  const heard = async (config: object, options = {}) => {
    const lines: string[] = [];
    const mine: string[] = [];
    const { db } = made(
      {
        DATABASE_URL: "sqlite://",
        DATABASE_BINDS: { quiet: { url: "sqlite://", echo: (line: string) => mine.push(line) }, log: "sqlite://" },
        ...(config === null ? {} : { DATABASE_ECHO: (line: string) => void lines.push(line) }),
        ...config,
      },
      options,
    );
    for (const [key, engine] of db.engines)
      await engine.begin(async (c) => c.execDriverSql(`select '${key ?? "default"}'`).scalar());
    await db.dispose();
    const told = (word: string) => [lines, mine].map((all) => all.some((line) => line.includes(word)));
    return { default: told("'default'"), quiet: told("'quiet'"), log: told("'log'"), pool: told("checkout") };
  };
  expect(await heard({})).toEqual({
    default: [true, false],
    quiet: [false, true],
    log: [true, false],
    pool: [true, false],
  });
  expect(await heard({ DATABASE_ECHO: undefined })).toMatchObject({ default: [false, false], quiet: [false, true] });
  expect(await heard({}, { engineOptions: { echo: false, echoPool: false } })).toMatchObject({
    default: [false, false],
    log: [false, false],
    pool: [false, false],
  });
});

test("a file: URL of SQLite is placed like a path, opens as its options say, and memory stays memory", async () => {
  const app = bare({ DATABASE_URL: "sqlite:///file:data/notes.db?uri=true" });
  const db = new Database(app);
  class Note extends db.Model("Note", { id: integer().primaryKey() }) {}
  await db.createAll();
  const file = join(app.instancePath, "data", "notes.db");
  expect([db.engine.url.database, existsSync(file)]).toEqual([file, true]);
  const reading = made({ DATABASE_URL: `sqlite:///file:${file}?mode=ro` });
  await reading.app.context(async () => {
    expect(await reading.db.session.execute(select(Note)).all()).toEqual([]);
    reading.db.session.add(new Note({}));
    await expect(reading.db.session.commit()).rejects.toThrow(/readonly|read-only/i);
  });
  expect(made({ DATABASE_URL: "sqlite:///file::memory:?uri=true" }).db.engine.url.database).toBe("file::memory:");
  await db.dispose();
  await reading.db.dispose();
});

test("one Database per app, one app per scope: mistakes say which", async () => {
  const app = makeApp();
  const db = new Database(app);
  expect(failure(() => new Database(app)).message).toMatch(/another Database/);
  expect(failure(() => db.initApp(app)).message).toMatch(/this Database already/);
  const unregistered = new Database();
  expect(failure(() => unregistered.engine).message).toMatch(/db\.initApp\(app\)/);
  await app.context(() => {
    expect(failure(() => unregistered.session()).message).toMatch(/registered with another Database/);
  });
  await bare().context(() => {
    expect(failure(() => db.session()).message).toMatch(/never called/);
  });
});

test("printing a Database shows no password", () => {
  const { db } = made({
    DATABASE_URL: "postgresql://u:secret@h/d",
    DATABASE_BINDS: { a: "sqlite://", b: "sqlite://" },
  });
  expect(String(db)).toBe("<Database postgresql://u:***@h/d +2 engines>");
  expect(String(new Database())).toBe("<Database>");
});

test("binds: tables, rows and sessions go to their own database; equal table names are no clash", async () => {
  const app = bare({ DATABASE_URL: "sqlite:///main.db", DATABASE_BINDS: { auth: "sqlite:///auth.db" } });
  const db = new Database(app);
  class User extends db.Model("User", { id: integer().primaryKey(), name: string(20) }) {}
  class Login extends db.Model(
    "Login",
    { id: integer().primaryKey(), name: string(20) },
    { bind: "auth", tableName: "user" },
  ) {}
  await db.createAll({ bind: ["auth"] });
  await db.createAll();
  await db.run(async () => {
    db.session.add(new User({ name: "main" }), new Login({ name: "auth" }));
    await db.session.commit();
    expect((await User.query().one()).name).toBe("main");
    expect((await Login.query().one()).name).toBe("auth");
  });
  // Both databases have a table 'user': a statement that does not say which one must never fall on the other's rows.
  await db.run(async () => {
    const outcome = await Login.query()
      .filterBy({ name: "main" })
      .delete()
      .catch((error: unknown) => error);
    if (outcome instanceof Error) expect(outcome.message).toMatch(/'user' exists in several binds/);
    else expect(outcome).toBe(0);
    await db.session.rollback();
    const connection = await db.session.connection(Login);
    expect((await connection.execDriverSql("select name from user").all()).map((r) => r[0])).toEqual(["auth"]);
  });
  expect(await db.run(async () => (await User.query().all()).length)).toBe(1);
  const rows = await db.engines.get("auth")!.begin(async (conn) => conn.execDriverSql('select name from "user"').all());
  expect(rows.map((r) => r[0])).toEqual(["auth"]);
  await expect(db.createAll({ bind: "auht" })).rejects.toThrow(/no bind 'auht'.*Did you mean 'auth'/);
  await db.dropAll({ bind: "auth" });
  await expect(db.run(() => Login.query().all())).rejects.toThrow(/no such table/);
  await db.dispose();
});

test("a bind goes with mixins and to subclasses; a table says it by its metadata", async () => {
  const app = bare({ DATABASE_URL: "sqlite:///main.db", DATABASE_BINDS: { auth: "sqlite:///auth.db" } });
  const metadata = new MetaData({ namingConvention: { uq: "uq_%(table_name)s_%(column_0_name)s" } });
  const db = new Database(app, { metadata });
  const stamped = Mixin({ made: string(10).default(() => "now") });
  class Login extends db.Model(
    "Login",
    { id: integer().primaryKey(), name: string(20).unique() },
    { mixins: [stamped], bind: "auth" },
  ) {}
  class Admin extends Login.subclass("Admin", {
    id: integer().primaryKey().references("login.id"),
    level: integer(),
  }) {}
  class Page extends db.Model("Page", { id: integer().primaryKey(), title: string(20) }) {}
  const seen = db.table("seen", { id: integer().primaryKey() }, { metadata: db.bind("auth") });
  const plain = db.table("plain", { id: integer().primaryKey() });
  expect(plain.c.id).toBeDefined();
  void [Login, Admin, Page].map((model) => model.c);
  const tables = () =>
    Object.fromEntries([...db.metadatas].map(([key, m]) => [key ?? "default", [...m.tables.keys()].sort()]));
  expect(tables()).toEqual({ auth: ["admin", "login", "seen"], default: ["page", "plain"] });
  // Constraints of a bind are named as those of the default database.
  expect([...db.bind("auth").tables.get("login")!.constraints].map((c) => c.name)).toContain("uq_login_name");
  expect([...db.engines].map(([key, engine]) => [key, engine.url.database?.split("/").at(-1)])).toEqual([
    [null, "main.db"],
    ["auth", "auth.db"],
  ]);
  await db.createAll();
  const rows = async (key: string | null, table: string) =>
    (await db.engines
      .get(key)!
      .begin(async (c) => c.execDriverSql(`select count(*) from ${table}`).scalar())) as number;
  // One flush over both, one transaction each: a rollback undoes both, a commit keeps both.
  await db.run(async () => {
    db.session.add(new Page({ title: "a" }), new Admin({ name: "root", level: 1 }));
    await db.session.flush();
    await db.session.rollback();
    db.session.add(new Page({ title: "a" }), new Admin({ name: "root", level: 1 }));
    await db.session.commit();
    expect((await Admin.query().one()).made).toBe("now");
  });
  expect([await rows(null, "page"), await rows("auth", "login"), await rows("auth", "admin")]).toEqual([1, 1, 1]);
  // Statements find their database by the tables they name.
  await db.run(async () => {
    await db.session.execute(insert(seen).values({ id: 7 }));
    await db.session.commit();
    expect(await db.session.scalar(select(seen.c.id))).toBe(7);
  });
  await db.dispose();
});

// Two databases commit one after the other: what the second refuses cannot take the first back. Where they can,
// sessionOptions { twoPhase: true } is the way out.
test("a commit over binds is one per database, not one over all", async () => {
  const app = bare({ DATABASE_URL: "sqlite:///main.db", DATABASE_BINDS: { auth: "sqlite:///auth.db" } });
  const db = new Database(app);
  class Page extends db.Model("Page", { id: integer().primaryKey() }) {}
  class Login extends db.Model(
    "Login",
    {
      id: integer().primaryKey(),
      // Found missing by COMMIT, and only then.
      friendId: integer().references("login.id", { deferrable: true, initially: "DEFERRED" }).nullable(),
    },
    { bind: "auth" },
  ) {}
  await db.createAll();
  await db.run(async () => {
    expect(await Page.query().count()).toBe(0);
    db.session.add(new Page({}), new Login({ friendId: 99 }));
    await expect(db.session.commit()).rejects.toThrow(/FOREIGN KEY/i);
  });
  expect(await db.run(async () => [await Page.query().count(), await Login.query().count()])).toEqual([1, 0]);
  await db.dispose();
});

test("reflected tables can be put under a model; createAll of nothing says what was not imported", async () => {
  const { db } = await blog();
  const again = new Database(createApp({ root: folder(), config: { DATABASE_URL: String(db.engine.url) } }));
  await again.reflect();
  class Writer extends again.Model("Writer", {}, { table: again.metadata.tables.get("user")! }) {}
  await again.run(async () => {
    again.session.add(Object.assign(new Writer({}), { name: "amy" }));
    await again.session.commit();
    expect(await Writer.query().count()).toBe(1);
  });
  expect(Object.keys(again.models)).toEqual(["Writer"]);
  await again.dispose();
});

// Expected: the cases of Flask-SQLAlchemy's test_table_name and the seeds'.
test.each([
  ["CamelCase", "camel_case"],
  ["Snake_case", "snake_case"],
  ["HTMLLayout", "html_layout"],
  ["LayoutHTML", "layout_html"],
  ["HTTP2Request", "http2_request"],
  ["ShoppingCartSession", "shopping_cart_session"],
  ["ABC", "abc"],
  ["PreABC", "pre_abc"],
  ["ABCPost", "abc_post"],
  ["PreABCPost", "pre_abc_post"],
  ["FamilyAndFriend", "family_and_friend"],
  ["Users", "users"],
])("the model %s has the table %s", (model, table) => {
  expect(camelToSnake(model)).toBe(table);
  const db = new Database();
  class Made extends db.Model(model, { id: integer().primaryKey() }) {}
  expect(inspect(new Made({})).mapper.table?.tableName).toBe(table);
});

test("db.table belongs to the database; reflect reads what is there; a common base class reaches all models", async () => {
  abstract class Base {
    describe() {
      return `a ${this.constructor.name}`;
    }
  }
  const app = bare({ DATABASE_URL: "sqlite:///app.db" });
  const db = new Database(app, { modelClass: Base });
  const tags = db.table("tags", { id: integer().primaryKey(), name: string(20) });
  class Todo extends db.Model("Todo", { id: integer().primaryKey() }) {}
  expect([...db.metadata.tables.keys()]).toEqual(["tags", "todo"]);
  await db.createAll();
  expect(new Todo({}).describe()).toBe("a Todo");
  expect(tags.c.name).toBeDefined();

  const again = new Database(createApp({ root: folder(), config: { DATABASE_URL: String(db.engine.url) } }));
  expect((await again.reflect()).map((t) => t.tableName).sort()).toEqual(["tags", "todo"]);
  await db.dispose();
  await again.dispose();
});

test("the shell gets db and every model", async () => {
  const { app, db, User, Post } = await blog();
  expect(await app.makeShellContext()).toMatchObject({ app, db, User, Post });
  const { app: silent } = await blog({}, { addModelsToShell: false });
  expect(Object.keys(await silent.makeShellContext())).toEqual(["app"]);
});

test("a shell name given twice is warned about, and the later one counts", async () => {
  const warnings: string[] = [];
  const { app, db } = await blog();
  app.logger = { ...collectingLogger(), warn: (text: unknown) => void warnings.push(String(text)) };
  app.shellContext(() => ({ db, User: "mine" }));
  expect((await app.makeShellContext()).User).toBe("mine");
  expect(warnings).toEqual(["The shell name 'User' is given twice; the later one counts."]);
});
