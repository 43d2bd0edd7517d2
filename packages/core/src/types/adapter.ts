/** How one dialect spells a type and carries its values. */
import type { SqlType } from "./sql-type.js";

/** Converts one value; never called with null. */
export type Convert = (value: unknown) => unknown;

/** The view an adapter has of its dialect: other types' adapters, through the same caches. */
export interface TypeResolver {
  ddlType(type: SqlType): string;
  bindProcessor(type: SqlType): Convert | null;
  resultProcessor(type: SqlType): Convert | null;
  literal(value: unknown, type: SqlType): string;
}
export interface TypeAdapter<S extends SqlType = SqlType> {
  /** The type as written in CREATE TABLE and CAST. */
  ddl(type: S, dialect: TypeResolver): string;
  /** In CAST, where it differs (MySQL: CHAR, SIGNED). */
  castDdl?(type: S, dialect: TypeResolver): string;
  /** JavaScript value → driver parameter; null when the driver takes it as it is. */
  bind?(type: S, dialect: TypeResolver): Convert | null;
  /** Driver value → JavaScript value; null when it comes as it should. */
  result?(type: S, dialect: TypeResolver): Convert | null;
  /** A literal for DDL and offline SQL; safe for any value. */
  literal?(type: S, dialect: TypeResolver): (value: unknown) => string;
  /** Text after a placeholder, for servers that must be told: `::jsonb`. */
  bindSuffix?(type: S, dialect: TypeResolver): string;
}
/** Adapters by `kind`. */
export type TypeAdapters = { readonly [kind: string]: TypeAdapter<never> };
