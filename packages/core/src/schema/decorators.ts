/**
 * Types of one's own on top of types that exist: the class to derive from, and two that are made of it.
 * Source: SQLAlchemy "Augmenting Existing Types", `TypeDecorator`, `PickleType`, `Enum`.
 */
import { isDeepStrictEqual } from "node:util";
import { deserialize, serialize } from "node:v8";
import { ArgumentError } from "../errors/errors.js";
import type { TypeResolver } from "../types/adapter.js";
import { BINARY, type SqlType } from "../types/sql-type.js";
import { DecoratedType, type DecoratorHooks } from "../types/wrapping.js";
import { columnOptions, ENUMERATION, type EnumerationOptions, enumType, named } from "./columns.js";
import { ColumnDefinition } from "./definition.js";

/**
 * What JavaScript sees, and what is stored. The short pair `toDatabase` and `fromDatabase` never sees null; the longer
 * hooks, which are SQLAlchemy's, do.
 *
 * @example
 * class Money extends TypeDecorator<Decimal, string> {
 *   readonly impl = numeric(12, 2);
 *   toDatabase(value: Decimal) { return value.toString(); }
 *   fromDatabase(value: string) { return new Decimal(value); }
 * }
 */
export abstract class TypeDecorator<JS = unknown, DB = unknown> {
  abstract readonly impl: ColumnDefinition;
  toDatabase(value: JS): DB {
    return value as unknown as DB;
  }
  fromDatabase(value: DB): JS {
    return value as unknown as JS;
  }
  processBindParam(value: JS | null, _dialect: TypeResolver): DB | null {
    return value === null ? null : this.toDatabase(value);
  }
  processResultValue(value: DB | null, _dialect: TypeResolver): JS | null {
    return value === null ? null : this.fromDatabase(value);
  }
  processLiteralParam?(value: JS | null, dialect: TypeResolver): DB | null;
  loadDialectImpl?(dialect: TypeResolver): ColumnDefinition;
  bindExpression?(bind: never): object;
  columnExpression?(column: never): object;
  coerceComparedValue?(operator: string, value: unknown): ColumnDefinition | undefined;
  operate?(operator: string, left: never, other: unknown): object | undefined;
  compareValues?(a: JS | null, b: JS | null): boolean;
  cacheKey?(): string;
}

function typeOf(definition: unknown, where: string): SqlType {
  if (definition instanceof ColumnDefinition) return definition.fields.type;
  throw new ArgumentError(`${where}: a type such as string(20) is needed.`);
}
function hooksOf(decorator: TypeDecorator, name: string, self: () => SqlType): DecoratorHooks {
  const base = TypeDecorator.prototype;
  const bindsNull = decorator.processBindParam !== base.processBindParam;
  const readsNull = decorator.processResultValue !== base.processResultValue;
  const { processLiteralParam, loadDialectImpl, coerceComparedValue, compareValues } = decorator;
  return {
    toDatabase: bindsNull
      ? (value, dialect) => decorator.processBindParam(value, dialect)
      : (value) => decorator.toDatabase(value),
    bindsNull,
    fromDatabase: readsNull
      ? (value, dialect) => decorator.processResultValue(value, dialect)
      : (value) => decorator.fromDatabase(value),
    readsNull,
    toLiteral: processLiteralParam && ((value, dialect) => processLiteralParam.call(decorator, value, dialect)),
    implFor:
      loadDialectImpl &&
      ((dialect) => typeOf(loadDialectImpl.call(decorator, dialect), `loadDialectImpl() of ${name}`)),
    bindExpression: decorator.bindExpression?.bind(decorator),
    columnExpression: decorator.columnExpression?.bind(decorator),
    comparedWith:
      coerceComparedValue &&
      ((operator, value) => {
        const made: unknown = coerceComparedValue.call(decorator, operator, value);
        return made === undefined ? self() : typeOf(made, `coerceComparedValue() of ${name}`);
      }),
    operate: decorator.operate?.bind(decorator),
    sameValue: compareValues && ((a, b) => compareValues.call(decorator, a, b)),
  };
}

