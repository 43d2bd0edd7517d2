/** Lengths of time as ISO 8601 text, PostgreSQL's way of writing them, and as microseconds where there is no such type. */
import { ArgumentError, DataError } from "../errors/errors.js";
import type { Convert } from "../types/adapter.js";
import { describe } from "./values.js";

interface Interval {
  readonly months: bigint;
  readonly days: bigint;
  readonly micros: bigint;
}
const ISO =
  /^(-?)P(?=.)(?:([+-]?\d+)Y)?(?:([+-]?\d+)M)?(?:([+-]?\d+)W)?(?:([+-]?\d+)D)?(?:T(?=.)(?:([+-]?\d+)H)?(?:([+-]?\d+)M)?(?:([+-]?)(\d+)(?:\.(\d{1,6}))?S)?)?$/;
const HOUR = 3_600_000_000n;
const MINUTE = 60_000_000n;
const SECOND = 1_000_000n;

/** @throws ArgumentError for what is no ISO 8601 duration with at most microseconds */
export function parseInterval(value: unknown): Interval {
  const m = typeof value === "string" ? ISO.exec(value) : null;
  if (m === null) {
    throw new ArgumentError(
      `A length of time is ISO 8601 text such as "P1DT2H30M", not ${describe(value)}.`,
      "value.interval",
    );
  }
  const n = (i: number): bigint => BigInt(m[i] ?? 0);
  const sign = m[1] === "-" ? -1n : 1n;
  const seconds = BigInt(m[9] ?? 0) * SECOND + BigInt((m[10] ?? "").padEnd(6, "0"));
  return {
    months: sign * (n(2) * 12n + n(3)),
    days: sign * (n(4) * 7n + n(5)),
    micros: sign * (n(6) * HOUR + n(7) * MINUTE + (m[8] === "-" ? -seconds : seconds)),
  };
}
/** The one spelling of an interval: equal values are equal text. */
export function intervalText({ months, days, micros }: Interval): string {
  const part = (n: bigint, unit: string): string => (n === 0n ? "" : `${n}${unit}`);
  const date = part(months / 12n, "Y") + part(months % 12n, "M") + part(days, "D");
  const rest = micros % MINUTE;
  const size = rest < 0n ? -rest : rest;
  const fraction = String(size % SECOND)
    .padStart(6, "0")
    .replace(/0+$/, "");
  const seconds = rest === 0n ? "" : `${rest < 0n ? "-" : ""}${size / SECOND}${fraction === "" ? "" : `.${fraction}`}S`;
  const time = part(micros / HOUR, "H") + part((micros % HOUR) / MINUTE, "M") + seconds;
  if (date === "" && time === "") return "PT0S";
  return `P${date}${time === "" ? "" : `T${time}`}`;
}
export const isoInterval: Convert = (value) => intervalText(parseInterval(value));

const POSTGRES =
  /^(?:(-?\d+) years? ?)?(?:([+-]?\d+) mons? ?)?(?:([+-]?\d+) days? ?)?(?:([+-]?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?$/;
/** The server's standard form: `1 year 2 mons -3 days +04:05:06.789`; or ISO, where the session is set so. */
export const readInterval: Convert = (value) => {
  const text = String(value);
  if (text.includes("P")) return isoInterval(text);
  const m = POSTGRES.exec(text);
  if (m === null)
    throw new DataError(
      `The database gave '${text}' where an interval was expected (IntervalStyle postgres or iso_8601).`,
    );
  const n = (i: number): bigint => BigInt((m[i] ?? "0").replace("+", ""));
  const time = n(5) * HOUR + n(6) * MINUTE + n(7) * SECOND + BigInt((m[8] ?? "").padEnd(6, "0"));
  return intervalText({ months: n(1) * 12n + n(2), days: n(3), micros: m[4] === "-" ? -time : time });
};
/** Microseconds; days count 24 hours, months cannot be counted. */
export const intervalMicros: Convert = (value) => {
  const { months, days, micros } = parseInterval(value);
  if (months !== 0n) {
    throw new ArgumentError(
      `${describe(value)} holds months or years, which have no fixed length; this database stores intervals as microseconds.`,
      "value.interval",
    );
  }
  const all = days * 24n * HOUR + micros;
  if (BigInt.asIntN(64, all) !== all)
    throw new ArgumentError(`${describe(value)} is too long to store.`, "value.interval");
  return all;
};
export const microsInterval: Convert = (value) => {
  const all = BigInt(value as string | number | bigint);
  return intervalText({ months: 0n, days: all / (24n * HOUR), micros: all % (24n * HOUR) });
};
