/**
 * `@athanor/core/dialects`: what a third-party dialect derives from. See docs/dialects.md.
 *
 * @example class MemoDialect extends SqliteDialect { … }  registerDialect("memo", () => new MemoDialect());
 */

export { SqlCompiler } from "../compile/compiler.js";
export { BaseDdlCompiler } from "../compile/ddl-compiler.js";
export * from "./bulk.js";
export type * from "./bulk-strategy.js";
export { Dialect } from "./dialect.js";
export type * from "./driver.js";
export { MysqlCompiler } from "./mysql/compiler.js";
export { MysqlDdlCompiler } from "./mysql/ddl.js";
export { MysqlDialect } from "./mysql/dialect.js";
export { writtenExpression } from "./mysql/expressions.js";
export { PostgresqlCompiler } from "./postgresql/compiler.js";
export { PostgresqlDdlCompiler } from "./postgresql/ddl.js";
export { PostgresqlDialect } from "./postgresql/dialect.js";
export { SqliteCompiler } from "./sqlite/compiler.js";
export { SqliteDdlCompiler } from "./sqlite/ddl.js";
export { SqliteDialect } from "./sqlite/dialect.js";
