/** How one dialect spells a type and carries its values. */
import type { SqlType } from "./sql-type.js";

/** Converts one value; called with null only when it says that it takes null. */
export interface Convert {
  (value: unknown): unknown;
  /**
   * NULL passes through this function too; otherwise it stays NULL without a call. `"set"`: only where null was given, not
   * where nothing was.
   */
  readonly takesNull?: true | "set";
}
/** What a processor makes of a value that may be null. */
export function converted(value: unknown, process: Convert | null): unknown {
  if (process === null) return value;
  return value === null && process.takesNull === undefined ? null : process(value);
}
/** The same function, called with null as well. */
export function takingNull(process: (value: unknown) => unknown, takesNull: true | "set" = true): Convert {
  return Object.assign((value: unknown) => process(value), { takesNull });
}

export interface JsonForm {
  readonly jsonSerializer?: ((value: unknown) => string) | undefined;
  readonly jsonDeserializer?: ((text: string) => unknown) | undefined;
}
/** The view an adapter has of its dialect: other types' adapters, through the same caches. */
export interface TypeResolver {
  readonly name: string;
  /** The text form of documents whose type has none of its own. */
  readonly settings?: JsonForm;
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
  /** SQL around a parameter: `jsonb(?)`. */
  wrapBind?(type: S, dialect: TypeResolver): (placeholder: string) => string;
  /** SQL around what a statement gives out: `json(data)`. */
  wrapColumn?(type: S, dialect: TypeResolver): (sql: string) => string;
}
/** Adapters by `kind`. */
export type TypeAdapters = { readonly [kind: string]: TypeAdapter<never> };
