/** SQLite through Node's own `node:sqlite` (Node 22.16 and newer). */
import { MissingDriverError } from "../../errors/errors.js";
import { unconverted } from "../values.js";
import type { SqliteHandle } from "./driver.js";
import { matches, type OpenSqlite } from "./location.js";

/** The part of `node:sqlite` used here; the type package for the oldest supported Node does not know it. */
interface NodeStatement {
  all(...params: unknown[]): unknown[][];
  get(...params: unknown[]): unknown[] | undefined;
  iterate(...params: unknown[]): IterableIterator<unknown[]>;
  run(...params: unknown[]): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint };
  columns(): readonly { readonly name: string; readonly type: string | null }[];
  setReturnArrays(on: boolean): void;
  setReadBigInts(on: boolean): void;
}
interface NodeDatabase {
  readonly isOpen: boolean;
  readonly isTransaction: boolean;
  prepare(sql: string): NodeStatement;
  exec(sql: string): void;
  close(): void;
  function(
    name: string,
    options: { readonly deterministic: boolean },
    implementation: (...args: never[]) => unknown,
  ): void;
}
interface NodeSqlite {
  readonly DatabaseSync: new (
    path: string,
    options: { readonly readOnly: boolean; readonly timeout: number },
  ) => NodeDatabase;
}

export async function loadNodeSqlite(): Promise<OpenSqlite> {
  const name = "node:sqlite";
  let module: NodeSqlite;
  try {
    module = (await import(name)) as NodeSqlite;
  } catch (error) {
    throw new MissingDriverError(`This Node (${process.version}) has no node:sqlite. Run: npm install better-sqlite3`, {
      cause: error,
    });
  }
  return (location, _args, made) => {
    const db =
      (made as NodeDatabase | undefined) ??
      new module.DatabaseSync(location.path, { readOnly: location.readOnly, timeout: 0 });
    const probe = db.prepare("select 1");
    if (typeof probe.setReturnArrays !== "function" || typeof probe.columns !== "function") {
      db.close();
      throw new MissingDriverError(
        `node:sqlite of this Node (${process.version}) is too old; 22.16 or newer is needed. Run: npm install better-sqlite3`,
      );
    }
    db.function("regexp", { deterministic: true }, matches);
    return handle(db);
  };
}
/** An object that comes first would be taken for values by name: a Map would bind nothing at all, without an error. */
function positional(params: readonly unknown[]): readonly unknown[] {
  const [first] = params;
  if (typeof first === "object" && first !== null && !ArrayBuffer.isView(first)) throw unconverted(first);
  return params;
}
/** Whether a statement has a place for so many values: binding them runs nothing. */
function takes(made: NodeStatement, count: number): boolean {
  try {
    made.iterate(...new Array<null>(count).fill(null));
    return true;
  } catch {
    return false;
  }
}
function handle(db: NodeDatabase): SqliteHandle {
  return {
    raw: db,
    get open() {
      return db.isOpen;
    },
    get inTransaction() {
      return db.isTransaction;
    },
    exec: (sql) => db.exec(sql),
    close: () => db.close(),
    command(sql) {
      const made = db.prepare(sql);
      return () => void made.run();
    },
    prepare(sql) {
      const made = db.prepare(sql);
      const reader = made.columns().length > 0;
      if (reader) made.setReturnArrays(true);
      else made.setReadBigInts(true);
      let exactly = false;
      const set = (exact: boolean) => {
        if (exact !== exactly) made.setReadBigInts((exactly = exact));
      };
      // The package reads NULL in silence where a value is missing, and complains of too many only.
      let count = -1;
      const given = (params: readonly unknown[]): readonly unknown[] => {
        if (params.length !== count) {
          if (takes(made, params.length + 1)) throw new RangeError("Too few parameter values were provided");
          count = params.length;
        }
        return positional(params);
      };
      return {
        reader,
        all(params, exact) {
          set(exact);
          return made.all(...given(params));
        },
        get(params, exact) {
          set(exact);
          return made.get(...given(params));
        },
        iterate(params, exact) {
          set(exact);
          return made.iterate(...given(params));
        },
        run: (params) => made.run(...given(params)),
        fields: () => made.columns().map((c) => ({ name: c.name, typeCode: c.type })),
      };
    },
  };
}
