/**
 * Types that stand on other types: conversions of one's own, another type for another database, another spelling; and
 * types that are new altogether. Source: SQLAlchemy "Custom Types", "Using Types Specific to a Backend".
 */
import type { TypeResolver } from "./adapter.js";
import { SqlType, type TypeFamily } from "./sql-type.js";

const numbers = new WeakMap<object, number>();
let counted = 0;
/** A number for something that a type's structure names by identity. */
export function identityNumber(of: object): number {
  let n = numbers.get(of);
  if (n === undefined) numbers.set(of, (n = ++counted));
  return n;
}

// Expressions stand on types, so they are only objects here; `api/columns.ts` says more.
/** SQL around values of a type. The argument stands for the parameter or the column; use it once. */
export interface SqlWrapping {
  readonly bindExpression?: ((bind: never) => object) | undefined;
  readonly columnExpression?: ((column: never) => object) | undefined;
}
/** What a type of one's own says about operators and about changes. */
export interface TypeBehaviour extends SqlWrapping {
  /** The type of a plain value on the other side of an operator. */
  readonly comparedWith?: ((operator: string, value: unknown) => SqlType) | undefined;
  /** An operator of one's own making in place of the usual one; undefined: the usual one. */
  readonly operate?: ((operator: string, left: never, other: unknown) => object | undefined) | undefined;
  /** Whether two values are the same for the unit of work; without it they are compared by content. */
  readonly sameValue?: ((a: unknown, b: unknown) => boolean) | undefined;
}
export interface DecoratorHooks extends TypeBehaviour {
  /** JavaScript value → value of the inner type. Called with null when `bindsNull`. */
  readonly toDatabase: (value: unknown, dialect: TypeResolver) => unknown;
  readonly bindsNull?: boolean | undefined;
  /** Value of the inner type → JavaScript value. Called with null when `readsNull`. */
  readonly fromDatabase: (value: unknown, dialect: TypeResolver) => unknown;
  readonly readsNull?: boolean | undefined;
  /** What is written into SQL text instead; without it, what `toDatabase` gives. */
  readonly toLiteral?: ((value: unknown, dialect: TypeResolver) => unknown) | undefined;
  /** Another inner type for this database. */
  readonly implFor?: ((dialect: TypeResolver) => SqlType) | undefined;
}

/** Conversions on top of another type; what a TypeDecorator becomes. */
export class DecoratedType extends SqlType {
  readonly kind = "decorated";
  override readonly isOwn = true;
  readonly family: TypeFamily;
  readonly impl: SqlType;
  readonly hooks: DecoratorHooks;
  readonly #key: string;
  /** `key`: what makes two of them the same type, so that they share compiled statements; an object, or text with it. */
  constructor(impl: SqlType, hooks: DecoratorHooks, key: object, detail = "") {
    super();
    this.impl = impl;
    this.family = impl.family;
    this.hooks = hooks;
    this.#key = `${identityNumber(key)}${detail === "" ? "" : JSON.stringify(detail)}`;
  }
  override comparedWith(operator: string, value: unknown): SqlType {
    return this.hooks.comparedWith?.(operator, value) ?? this;
  }
  override operate(operator: string, left: object, other: unknown): object | undefined {
    return this.hooks.operate?.(operator, left as never, other);
  }
  protected override structure(): string {
    return `decorated(${this.#key},${this.impl.id})`;
  }
  override toString(): string {
    return `decorated ${this.impl}`;
  }
}

/** One type, with another one for single databases: `text()` that is `VARCHAR(500)` on MySQL. */
export class VariantType extends SqlType {
  readonly kind = "variant";
  override readonly isOwn = true;
  readonly family: TypeFamily;
  readonly base: SqlType;
  /** By the name of the dialect. */
  readonly variants: ReadonlyMap<string, SqlType>;
  constructor(base: SqlType, variants: ReadonlyMap<string, SqlType>) {
    super();
    this.base = base;
    this.family = base.family;
    this.variants = variants;
  }
  override comparedWith(operator: string, value: unknown): SqlType {
    const type = this.base.comparedWith(operator, value);
    return type === this.base ? this : type;
  }
  override operate(operator: string, left: object, other: unknown): object | undefined {
    return this.base.operate(operator, left, other);
  }
  protected override structure(): string {
    return `variant(${this.base.id},${[...this.variants].map(([name, type]) => `${name}:${type.id}`).join(",")})`;
  }
  override toString(): string {
    return `${this.base} or ${[...this.variants].map(([name, type]) => `${type} on ${name}`).join(", ")}`;
  }
}

