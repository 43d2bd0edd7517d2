/** Printing statements without a connection: `String(stmt)`, `stmt.compile("postgresql")`. */

import { bindStatement } from "../compile/bind.js";
import { indexOfBinds } from "../compile/cache.js";
import { MARKED } from "../compile/parameter-compiler.js";
import { writeSchemas } from "../compile/schema-map.js";
import type { InlineRenderer } from "../compile/type-wrapping.js";
import { Dialect } from "../dialects/dialect.js";
import { dialectNamed } from "../dialects/registry.js";
import { ArgumentError } from "../errors/errors.js";
import { Expression } from "../sql/expression.js";
import { KeyWriter } from "../sql/key.js";
import { installPrinter, type PrintedStatement, type PrintOptions, type Statement } from "../sql/statement.js";

/** What statements are printed for when no dialect is named. */
const DEFAULT_DIALECT = "sqlite";

function dialectOf(given: unknown): Dialect {
  if (given === undefined) return dialectNamed(DEFAULT_DIALECT);
  if (given instanceof Dialect) return given;
  if (typeof given === "string") return dialectNamed(given);
  const { dialect } = given as { readonly dialect?: unknown };
  if (dialect instanceof Dialect) return dialect;
  throw new ArgumentError('compile(): a dialect is a name such as "postgresql", an engine, or an engine\'s dialect.');
}
function print(statement: Statement, given: unknown, options: PrintOptions): PrintedStatement {
  const dialect = dialectOf(given);
  if ((statement.constructor as { readonly isDdl?: boolean }).isDdl === true) {
    const sql = dialect.createDdlCompiler().statements(statement).join(";\n");
    return { sql, params: [], toString: () => sql };
  }
  const key = new KeyWriter().reset(true);
  key.named = statement.parameterValues;
  statement.walk(key);
  const binds = indexOfBinds(key);
  const values = new Map<object, unknown>();
  for (const [bind, i] of binds) values.set(bind, key.params[i]);
  const literalBinds = options.literalBinds ?? false;
  const own = dialect.createCompiler(binds, literalBinds ? { literalBinds, values } : {}).compile(statement);
  const map = options.schemaTranslateMap;
  const compiled = map === undefined || own.schemas === undefined ? own : own.schemas.under(map);
  const named = compiled.slots.some((s) => s.name !== undefined && key.params[s.source] === undefined);
  if (named || options.renderPostcompile === false)
    return {
      sql: compiled.sql,
      params: compiled.slots.map((s) => (s.name === undefined ? key.params[s.source] : undefined)),
      toString: () => compiled.sql,
    };
  const [first] = bindStatement(compiled, key.params);
  const sql = first?.sql ?? compiled.sql;
  return { sql, params: first?.params ?? [], toString: () => sql };
}
installPrinter(print);
/** A part of a statement, with `?` for its values; what SQLite cannot say is shown as PostgreSQL says it. */
function printExpression(expression: Expression): string {
  let failure: unknown;
  for (const dialect of [dialectNamed(DEFAULT_DIALECT), dialectNamed("postgresql")]) {
    try {
      const compiler = dialect.createCompiler(new Map()) as unknown as InlineRenderer;
      const text = compiler.renderInline(expression).split(MARKED);
      return writeSchemas(text.map((part, i) => (i % 2 === 0 ? part : "?")).join(""), (name) => dialect.quote(name));
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
Object.defineProperty(Expression.prototype, "toString", {
  value(this: Expression): string {
    return printExpression(this);
  },
  writable: true,
  configurable: true,
});

export { print };
