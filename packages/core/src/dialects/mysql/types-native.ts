/** Types that only MySQL and MariaDB have. */

import { didYouMean } from "../../errors/did-you-mean.js";
import { ArgumentError, CompileError } from "../../errors/errors.js";
import type { Convert, TypeAdapter, TypeAdapters } from "../../types/adapter.js";
import type { IntervalType, NativeType, SetType } from "../../types/native-types.js";
import { intervalMicros, microsInterval } from "../intervals.js";
import { describe, toBigInt, toNumber } from "../values.js";
import type { MysqlCapabilities } from "./capabilities.js";
import { inDdl } from "./texts.js";

const unsigned: Convert = (value) => {
  if (
    (typeof value === "number" && Number.isInteger(value) && value >= 0) ||
    (typeof value === "bigint" && value >= 0n)
  )
    return value;
  throw new ArgumentError(`A whole number from 0 is needed, not ${describe(value)}.`, "value.unsigned");
};
const width = (type: NativeType): number => Number(/\d+/.exec(type.ddl)?.[0] ?? 1);
/** Bits as bytes: a number as text would be taken for characters. */
const bitBytes =
  (bits: number): Convert =>
  (value) => {
    if (typeof value !== "string" || !/^[01]*$/.test(value) || value.length > bits)
      throw new ArgumentError(`Bits are text of up to ${bits} 0 and 1, not ${describe(value)}.`, "value.bit");
    const size = Math.ceil(bits / 8);
    const digits = value.padStart(size * 8, "0");
    return Uint8Array.from({ length: size }, (_, i) => Number.parseInt(digits.slice(i * 8, i * 8 + 8), 2));
  };
const bitText =
  (bits: number): Convert =>
  (value) => {
    if (!(value instanceof Uint8Array)) return Number(value).toString(2).padStart(bits, "0");
    return [...value]
      .map((byte) => byte.toString(2).padStart(8, "0"))
      .join("")
      .slice(-bits)
      .padStart(bits, "0");
  };

const address = (what: string, isMariadb: () => boolean): TypeAdapter<NativeType> => ({
  ddl: (type) => {
    if (isMariadb()) return type.ddl;
    throw new CompileError(
      `${type.ddl} is a type of MariaDB; MySQL keeps addresses as text or VARBINARY(16).`,
      "ddl.type",
    );
  },
  bind: () => (value) => {
    if (typeof value === "string" && /^[\da-f.:]+$/i.test(value)) return value;
    throw new ArgumentError(`${what}, not ${describe(value)}.`, "value.type");
  },
  result: () => String,
});

export const mysqlNativeAdapters = (capabilities: () => MysqlCapabilities): TypeAdapters => ({
  "mysql.unsigned": {
    ddl: (type) => type.ddl,
    castDdl: () => "UNSIGNED",
    bind: () => unsigned,
    result: () => toNumber,
  } satisfies TypeAdapter<NativeType>,
  "mysql.unsignedBig": {
    ddl: (type) => type.ddl,
    castDdl: () => "UNSIGNED",
    bind: () => unsigned,
    result: () => toBigInt,
  } satisfies TypeAdapter<NativeType>,
  "mysql.year": {
    ddl: (type) => type.ddl,
    castDdl: () => "SIGNED",
    result: () => toNumber,
  } satisfies TypeAdapter<NativeType>,
  "mysql.inet4": address("An address is text such as 192.168.0.1", () => capabilities().mariadb),
  "mysql.inet6": address("An address is text such as 2001:db8::1", () => capabilities().mariadb),
  "mysql.bit": {
    ddl: (type) => type.ddl,
    castDdl: () => "BINARY",
    bind: (type) => bitBytes(width(type)),
    result: (type) => bitText(width(type)),
    literal: (type) => (value) => `b'${String(value).padStart(width(type), "0")}'`,
  } satisfies TypeAdapter<NativeType>,
  "mysql.set": {
    ddl: (type) => `SET(${type.values.map((v) => inDdl(v, capabilities())).join(", ")})`,
    castDdl: () => "CHAR",
    bind: (type) => (value) => {
      if (!Array.isArray(value))
        throw new ArgumentError(`A set is a list of values, not ${describe(value)}.`, "value.set");
      for (const item of value as unknown[]) {
        if (!type.values.includes(item as string))
          throw new ArgumentError(
            `${describe(item)} is not one of the values of the set.${didYouMean(String(item), type.values)}`,
            "value.set",
          );
      }
      return value.join(",");
    },
    result: () => (value) => (String(value) === "" ? [] : String(value).split(",")),
  } satisfies TypeAdapter<SetType>,
  interval: {
    ddl: () => "BIGINT",
    castDdl: () => "SIGNED",
    bind: () => intervalMicros,
    result: () => microsInterval,
  } satisfies TypeAdapter<IntervalType>,
});
