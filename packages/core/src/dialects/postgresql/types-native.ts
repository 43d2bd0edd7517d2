/** PostgreSQL's own types: how their values are written and read. Everything travels as text. */
import { ArgumentError, DataError } from "../../errors/errors.js";
import type { Convert, TypeAdapter, TypeAdapters } from "../../types/adapter.js";
import {
  type DomainType,
  type IntervalType,
  type NativeType,
  Range,
  type RangeType,
} from "../../types/native-types.js";
import { isoInterval, readInterval } from "../intervals.js";
import { describe, jsonBind, jsonResult, toNumber } from "../values.js";

const asText =
  (what: string, shape: RegExp): Convert =>
  (value) => {
    if (typeof value === "string" && shape.test(value)) return value;
    throw new ArgumentError(`${what}, not ${describe(value)}.`, "value.type");
  };
const plainText = (what: string): TypeAdapter<NativeType> => ({
  ddl: (type) => type.ddl,
  bind: () => asText(what, /^[^\0]*$/s),
  bindSuffix: (type) => `::${type.ddl}`,
});
const quotedPart = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;

/** `"a"=>"1", "b"=>NULL` */
export function hstoreText(value: unknown): string {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new ArgumentError(`An hstore is an object of texts and nulls, not ${describe(value)}.`, "value.hstore");
  return Object.entries(value)
    .map(([key, v]) => {
      if (v !== null && typeof v !== "string")
        throw new ArgumentError(`hstore values are texts or null; '${key}' is ${describe(v)}.`, "value.hstore");
      return `${quotedPart(key)}=>${v === null ? "NULL" : quotedPart(v)}`;
    })
    .join(", ");
}
export function parseHstore(value: unknown): { [key: string]: string | null } {
  if (typeof value !== "string") return value as { [key: string]: string | null };
  const out: { [key: string]: string | null } = Object.create(null) as { [key: string]: string | null };
  const part = /"((?:[^"\\]|\\.)*)"=>(?:NULL|"((?:[^"\\]|\\.)*)")(?:, )?/gsy;
  const plain = (text: string): string => text.replace(/\\(.)/gs, "$1");
  let end = 0;
  for (let m = part.exec(value); m !== null; m = part.exec(value)) {
    out[plain(m[1] as string)] = m[2] === undefined ? null : plain(m[2]);
    end = part.lastIndex;
  }
  if (end !== value.length)
    throw new DataError(`The database gave an hstore that cannot be read: ${value.slice(0, 80)}`);
  return { ...out };
}

/** `[1,10)`, `empty`; bounds are quoted, which every type of element takes. */
export function rangeText(value: unknown, convert: Convert | null): string {
  if (!(value instanceof Range)) throw new ArgumentError(`A Range is needed, not ${describe(value)}.`, "value.range");
  if (value.isEmpty) return "empty";
  const bound = (v: unknown): string =>
    v === null || v === undefined ? "" : quotedPart(String(convert === null ? v : convert(v)));
  return `${value.bounds[0]}${bound(value.lower)},${bound(value.upper)}${value.bounds[1]}`;
}
const RANGE = /([[(])(?:"((?:[^"\\]|\\.|"")*)"|([^",\])]*)),(?:"((?:[^"\\]|\\.|"")*)"|([^",\])]*))([\])])/sy;
function readRange(
  text: string,
  at: number,
  convert: Convert | null,
): { readonly range: Range<unknown>; readonly end: number } {
  if (text.startsWith("empty", at)) return { range: Range.empty(), end: at + 5 };
  RANGE.lastIndex = at;
  const m = RANGE.exec(text);
  if (m === null) throw new DataError(`The database gave a range that cannot be read: ${text.slice(0, 80)}`);
  const bound = (quoted: string | undefined, bare: string | undefined): unknown => {
    if (quoted === undefined && (bare === undefined || bare === "")) return null;
    const plain = quoted === undefined ? (bare as string) : quoted.replace(/\\(.)|""/gs, (_, c?: string) => c ?? '"');
    return convert === null ? plain : convert(plain);
  };
  const bounds = `${m[1]}${m[6]}` as Range<unknown>["bounds"];
  return { range: new Range(bound(m[2], m[3]), bound(m[4], m[5]), bounds), end: RANGE.lastIndex };
}
export function parseRange(value: unknown, convert: Convert | null): Range<unknown> {
  return value instanceof Range ? value : readRange(String(value), 0, convert).range;
}
/** `{[1,3),[5,9)}` */
export function parseMultirange(value: unknown, convert: Convert | null): Range<unknown>[] {
  if (Array.isArray(value)) return value as Range<unknown>[];
  const text = String(value);
  const out: Range<unknown>[] = [];
  for (let at = 1; text[at] !== "}" && at < text.length; ) {
    const { range, end } = readRange(text, at, convert);
    out.push(range);
    at = text[end] === "," ? end + 1 : end;
  }
  return out;
}
const json: TypeAdapter<NativeType> = {
  ddl: (type) => type.ddl,
  bind: jsonBind,
  result: jsonResult,
  bindSuffix: (type) => `::${type.ddl}`,
};
const quoted = (name: string): string =>
  name
    .split(".")
    .map((part) => (/^[a-z_][a-z0-9_]*$/.test(part) ? part : `"${part.replaceAll('"', '""')}"`))
    .join(".");

