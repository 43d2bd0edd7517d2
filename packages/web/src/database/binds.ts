/** Tables by database: a MetaData per bind key, and the way back from a table to its key. Source: Flask-SQLAlchemy "Multiple Databases with Binds". */
import { type Element, MetaData, type Table } from "@athanor/core";
import { type Mapper, tablesOf } from "@athanor/orm";
import { DatabaseSetupError } from "./errors.js";

/** MetaData by bind key; null is the default database. */
export class BindTables {
  readonly #byKey = new Map<string | null, MetaData>();
  readonly #keys = new Map<object, string | null>();

  constructor(metadata: MetaData) {
    this.#enter(null, metadata);
  }

  #enter(key: string | null, metadata: MetaData): MetaData {
    this.#byKey.set(key, metadata);
    this.#keys.set(metadata, key);
    return metadata;
  }

  /** The MetaData of a bind; a new one names constraints like the default one. */
  metadata(key: string | null): MetaData {
    const main = this.#byKey.get(null) as MetaData;
    return (
      this.#byKey.get(key) ??
      this.#enter(key, new MetaData({ namingConvention: main.namingConvention, naming: main.naming }))
    );
  }
  all(): ReadonlyMap<string | null, MetaData> {
    return this.#byKey;
  }

  keyOfTable(table: Table | undefined): string | null {
    return (table?.metadata === undefined ? undefined : this.#keys.get(table.metadata)) ?? null;
  }

  /**
   * Where a mapper's rows are, or, for plain statements, those of the first table that has a bind.
   *
   * @throws DatabaseSetupError when nothing tells which of several equally named tables is meant: the default database
   * would answer, or lose rows, without a word
   */
  keyOf(mapper: Mapper | null, statement: Element | undefined): string | null {
    if (mapper !== null) return this.keyOfTable(mapper.table);
    if (this.#byKey.size === 1) return null;
    const tables = statement === undefined ? [] : [...tablesOf(statement)];
    if (tables.length === 0) {
      const twice = this.#sharedName();
      if (twice === undefined) return null;
      throw new DatabaseSetupError(
        "database.bind",
        `The table name '${twice}' exists in several binds, and the session was not told which one this statement is about. Run it on a connection that says so: (await db.session.connection(Model)).execute(…).`,
      );
    }
    for (const table of tables) {
      const key = this.keyOfTable(table);
      if (key !== null) return key;
    }
    return null;
  }

  #sharedName(): string | undefined {
    const seen = new Set<string>();
    for (const { tableNames } of this.#byKey.values()) {
      const twice = tableNames.find((name) => seen.has(name));
      if (twice !== undefined) return twice;
      for (const name of tableNames) seen.add(name);
    }
    return undefined;
  }
}
