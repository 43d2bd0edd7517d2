/**
 * What a SQL type is at run time: plain data. How a database spells it and carries its values is the dialect's business
 * (`TypeAdapter`); so one `integer()` serves every dialect. Source: SQLAlchemy "Column and Data Types".
 */

export type TypeFamily = "text" | "number" | "boolean" | "date" | "json" | "array" | "interval" | "plain";

let unshared = 0;
const interned = new Map<string, number>();
function intern(key: string): number {
  let id = interned.get(key);
  if (id === undefined) {
    id = interned.size + 1;
    interned.set(key, id);
  }
  return id;
}

/** What every type has: says nothing beyond its kind. */
const BASE_FIELDS: ReadonlySet<string> = new Set(["kind", "family", "isOwn"]);
/** Base of all types. Two types of one structure share `id`, which is what statement cache keys hold. */
export abstract class SqlType {
  /** Chooses the adapter of the dialect: "integer", "string", "postgresql.inet". */
  abstract readonly kind: string;
  abstract readonly family: TypeFamily;
  /** A type somebody made, whose values only that somebody knows: a decorator, a user-defined type, one with variants. */
  readonly isOwn: boolean = false;
  #id = 0;

  /** Everything about the type that changes SQL or values, as text. */
  protected structure(): string {
    return this.kind;
  }
  /**
   * Small number equal for equal structures. A type that has fields of its own and does not say its structure shares with
   * no other: slower, never wrong.
   */
  get id(): number {
    if (this.#id === 0) {
      const undeclared =
        this.structure === SqlType.prototype.structure && Object.keys(this).some((k) => !BASE_FIELDS.has(k));
      this.#id = intern(undeclared ? `${this.kind}#${++unshared}` : this.structure());
    }
    return this.#id;
  }
  /**
   * The type the other side of an operator gets when it is a plain value: this one, unless a type of one's own says
   * otherwise. `operator` is SQL's word for it.
   */
  comparedWith(_operator: string, _value: unknown): SqlType {
    return this;
  }
  /** An operator's meaning for this type, as an expression; undefined: the usual one. For types of one's own. */
  operate(_operator: string, _left: object, _other: unknown): object | undefined {
    return undefined;
  }
  /** How the type reads in messages. */
  toString(): string {
    return this.structure();
  }
}

/** Such columns hold no fractions, but may be compared and reckoned with them. */
abstract class WholeNumberType extends SqlType {
  readonly family = "number";
  override comparedWith(_operator: string, value: unknown): SqlType {
    return typeof value === "number" && !Number.isInteger(value) ? DOUBLE : this;
  }
}
/** Whole numbers of 32 bits. */
export class IntegerType extends WholeNumberType {
  readonly kind: string = "integer";
}
export class SmallIntegerType extends WholeNumberType {
  readonly kind = "smallInteger";
}
/** 64 bits: `bigint` in JavaScript unless the mode says number. */
export class BigIntegerType extends WholeNumberType {
  readonly kind = "bigInteger";
  readonly mode: "bigint" | "number";
  constructor(mode: "bigint" | "number" = "bigint") {
    super();
    this.mode = mode;
  }
  protected override structure(): string {
    return `bigInteger(${this.mode})`;
  }
}
/** Binary floating point; `precision` 24 or less may be stored in 4 bytes. */
export class FloatType extends SqlType {
  readonly kind = "float";
  readonly family = "number";
  readonly precision: number | undefined;
  constructor(precision?: number) {
    super();
    this.precision = precision;
  }
  protected override structure(): string {
    return this.precision === undefined ? "float" : `float(${this.precision})`;
  }
}
export class DoubleType extends SqlType {
  readonly kind = "double";
  readonly family = "number";
}
/** Exact decimals: strings in JavaScript unless the mode says number. */
export class NumericType extends SqlType {
  readonly kind = "numeric";
  readonly family = "number";
  readonly precision: number | undefined;
  readonly scale: number | undefined;
  readonly mode: "string" | "number";
  constructor(precision?: number, scale?: number, mode: "string" | "number" = "string") {
    super();
    this.precision = precision;
    this.scale = scale;
    this.mode = mode;
  }
  protected override structure(): string {
    return `numeric(${this.precision ?? ""},${this.scale ?? ""},${this.mode})`;
  }
}
export class BooleanType extends SqlType {
  readonly kind = "boolean";
  readonly family = "boolean";
}
/** VARCHAR(length); without a length unbounded where the database can. */
export class StringType extends SqlType {
  readonly kind: string = "string";
  readonly family = "text";
  readonly length: number | undefined;
  constructor(length?: number) {
    super();
    this.length = length;
  }
  protected override structure(): string {
    return this.length === undefined ? this.kind : `${this.kind}(${this.length})`;
  }
}
export class TextType extends SqlType {
  readonly kind = "text";
  readonly family = "text";
}
export class UuidType extends SqlType {
  readonly kind = "uuid";
  readonly family = "plain";
}
/** Digits behind the second. */
export type FractionalDigits = 0 | 1 | 2 | 3 | 4 | 5 | 6;
/** What a precision that is not said amounts to, where the database has one: microseconds. */
export const FULL_PRECISION: FractionalDigits = 6;