export const postgresqlNativeAdapters: TypeAdapters = {
  "postgresql.jsonb": json,
  "postgresql.inet": plainText("An inet address is text such as 192.168.0.1/24"),
  "postgresql.cidr": plainText("A network is text such as 192.168.0.0/24"),
  "postgresql.macaddr": plainText("A MAC address is text such as 08:00:2b:01:02:03"),
  "postgresql.tsvector": plainText("A tsvector is text such as 'cat':3 'fat':2"),
  "postgresql.tsquery": plainText("A tsquery is text such as fat & rat"),
  "postgresql.regconfig": plainText("The name of a text search configuration is text such as english"),
  "postgresql.macaddr8": plainText("A MAC address is text such as 08:00:2b:01:02:03:04:05"),
  "postgresql.money": plainText("An amount is text such as 12.50"),
  "postgresql.oid": {
    ddl: (type) => type.ddl,
    bind: () => (value) => {
      if (Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32) return value;
      throw new ArgumentError(`An oid is a whole number from 0 to 4294967295, not ${describe(value)}.`, "value.type");
    },
    result: () => toNumber,
    bindSuffix: (type) => `::${type.ddl}`,
  } satisfies TypeAdapter<NativeType>,
  "postgresql.regclass": plainText("A table is text such as public.cars"),
  "postgresql.regtype": plainText("A type is text such as integer"),
  "postgresql.timetz": plainText("A time of day with an offset is text such as 09:30:00+02"),
  "postgresql.xml": plainText("XML is text"),
  "postgresql.citext": { ...plainText("Text is needed"), bindSuffix: () => "" },
  "postgresql.bit": {
    ddl: (type) => type.ddl,
    bind: () => asText("Bits are text of 0 and 1", /^[01]*$/),
    // A cast to bit(n) would cut or fill in silence; a varying one leaves the check to the column.
    bindSuffix: () => "::BIT VARYING",
  } satisfies TypeAdapter<NativeType>,
  "postgresql.hstore": {
    ddl: (type) => type.ddl,
    bind: () => hstoreText,
    result: () => parseHstore,
    bindSuffix: (type) => `::${type.ddl}`,
  } satisfies TypeAdapter<NativeType>,
  "postgresql.range": {
    ddl: (type) => type.ddl,
    bind: (type, dialect) => {
      const convert = dialect.bindProcessor(type.element);
      if (!type.multi) return (value) => rangeText(value, convert);
      return (value) => {
        if (!Array.isArray(value))
          throw new ArgumentError(`A list of ranges is needed, not ${describe(value)}.`, "value.range");
        return `{${value.map((range) => rangeText(range, convert)).join(",")}}`;
      };
    },
    result: (type, dialect) => {
      const convert = dialect.resultProcessor(type.element);
      return type.multi ? (value) => parseMultirange(value, convert) : (value) => parseRange(value, convert);
    },
    bindSuffix: (type) => `::${type.ddl}`,
  } satisfies TypeAdapter<RangeType>,
  "postgresql.domain": {
    ddl: (type) => quoted(type.name),
    bind: (type, dialect) => dialect.bindProcessor(type.base),
    result: (type, dialect) => dialect.resultProcessor(type.base),
    bindSuffix: (type) => `::${quoted(type.name)}`,
  } satisfies TypeAdapter<DomainType>,
  interval: {
    ddl: () => "INTERVAL",
    bind: () => isoInterval,
    result: () => readInterval,
    bindSuffix: () => "::INTERVAL",
  } satisfies TypeAdapter<IntervalType>,
};
