/**
 * Types that one family of databases has, as plain data: what a value of them is in JavaScript is said by the adapter of
 * the dialect. Another dialect has no adapter for them and says so when the statement is compiled.
 */
import { type JsonOptions, jsonStructure, SqlType, type TypeFamily } from "./sql-type.js";

/** A named type with sizes: `postgresql.inet`, `mysql.year`, `postgresql.bit(8)`. */
export class NativeType extends SqlType {
  readonly kind: string;
  readonly family: TypeFamily;
  /** As the database spells it, sizes included. */
  readonly ddl: string;
  /** Of a JSON type. */
  readonly options: JsonOptions | undefined;
  constructor(kind: string, ddl: string, family: TypeFamily = "plain", options?: JsonOptions) {
    super();
    this.options = options;
    this.kind = kind;
    this.ddl = ddl;
    this.family = family;
  }
  protected override structure(): string {
    return `${this.kind}[${this.ddl}]${jsonStructure(this.options ?? {})}`;
  }
}
/** A range, or with `multi` a list of ranges, over another type. */
export class RangeType extends SqlType {
  readonly kind = "postgresql.range";
  readonly family = "plain";
  readonly ddl: string;
  readonly element: SqlType;
  readonly multi: boolean;
  constructor(ddl: string, element: SqlType, multi = false) {
    super();
    this.ddl = ddl;
    this.element = element;
    this.multi = multi;
  }
  protected override structure(): string {
    return `postgresql.range[${this.ddl},${this.element.id},${this.multi}]`;
  }
}
/** A domain: another type under a name and with checks of its own. */
export class DomainType extends SqlType {
  readonly kind = "postgresql.domain";
  readonly family: TypeFamily;
  readonly name: string;
  readonly base: SqlType;
  constructor(name: string, base: SqlType) {
    super();
    this.name = name;
    this.base = base;
    this.family = base.family;
  }
  protected override structure(): string {
    return `postgresql.domain[${JSON.stringify(this.name)},${this.base.id}]`;
  }
  override toString(): string {
    return this.name;
  }
}
/** Values out of a list, several at a time. */
export class SetType extends SqlType {
  readonly kind = "mysql.set";
  readonly family = "plain";
  readonly values: readonly string[];
  constructor(values: readonly string[]) {
    super();
    this.values = values;
  }
  protected override structure(): string {
    return `mysql.set[${JSON.stringify(this.values)}]`;
  }
}
/** A length of time, as ISO 8601 text: `P1Y2M3DT4H5M6.5S`. */
export class IntervalType extends SqlType {
  readonly kind = "interval";
  readonly family = "interval";
}

/**
 * A range of values. `null` bounds are open ends; the standard `[)` holds its lower bound and not its upper one.
 *
 * @example new Range(1, 10)            // 1 to 9
 * @example new Range(1, 10, "[]"), Range.empty()
 */
export class Range<T> {
  readonly lower: T | null;
  readonly upper: T | null;
  readonly bounds: "[)" | "[]" | "(]" | "()";
  readonly isEmpty: boolean;
  constructor(lower: T | null, upper: T | null, bounds: "[)" | "[]" | "(]" | "()" = "[)", isEmpty = false) {
    this.lower = lower;
    this.upper = upper;
    this.bounds = bounds;
    this.isEmpty = isEmpty;
  }
  static empty<T>(): Range<T> {
    return new Range<T>(null, null, "()", true);
  }
}

/**
 * JSON's own `null`, which is a value and not SQL NULL: `insert(t).values({ doc: jsonNull })` stores the document `null`,
 * `doc: null` stores no document. Both read as `null`; `where(t.c.doc.isNull())` finds only the second.
 */
export const jsonNull = Object.freeze({ toJSON: () => null, toString: () => "jsonNull" });
