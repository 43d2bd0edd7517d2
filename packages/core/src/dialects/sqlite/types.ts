/**
 * How SQLite carries values. Dates and times are ISO text in UTC, in SQLAlchemy's format, so that both read the same file.
 *
 * Decimals: SQLite has none. Up to 15 significant digits (numeric(p) with p <= 15, or without a precision) the column is
 * NUMERIC: stored as a double, which gives 15 digits back exactly, so arithmetic, comparison and ORDER BY work in SQL as
 * anywhere; a value with more digits is refused, never rounded. numeric(p) with p > 15 is declared NUMERIC_TEXT and
 * stored as text: exact to any length, equality works, but SQL itself compares and sorts such text letter by letter and
 * does arithmetic on it in doubles: write cast(x as real) there.
 */
import { ArgumentError } from "../../errors/errors.js";
import type { Convert, TypeAdapter, TypeAdapters } from "../../types/adapter.js";
import type {
  BigIntegerType,
  BinaryType,
  DateTimeType,
  EnumType,
  NumericType,
  SqlType,
  StringType,
} from "../../types/sql-type.js";
import { intervalMicros, microsInterval } from "../intervals.js";
import { jsonText } from "../json-text.js";
import {
  bytes,
  dateText,
  decimalText,
  describe,
  enumBind,
  enumResult,
  exactDecimal,
  jsonArrays,
  jsonBind,
  jsonResult,
  longest,
  ownBytes,
  parseDecimal,
  parseTimestamp,
  timestampText,
  timeText,
  toBigInt,
  toNumber,
  toSafeNumber,
  uuidDigits,
  uuidText,
  varchar,
  wholeNumber,
} from "../values.js";
import { sqliteNativeAdapters } from "./types-native.js";

/** The driver binds every number as a double; whole ones must arrive as integers (`5 / 2` is 2 in SQL). */
const integerBind: Convert = (value) => (typeof value === "number" ? BigInt(wholeNumber(value) as number) : value);
/** What other databases refuse by themselves: February 30th, 25 o'clock. */
const calendarDate: Convert = (value) => {
  const text = dateText(value);
  const month = Number(text.slice(-5, -3));
  const day = Number(text.slice(-2));
  // 2000 to 2399 hold every kind of year.
  const year = 2000 + (((Number(text.slice(0, -6)) % 400) + 400) % 400);
  if (month >= 1 && month <= 12 && day >= 1 && (day <= 28 || day <= new Date(Date.UTC(year, month, 0)).getUTCDate()))
    return text;
  throw new ArgumentError(`The calendar has no ${text}.`, "value.date");
};
const timeOfDay: Convert = (value) => {
  const text = timeText(value);
  if (text <= "24:00:00" && text[3] !== undefined && text[3] < "6" && text.slice(6, 8) < "60") return text;
  throw new ArgumentError(`A day has no ${text}.`, "value.time");
};
const doubleBind: Convert = (value) => {
  if (typeof value === "bigint") return Number(value);
  if (!Number.isNaN(value)) return value;
  throw new ArgumentError("SQLite has no NaN: it would store NULL.", "value.number");
};
const microseconds: Convert = (value) => `${timestampText(value)}000`;
const wide = (type: NumericType): boolean => type.precision !== undefined && type.precision > 15;
const size = (type: NumericType): string =>
  type.precision === undefined ? "" : `(${type.precision}${type.scale === undefined ? "" : `, ${type.scale}`})`;

/** A decimal as the double that stands for it, or as an exact integer. */
const narrowDecimal: Convert = (value) => {
  const d = parseDecimal(value);
  const digits = (d.whole + d.fraction.replace(/0+$/, "")).replace(/^0+/, "");
  if (digits.replace(/0+$/, "").length <= 15) return Number(decimalText(d, undefined));
  if (/^0*$/.test(d.fraction)) {
    const whole = BigInt(`${d.negative ? "-" : ""}${d.whole}`);
    if (BigInt.asIntN(64, whole) === whole) return whole;
  }
  throw new ArgumentError(
    `${describe(value)} has more digits than SQLite keeps (15); declare the column numeric(precision, scale) with a precision above 15.`,
    "value.decimal",
  );
};
function readDecimal(value: unknown, scale: number | undefined): string {
  if (typeof value !== "number")
    return decimalText(parseDecimal(typeof value === "bigint" ? value : String(value)), scale);
  if (!Number.isFinite(value)) return String(value);
  const exact = Number.isSafeInteger(value) ? value : Number(value.toPrecision(15));
  return decimalText(parseDecimal(exact), scale);
}

