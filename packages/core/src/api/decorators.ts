/** The public face of types of one's own on top of others. Source: SQLAlchemy `TypeDecorator`. */
import type { Dialect } from "../dialects/dialect.js";
import * as runtime from "../schema/decorators.js";
import type { Element } from "../sql/element.js";
import type { Column } from "../typing/columns.js";
import type { AnyExpr, PlainExpr, Typed } from "../typing/expressions.js";
import type { ColumnLike } from "../typing/faces.js";

/** A type of your own on top of one that exists: what `custom()` takes. Hooks that are not there do nothing. */
export interface TypeDecorator<JS, DB, F extends string = string> {
  readonly impl: ColumnLike<DB, F>;
  /** Never called with null. */
  toDatabase(value: JS): DB;
  /** Never called with null. */
  fromDatabase(value: DB): JS;
}
/**
 * Base of types of your own. `toDatabase` and `fromDatabase` are enough for most; they never see null. All other hooks
 * are SQLAlchemy's and optional.
 *
 * @example
 * class MoneyType extends TypeDecorator<Money, number> {
 *   override readonly impl = integer();
 *   override toDatabase(value: Money) { return value.cents; }
 *   override fromDatabase(value: number) { return new Money(value); }
 * }
 * price: custom(MoneyType), or custom(new MoneyType("EUR")) where the type takes arguments
 * @see SQLAlchemy "Augmenting Existing Types"
 */
export declare abstract class TypeDecoratorBase<JS, DB> implements TypeDecorator<JS, DB> {
  abstract readonly impl: ColumnLike<DB, string>;
  toDatabase(value: JS): DB;
  fromDatabase(value: DB): JS;
  /** In place of `toDatabase`, and called with null too. */
  processBindParam(value: JS | null, dialect: Dialect): DB | null;
  /** In place of `fromDatabase`, and called with null too. */
  processResultValue(value: DB | null, dialect: Dialect): JS | null;
  /** The value for SQL text (DDL, offline scripts); without it, the parameter's. It is quoted after this. */
  processLiteralParam?(value: JS | null, dialect: Dialect): DB | null;
  /** Another type to stand on for this database. */
  loadDialectImpl?(dialect: Dialect): ColumnLike<DB, string>;
  /** SQL around each parameter of the type: `return func.lower(bind)`. Holds `bind` exactly once. */
  bindExpression?(bind: PlainExpr<DB>): AnyExpr | Element;
  /** SQL around what statements give out. Holds `column` exactly once. */
  columnExpression?(column: PlainExpr<DB>): AnyExpr | Element;
  /**
   * The type of a plain value on the other side of an operator; undefined: this one, so that your conversion runs on it.
   * `operator` is SQL's word: "=", "+", "IN".
   */
  coerceComparedValue?(operator: string, value: unknown): ColumnLike<unknown, string> | undefined;
  /**
   * An operator made anew: an expression in its place, or undefined for the usual one. It is asked for comparisons and
   * arithmetic; inside it, `typeCoerce` the operands, or it is asked again.
   */
  operate?(operator: string, left: PlainExpr<JS>, other: Typed<JS> | JS): AnyExpr | undefined;
  /** Whether two values are the same for the unit of work; without it they are compared by content. */
  compareValues?(a: JS | null, b: JS | null): boolean;
  /**
   * What distinguishes objects of this class: equal keys share compiled statements. Without it each object of the class
   * is a type of its own, which is right too and costs a compilation each. (There is no `cacheOk`: identity is always safe.)
   */
  cacheKey?(): string;
}
/** What a column of the decorator is: of the inner type's family where values stay the same in JavaScript. */
type Decorated<JS, DB, F extends string> = Column<
  JS,
  [JS] extends [DB] ? ([DB] extends [JS] ? Exclude<F, "auto"> : "plain") : "plain"
>;
interface CustomFactory {
  <JS, DB, F extends string>(
    decorator: (new () => TypeDecorator<JS, DB, F>) | TypeDecorator<JS, DB, F>,
  ): Decorated<JS, DB, F>;
  <JS, DB, F extends string>(
    name: string,
    decorator: (new () => TypeDecorator<JS, DB, F>) | TypeDecorator<JS, DB, F>,
  ): Decorated<JS, DB, F>;
}
interface TypeDecoratorClass {
  new <JS, DB>(): TypeDecoratorBase<JS, DB>;
}
/** A column of a type of your own: a class derived from `TypeDecorator`, or an object of it. */
export const custom = runtime.custom as unknown as CustomFactory;
export const TypeDecorator = runtime.TypeDecorator as unknown as typeof TypeDecoratorBase;
export type { TypeDecoratorClass };
