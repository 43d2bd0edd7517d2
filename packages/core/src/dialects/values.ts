/** Conversions that several dialects share: timestamps, decimals, UUIDs, JSON text, lists kept as JSON. */
import { didYouMean } from "../errors/did-you-mean.js";
import { ArgumentError, DataError } from "../errors/errors.js";
import { type Convert, type TypeAdapter, type TypeResolver, takingNull } from "../types/adapter.js";
import { jsonNull } from "../types/native-types.js";
import type { ArrayType, EnumType, JsonOptions, StringType } from "../types/sql-type.js";
import { jsonText } from "./json-text.js";

const two = (n: number): string => (n < 10 ? `0${n}` : String(n));

/** `2024-02-03 04:05:06.789` in UTC. @throws ArgumentError for what is no valid Date */
export function timestampText(value: unknown): string {
  const date = requireDate(value);
  const year = date.getUTCFullYear();
  if (year < 0)
    throw new ArgumentError(`The year ${year} is before what the database's timestamps hold.`, "value.date");
  const digits = year >= 0 && year <= 9999 ? String(year).padStart(4, "0") : String(year);
  return `${digits}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())} ${two(date.getUTCHours())}:${two(
    date.getUTCMinutes(),
  )}:${two(date.getUTCSeconds())}.${String(date.getUTCMilliseconds()).padStart(3, "0")}`;
}
export function requireDate(value: unknown): Date {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value;
  throw new ArgumentError(
    value instanceof Date
      ? "An invalid Date cannot be stored."
      : `A Date is needed for a timestamp, not ${describe(value)}.`,
    "value.date",
  );
}
const TIMESTAMP =
  /^(\d{4,6})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d\d(?::?\d\d)?(?::?\d\d)?)?( BC)?$/;

/** Reads a timestamp; text without an offset is UTC. Digits after the millisecond are not kept: a Date has none. */
export function parseTimestamp(value: unknown): Date {
  if (value instanceof Date) return value;
  const text = String(value);
  const m = TIMESTAMP.exec(text);
  if (m === null) {
    if (text === "infinity") return new Date(8.64e15);
    if (text === "-infinity") return new Date(-8.64e15);
    throw new DataError(`The database gave '${text}' where a timestamp was expected.`);
  }
  const ms = m[7] === undefined ? 0 : Number(m[7].slice(0, 3).padEnd(3, "0"));
  let year = Number(m[1]);
  if (m[9] !== undefined) year = 1 - year;
  let time = Date.UTC(
    year,
    Number(m[2]) - 1,
    Number(m[3]),
    Number(m[4] ?? 0),
    Number(m[5] ?? 0),
    Number(m[6] ?? 0),
    ms,
  );
  if (year >= 0 && year < 100) {
    const fixed = new Date(time);
    fixed.setUTCFullYear(year);
    time = fixed.getTime();
  }
  const zone = m[8];
  if (zone !== undefined && zone !== "Z") {
    const digits = zone.slice(1).replaceAll(":", "");
    const offset =
      Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2, 4) || 0) * 60 + Number(digits.slice(4, 6) || 0);
    time -= (zone[0] === "-" ? -offset : offset) * 1000;
  }
  return new Date(time);
}
/** `YYYY-MM-DD`, checked: a Date would have to guess a time zone. */
export function dateText(value: unknown): string {
  if (typeof value === "string" && /^-?\d{4,6}-\d\d-\d\d$/.test(value)) return value;
  throw new ArgumentError(`A calendar date is a string such as "2024-02-29", not ${describe(value)}.`, "value.date");
}
/** `HH:MM:SS[.ffffff]`, checked, without needless zeros: the form in which every database gives it back. */
export function timeText(value: unknown): string {
  const m = typeof value === "string" ? /^(\d\d:\d\d)(:\d\d)?(\.\d{1,6})?$/.exec(value) : null;
  if (m === null)
    throw new ArgumentError(`A time of day is a string such as "09:30:00", not ${describe(value)}.`, "value.time");
  return `${m[1]}${m[2] ?? ":00"}${shortFraction(m[3] ?? "")}`;
}
const shortFraction = (fraction: string): string => fraction.replace(/\.?0+$/, "");
/** What the server gives for a time, without needless zeros. */
export const readTime: Convert = (value) => String(value).replace(/\.\d+$/, shortFraction);
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "object") return `a ${(value as object).constructor?.name ?? "object"}`;
  return typeof value === "function" ? "a function" : String(value);
}