/** A type spelled exactly so in DDL, whose values are those of another type: `CHAR(3)`, `MEDIUMTEXT`. */
export class SpelledType extends SqlType {
  readonly kind = "spelled";
  readonly family: TypeFamily;
  /** Goes into DDL as it is: it must come from the program or from the database, never from a user. */
  readonly spelling: string;
  readonly base: SqlType;
  constructor(spelling: string, base: SqlType) {
    super();
    this.spelling = spelling;
    this.base = base;
    this.family = base.family;
  }
  override comparedWith(operator: string, value: unknown): SqlType {
    const type = this.base.comparedWith(operator, value);
    return type === this.base ? this : type;
  }
  override operate(operator: string, left: object, other: unknown): object | undefined {
    return this.base.operate(operator, left, other);
  }
  protected override structure(): string {
    return `spelled(${JSON.stringify(this.spelling)},${this.base.id})`;
  }
  override toString(): string {
    return this.spelling;
  }
}

/**
 * A type of one's own, down to its name in DDL. `JS` is what values are in the program, `F` decides which operators
 * expressions of it show ("plain": those that all have).
 *
 * @example
 * class Point extends UserDefinedType<{ x: number; y: number }> {
 *   override columnSpec() { return "POINT"; }
 *   override bindProcessor() { return (p: { x: number; y: number }) => `(${p.x},${p.y})`; }
 *   override resultProcessor() { return (text: string) => parsePoint(text); }
 * }
 * const places = table("places", { id: integer().primaryKey(), at: columnOf(new Point()) });
 * @see SQLAlchemy "Creating New Types"
 */
export abstract class UserDefinedType<out JS = unknown, out F extends TypeFamily = "plain"> extends SqlType {
  /** For the compiler only: what values are. */
  declare readonly $value: JS;
  declare readonly $family: F;
  readonly kind = "userDefined";
  override readonly isOwn = true;
  readonly family: TypeFamily = "plain";
  /** The type as written in CREATE TABLE. Goes into the SQL as it is. */
  abstract columnSpec(dialect: TypeResolver): string;
  /** The type in CAST, where it differs. */
  castSpec(dialect: TypeResolver): string {
    return this.columnSpec(dialect);
  }
  /** JavaScript value → driver value, never called with null; null when the driver takes values as they are. */
  bindProcessor(_dialect: TypeResolver): ((value: never) => unknown) | null {
    return null;
  }
  resultProcessor(_dialect: TypeResolver): ((value: never) => unknown) | null {
    return null;
  }
  /** A value as SQL text, safe for any value; null: the driver value as a literal of its kind. */
  literalProcessor(_dialect: TypeResolver): ((value: never) => string) | null {
    return null;
  }
  /** Text after a placeholder, for servers that must be told the type: `::point`. */
  bindSuffix(_dialect: TypeResolver): string {
    return "";
  }
  readonly bindExpression?: SqlWrapping["bindExpression"];
  readonly columnExpression?: SqlWrapping["columnExpression"];
  readonly sameValue?: TypeBehaviour["sameValue"];
  /**
   * Everything about this type, besides its class, that changes SQL or values: types with equal keys share compiled
   * statements. undefined: this object shares them with no other.
   */
  cacheKey(): string | undefined {
    return undefined;
  }
  protected override structure(): string {
    const key = this.cacheKey();
    return `userDefined(${identityNumber(this.constructor)},${key === undefined ? `#${identityNumber(this)}` : JSON.stringify(key)})`;
  }
}

/** What is stored: decorators and spellings of one's own taken off; of a variant its first type. */
export function storedType(type: SqlType): SqlType {
  if (type instanceof DecoratedType) return storedType(type.impl);
  if (type instanceof VariantType) return storedType(type.base);
  return type;
}
/** The behaviour a type of one's own has, if it is one. */
export function behaviourOf(type: SqlType): TypeBehaviour | undefined {
  if (type instanceof DecoratedType) return type.hooks;
  if (type instanceof VariantType || type instanceof SpelledType) return behaviourOf(type.base);
  return type instanceof UserDefinedType ? type : undefined;
}