/** A column of a decorator: its class, or one object of it where it takes arguments. */
export function custom(...args: readonly unknown[]): ColumnDefinition {
  const { column, rest } = named(args);
  const [given] = rest;
  const isClass = typeof given === "function";
  if (!isClass && !(given instanceof TypeDecorator))
    throw new ArgumentError("custom(): a TypeDecorator class, or an object of one, is needed.");
  const decorator = isClass ? new (given as new () => TypeDecorator)() : given;
  const name = decorator.constructor.name;
  if (!(decorator.impl instanceof ColumnDefinition)) {
    throw new ArgumentError(`custom(): ${name} has no impl, the type it stands on: readonly impl = string().`);
  }
  const key = decorator.cacheKey?.();
  const shared = isClass || key !== undefined;
  const type: DecoratedType = new DecoratedType(
    decorator.impl.fields.type,
    hooksOf(decorator, name, () => type),
    shared ? decorator.constructor : decorator,
    key,
  );
  return ColumnDefinition.of(type, column);
}

/** How a value becomes bytes and back. */
export interface Serializer<T> {
  write(value: T): Uint8Array;
  read(bytes: Uint8Array): T;
}
export interface SerializedOptions<T> {
  /** Default: V8's structured clone, which keeps Dates, Maps, Sets, bigints, typed arrays and circles. */
  readonly serializer?: Serializer<T> | undefined;
  /** Whether two values are the same, so that nothing has to be written. Default: by content. */
  readonly comparator?: ((a: T, b: T) => boolean) | undefined;
  /** The type of the bytes. Default: `binary()`. */
  readonly impl?: ColumnDefinition | undefined;
}
const STRUCTURED_CLONE: Serializer<unknown> = { write: serialize, read: deserialize };

/** Any value that can be cloned, as bytes: SQLAlchemy's PickleType. */
export function serialized(...args: readonly unknown[]): ColumnDefinition {
  const { column, rest } = named(args);
  const known = ["serializer", "comparator", "impl"] as const;
  const given = columnOptions<SerializedOptions<unknown>>(rest[0], "serialized", known);
  const { serializer = STRUCTURED_CLONE, comparator, impl } = given;
  const same = comparator ?? isDeepStrictEqual;
  const type = new DecoratedType(
    impl === undefined ? BINARY : typeOf(impl, "serialized()"),
    {
      toDatabase: (value) => serializer.write(value),
      fromDatabase: (value) => serializer.read(value as Uint8Array),
      sameValue: (a, b) => a === b || (a !== null && b !== null && same(a, b)),
    },
    serializer,
    // The comparison is no part of any statement, but a type must not be taken for another one.
    comparator === undefined ? "" : "own",
  );
  return ColumnDefinition.of(type, column);
}

/**
 * An enumeration whose members are stored by **name** and read as their values, as SQLAlchemy stores Python's enums:
 * `enumOf({ small: 1, large: 2 })` stores `'small'`. Values may be anything; no two may be the same. TypeScript enums
 * work too.
 */
export function enumOf(...args: readonly unknown[]): ColumnDefinition {
  const { column, rest } = named(args);
  const [members, given] = rest as [{ readonly [name: string]: unknown } | undefined, EnumerationOptions | undefined];
  if (typeof members !== "object" || members === null || Array.isArray(members))
    throw new ArgumentError("enumOf(): an object of members is needed: enumOf({ small: 1, large: 2 }).");
  // A numeric enum of TypeScript also maps its numbers back to names.
  const names = Object.keys(members).filter((k) => !(/^-?\d/.test(k) && members[members[k] as string] === Number(k)));
  const byValue = new Map(names.map((name) => [members[name], name]));
  if (names.length === 0) throw new ArgumentError("enumOf(): at least one member is needed.");
  if (byValue.size < names.length) throw new ArgumentError("enumOf(): two members have the same value.");
  const options = columnOptions<EnumerationOptions>(given, "enumOf", ENUMERATION);
  const stored = enumType(names, options);
  const type = new DecoratedType(
    stored,
    {
      toDatabase: (value) => {
        const name = byValue.get(value);
        if (name !== undefined) return name;
        throw new ArgumentError(
          `${typeof value === "string" ? JSON.stringify(value) : String(value)} is not the value of one of the members ${names.join(", ")}.`,
          "value.enum",
        );
      },
      // What is no name has been refused by the type below.
      fromDatabase: (name) => members[name as string],
    },
    members,
  );
  return ColumnDefinition.of(type, column);
}
