/** PGlite: PostgreSQL inside the process, with one connection. */
import type { DatabaseUrl } from "../dialect.js";
import type { Driver } from "../driver.js";
import { unknownDriver } from "../options.js";
import { PostgresqlDialect } from "../postgresql/dialect.js";
import { loadPglite } from "./driver.js";

export class PgliteDialect extends PostgresqlDialect {
  override readonly name = "pglite";
  override get optionNames(): readonly string[] {
    return [this.name, "postgresql"];
  }

  override singleConnection(): boolean {
    return true;
  }
  override async loadDriver(url: DatabaseUrl, options: { readonly [name: string]: unknown }): Promise<Driver> {
    if (url.driver !== undefined) throw unknownDriver(url, []);
    return loadPglite(url, options);
  }
}
