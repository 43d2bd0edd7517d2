/**
 * Dates and times as plain numbers, read and written by strftime patterns. No `Date` is involved, so no time zone can
 * shift a value; days that do not exist are refused. Source: C and Python, "strftime() and strptime() format codes".
 */
import { FormDefinitionError } from "../errors.js";

/** A wall-clock moment; what a pattern leaves out stays at 1900-01-01 00:00:00. */
export interface Moment {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly microsecond: number;
}

const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const short = (name: string): string => name.slice(0, 3);
const pad = (value: number, width: number): string => String(value).padStart(width, "0");

interface Directive {
  readonly pattern: string;
  readonly write: (moment: Moment) => string;
}

const twelveHour = (hour: number): number => hour % 12 || 12;

const directives: Readonly<Record<string, Directive>> = {
  Y: { pattern: "\\d{4}", write: (m) => pad(m.year, 4) },
  y: { pattern: "\\d{2}", write: (m) => pad(m.year % 100, 2) },
  m: { pattern: "1[0-2]|0[1-9]|[1-9]", write: (m) => pad(m.month, 2) },
  d: { pattern: "3[01]|[12]\\d|0[1-9]|[1-9]", write: (m) => pad(m.day, 2) },
  H: { pattern: "2[0-3]|[01]\\d|\\d", write: (m) => pad(m.hour, 2) },
  I: { pattern: "1[0-2]|0[1-9]|[1-9]", write: (m) => pad(twelveHour(m.hour), 2) },
  p: { pattern: "[AaPp][Mm]", write: (m) => (m.hour < 12 ? "AM" : "PM") },
  M: { pattern: "[0-5]\\d|\\d", write: (m) => pad(m.minute, 2) },
  S: { pattern: "[0-5]\\d|\\d", write: (m) => pad(m.second, 2) },
  f: { pattern: "\\d{1,6}", write: (m) => pad(m.microsecond, 6) },
  j: { pattern: "36[0-6]|3[0-5]\\d|[12]\\d{2}|0[1-9]\\d|00[1-9]|[1-9]\\d|[1-9]", write: (m) => pad(dayOfYear(m), 3) },
  B: { pattern: months.join("|"), write: (m) => months[m.month - 1]! },
  b: { pattern: months.map(short).join("|"), write: (m) => short(months[m.month - 1]!) },
  A: { pattern: weekdays.join("|"), write: (m) => weekdays[weekday(m) - 1]! },
  a: { pattern: weekdays.map(short).join("|"), write: (m) => short(weekdays[weekday(m) - 1]!) },
  G: { pattern: "\\d{4}", write: (m) => pad(isoWeek(m).year, 4) },
  V: { pattern: "5[0-3]|[1-4]\\d|0[1-9]|[1-9]", write: (m) => pad(isoWeek(m).week, 2) },
  u: { pattern: "[1-7]", write: (m) => String(weekday(m)) },
};

interface Compiled {
  readonly regex: RegExp;
  readonly names: readonly string[];
}
const compiled = new Map<string, Compiled>();

/** @throws FormDefinitionError `forms.format` for a directive that is not known. */
export function compileFormat(format: string): Compiled {
  const known = compiled.get(format);
  if (known !== undefined) return known;
  const names: string[] = [];
  const source = format.replace(/%-?(.)|\s+|[\\^$.*+?()[\]{}|/]/gs, (text, letter: string | undefined) => {
    if (letter === undefined) return /^\s/.test(text) ? "\\s+" : `\\${text}`;
    if (letter === "%") return "%";
    names.push(letter);
    return `(${lookup(letter, format).pattern})`;
  });
  const made = { regex: new RegExp(`^${source}$`, "i"), names };
  compiled.set(format, made);
  return made;
}

function lookup(letter: string, format: string): Directive {
  const directive = Object.hasOwn(directives, letter) ? directives[letter] : undefined;
  if (directive !== undefined) return directive;
  const list = Object.keys(directives)
    .map((name) => `%${name}`)
    .join(" ");
  throw new FormDefinitionError("forms.format", `"${format}": %${letter} is not supported. Use ${list} or %%.`);
}

