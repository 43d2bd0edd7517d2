/** The public column types: the factories of `schema/columns.ts` with their types laid over them. */

import type { CheckedTypeOptions, EnumerationOptions } from "../schema/columns.js";
import * as runtime from "../schema/columns.js";
import type { SerializedOptions } from "../schema/decorators.js";
import * as decorators from "../schema/decorators.js";
import { ColumnDefinition } from "../schema/definition.js";
import { type FractionalDigits, INTEGER, type JsonOptions, type TypeFamily } from "../types/sql-type.js";
import type { UserDefinedType } from "../types/wrapping.js";
import type { Column } from "../typing/columns.js";
import type { ColumnLike } from "../typing/faces.js";

/** Every factory takes the column's name in the database first, where it has one: `boolean("completed")`. */
type Plain<T, F extends string> = (name?: string) => Column<T, F>;
interface StringFactory {
  (length?: number): Column<string, "text">;
  (name: string, length?: number): Column<string, "text">;
}
interface BigIntegerFactory {
  (name?: string): Column<bigint, "number" | "auto">;
  (options: { mode: "bigint" }): Column<bigint, "number" | "auto">;
  (options: { mode: "number" }): Column<number, "number" | "auto">;
  (name: string, options: { mode: "number" }): Column<number, "number" | "auto">;
}
interface FloatFactory {
  (precision?: number): Column<number, "number">;
  (name: string, precision?: number): Column<number, "number">;
}
interface NumericFactory {
  (precision?: number, scale?: number): Column<string, "number">;
  (precision: number, scale: number, options: { mode: "number" }): Column<number, "number">;
  (name: string, precision?: number, scale?: number): Column<string, "number">;
  (name: string, precision: number, scale: number, options: { mode: "number" }): Column<number, "number">;
}
interface BooleanFactory {
  (options?: CheckedTypeOptions): Column<boolean, "boolean">;
  (name: string, options?: CheckedTypeOptions): Column<boolean, "boolean">;
}
interface TimeOptions {
  /** Digits behind the second; without it all the database has. SQLite's text always has six. */
  readonly precision?: FractionalDigits;
}
interface DateTimeOptions extends TimeOptions {
  readonly timezone?: boolean;
}
interface DateTimeFactory {
  (options?: DateTimeOptions): Column<Date, "date">;
  (name: string, options?: DateTimeOptions): Column<Date, "date">;
}
interface TimeFactory {
  (options?: TimeOptions): Column<string, "date">;
  (name: string, options?: TimeOptions): Column<string, "date">;
}
interface BinaryFactory {
  (length?: number): Column<Uint8Array, "plain">;
  (name: string, length?: number): Column<Uint8Array, "plain">;
}
interface JsonFactory {
  <T>(name?: string): Column<T, "json">;
  <T>(options: JsonOptions): Column<T, "json">;
  <T>(name: string, options: JsonOptions): Column<T, "json">;
}
interface EnumOfFactory {
  <const E extends { readonly [member: string]: unknown }>(
    members: E,
    options?: EnumerationOptions,
  ): Column<E[keyof E], "plain">;
  <const E extends { readonly [member: string]: unknown }>(
    name: string,
    members: E,
    options?: EnumerationOptions,
  ): Column<E[keyof E], "plain">;
}
interface SerializedSettings<T> extends Omit<SerializedOptions<T>, "impl"> {
  readonly impl?: ColumnLike<Uint8Array, string>;
}
interface SerializedFactory {
  <T>(options?: SerializedSettings<T>): Column<T, "plain">;
  <T>(name: string, options?: SerializedSettings<T>): Column<T, "plain">;
}
interface ArrayFactory {
  <T>(of: ColumnLike<T, string>): Column<T[], "array">;
  <T>(name: string, of: ColumnLike<T, string>): Column<T[], "array">;
}
interface EnumerationFactory {
  /** A literal union of the values. */
  <const V extends string>(...values: V[]): Column<V, "text">;
  <const V extends string>(values: readonly V[], options?: EnumerationOptions): Column<V, "text">;
  /** An `as const` object (a TypeScript `enum` is not erasable). */
  <const E extends { readonly [k: string]: string }>(
    values: E,
    options?: EnumerationOptions,
  ): Column<E[keyof E], "text">;
}
// One definition class serves all columns at run time; which values it takes is said by these types alone.
function over<F>(factory: (...args: readonly unknown[]) => unknown): F {
  return factory as unknown as F;
}
export const integer = over<Plain<number, "number" | "auto">>(runtime.integer);
export const smallInteger = over<Plain<number, "number" | "auto">>(runtime.smallInteger);
/** 64 bits as `bigint`; `{ mode: "number" }` reads numbers and refuses what would lose precision. */
export const bigInteger = over<BigIntegerFactory>(runtime.bigInteger);
export const float = over<FloatFactory>(runtime.float);
export const double = over<Plain<number, "number">>(runtime.double);
/** Exact decimals as strings; `{ mode: "number" }` to choose otherwise. */
export const numeric = over<NumericFactory>(runtime.numeric);
export const boolean = over<BooleanFactory>(runtime.boolean);
export const string = over<StringFactory>(runtime.string);
export const text = over<Plain<string, "text">>(runtime.text);
export const uuid = over<Plain<string, "plain">>(runtime.uuid);
/** `{ timezone: true }`: a point in time where the database has one; `{ precision: 0 }`: whole seconds. */
export const dateTime = over<DateTimeFactory>(runtime.dateTime);
/** ISO strings: a calendar date never shifts with the time zone. */
export const date = over<Plain<string, "date">>(runtime.date);
/** `HH:MM:SS[.ffffff]`; `{ precision: 0 }` for whole seconds. */
export const time = over<TimeFactory>(runtime.time);
export const binary = over<BinaryFactory>(runtime.binary);
/**
 * Documents. What JSON has no form for is an error that names its place, when the value is bound: `undefined` (leave the
 * key out, or give null), NaN and Infinity, bigints, functions, Map, Set and bytes. What has a `toJSON()`, a Buffer
 * among them, is written as that gives it; a `serializer` of one's own decides for itself.
 */