/** A number for a whole-number column. @throws ArgumentError for what the database would round or replace in silence */
export const wholeNumber: Convert = (value) => {
  if (typeof value !== "number" || Number.isInteger(value)) return value;
  throw new ArgumentError(`A whole number is needed, not ${value}.`, "value.integer");
};

export const toNumber: Convert = (value) => (typeof value === "number" ? value : Number(value));
export const toBigInt: Convert = (value) => {
  if (typeof value === "bigint") return value;
  const text = typeof value === "string" && value.includes(".") ? value.replace(/\.0*$/, "") : value;
  if (typeof text === "string" ? !/^\s*-?\d+\s*$/.test(text) : !Number.isInteger(text))
    throw new DataError(`The database gave ${describe(value)} where a whole number was expected.`);
  return BigInt(text as string | number);
};
/** 64-bit integers as numbers; never rounded in silence. @throws DataError beyond 2^53 */
export const toSafeNumber: Convert = (value) => {
  const n = typeof value === "number" ? value : Number(value);
  if (Number.isSafeInteger(n) || !Number.isInteger(n)) return n;
  throw new DataError(`${value} does not fit a JavaScript number; read the column as bigint (mode "bigint").`);
};
const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i;
export interface Decimal {
  readonly negative: boolean;
  readonly whole: string;
  readonly fraction: string;
}
/** Reads a decimal of any length, without rounding. @throws ArgumentError */
export function parseDecimal(value: unknown): Decimal {
  const m =
    typeof value === "string" || typeof value === "number" || typeof value === "bigint"
      ? DECIMAL.exec(String(value).trim())
      : null;
  if (m === null || (m[2] === "" && (m[3] ?? "") === "")) {
    throw new ArgumentError(`${describe(value)} is not a decimal number.`, "value.decimal");
  }
  let whole = m[2] as string;
  let fraction = m[3] ?? "";
  const shift = Number(m[4] ?? 0);
  if (Math.abs(shift) > 1000) throw new ArgumentError(`${describe(value)} has too large an exponent.`, "value.decimal");
  if (shift > 0) {
    const padded = fraction.padEnd(shift, "0");
    whole += padded.slice(0, shift);
    fraction = padded.slice(shift);
  } else if (shift < 0) {
    const padded = whole.padStart(-shift, "0");
    fraction = padded.slice(padded.length + shift) + fraction;
    whole = padded.slice(0, padded.length + shift);
  }
  whole = whole.replace(/^0+(?=\d)/, "") || "0";
  return { negative: m[1] === "-" && /[1-9]/.test(whole + fraction), whole, fraction };
}
/** Plain digits with at least `scale` of them after the point. */
export function decimalText(d: Decimal, scale: number | undefined): string {
  const fraction = scale === undefined ? d.fraction : d.fraction.padEnd(scale, "0");
  return `${d.negative ? "-" : ""}${d.whole}${fraction === "" ? "" : `.${fraction}`}`;
}
/** A decimal as a parameter: text, checked to be one. */
export const exactDecimal: Convert = (value) => {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value === "string" && /^-?(NaN|Infinity)$/.test(value)) return value;
  return decimalText(parseDecimal(value), undefined);
};

const UUID = /^\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?$/i;
/** The canonical text of a UUID: lower case with dashes. @throws ArgumentError */
export const uuidText: Convert = (value) => {
  const m = typeof value === "string" ? UUID.exec(value) : null;
  if (m === null) throw new ArgumentError(`${describe(value)} is not a UUID.`, "value.uuid");
  return `${m[1]}-${m[2]}-${m[3]}-${m[4]}-${m[5]}`.toLowerCase();
};
export const uuidDigits: Convert = (value) => (uuidText(value) as string).replaceAll("-", "");

