/**
 * Column definitions by type: `integer()`, `string(64)`. A leading name is the column's name in the database, as
 * migrations write it: `string("name", 64)`. The public types are laid over these in `typing/`.
 * Source: SQLAlchemy "Column and Data Types".
 */
import { ArgumentError } from "../errors/errors.js";
import { requireKnownOptions } from "../errors/known-options.js";
import {
  ArrayType,
  BIG_INTEGER,
  BINARY,
  BigIntegerType,
  BinaryType,
  BOOLEAN,
  BooleanType,
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
  type JsonOptions,
  JsonType,
  NULL_TYPE,
  NumericType,
  SmallIntegerType,
  type SqlType,
  STRING,
  StringType,
  TEXT,
  TIME,
  TimeType,
  UuidType,
} from "../types/sql-type.js";
import { SpelledType, UserDefinedType } from "../types/wrapping.js";
import { ColumnDefinition } from "./definition.js";

const SMALL_INTEGER = new SmallIntegerType();
const UUID = new UuidType();
const FLOAT = new FloatType();

/** Whether the type gets a CHECK where the database lacks it; kept on the definition until the table is finished. */
export interface TypeCheckRequest {
  readonly of: "boolean" | "enum";
  readonly name: string | undefined;
}
const typeChecks = new WeakMap<SqlType, TypeCheckRequest>();
/** What the type of a column asks for, if anything. */
export function typeCheckOf(type: SqlType): TypeCheckRequest | undefined {
  return typeChecks.get(type);
}
function withCheck<T extends SqlType>(type: T, of: TypeCheckRequest["of"], options: CheckedTypeOptions): T {
  if (options.createConstraint) typeChecks.set(type, { of, name: options.constraintName });
  return type;
}
export interface CheckedTypeOptions {
  /** Adds a CHECK on databases without the type; off by default, as in SQLAlchemy 1.4 and newer. */
  readonly createConstraint?: boolean | undefined;
  readonly constraintName?: string | undefined;
}

const CHECKED = ["createConstraint", "constraintName"] as const satisfies readonly (keyof CheckedTypeOptions)[];
export const JSON_OPTIONS = ["serializer", "deserializer", "nullAs"] as const satisfies readonly (keyof JsonOptions)[];

type Args = readonly unknown[];
/** Takes a leading column name off the arguments. */
export function named(args: Args): { readonly column: string | undefined; readonly rest: Args } {
  return typeof args[0] === "string" ? { column: args[0], rest: args.slice(1) } : { column: undefined, rest: args };
}
function simple(type: SqlType): (...args: Args) => ColumnDefinition {
  return (...args) => ColumnDefinition.of(type, named(args).column);
}
function whole(value: unknown, factory: string, what: string, least = 1): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= least) return value;
  throw new ArgumentError(`${factory}(): ${what} is a whole number from ${least}, not ${JSON.stringify(value)}.`);
}
/** @throws ArgumentError for what is no object, and for an option that is not `known` */
export function columnOptions<T extends object>(
  value: unknown,
  factory: string,
  known: readonly (keyof T & string)[],
): Partial<T> {
  if (value === undefined) return {};
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    requireKnownOptions(value, known, `${factory}()`, "column.option");
    return value as Partial<T>;
  }
  throw new ArgumentError(`${factory}(): options are an object, not ${JSON.stringify(value)}.`);
}

