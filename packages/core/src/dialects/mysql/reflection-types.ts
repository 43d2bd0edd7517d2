/** Types of MySQL and MariaDB, as COLUMN_TYPE spells them, as types of ours. */
import { DatabaseType } from "../../schema/database-type.js";
import { NativeType, SetType } from "../../types/native-types.js";
import {
  BIG_INTEGER,
  BINARY,
  BinaryType,
  BOOLEAN,
  DATE,
  DATETIME,
  DateTimeType,
  DOUBLE,
  EnumType,
  FloatType,
  type FractionalDigits,
  FULL_PRECISION,
  INTEGER,
  JSON_TYPE,
  NumericType,
  SmallIntegerType,
  type SqlType,
  StringType,
  TEXT,
  TIME,
  TimeType,
  UuidType,
} from "../../types/sql-type.js";
import { SpelledType } from "../../types/wrapping.js";

const FLOAT = new FloatType(24);
const SMALL = new SmallIntegerType();
const UUID = new UuidType();
const YEAR = new NativeType("mysql.year", "YEAR", "number");
const ADDRESSES: { readonly [name: string]: SqlType } = {
  inet4: new NativeType("mysql.inet4", "INET4"),
  inet6: new NativeType("mysql.inet6", "INET6"),
};

/** `'it''s', 'b'` → the strings. */
function literals(list: string): string[] {
  return [...list.matchAll(/'((?:[^']|'')*)'/g)].map((m) => (m[1] as string).replaceAll("''", "'"));
}
function unsigned(name: string): SqlType {
  return new NativeType(
    name === "bigint" ? "mysql.unsignedBig" : "mysql.unsigned",
    `${name.toUpperCase()} UNSIGNED`,
    "number",
  );
}
const WHOLE: { readonly [name: string]: SqlType } = {
  // Without the width it is shown with, which newer servers leave out.
  tinyint: new SpelledType("TINYINT", SMALL),
  smallint: SMALL,
  mediumint: new SpelledType("MEDIUMINT", INTEGER),
  int: INTEGER,
  bigint: BIG_INTEGER,
};

/** `validated`: a `json_valid` check stands on the column, which is how MariaDB spells JSON. */
export function typeFromColumnType(spelling: string, validated: boolean): SqlType {
  const m = /^(\w+)(?:\((.*)\))?(.*)$/s.exec(spelling);
  const name = m?.[1] ?? "";
  const inside = m?.[2];
  const attributes = m?.[3] ?? "";
  const [first, second] = (inside ?? "").split(",").map(Number);
  const exactly = (base: SqlType) => new SpelledType(spelling.toUpperCase(), base);
  const whole = WHOLE[name];
  if (whole !== undefined) {
    if (attributes.includes("zerofill")) return exactly(unsigned(name));
    if (attributes.includes("unsigned")) return unsigned(name);
    return name === "tinyint" && inside === "1" ? BOOLEAN : whole;
  }
  switch (name) {
    case "decimal": {
      const type = new NumericType(first, second);
      return attributes.trim() === "" ? type : exactly(type);
    }
    case "float":
      return attributes.trim() === "" && inside === undefined ? FLOAT : exactly(FLOAT);
    case "double":
      return attributes.trim() === "" && inside === undefined ? DOUBLE : exactly(DOUBLE);
    case "varchar":
      return new StringType(first);
    case "char":
      return exactly(new StringType(first));
    case "text":
      return TEXT;
    case "longtext":
      return validated ? JSON_TYPE : exactly(TEXT);
    case "tinytext":
    case "mediumtext":
      return exactly(TEXT);
    case "json":
      return JSON_TYPE;
    case "date":
      return DATE;
    // Microseconds are what ours have without a precision.
    case "time":
      return first === FULL_PRECISION ? TIME : new TimeType((first || 0) as FractionalDigits);
    case "datetime":
      return first === FULL_PRECISION ? DATETIME : new DateTimeType(false, (first || 0) as FractionalDigits);
    case "timestamp":
      return exactly(DATETIME);
    case "year":
      return YEAR;
    case "blob":
      return BINARY;
    case "varbinary":
      return new BinaryType(first);
    case "binary":
    case "tinyblob":
    case "mediumblob":
    case "longblob":
      return exactly(BINARY);
    case "bit":
      return new NativeType("mysql.bit", `BIT(${first})`);
    case "uuid":
      return UUID;
    case "enum":
      return new EnumType(literals(inside ?? ""), { native: true });
    case "set":
      return new SetType(literals(inside ?? ""));
    default:
      return ADDRESSES[name] ?? new DatabaseType(spelling);
  }
}
