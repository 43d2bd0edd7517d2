/**
 * How MySQL and MariaDB carry values. Timestamps are DATETIME(6) in UTC (without the 6 they would lose milliseconds);
 * the session's time zone is UTC. `float()` without a precision is DOUBLE, as JavaScript's numbers are. TEXT and BLOB hold
 * 64 KB; in strict mode, the servers' default, more is an error and never cut off. Raw SQL without parameters goes by
 * the text protocol, in which the servers write the last digit of some doubles wrong, unless it declares its columns;
 * statements of ours read every digit.
 */
import { ArgumentError, DataError } from "../../errors/errors.js";
import type { Convert, TypeAdapter, TypeAdapters } from "../../types/adapter.js";
import type {
  BigIntegerType,
  BinaryType,
  DateTimeType,
  EnumType,
  FloatType,
  NumericType,
  SqlType,
  StringType,
  TimeType,
} from "../../types/sql-type.js";
import { FULL_PRECISION } from "../../types/sql-type.js";
import { jsonText } from "../json-text.js";
import {
  bytes,
  dateText,
  enumBind,
  enumResult,
  exactDecimal,
  jsonArrays,
  jsonBind,
  jsonResult,
  longest,
  ownBytes,
  parseTimestamp,
  readTime,
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
import type { MysqlCapabilities } from "./capabilities.js";
import { inDdl } from "./texts.js";
import { mysqlNativeAdapters } from "./types-native.js";

export const readTimestamp: Convert = (value) => {
  if (typeof value === "string" && value.startsWith("0000-00-00")) {
    throw new DataError(
      "The database holds the zero date 0000-00-00, which is no point in time; read the column as text.",
    );
  }
  return parseTimestamp(value);
};
const timestamps: Convert = (value) => timestampText(value);
const decimal = (type: NumericType): string =>
  type.precision === undefined
    ? "NUMERIC"
    : `NUMERIC(${type.precision}${type.scale === undefined ? "" : `, ${type.scale}`})`;
/** Without digits the server keeps whole seconds; without a precision of ours all it can. */
const fractional = (name: string, { precision = FULL_PRECISION }: DateTimeType | TimeType): string =>
  precision === 0 ? name : `${name}(${precision})`;
const integer = (name: string): TypeAdapter => ({
  ddl: () => name,
  castDdl: () => "SIGNED",
  bind: () => wholeNumber,
  result: () => toNumber,
});
/** `name = 0` would compare numbers, and every name without digits is 0. */
const texts: Convert = (value) => {
  const kind = typeof value;
  return kind === "number" || kind === "bigint" || kind === "boolean" ? String(value) : value;
};
const finite: Convert = (value) => {
  if (typeof value !== "number" || Number.isFinite(value)) return value;
  throw new ArgumentError(`MySQL has no ${value}.`, "value.number");
};

/** Values of no declared type; objects never reach the driver, which would turn them into SQL of its own. */
export const rawBind: Convert = (value) => {
  switch (typeof value) {
    case "object":
      if (value === null || value instanceof Uint8Array) return value;
      return value instanceof Date ? timestampText(value) : jsonText(value);
    case "undefined":
      throw new ArgumentError("undefined is no SQL value; give null for NULL.", "value.undefined");
    default:
      return value;
  }
};

/** `capabilities` are asked when DDL is written: the server's version is known by then. */
export function mysqlAdapters(capabilities: () => MysqlCapabilities): TypeAdapters {
  return {
    ...mysqlNativeAdapters(capabilities),
    integer: integer("INTEGER"),
    smallInteger: integer("SMALLINT"),
    bigInteger: {
      ddl: () => "BIGINT",
      castDdl: () => "SIGNED",
      bind: () => wholeNumber,
      result: (type) => (type.mode === "bigint" ? toBigInt : toSafeNumber),
    } satisfies TypeAdapter<BigIntegerType>,
    float: {
      ddl: (type) => (type.precision !== undefined && type.precision <= 24 ? `FLOAT(${type.precision})` : "DOUBLE"),
      castDdl: () => "DOUBLE",
      bind: () => finite,
      result: () => toNumber,
    } satisfies TypeAdapter<FloatType>,
    double: { ddl: () => "DOUBLE", bind: () => finite, result: () => toNumber },
    numeric: {
      ddl: decimal,
      // Without a scale MySQL's DECIMAL has none at all: a cast would round to whole numbers.
      castDdl: (type) =>
        type.precision === undefined ? "DECIMAL(65, 30)" : decimal(type).replace("NUMERIC", "DECIMAL"),
      bind: () => exactDecimal,
      result: (type) => (type.mode === "number" ? toNumber : (value) => String(value)),
      literal: () => (value) => exactDecimal(value) as string,
    } satisfies TypeAdapter<NumericType>,
    boolean: {
      ddl: () => "BOOL",
      castDdl: () => "SIGNED",
      bind: () => (value) => (value === true ? 1 : value === false ? 0 : value),
      result: () => (value) => Number(value) !== 0,
      literal: () => (value) => (value ? "1" : "0"),
    },
    string: {
      ddl: (type) => varchar(type),
      castDdl: (type) => varchar(type, "CHAR"),
      bind: () => texts,
      result: () => text,
    } satisfies TypeAdapter<StringType>,
    text: { ddl: () => "TEXT", castDdl: () => "CHAR", bind: () => texts, result: () => text },
    uuid: {
      ddl: () => (capabilities().nativeUuid ? "UUID" : "CHAR(32)"),
      castDdl: () => "CHAR(36)",
      bind: () => uuidDigits,
      result: () => uuidText,
    },
    dateTime: {
      ddl: (type) => fractional("DATETIME", type),
      bind: () => timestamps,
      result: () => readTimestamp,
    } satisfies TypeAdapter<DateTimeType>,
    date: { ddl: () => "DATE", bind: () => dateText },
    time: {
      ddl: (type) => fractional("TIME", type),
      bind: () => timeText,
      result: () => readTime,
    } satisfies TypeAdapter<TimeType>,
    binary: {
      ddl: (type) => (type.length === undefined ? "BLOB" : `VARBINARY(${type.length})`),
      castDdl: () => "BINARY",
      bind: () => bytes,
      result: () => ownBytes,
      literal: () => (value) => `X'${Buffer.from(bytes(value)).toString("hex")}'`,
    } satisfies TypeAdapter<BinaryType>,
    json: { ddl: () => "JSON", castDdl: () => "CHAR", bind: jsonBind, result: jsonResult },
    array: { ...jsonArrays("JSON"), castDdl: () => "CHAR" },
    enum: {
      ddl: (type) =>
        type.native
          ? `ENUM(${type.values.map((v) => inDdl(v, capabilities())).join(", ")})`
          : `VARCHAR(${longest(type)})`,
      castDdl: () => "CHAR",
      bind: enumBind,
      result: enumResult,
    } satisfies TypeAdapter<EnumType>,
    null: { ddl: () => "NULL", castDdl: () => "CHAR", bind: () => rawBind } satisfies TypeAdapter<SqlType>,
  };
}
/** Text that some functions give as bytes. */
const text: Convert = (value) => (value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : value);
