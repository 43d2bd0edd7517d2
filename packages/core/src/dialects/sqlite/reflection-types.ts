/** Declared types of SQLite as types of ours. Source: SQLite documentation, "Datatypes", affinity rules. */
import { NativeType } from "../../types/native-types.js";
import {
  BIG_INTEGER,
  BINARY,
  BOOLEAN,
  DATE,
  DATETIME,
  DOUBLE,
  FloatType,
  INTEGER,
  JSON_TYPE,
  NULL_TYPE,
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

const FLOAT = new FloatType();
const NAMED: { readonly [name: string]: SqlType } = {
  INT: INTEGER,
  INTEGER,
  MEDIUMINT: INTEGER,
  BIGINT: BIG_INTEGER,
  INT8: BIG_INTEGER,
  SMALLINT: new SmallIntegerType(),
  BOOLEAN,
  BOOL: BOOLEAN,
  FLOAT,
  REAL: FLOAT,
  DOUBLE,
  "DOUBLE PRECISION": DOUBLE,
  DATE,
  TIME,
  DATETIME,
  TIMESTAMP: DATETIME,
  TEXT,
  CLOB: TEXT,
  BLOB: BINARY,
  JSON: JSON_TYPE,
  JSONB: new NativeType("sqlite.jsonb", "JSONB", "json"),
  UUID: new UuidType(),
};

export function typeFromDeclared(declared: string): SqlType {
  const m = /^\s*([^(]*?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*$/.exec(declared);
  if (m === null) return NULL_TYPE;
  const name = (m[1] as string).toUpperCase();
  const [first, second] = [m[2], m[3]].map((n) => (n === undefined ? undefined : Number(n)));
  const named = NAMED[name];
  if (named !== undefined) return named;
  if (name === "NUMERIC" || name === "DECIMAL" || name === "NUMERIC_TEXT")
    return first === undefined ? NUMERIC : new NumericType(first, second);
  // The order of these rules is SQLite's own.
  if (name.includes("INT")) return INTEGER;
  if (name.includes("CHAR") || name.includes("CLOB") || name.includes("TEXT")) {
    return first === undefined ? STRING : new StringType(first);
  }
  if (name === "") return NULL_TYPE;
  if (name.includes("BLOB") || name.includes("BINARY")) return BINARY;
  if (name.includes("REAL") || name.includes("FLOA") || name.includes("DOUB")) return FLOAT;
  return NUMERIC;
}
