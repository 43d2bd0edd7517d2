/**
 * What schema objects ask of a connection or an engine, said structurally: the engine stands above the schema and is
 * not imported here.
 */
import type { SchemaMap } from "../compile/compiled.js";
import type { Dialect } from "../dialects/dialect.js";
import { InvalidRequestError } from "../errors/errors.js";
import type { ReflectionQuery, Reflector } from "../reflection/types.js";
import type { ExecutionOptions, Statement } from "../sql/statement.js";

/** A connection: runs one statement after the other. */
export interface SchemaConnection {
  readonly dialect: Dialect;
  readonly executionOptions?: ExecutionOptions;
  execute(statement: Statement): PromiseLike<unknown>;
}
/** An engine: lends a connection inside a transaction. */
export interface SchemaEngine {
  readonly dialect: Dialect;
  connect(...args: never): unknown;
  begin<T>(work: (connection: SchemaConnection) => Promise<T>): PromiseLike<T>;
}
export type SchemaBind = SchemaConnection | SchemaEngine;

/** Runs work on the connection, or on one of the engine's, in a transaction of its own. */
export async function withConnection<T>(
  bind: SchemaBind,
  work: (connection: SchemaConnection) => Promise<T>,
): Promise<T> {
  return "connect" in bind ? await bind.begin(work) : await work(bind);
}

/** What reads the schema of this dialect's databases; its DDL compiler knows. */
export function reflectorOf(dialect: Dialect): Reflector {
  const schema = dialect.createDdlCompiler() as { createReflector?(): Reflector };
  if (typeof schema.createReflector === "function") return schema.createReflector();
  throw new InvalidRequestError(
    `The dialect '${dialect.name}' cannot read schemas: its DDL compiler has no createReflector(). Pass { checkFirst: false } to create or drop without looking.`,
    "reflection.unsupported",
  );
}

/** The schemas that stand for those of the tables on this connection. */
export function schemaMapOf(connection: SchemaConnection): SchemaMap | undefined {
  return connection.executionOptions?.schemaTranslateMap as SchemaMap | undefined;
}

/** Rows of a statement as lists, whatever shape the result has: a promise of rows, or a result with `all()`. */
export function queryOn(connection: SchemaConnection): ReflectionQuery {
  return async (statement) => {
    const result = (await connection.execute(statement)) as { all?: () => PromiseLike<unknown> } | readonly unknown[];
    const rows = Array.isArray(result) ? result : await (result as { all: () => PromiseLike<unknown> }).all();
    return rows as readonly (readonly unknown[])[];
  };
}
