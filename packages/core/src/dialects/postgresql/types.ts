/**
 * How PostgreSQL carries values. The driver is told to hand over text as the server sends it; these functions read it, so
 * that no parser of the driver rounds or shifts anything.
 */
import { ArgumentError } from "../../errors/errors.js";
import type { Convert, TypeAdapter, TypeAdapters } from "../../types/adapter.js";
import { RangeType } from "../../types/native-types.js";
import type {
  ArrayType,
  BigIntegerType,
  BinaryType,
  DateTimeType,
  EnumType,
  FloatType,
  JsonType,
  NumericType,
  SqlType,
  StringType,
  TimeType,
} from "../../types/sql-type.js";
import { jsonText } from "../json-text.js";
import {
  bytes,
  dateText,
  describe,
  enumBind,
  enumResult,
  exactDecimal,
  jsonBind,
  jsonResult,
  longest,
  parseJson,
  parseTimestamp,
  requireDate,
  timestampText,
  timeText,
  toBigInt,
  toNumber,
  toSafeNumber,
  uuidText,
  varchar,
} from "../values.js";
import { arrayText, parseArray } from "./arrays.js";
import { postgresqlNativeAdapters } from "./types-native.js";

const toBoolean: Convert = (value) => value === "t" || value === true || value === "true";

/** Every digit of a whole number: `String(2 ** 60)` rounds. */
const exactly: Convert = (value) =>
  typeof value === "number" && Number.isInteger(value) ? String(BigInt(value)) : value;

/** Hexadecimal or, on old servers, escaped bytes. */
export const parseBytea: Convert = (value) => {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  const text = String(value);
  if (text.startsWith("\\x")) return new Uint8Array(Buffer.from(text.slice(2), "hex"));
  const out: number[] = [];
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== "\\") out.push(text.charCodeAt(i));
    else if (text[i + 1] === "\\") {
      out.push(92);
      i++;
    } else {
      out.push(Number.parseInt(text.slice(i + 1, i + 4), 8));
      i += 3;
    }
  }
  return Uint8Array.from(out);
};
/** Years outside 1 to 9999 in PostgreSQL's spelling. */
export function pgTimestamp(value: unknown): string {
  const date = requireDate(value);
  const time = date.getTime();
  if (time === 8.64e15) return "infinity";
  if (time === -8.64e15) return "-infinity";
  const year = date.getUTCFullYear();
  if (year > 0) return timestampText(date);
  return `${String(1 - year).padStart(4, "0")}${timestampText(new Date(Date.UTC(2000, date.getUTCMonth(), date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds(), date.getUTCMilliseconds()))).slice(4)} BC`;
}
const withZone: Convert = (value) => {
  const text = pgTimestamp(value);
  if (text.endsWith("infinity")) return text;
  return text.endsWith(" BC") ? `${text.slice(0, -3)}+00 BC` : `${text}+00`;
};
const dates: Convert = (value) => (value === "infinity" || value === "-infinity" ? value : dateText(value));

