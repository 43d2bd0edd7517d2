/** SQLite through the package `better-sqlite3`. */
import type DatabaseConstructor from "better-sqlite3";
import { importDriver } from "../options.js";
import type { SqliteHandle, SqliteStatement } from "./driver.js";
import { matches, type OpenSqlite } from "./location.js";

type Package = { readonly default: typeof DatabaseConstructor };

/** Imports the package; gives the function that opens a database. @throws MissingDriverError */
export async function loadBetterSqlite3(): Promise<OpenSqlite> {
  const { default: Database } = await importDriver<Package>("better-sqlite3", "SQLite");
  return (location, args, made) => {
    const db =
      (made as DatabaseConstructor.Database | undefined) ??
      new Database(location.path, {
        // Waiting inside SQLite would block the event loop: we wait outside.
        timeout: 0,
        readonly: location.readOnly,
        fileMustExist: location.mustExist,
        ...(typeof args.nativeBinding === "string" ? { nativeBinding: args.nativeBinding } : undefined),
      });
    db.function("regexp", { deterministic: true }, matches);
    return handle(db);
  };
}
function handle(db: DatabaseConstructor.Database): SqliteHandle {
  return {
    raw: db,
    get open() {
      return db.open;
    },
    get inTransaction() {
      return db.inTransaction;
    },
    exec: (sql) => void db.exec(sql),
    close: () => void db.close(),
    prepare: (sql) => statement(db.prepare(sql)),
    command(sql) {
      const made = db.prepare(sql);
      return () => void made.run();
    },
  };
}
function statement(made: DatabaseConstructor.Statement<unknown[], unknown>): SqliteStatement {
  const { reader } = made;
  if (reader) made.raw(true);
  // Generated keys beyond 2^53 must not be rounded; for readers the caller decides each time.
  else made.safeIntegers(true);
  let exactly = false;
  const set = (exact: boolean) => {
    if (exact !== exactly) made.safeIntegers((exactly = exact));
  };
  return {
    reader,
    all(params, exact) {
      set(exact);
      return made.all(params) as unknown[][];
    },
    get(params, exact) {
      set(exact);
      return made.get(params) as unknown[] | undefined;
    },
    iterate(params, exact) {
      set(exact);
      return made.iterate(params) as IterableIterator<unknown[]>;
    },
    run: (params) => made.run(params),
    fields: () => made.columns().map((c) => ({ name: c.name, typeCode: c.type })),
  };
}
