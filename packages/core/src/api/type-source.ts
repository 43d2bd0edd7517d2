/** A type as the call that makes it: for generated migrations and models. */
import { postgresqlFactory } from "../dialects/postgresql/native-list.js";
import { FormattedType } from "../types/formatted-type.js";
import { DomainType, NativeType, SetType } from "../types/native-types.js";
import {
  ArrayType,
  BigIntegerType,
  BinaryType,
  DateTimeType,
  EnumType,
  FloatType,
  NumericType,
  type SqlType,
  StringType,
  TimeType,
} from "../types/sql-type.js";
import { SpelledType, storedType, VariantType } from "../types/wrapping.js";

export type TypeArgument = string | number | readonly string[] | { readonly [name: string]: unknown } | TypeSource;
/** `pg.bit(8)`, `text().withVariant(string(500), "mysql")`. */
export class TypeSource {
  /** What is called. Everything before a dot is what the package exports. */
  readonly factory: string;
  readonly args: readonly TypeArgument[];
  /** Methods called on the result. */
  readonly then: readonly { readonly method: string; readonly args: readonly TypeArgument[] }[];
  constructor(factory: string, args: readonly (TypeArgument | undefined)[] = [], then: TypeSource["then"] = []) {
    this.factory = factory;
    this.args = args.filter((a) => a !== undefined);
    this.then = then;
  }
  /** The name to import. */
  get root(): string {
    return this.factory.split(".")[0] as string;
  }
}

const SIMPLE = new Set(["integer", "smallInteger", "double", "boolean", "text", "uuid", "date", "json", "interval"]);
/** The call that makes a type like this one; what is stored counts, so that decorators are taken off. */
export function typeSource(given: SqlType): TypeSource | undefined {
  if (given instanceof VariantType) {
    const base = typeSource(given.base);
    const variants = [...given.variants].map(([name, type]) => ({ name, source: typeSource(type) }));
    if (base === undefined || variants.some((v) => v.source === undefined)) return undefined;
    const then = variants.map((v) => ({ method: "withVariant", args: [v.source as TypeSource, v.name] }));
    return new TypeSource(base.factory, base.args, [...base.then, ...then]);
  }
  const type = storedType(given);
  if (type !== given) return typeSource(type);
  if (SIMPLE.has(type.kind)) return new TypeSource(type.kind);
  if (type instanceof StringType) return type.kind === "string" ? new TypeSource("string", [type.length]) : undefined;
  if (type instanceof NumericType) return new TypeSource("numeric", [type.precision, type.scale]);
  if (type instanceof FloatType) return new TypeSource("float", [type.precision]);
  if (type instanceof DateTimeType) return dated(type, type.timezone);
  if (type instanceof TimeType) return dated(type, false);
  if (type instanceof BinaryType) return new TypeSource("binary", [type.length]);
  if (type instanceof BigIntegerType) return new TypeSource("bigInteger");
  if (type instanceof EnumType) {
    const options = {
      ...(type.name !== undefined && { name: type.name }),
      ...(type.native && { native: true }),
      ...(type.length !== undefined && { length: type.length }),
    };
    return new TypeSource("enumeration", [type.values, Object.keys(options).length === 0 ? undefined : options]);
  }
  if (type instanceof ArrayType) return around("array", [], type.element);
  if (type instanceof SpelledType) return around("spelled", [type.spelling], type.base);
  if (type instanceof DomainType) return around("pg.domain", [type.name], type.base);
  if (type instanceof FormattedType) return new TypeSource(`sqlite.${type.of}`, [{ format: type.format }]);
  if (type instanceof SetType) return new TypeSource("mysql.set", type.values);
  return type instanceof NativeType || type.kind === "postgresql.range" ? nativeSource(type) : undefined;
}
function dated({ kind, precision }: DateTimeType | TimeType, timezone: boolean): TypeSource {
  const options = { ...(timezone && { timezone }), ...(precision !== undefined && { precision }) };
  return new TypeSource(kind, [Object.keys(options).length === 0 ? undefined : options]);
}
function around(factory: string, before: readonly string[], inner: SqlType): TypeSource | undefined {
  const source = typeSource(inner);
  return source === undefined ? undefined : new TypeSource(factory, [...before, source]);
}
function nativeSource(type: SqlType): TypeSource | undefined {
  const factory = postgresqlFactory(type);
  if (factory !== undefined) return new TypeSource(`pg.${factory}`);
  if (!(type instanceof NativeType)) return undefined;
  const size = /\((\d+)\)/.exec(type.ddl)?.[1];
  switch (type.kind) {
    case "postgresql.bit":
      return new TypeSource(type.ddl.startsWith("BIT VARYING") ? "pg.varbit" : "pg.bit", [
        size === undefined ? undefined : Number(size),
      ]);
    case "postgresql.jsonb":
      return new TypeSource("pg.jsonb");
    case "mysql.unsigned":
    case "mysql.unsignedBig":
      return new TypeSource("mysql.unsigned", [type.ddl.split(" ")[0]?.toLowerCase()]);
    case "mysql.bit":
      return new TypeSource("mysql.bit", [Number(size ?? 1)]);
    case "mysql.year":
    case "mysql.inet4":
    case "mysql.inet6":
    case "sqlite.jsonb":
      return new TypeSource(type.kind);
    default:
      return undefined;
  }
}
