/** Types of PostgreSQL's catalogue, as `format_type` spells them, as types of ours. */
import { DatabaseType } from "../../schema/database-type.js";
import {
  ArrayType,
  BIG_INTEGER,
  BINARY,
  BOOLEAN,
  DATE,
  DATETIME,
  DateTimeType,
  DOUBLE,
  EnumType,
  FloatType,
  INTEGER,
  JSON_TYPE,
  NUMERIC,
  NumericType,
  SmallIntegerType,
  type SqlType,
  STRING,
  StringType,
  TEXT,
  TIME,
  UuidType,
} from "../../types/sql-type.js";

const NAMED: { readonly [name: string]: SqlType } = {
  integer: INTEGER,
  smallint: new SmallIntegerType(),
  bigint: BIG_INTEGER,
  real: new FloatType(24),
  "double precision": DOUBLE,
  boolean: BOOLEAN,
  text: TEXT,
  uuid: new UuidType(),
  date: DATE,
  "time without time zone": TIME,
  "timestamp without time zone": DATETIME,
  "timestamp with time zone": new DateTimeType(true),
  bytea: BINARY,
  json: JSON_TYPE,
  jsonb: JSON_TYPE,
  numeric: NUMERIC,
  "character varying": STRING,
};

/** An enumeration found beside the column's type. */
export interface EnumFacts {
  readonly name: string;
  readonly values: readonly string[];
}
export function typeFromFormat(spelling: string, enumeration: EnumFacts | undefined): SqlType {
  if (spelling.endsWith("[]")) return new ArrayType(typeFromFormat(spelling.slice(0, -2), enumeration));
  if (enumeration !== undefined) return new EnumType(enumeration.values, { name: enumeration.name, native: true });
  const named = NAMED[spelling];
  if (named !== undefined) return named;
  const m = /^([a-z ]+?)\((\d+)(?:,(-?\d+))?\)( with(?:out)? time zone)?$/.exec(spelling);
  const size = Number(m?.[2]);
  switch (m?.[1]) {
    case "character varying":
      return new StringType(size);
    case "numeric":
      return new NumericType(size, m?.[3] === undefined ? undefined : Number(m[3]));
    case "timestamp":
      return m?.[4] === " with time zone" ? new DateTimeType(true) : DATETIME;
    case "time":
      return m?.[4] === " with time zone" ? new DatabaseType(spelling, "date") : TIME;
    case "character":
      return new DatabaseType(spelling, "text");
    default:
      return new DatabaseType(spelling, spelling === "citext" ? "text" : "plain");
  }
}