/** Values of no declared type: what raw SQL and untyped parameters get. */
export const rawBind: Convert = (value) => {
  switch (typeof value) {
    case "number":
      return Number.isInteger(value) ? BigInt(value) : value;
    case "boolean":
      return value ? 1n : 0n;
    case "object":
      if (value === null || value instanceof Uint8Array) return value;
      return value instanceof Date ? microseconds(value) : jsonText(value);
    case "undefined":
      throw new ArgumentError("undefined is no SQL value; give null for NULL.", "value.undefined");
    default:
      return value;
  }
};

export const sqliteAdapters: TypeAdapters = {
  ...sqliteNativeAdapters,
  integer: { ddl: () => "INTEGER", bind: () => integerBind },
  smallInteger: { ddl: () => "SMALLINT", bind: () => integerBind },
  bigInteger: {
    ddl: () => "BIGINT",
    bind: () => integerBind,
    result: (type) => (type.mode === "bigint" ? toBigInt : toSafeNumber),
  } satisfies TypeAdapter<BigIntegerType>,
  float: { ddl: () => "FLOAT", bind: () => doubleBind, result: () => toNumber },
  double: { ddl: () => "DOUBLE", bind: () => doubleBind, result: () => toNumber },
  numeric: {
    ddl: (type) => `${wide(type) ? "NUMERIC_TEXT" : "NUMERIC"}${size(type)}`,
    castDdl: (type) => (wide(type) ? "TEXT" : `NUMERIC${size(type)}`),
    bind: (type) => (wide(type) ? (value) => decimalText(parseDecimal(value), type.scale) : narrowDecimal),
    result: (type) => (type.mode === "number" ? toNumber : (value) => readDecimal(value, type.scale)),
    // A wide one is stored as text: as a number SQLite would round it.
    literal: (type) =>
      wide(type)
        ? (value) => `'${decimalText(parseDecimal(value), type.scale)}'`
        : (value) => (typeof value === "number" ? String(value) : (exactDecimal(value) as string)),
  } satisfies TypeAdapter<NumericType>,
  boolean: {
    ddl: () => "BOOLEAN",
    bind: () => (value) => (value === true ? 1n : value === false ? 0n : value),
    result: () => (value) => Number(value) !== 0,
  },
  string: { ddl: (type) => varchar(type) } satisfies TypeAdapter<StringType>,
  text: { ddl: () => "TEXT" },
  uuid: { ddl: () => "CHAR(32)", bind: () => uuidDigits, result: () => uuidText },
  dateTime: {
    ddl: () => "DATETIME",
    castDdl: () => "TEXT",
    bind: () => microseconds,
    result: () => parseTimestamp,
  } satisfies TypeAdapter<DateTimeType>,
  date: { ddl: () => "DATE", castDdl: () => "TEXT", bind: () => calendarDate },
  time: { ddl: () => "TIME", castDdl: () => "TEXT", bind: () => timeOfDay },
  binary: {
    ddl: () => "BLOB",
    bind: () => bytes,
    result: () => ownBytes,
    literal: () => (value) => `X'${Buffer.from(bytes(value)).toString("hex")}'`,
  } satisfies TypeAdapter<BinaryType>,
  json: { ddl: () => "JSON", castDdl: () => "TEXT", bind: jsonBind, result: jsonResult },
  array: jsonArrays("JSON"),
  enum: {
    ddl: (type) => `VARCHAR(${longest(type)})`,
    bind: enumBind,
    result: enumResult,
  } satisfies TypeAdapter<EnumType>,
  interval: { ddl: () => "BIGINT", bind: () => intervalMicros, result: () => microsInterval },
  null: { ddl: () => "NULL", castDdl: () => "BLOB", bind: () => rawBind } satisfies TypeAdapter<SqlType>,
};