export const integer = simple(INTEGER);
export const smallInteger = simple(SMALL_INTEGER);
/** 64 bits; `{ mode: "number" }` reads numbers and refuses what is not exact. */
export function bigInteger(...args: Args): ColumnDefinition {
  const { column, rest } = named(args);
  const { mode } = columnOptions<{ mode: "bigint" | "number" }>(rest[0], "bigInteger", ["mode"]);
  if (mode !== undefined && mode !== "bigint" && mode !== "number") {
    throw new ArgumentError(`bigInteger(): mode is "bigint" or "number", not ${JSON.stringify(mode)}.`);
  }
  return ColumnDefinition.of(mode === "number" ? new BigIntegerType("number") : BIG_INTEGER, column);
}
/** Binary floating point; a precision in bits chooses the storage. */
export function float(...args: Args): ColumnDefinition {
  const { column, rest } = named(args);
  const precision = whole(rest[0], "float", "the precision");
  return ColumnDefinition.of(precision === undefined ? FLOAT : new FloatType(precision), column);
}
export const double = simple(DOUBLE);
/** Exact decimals: `numeric(10, 2)`; strings in JavaScript unless `{ mode: "number" }`. */
export function numeric(...args: Args): ColumnDefinition {
  const { column, rest } = named(args);
  const last = rest[rest.length - 1];
  const hasOptions = typeof last === "object" && last !== null;
  const { mode } = columnOptions<{ mode: "string" | "number" }>(hasOptions ? last : undefined, "numeric", ["mode"]);
  const [first, second] = hasOptions ? rest.slice(0, -1) : rest;
  const precision = whole(first, "numeric", "the precision");
  const scale = whole(second, "numeric", "the scale", 0);
  return ColumnDefinition.of(new NumericType(precision, scale, mode), column);
}
/** `{ createConstraint: true }` adds `CHECK (flag IN (0, 1))` where the database has no booleans. */
export function boolean(...args: Args): ColumnDefinition {
  const { column, rest } = named(args);
  const given = columnOptions<CheckedTypeOptions>(rest[0], "boolean", CHECKED);
  if (!given.createConstraint) return ColumnDefinition.of(BOOLEAN, column);
  return ColumnDefinition.of(withCheck(new BooleanType(), "boolean", given), column);
}
/** VARCHAR(length); without a length unbounded where the database can, and refused by MySQL. */
export function string(...args: Args): ColumnDefinition {
  const { column, rest } = named(args);
  const length = whole(rest[0], "string", "the length");
  return ColumnDefinition.of(length === undefined ? STRING : new StringType(length), column);
}
export const text = simple(TEXT);
export const uuid = simple(UUID);
function digits(value: unknown, factory: string): FractionalDigits | undefined {
  const precision = whole(value, factory, "the precision", 0);
  if (precision === undefined || precision <= FULL_PRECISION) return precision as FractionalDigits | undefined;
  throw new ArgumentError(`${factory}(): the precision is at most ${FULL_PRECISION} digits, not ${precision}.`);
}
/** `{ timezone: true }`: a point in time where the database stores one. `{ precision: 0 }`: whole seconds. */
export function dateTime(...args: Args): ColumnDefinition {
  const { column, rest } = named(args);
  const given = columnOptions<{ timezone: boolean; precision: unknown }>(rest[0], "dateTime", [
    "timezone",
    "precision",
  ]);
  const precision = digits(given.precision, "dateTime");
  const isUsual = !given.timezone && precision === undefined;
  return ColumnDefinition.of(isUsual ? DATETIME : new DateTimeType(given.timezone, precision), column);
}
export const date = simple(DATE);
export function time(...args: Args): ColumnDefinition {
  const { column, rest } = named(args);
  const precision = digits(columnOptions<{ precision: unknown }>(rest[0], "time", ["precision"]).precision, "time");
  return ColumnDefinition.of(precision === undefined ? TIME : new TimeType(precision), column);
}
export function binary(...args: Args): ColumnDefinition {
  const { column, rest } = named(args);
  const length = whole(rest[0], "binary", "the length");
  return ColumnDefinition.of(length === undefined ? BINARY : new BinaryType(length), column);
}
/** `{ serializer, deserializer, nullAs }` to choose another text form, or that null is the document `null`. */
export function json(...args: Args): ColumnDefinition {
  const { column, rest } = named(args);
  const given = columnOptions<JsonOptions>(rest[0], "json", JSON_OPTIONS);
  return ColumnDefinition.of(Object.keys(given).length === 0 ? JSON_TYPE : new JsonType(given), column);
}
/** `array(string())`: native on PostgreSQL, JSON text elsewhere. */
export function array(...args: Args): ColumnDefinition {
  const { column, rest } = named(args);
  const [of] = rest;
  if (!(of instanceof ColumnDefinition))
    throw new ArgumentError("array(): the type of the elements is needed: array(string()).");
  return ColumnDefinition.of(new ArrayType(of.fields.type), column);
}

