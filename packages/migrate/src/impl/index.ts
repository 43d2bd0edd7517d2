/** Which implementation a dialect has, by the name its migrations print. */
import type { Dialect } from "@athanor/core";
import { DialectImpl } from "./base.js";
import { MariadbImpl, MysqlImpl } from "./mysql.js";
import { PostgresqlImpl } from "./postgresql.js";
import { SqliteImpl } from "./sqlite.js";

type ImplClass = new (dialect: Dialect) => DialectImpl;
const classes = new Map<string, ImplClass>([
  ["PostgresqlImpl", PostgresqlImpl],
  ["MySQLImpl", MysqlImpl],
  ["MariaDBImpl", MariadbImpl],
  ["SQLiteImpl", SqliteImpl],
]);

/**
 * How migrations treat a dialect of a third party, by its `implName`. Without one it is taken to alter tables as the
 * standard has it.
 * @example registerImpl("DuckdbImpl", class extends DialectImpl { … });
 */
export function registerImpl(implName: string, impl: ImplClass): void {
  classes.set(implName, impl);
}
export function implFor(dialect: Dialect): DialectImpl {
  return new (classes.get(dialect.implName) ?? DialectImpl)(dialect);
}
export { type DatabaseFamily, DialectImpl } from "./base.js";
export type { ColumnPlace } from "./column-order.js";
export type { BatchSettings, OperationHost } from "./host.js";
export type { LockRequest, SessionRules, Timeouts } from "./lock.js";