/** Documents with the text form their type chose, else the engine. */
export const jsonBind = (
  { options = {} }: { readonly options?: JsonOptions | undefined },
  { settings }: TypeResolver,
): Convert => {
  const { serializer = settings?.jsonSerializer, nullAs } = options;
  const write = serializer === undefined ? jsonText : (v: unknown) => (v === jsonNull ? "null" : serializer(v));
  return nullAs === "json" ? takingNull((v) => (v === null ? "null" : write(v)), "set") : write;
};
export const jsonResult = (
  { options = {} }: { readonly options?: JsonOptions | undefined },
  { settings }: TypeResolver,
): Convert => {
  const { deserializer = settings?.jsonDeserializer } = options;
  if (deserializer === undefined) return parseJson;
  return (value) => (typeof value === "string" ? deserializer(value) : deserializer(JSON.stringify(value)));
};
export const parseJson: Convert = (value) => {
  if (typeof value === "string") return JSON.parse(value);
  // SQLite keeps a document that is one whole number as that number; a number of JSON is a double.
  return typeof value === "bigint" ? Number(value) : value;
};
/** A copy that owns its memory: drivers hand out views of their network buffers. */
export const ownBytes: Convert = (value) =>
  value instanceof Uint8Array ? new Uint8Array(value) : new TextEncoder().encode(String(value));
export function bytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new ArgumentError(`Binary data is a Uint8Array, not ${describe(value)}.`, "value.binary");
}

/** Text columns refuse what would be stored as something else. */
export const enumBind = (type: EnumType): Convert => {
  const known = new Set<unknown>(type.values);
  return (value) => {
    if (known.has(value)) return value;
    throw new ArgumentError(
      `${describe(value)} is not one of the values ${type.values.map((v) => `'${v}'`).join(", ")}.${
        typeof value === "string" ? didYouMean(value, type.values) : ""
      }`,
      "value.enum",
    );
  };
};
export const enumResult = (type: EnumType): Convert => {
  const known = new Set<unknown>(type.values);
  return (value) => {
    if (known.has(value)) return value;
    throw new DataError(
      `The database holds ${describe(value)}, which is not among the values of the enum ${type.values.join(", ")}.`,
    );
  };
};
export const longest = (type: EnumType): number => type.length ?? Math.max(1, ...type.values.map((v) => [...v].length));
export const varchar = (type: StringType, name = "VARCHAR"): string =>
  type.length === undefined ? name : `${name}(${type.length})`;

/** For drivers that make something of their own of what no type has converted. */
export function unconverted(value: unknown): ArgumentError {
  return new ArgumentError(
    `A parameter of type ${typeof value} reached the driver unconverted (${describe(value)}); give the parameter a type.`,
    "value.unconverted",
  );
}
export function noItem(): ArgumentError {
  return new ArgumentError("An array holds undefined; give null for SQL NULL.", "value.undefined");
}
/** Lists as JSON text, each element in the form its own type has there. */
export function jsonArrays(ddl: string): TypeAdapter<ArrayType> {
  const outward = (value: unknown, convert: Convert | null): unknown => {
    if (value === null) return null;
    if (value === undefined) throw noItem();
    if (Array.isArray(value)) return Array.from(value, (v) => outward(v, convert));
    const bound = convert === null ? value : convert(value);
    if (typeof bound === "bigint") return Number.isSafeInteger(Number(bound)) ? Number(bound) : String(bound);
    return bound instanceof Uint8Array ? `\\x${Buffer.from(bound).toString("hex")}` : bound;
  };
  const inward = (value: unknown, convert: Convert | null): unknown => {
    if (value === null) return null;
    if (Array.isArray(value)) return value.map((v) => inward(v, convert));
    const raw = typeof value === "string" && value.startsWith("\\x") ? Buffer.from(value.slice(2), "hex") : value;
    return convert === null ? value : convert(typeof value === "string" && convert === ownBytes ? raw : value);
  };
  return {
    ddl: () => ddl,
    bind(type, dialect) {
      const convert = elementConvert(type, dialect, "bindProcessor");
      return (value) => {
        if (!Array.isArray(value))
          throw new ArgumentError(`An array is needed, not ${describe(value)}.`, "value.array");
        return JSON.stringify(outward(value, convert));
      };
    },
    result(type, dialect) {
      const convert = elementConvert(type, dialect, "resultProcessor");
      return (value) => inward(parseJson(value), convert);
    },
  };
}
function elementConvert(
  type: ArrayType,
  dialect: TypeResolver,
  which: "bindProcessor" | "resultProcessor",
): Convert | null {
  let element = type.element;
  while (element.kind === "array") element = (element as ArrayType).element;
  return dialect[which](element);
}
