/** The public column types: the factories of `schema/columns.ts` with their types laid over them. */

import type { CheckedTypeOptions, EnumerationOptions } from "../schema/columns.js";
import * as runtime from "../schema/columns.js";
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
interface DateTimeFactory {
  (options?: { timezone?: boolean }): Column<Date, "date">;
  (name: string, options?: { timezone?: boolean }): Column<Date, "date">;
}
interface BinaryFactory {
  (length?: number): Column<Uint8Array, "plain">;
  (name: string, length?: number): Column<Uint8Array, "plain">;
}
type JsonFactory = <T>(name?: string) => Column<T, "json">;
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
/** A type of your own on top of one that exists. */
export interface TypeDecorator<JS, DB> {
  readonly impl: ColumnLike<DB, string>;
  toDatabase(value: JS): DB;
  fromDatabase(value: DB): JS;
}
interface TypeDecoratorClass {
  new <JS, DB>(): TypeDecoratorBase<JS, DB>;
}
export declare abstract class TypeDecoratorBase<JS, DB> implements TypeDecorator<JS, DB> {
  abstract readonly impl: ColumnLike<DB, string>;
  abstract toDatabase(value: JS): DB;
  abstract fromDatabase(value: DB): JS;
}
interface CustomFactory {
  <JS, DB>(decorator: new () => TypeDecorator<JS, DB>): Column<JS, "plain">;
  <JS, DB>(name: string, decorator: new () => TypeDecorator<JS, DB>): Column<JS, "plain">;
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
export const dateTime = over<DateTimeFactory>(runtime.dateTime);
/** ISO strings: a calendar date never shifts with the time zone. */
export const date = over<Plain<string, "date">>(runtime.date);
export const time = over<Plain<string, "date">>(runtime.time);
export const binary = over<BinaryFactory>(runtime.binary);
export const json = over<JsonFactory>(runtime.json);
export const array = over<ArrayFactory>(runtime.array);
export const enumeration = over<EnumerationFactory>(runtime.enumeration);
export const custom = over<CustomFactory>(runtime.custom);
/**
 * Base of types of your own.
 *
 * @example
 * class MoneyType extends TypeDecorator<Money, number> {
 *   override readonly impl = integer();
 *   override toDatabase(value: Money) { return value.cents; }
 *   override fromDatabase(value: number) { return new Money(value); }
 * }
 */
export const TypeDecorator = runtime.TypeDecorator as unknown as typeof TypeDecoratorBase;
export type { TypeDecoratorClass };