export interface EnumerationOptions extends CheckedTypeOptions {
  /** Name of the type, where it is one of the database's own. */
  readonly name?: string | undefined;
  readonly native?: boolean | undefined;
  /** Of the VARCHAR where it is one. Default: the longest value's. */
  readonly length?: number | undefined;
}
export const ENUMERATION = [
  "name",
  "native",
  "length",
  ...CHECKED,
] as const satisfies readonly (keyof EnumerationOptions)[];
/**
 * A closed list of strings: the values, a list of them, or an object whose values they are; options come after a list
 * or an object.
 *
 * @example enumeration("draft", "published")
 * @example enumeration(["draft", "published"], { name: "post_status", native: true })
 */
export function enumeration(...args: Args): ColumnDefinition {
  const isGroup = (x: unknown): x is object => typeof x === "object" && x !== null;
  const at = args.findIndex(isGroup);
  if (at > 1) throw new ArgumentError("enumeration(): values, or a list or object of them, but not both.");
  const column = at === 1 ? (args[0] as string) : undefined;
  const group = at < 0 ? args : (args[at] as object);
  const values: readonly unknown[] = Array.isArray(group) ? group : Object.values(group);
  const bad = values.find((v) => typeof v !== "string");
  if (bad !== undefined || values.length === 0) {
    throw new ArgumentError(
      values.length === 0
        ? "enumeration(): at least one value is needed."
        : `enumeration(): values are strings, not ${JSON.stringify(bad)}.`,
    );
  }
  if (new Set(values).size < values.length)
    throw new ArgumentError(`enumeration(): a value occurs twice in ${values.join(", ")}.`);
  const given = columnOptions<EnumerationOptions>(at < 0 ? undefined : args[at + 1], "enumeration", ENUMERATION);
  return ColumnDefinition.of(enumType(values as string[], given), column);
}
/** The type of stored strings, with the check it asks for. */
export function enumType(values: readonly string[], given: EnumerationOptions): EnumType {
  const type = new EnumType(values, given);
  const longest = values.find((v) => [...v].length > (given.length ?? Number.POSITIVE_INFINITY));
  if (longest !== undefined)
    throw new ArgumentError(`The value '${longest}' is longer than the length ${given.length} of its enumeration.`);
  return withCheck(type, "enum", given);
}

/** The type under its spelling in the database: `spelled("CHAR(3)", string(3))`. */
export function spelled(spelling: string, like: unknown): ColumnDefinition {
  if (typeof spelling !== "string" || spelling === "" || !(like instanceof ColumnDefinition))
    throw new ArgumentError(
      'spelled(): a spelling and the type its values have are needed: spelled("CHAR(3)", string(3)).',
    );
  return ColumnDefinition.of(new SpelledType(spelling, like.fields.type), like.fields.columnName);
}
/** A column of a type of one's own. */
export function columnOf(type: unknown, name?: string): ColumnDefinition {
  if (!(type instanceof UserDefinedType))
    throw new ArgumentError("columnOf(): an instance of a UserDefinedType is needed: columnOf(new Point()).");
  return ColumnDefinition.of(type, name);
}
/** A column of any type: of a type class of one's own, or without one, when a foreign key brings it. */
export function column(...args: Args): ColumnDefinition {
  const { column: name, rest } = named(args);
  return ColumnDefinition.of((rest[0] as SqlType | undefined) ?? NULL_TYPE, name);
}
