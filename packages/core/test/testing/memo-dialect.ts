// A dialect as a third party would write it: SQLite underneath, but with the manners of an older server. It quotes every
// name, with backticks; it has no RETURNING; it writes no IS DISTINCT FROM of its own; it takes 50 parameters at most.

import { SqliteCompiler } from "../../src/dialects/sqlite/compiler.js";
import { SqliteDialect } from "../../src/dialects/sqlite/dialect.js";
import type { Capabilities, DatabaseUrl, Driver, StatementCompiler } from "../../src/index.js";

export class MemoDialect extends SqliteDialect {
  // The base names itself in its type; a derived dialect has another name, and another quote.
  override readonly name = "memo" as "sqlite";
  override readonly identifierQuote = "`" as '"';
  override readonly capabilities: Capabilities = {
    ...new SqliteDialect().capabilities,
    returning: { insert: false, update: false, delete: false },
    maxParameters: 50,
    maxIdentifierLength: 120,
  };
  /** The bulk strategy of SQLite stays, because the server underneath still numbers rows one after the other. */
  override quote(name: string): string {
    return this.quoteAlways(name);
  }
  override createCompiler(
    binds: ReadonlyMap<object, number>,
    options?: { readonly literalBinds?: boolean },
  ): StatementCompiler & SqliteCompiler {
    return new SqliteCompiler(this, binds, options);
  }
  /** `memo:///file.db`: the same places SQLite's URLs name; every driver connection is counted. */
  readonly opened: string[] = [];
  override async loadDriver(url: DatabaseUrl, options: { readonly [name: string]: unknown }): Promise<Driver> {
    const driver = await super.loadDriver(url, options);
    this.opened.push(url.toString());
    return driver;
  }
}
