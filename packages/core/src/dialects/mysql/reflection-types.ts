/** Types of MySQL and MariaDB, as COLUMN_TYPE spells them, as types of ours. */
import { DatabaseType } from "../../schema/database-type.js";
import {
  BIG_INTEGER,
  BINARY,
  BinaryType,
  BOOLEAN,
  DATE,
  DATETIME,
  DOUBLE,
  EnumType,
  FloatType,
  INTEGER,
  JSON_TYPE,
  NumericType,
  SmallIntegerType,
  type SqlType,
  StringType,
  TEXT,
  TIME,
  UuidType,
} from "../../types/sql-type.js";

const FLOAT = new FloatType();
const SMALL = new SmallIntegerType();
const UUID = new UuidType();

/** `'it''s', 'b'` → the strings. */
function literals(list: string): string[] {
  return [...list.matchAll(/'((?:[^']|'')*)'/g)].map((m) => (m[1] as string).replaceAll("''", "'"));
}

/** `validated`: a `json_valid` check stands on the column, which is how MariaDB spells JSON. */
export function typeFromColumnType(spelling: string, validated: boolean): SqlType {
  const m = /^(\w+)(?:\((.*)\))?(.*)$/s.exec(spelling);
  const name = m?.[1] ?? "";
  const inside = m?.[2];
  const attributes = m?.[3] ?? "";
  const [first, second] = (inside ?? "").split(",").map(Number);
  const unsigned = attributes.includes("unsigned");
  switch (name) {
    case "tinyint":
      return inside === "1" && !unsigned ? BOOLEAN : new DatabaseType(spelling, "number");
    case "smallint":
      return unsigned ? new DatabaseType(spelling, "number") : SMALL;
    case "int":
      return unsigned ? new DatabaseType(spelling, "number") : INTEGER;
    case "bigint":
      return unsigned ? new DatabaseType(spelling, "number") : BIG_INTEGER;
    case "decimal":
      return new NumericType(first, second);
    case "float":
      return FLOAT;
    case "double":
      return DOUBLE;
    case "varchar":
      return new StringType(first);
    case "longtext":
      return validated ? JSON_TYPE : new DatabaseType(spelling, "text");
    case "text":
      return TEXT;
    case "json":
      return JSON_TYPE;
    case "date":
      return DATE;
    case "time":
      return TIME;
    case "datetime":
      return DATETIME;
    case "blob":
      return BINARY;
    case "varbinary":
      return new BinaryType(first);
    case "uuid":
      return UUID;
    case "enum":
      return new EnumType(literals(inside ?? ""), { native: true });
    case "char":
    case "tinytext":
    case "mediumtext":
    case "set":
      return new DatabaseType(spelling, "text");
    case "timestamp":
    case "year":
      return new DatabaseType(spelling, "date");
    case "mediumint":
      return new DatabaseType(spelling, "number");
    default:
      return new DatabaseType(spelling);
  }
}