/** Reads a text by a pattern; null when it does not match or names a day that does not exist. */
export function parseMoment(text: string, format: string): Moment | null {
  const { regex, names } = compileFormat(format);
  const match = regex.exec(text);
  if (match === null) return null;
  const got = new Map(names.map((name, index) => [name, match[index + 1]!]));
  const number = (name: string): number | null => (got.has(name) ? Number(got.get(name)) : null);
  const date = readDate(got, number);
  if (date === null) return null;
  const fraction = got.get("f");
  return {
    ...date,
    hour: readHour(number("H"), number("I"), got.get("p")),
    minute: number("M") ?? 0,
    second: number("S") ?? 0,
    microsecond: fraction === undefined ? 0 : Number(fraction.padEnd(6, "0")),
  };
}

type DateParts = Pick<Moment, "year" | "month" | "day">;

function readDate(got: ReadonlyMap<string, string>, number: (name: string) => number | null): DateParts | null {
  const week = number("V");
  if (week !== null) return dateOfWeek(number("G") ?? number("Y") ?? 1900, week, number("u") ?? 1);
  const twoDigits = number("y");
  const century = twoDigits === null ? 1900 : twoDigits + (twoDigits < 69 ? 2000 : 1900);
  const year = number("Y") ?? century;
  const day = number("j");
  if (day !== null)
    return day <= (isLeap(year) ? 366 : 365) ? fromDays(toDays({ year, month: 1, day: 1 }) + day - 1) : null;
  const name = (got.get("B") ?? got.get("b"))?.slice(0, 3).toLowerCase();
  const month = number("m") ?? (name === undefined ? 1 : months.findIndex((m) => short(m).toLowerCase() === name) + 1);
  const date = { year, month, day: number("d") ?? 1 };
  return year >= 1 && date.day <= daysInMonth(year, month) ? date : null;
}

function readHour(hour: number | null, half: number | null, marker: string | undefined): number {
  if (hour !== null) return hour;
  if (half === null) return 0;
  return (half % 12) + (marker?.toLowerCase() === "pm" ? 12 : 0);
}

/** Writes a moment by a pattern; `%-d` leaves the padding out. */
export function formatMoment(moment: Moment, format: string): string {
  return format.replace(/%(-?)(.)/gs, (_text, dash: string, letter: string) => {
    if (letter === "%") return "%";
    const written = lookup(letter, format).write(moment);
    return dash === "" ? written : written.replace(/^0+(?=\d)/, "");
  });
}

export function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

export function daysInMonth(year: number, month: number): number {
  return month === 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}

const msPerDay = 86_400_000;

// Day numbers since 1970-01-01; setUTCFullYear takes years below 100 as they are.
function toDays({ year, month, day }: DateParts): number {
  return new Date(0).setUTCFullYear(year, month - 1, day) / msPerDay;
}

function fromDays(days: number): DateParts {
  const date = new Date(days * msPerDay);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

function dayOfYear(moment: Moment): number {
  return toDays(moment) - toDays({ year: moment.year, month: 1, day: 1 }) + 1;
}

/** 1 is Monday, 7 is Sunday. */
function weekday(moment: DateParts): number {
  return ((((toDays(moment) + 3) % 7) + 7) % 7) + 1;
}

function isoWeek(moment: DateParts): { year: number; week: number } {
  const thursday = toDays(moment) + 4 - weekday(moment);
  const { year } = fromDays(thursday);
  return { year, week: Math.floor((thursday - toDays({ year, month: 1, day: 1 })) / 7) + 1 };
}

/** The date of a weekday in an ISO week, null for week 53 of a year that has 52. */
function dateOfWeek(year: number, week: number, day: number): DateParts | null {
  const fourth = { year, month: 1, day: 4 };
  const date = fromDays(toDays(fourth) - weekday(fourth) + 1 + (week - 1) * 7 + day - 1);
  return isoWeek(date).week === week ? date : null;
}