/** Values of no declared type: what raw SQL and untyped parameters get. */
export const rawBind: Convert = (value) => {
  switch (typeof value) {
    case "object":
      if (value === null || value instanceof Uint8Array) return value;
      if (value instanceof Date) return withZone(value);
      return Array.isArray(value) ? arrayText(value, rawBind) : jsonText(value);
    case "bigint":
      return String(value);
    case "undefined":
      throw new ArgumentError("undefined is no SQL value; give null for NULL.", "value.undefined");
    default:
      return value;
  }
};
const suffix = (name: string) => () => `::${name}`;
const innermost = (type: ArrayType): SqlType => {
  let element = type.element;
  while (element.kind === "array") element = (element as ArrayType).element;
  return element;
};
/** How many lists deep a value is; only asked where elements are lists themselves. */
const depthOf = (type: ArrayType): number => {
  const element = innermost(type);
  if (element.family !== "json" && !(element instanceof RangeType)) return Number.POSITIVE_INFINITY;
  let depth = 1;
  for (let e = type.element; e.kind === "array"; e = (e as ArrayType).element) depth++;
  return depth;
};
const floatLiteral = (value: unknown): string => {
  const n = Number(value);
  return Number.isFinite(n) ? String(n) : `'${n}'::FLOAT8`;
};
const quoted = (name: string): string => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`);
const fractional = ({ precision }: DateTimeType | TimeType): string =>
  precision === undefined ? "" : `(${precision})`;
const json = (name: string): TypeAdapter<JsonType> => ({
  ddl: () => name,
  bind: jsonBind,
  result: jsonResult,
  bindSuffix: suffix(name),
});

export const postgresqlAdapters: TypeAdapters = {
  ...postgresqlNativeAdapters,
  integer: { ddl: () => "INTEGER", result: () => toNumber, bindSuffix: suffix("INTEGER") },
  smallInteger: { ddl: () => "SMALLINT", result: () => toNumber, bindSuffix: suffix("SMALLINT") },
  bigInteger: {
    ddl: () => "BIGINT",
    bind: () => (value) => (typeof value === "bigint" ? String(value) : exactly(value)),
    result: (type) => (type.mode === "bigint" ? toBigInt : toSafeNumber),
    bindSuffix: suffix("BIGINT"),
  } satisfies TypeAdapter<BigIntegerType>,
  float: {
    ddl: (type) => (type.precision === undefined ? "FLOAT" : `FLOAT(${type.precision})`),
    result: () => toNumber,
    literal: () => floatLiteral,
    bindSuffix: suffix("FLOAT"),
  } satisfies TypeAdapter<FloatType>,
  double: {
    ddl: () => "DOUBLE PRECISION",
    result: () => toNumber,
    literal: () => floatLiteral,
    bindSuffix: suffix("DOUBLE PRECISION"),
  },
  numeric: {
    ddl: (type) =>
      type.precision === undefined
        ? "NUMERIC"
        : type.scale === undefined
          ? `NUMERIC(${type.precision})`
          : `NUMERIC(${type.precision}, ${type.scale})`,
    bind: () => exactDecimal,
    result: (type) => (type.mode === "number" ? toNumber : null),
    literal: () => (value) => {
      const digits = exactDecimal(value) as string;
      return /^-?(NaN|Infinity)$/.test(digits) ? `'${digits}'::NUMERIC` : digits;
    },
    // Without precision: the parameter itself must not be rounded.
    bindSuffix: suffix("NUMERIC"),
  } satisfies TypeAdapter<NumericType>,
  boolean: { ddl: () => "BOOLEAN", result: () => toBoolean, bindSuffix: suffix("BOOLEAN") },
  // No suffix: a placeholder of unknown type is text wherever nothing else is asked for, and takes part in comparisons
  // with char(n), citext and enums as it should.
  string: { ddl: (type) => varchar(type) } satisfies TypeAdapter<StringType>,
  text: { ddl: () => "TEXT" },
  uuid: { ddl: () => "UUID", bind: () => uuidText, bindSuffix: suffix("UUID") },
  dateTime: {
    ddl: (type) => `TIMESTAMP${fractional(type)} ${type.timezone ? "WITH" : "WITHOUT"} TIME ZONE`,
    bind: (type) => (type.timezone ? withZone : pgTimestamp),
    result: () => parseTimestamp,
    bindSuffix: (type) => (type.timezone ? "::TIMESTAMP WITH TIME ZONE" : "::TIMESTAMP WITHOUT TIME ZONE"),
  } satisfies TypeAdapter<DateTimeType>,
  date: { ddl: () => "DATE", bind: () => dates, bindSuffix: suffix("DATE") },
  time: {
    ddl: (type) => `TIME${fractional(type)} WITHOUT TIME ZONE`,
    bind: () => timeText,
    bindSuffix: suffix("TIME WITHOUT TIME ZONE"),
  } satisfies TypeAdapter<TimeType>,
  binary: {
    ddl: () => "BYTEA",
    bind: () => bytes,
    result: () => parseBytea,
    literal: () => (value) => `'\\x${Buffer.from(bytes(value)).toString("hex")}'::bytea`,
    bindSuffix: suffix("BYTEA"),
  } satisfies TypeAdapter<BinaryType>,
  json: json("JSON"),
  jsonb: json("JSONB"),
  array: {
    ddl: (type, dialect) => `${dialect.ddlType(innermost(type))}[]`,
    bind: (type, dialect) => {
      const convert = dialect.bindProcessor(innermost(type));
      const depth = depthOf(type);
      return (value) => {
        if (!Array.isArray(value))
          throw new ArgumentError(`An array is needed, not ${describe(value)}.`, "value.array");
        return arrayText(value, convert, ",", depth);
      };
    },
    result: (type, dialect) => {
      const convert = dialect.resultProcessor(innermost(type));
      return (value) => parseArray(value, convert);
    },
    bindSuffix: (type, dialect) =>
      `::${dialect
        .ddlType(innermost(type))
        .replace(/^VARCHAR\(\d+\)$/, "VARCHAR")
        .replace(/^NUMERIC\(.*\)$/, "NUMERIC")
        .replace(/^(TIME|TIMESTAMP)\(\d\)/, "$1")}[]`,
  } satisfies TypeAdapter<ArrayType>,
  enum: {
    ddl: (type) => (type.native && type.name !== undefined ? quoted(type.name) : `VARCHAR(${longest(type)})`),
    bind: enumBind,
    result: enumResult,
    bindSuffix: (type) => (type.native && type.name !== undefined ? `::${quoted(type.name)}` : ""),
  } satisfies TypeAdapter<EnumType>,
  null: { ddl: () => "NULL", castDdl: () => "TEXT", bind: () => rawBind } satisfies TypeAdapter<SqlType>,
};

/** Readers by type number for columns nobody declared. Numbers of arrays are those of their elements' array types. */
const scalars: { readonly [oid: number]: Convert } = {
  16: toBoolean,
  17: parseBytea,
  20: toBigInt,
  21: toNumber,
  23: toNumber,
  26: toNumber,
  114: parseJson,
  700: toNumber,
  701: toNumber,
  1114: parseTimestamp,
  1184: parseTimestamp,
  3802: parseJson,
};
const arrayElements: { readonly [oid: number]: number } = {
  1000: 16,
  1001: 17,
  1005: 21,
  1007: 23,
  1016: 20,
  1028: 26,
  199: 114,
  3807: 3802,
  1021: 700,
  1022: 701,
  1115: 1114,
  1185: 1184,
  // Elements that stay text: char, varchar, text, name, numeric, date, time, timetz, uuid, interval, inet, cidr, macaddr,
  // macaddr8, money, regclass.
  1002: 0,
  1014: 0,
  1015: 0,
  1009: 0,
  1003: 0,
  1231: 0,
  1182: 0,
  1183: 0,
  1270: 0,
  2951: 0,
  1187: 0,
  1041: 0,
  651: 0,
  1040: 0,
  775: 0,
  791: 0,
  2210: 0,
};
const arrays = new Map<number, Convert>();
for (const [oid, element] of Object.entries(arrayElements)) {
  const convert = scalars[element] ?? null;
  arrays.set(Number(oid), (value) => parseArray(value, convert));
}
/** NUMERIC, DATE, TIME, UUID and everything not listed stay text. */
export function readerForOid(oid: number | string | null): Convert | null {
  return typeof oid === "number" ? (scalars[oid] ?? arrays.get(oid) ?? null) : null;
}
