/**
 * Reads the DataRow messages of PostgreSQL from their bytes, without a string or an object in between. A column is read
 * as its declared type wants it when that agrees with what the server sends, as text otherwise; the type's own
 * conversion accepts both. Binary only where its value is exactly that of the text (not float4, whose text is shorter).
 */
import type { SqlType } from "../../types/sql-type.js";
import { DecoratedType, SpelledType } from "../../types/wrapping.js";
import type { DeclaredColumn } from "../driver.js";

/** Slices that Node has always had and its types do not name; `toString()` is twice as slow on short texts. */
export type Bytes = Buffer & {
  utf8Slice(from: number, to: number): string;
  latin1Slice(from: number, to: number): string;
};
type ReadValue = (bytes: Bytes, from: number, length: number) => unknown;
export type RowBytesReader = (bytes: Bytes, at: number) => unknown[];
/** What a column is read as. */
type Wanted = "number" | "bigint" | "boolean" | "timestamp" | "bytes" | "text";

const WANTED: { readonly [kind: string]: Wanted } = {
  integer: "number",
  smallInteger: "number",
  float: "number",
  double: "number",
  bigInteger: "bigint",
  boolean: "boolean",
  dateTime: "timestamp",
  binary: "bytes",
};
/** What columns of undeclared types become; the same as `readerForOid`. */
const BY_OID: { readonly [oid: number]: Wanted } = {
  16: "boolean",
  17: "bytes",
  20: "bigint",
  21: "number",
  23: "number",
  26: "number",
  700: "number",
  701: "number",
  1114: "timestamp",
  1184: "timestamp",
};

const textValue: ReadValue = (bytes, from, length) => bytes.utf8Slice(from, from + length);
/** Whole numbers of up to 15 digits; anything else the long way. */
const textNumber: ReadValue = (bytes, from, length) => {
  const end = from + length;
  const negative = bytes[from] === 45;
  let at = negative ? from + 1 : from;
  if (end - at > 15) return Number(bytes.latin1Slice(from, end));
  let n = 0;
  for (; at < end; at++) {
    const digit = (bytes[at] as number) - 48;
    if (digit < 0 || digit > 9) return Number(bytes.latin1Slice(from, end));
    n = n * 10 + digit;
  }
  return negative ? -n : n;
};
const textBigint: ReadValue = (bytes, from, length) => {
  if (length > 15) return BigInt(bytes.latin1Slice(from, from + length));
  return BigInt(textNumber(bytes, from, length) as number);
};
const textBoolean: ReadValue = (bytes, from) => bytes[from] === 116;

const binaryInt2: ReadValue = (bytes, from) => bytes.readInt16BE(from);
const binaryInt4: ReadValue = (bytes, from) => bytes.readInt32BE(from);
const binaryOid: ReadValue = (bytes, from) => bytes.readUInt32BE(from);
const binaryInt8: ReadValue = (bytes, from) => {
  const high = bytes.readInt32BE(from);
  const low = bytes.readUInt32BE(from + 4);
  return high >= -2097152 && high < 2097152 ? BigInt(high * 4294967296 + low) : bytes.readBigInt64BE(from);
};
const binaryFloat8: ReadValue = (bytes, from) => bytes.readDoubleBE(from);
const binaryBoolean: ReadValue = (bytes, from) => bytes[from] === 1;
const binaryBytes: ReadValue = (bytes, from, length) => new Uint8Array(bytes.subarray(from, from + length));
const EPOCH_2000 = 946684800000;
/** Microseconds since 2000 as 64 bits; divided in two halves, since a double does not hold them all. */
const binaryTimestamp: ReadValue = (bytes, from) => {
  const high = bytes.readInt32BE(from);
  const low = bytes.readUInt32BE(from + 4);
  if (high === 0x7fffffff && low === 0xffffffff) return new Date(8.64e15);
  if (high === -0x80000000 && low === 0) return new Date(-8.64e15);
  const thousands = Math.floor(high / 1000);
  const rest = high - thousands * 1000;
  return new Date(EPOCH_2000 + thousands * 4294967296 + Math.floor((rest * 4294967296 + low) / 1000));
};
const BINARY: { readonly [oid: number]: { readonly as: Wanted; readonly read: ReadValue } } = {
  16: { as: "boolean", read: binaryBoolean },
  17: { as: "bytes", read: binaryBytes },
  20: { as: "bigint", read: binaryInt8 },
  21: { as: "number", read: binaryInt2 },
  23: { as: "number", read: binaryInt4 },
  26: { as: "number", read: binaryOid },
  701: { as: "number", read: binaryFloat8 },
  1114: { as: "timestamp", read: binaryTimestamp },
  1184: { as: "timestamp", read: binaryTimestamp },
};
const TEXT: { readonly [oid: number]: { readonly as: Wanted; readonly read: ReadValue } } = {
  16: { as: "boolean", read: textBoolean },
  20: { as: "bigint", read: textBigint },
  21: { as: "number", read: textNumber },
  23: { as: "number", read: textNumber },
  26: { as: "number", read: textNumber },
};

/** How the rows of one statement are read. */
export interface RowPlan {
  readonly readers: readonly ReadValue[];
  /** Format codes for Bind: one for each column, or none when all travel as text. */
  readonly formats: readonly (0 | 1)[];
}
function wanted(type: SqlType | undefined, oid: number): Wanted {
  if (type === undefined) return BY_OID[oid] ?? "text";
  if (type instanceof SpelledType) return wanted(type.base, oid);
  // Another type for this database may stand in its place: text can be read as any.
  if (type instanceof DecoratedType) return type.hooks.implFor === undefined ? wanted(type.impl, oid) : "text";
  return WANTED[type.kind] ?? "text";
}
/** `columns`: the declared types; undefined for raw SQL. `binary`: the columns of the statement are settled. */
export function rowPlan(
  oids: readonly number[],
  columns: readonly DeclaredColumn[] | undefined,
  binary: boolean,
): RowPlan {
  const formats: (0 | 1)[] = [];
  const readers = oids.map((oid, i) => {
    const as = columns !== undefined && columns.length !== oids.length ? "text" : wanted(columns?.[i]?.type, oid);
    const inBinary = binary ? BINARY[oid] : undefined;
    // A whole number read as 64 bits comes as the shorter form where the server's column is shorter.
    const fits = (form: { readonly as: Wanted } | undefined): boolean =>
      form !== undefined && (form.as === as || (as === "bigint" && form.as === "number" && oid !== 701));
    if (fits(inBinary)) {
      formats.push(1);
      return (inBinary as { readonly read: ReadValue }).read;
    }
    formats.push(0);
    const inText = TEXT[oid];
    return fits(inText) ? (inText as { readonly read: ReadValue }).read : textValue;
  });
  return { readers, formats: formats.includes(1) ? formats : [] };
}
/** Reads a row whose message begins (with its count of columns) at a place. */
export function rowBytesReader({ readers }: RowPlan): RowBytesReader {
  const width = readers.length;
  return (bytes, at) => {
    // Made at its size: grown element by element an array keeps room for 17.
    const row = new Array<unknown>(width);
    let from = at + 2;
    for (let i = 0; i < width; i++) {
      const length =
        ((bytes[from] as number) << 24) |
        ((bytes[from + 1] as number) << 16) |
        ((bytes[from + 2] as number) << 8) |
        (bytes[from + 3] as number);
      from += 4;
      if (length < 0) row[i] = null;
      else {
        row[i] = (readers[i] as ReadValue)(bytes, from, length);
        from += length;
      }
    }
    return row;
  };
}