/** A point in time, `Date` in JavaScript. Without a time zone the stored text is UTC. */
export class DateTimeType extends SqlType {
  readonly kind = "dateTime";
  readonly family = "date";
  readonly timezone: boolean;
  /** What the database keeps; undefined: all it can. */
  readonly precision: FractionalDigits | undefined;
  constructor(timezone = false, precision?: FractionalDigits) {
    super();
    this.timezone = timezone;
    this.precision = precision;
  }
  protected override structure(): string {
    const details = [...(this.timezone ? ["tz"] : []), ...(this.precision === undefined ? [] : [this.precision])];
    return details.length === 0 ? "dateTime" : `dateTime(${details.join()})`;
  }
}
/** A calendar date as `YYYY-MM-DD`: it never shifts with a time zone. */
export class DateType extends SqlType {
  readonly kind = "date";
  readonly family = "date";
}
/** A time of day as `HH:MM:SS[.ffffff]`. */
export class TimeType extends SqlType {
  readonly kind = "time";
  readonly family = "date";
  /** As of DateTimeType. */
  readonly precision: FractionalDigits | undefined;
  constructor(precision?: FractionalDigits) {
    super();
    this.precision = precision;
  }
  protected override structure(): string {
    return this.precision === undefined ? "time" : `time(${this.precision})`;
  }
}
/** Bytes: `Uint8Array`. */
export class BinaryType extends SqlType {
  readonly kind = "binary";
  readonly family = "plain";
  readonly length: number | undefined;
  constructor(length?: number) {
    super();
    this.length = length;
  }
  protected override structure(): string {
    return this.length === undefined ? "binary" : `binary(${this.length})`;
  }
}
/** How documents become text and back, where JSON.stringify and JSON.parse will not do. */
export interface JsonOptions {
  readonly serializer?: ((value: unknown) => string) | undefined;
  readonly deserializer?: ((text: string) => unknown) | undefined;
  /**
   * What JavaScript's null is in the database: `"sql"`, no document (the default), or `"json"`, the document `null`. What
   * was never set is no document either way.
   */
  readonly nullAs?: "sql" | "json" | undefined;
}
export class JsonType extends SqlType {
  readonly kind: string = "json";
  readonly family = "json";
  readonly options: JsonOptions;
  constructor(options: JsonOptions = {}) {
    super();
    this.options = options;
  }
  protected override structure(): string {
    return this.kind + jsonStructure(this.options);
  }
}
const functionNumbers = new WeakMap<object, number>();
let functionCount = 0;
/** What options change, as text; nothing for none. */
export function jsonStructure({ serializer, deserializer, nullAs }: JsonOptions): string {
  const number = (f: object | undefined): number => {
    if (f === undefined) return 0;
    const n = functionNumbers.get(f) ?? ++functionCount;
    functionNumbers.set(f, n);
    return n;
  };
  if (serializer === undefined && deserializer === undefined && nullAs !== "json") return "";
  return `(${number(serializer)},${number(deserializer)},${nullAs ?? "sql"})`;
}
/** An array of another type: native on PostgreSQL, JSON text elsewhere. */
export class ArrayType extends SqlType {
  readonly kind = "array";
  readonly family = "array";
  readonly element: SqlType;
  constructor(element: SqlType) {
    super();
    this.element = element;
  }
  protected override structure(): string {
    return `array(${this.element.id})`;
  }
}
/** A closed list of strings. `native`: a type of the database's own where it has one. */
export class EnumType extends SqlType {
  readonly kind = "enum";
  readonly family = "text";
  readonly values: readonly string[];
  readonly name: string | undefined;
  readonly native: boolean;
  /** Of the VARCHAR where it is one; the longest value's when not given. */
  readonly length: number | undefined;
  constructor(
    values: readonly string[],
    options: { name?: string | undefined; native?: boolean | undefined; length?: number | undefined } = {},
  ) {
    super();
    this.values = values;
    this.length = options.length;
    this.name = options.name;
    this.native = options.native ?? false;
  }
  protected override structure(): string {
    return `enum(${JSON.stringify([this.name ?? null, this.native, ...(this.length === undefined ? [] : [this.length]), ...this.values])})`;
  }
}
/** The type of what has none yet: an untyped literal null, a raw fragment. */
export class NullType extends SqlType {
  readonly kind = "null";
  readonly family = "plain";
}

/** The type of a row value `(a, b)`; it has no adapter because it never leaves a statement as one value. */
export class TupleType extends SqlType {
  readonly kind = "tuple";
  readonly family = "plain";
  readonly elements: readonly SqlType[];
  constructor(elements: readonly SqlType[]) {
    super();
    this.elements = elements;
  }
  protected override structure(): string {
    return `tuple(${this.elements.map((e) => e.id).join(",")})`;
  }
}

export const NULL_TYPE = new NullType();
export const INTEGER = new IntegerType();
export const BIG_INTEGER = new BigIntegerType();
/** 64 bits read as numbers: whole numbers beyond 32 bits. */
export const BIG_INTEGER_NUMBER = new BigIntegerType("number");
export const DOUBLE = new DoubleType();
export const NUMERIC = new NumericType();
export const BOOLEAN = new BooleanType();
export const STRING = new StringType();
export const TEXT = new TextType();
export const DATETIME = new DateTimeType();
export const DATE = new DateType();
export const TIME = new TimeType();
export const JSON_TYPE = new JsonType();
export const BINARY = new BinaryType();

/** The type a JavaScript value has when nothing else says so. */
export function typeOfValue(value: unknown): SqlType {
  switch (typeof value) {
    case "string":
      return STRING;
    case "number":
      if (!Number.isInteger(value)) return DOUBLE;
      return value >= -2147483648 && value <= 2147483647 ? INTEGER : BIG_INTEGER_NUMBER;
    case "bigint":
      return BIG_INTEGER;
    case "boolean":
      return BOOLEAN;
    case "object":
      if (value === null) return NULL_TYPE;
      if (value instanceof Date) return DATETIME;
      if (value instanceof Uint8Array) return BINARY;
      return JSON_TYPE;
    default:
      return NULL_TYPE;
  }
}