export const json = over<JsonFactory>(runtime.json);
export const array = over<ArrayFactory>(runtime.array);
export const enumeration = over<EnumerationFactory>(runtime.enumeration);
/**
 * A column by which rows of one INSERT are told apart when they come back, for tables that have no other: a nullable whole
 * number, written by `sortByParameterOrder()` and of no meaning afterwards. Source: SQLAlchemy "insert_sentinel()".
 */
export const insertSentinel = over<(name?: string) => Column<number | null, "number" | "null">>((...args) =>
  ColumnDefinition.of(INTEGER, args[0] as string | undefined)
    .nullable()
    .insertSentinel(),
);
/**
 * Members stored by name and read as their values; `enumeration` stores values.
 *
 * @example size: enumOf({ small: 1, large: 2 })   // stores 'small', reads 1
 */
export const enumOf = over<EnumOfFactory>(decorators.enumOf);
/**
 * Any value that structured clone takes, as bytes: Dates, Maps, Sets, bigints, circles. SQLAlchemy's PickleType. Read only
 * what your own program wrote.
 *
 * @example settings: serialized<Map<string, Date>>()
 */
export const serialized = over<SerializedFactory>(decorators.serialized);
/**
 * A type by the database's own spelling, with the values and operators of another: `spelled("CHAR(3)", string(3))`. The
 * spelling goes into DDL as it is.
 */
export const spelled = over<<T, F extends string>(spelling: string, like: Column<T, F>) => Column<T, F>>(
  runtime.spelled as never,
);
/** A column of a type of one's own: `columnOf(new Point())`. */
export const columnOf = over<<T, F extends TypeFamily>(type: UserDefinedType<T, F>, name?: string) => Column<T, F>>(
  runtime.columnOf as never,
);
