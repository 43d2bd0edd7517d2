/** What the configuration may say, which slip is named, and which engine comes of it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { integer, string, Url } from "@athanor/core";
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
