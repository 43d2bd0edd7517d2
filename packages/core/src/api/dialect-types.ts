/**
 * Column types of single databases: `pg.jsonb<Settings>()`, `mysql.unsigned()`; and `interval()`, which all have in their
 * way. Source: SQLAlchemy "PostgreSQL Data Types", "MySQL Data Types", "Interval".
 */

import * as postgresTypes from "../dialects/postgresql/native-list.js";
import { checkFormat } from "../dialects/sqlite/types-native.js";
import { ArgumentError } from "../errors/errors.js";
import { columnOptions, JSON_OPTIONS } from "../schema/columns.js";
import { ColumnDefinition } from "../schema/definition.js";
import { FormattedType } from "../types/formatted-type.js";
import {
  DomainType,
  IntervalType,
  jsonNull as jsonNullValue,
  NativeType,
  type Range,
  SetType,
} from "../types/native-types.js";
import { EnumType, type JsonOptions, type SqlType, type TypeFamily } from "../types/sql-type.js";
import type { Column } from "../typing/columns.js";
import { exclude } from "./constraints.js";

/** What a definition of a type is for the compiler is said by the signatures below alone. */
function column<T, F extends string>(type: SqlType, name: string | undefined): Column<T, F> {
  return ColumnDefinition.of(type, name) as unknown as Column<T, F>;
}
const native =
  <T, F extends TypeFamily = "plain">(type: SqlType | undefined) =>
  (name?: string): Column<T, F> =>
    column<T, F>(type as SqlType, name);
const range = <T>(type: SqlType | undefined) => native<Range<T>>(type);
const multirange = <T>(type: SqlType | undefined) => native<Range<T>[]>(type);
const { POSTGRESQL_TYPES: postgres } = postgresTypes;

function bits(spelling: string, least: number) {
  return (length?: number, name?: string): Column<string, "plain"> => {
    if (length !== undefined && !(Number.isInteger(length) && length >= least))
      throw new ArgumentError(
        `The length of ${spelling} is a whole number from ${least}, not ${length}.`,
        "type.length",
      );
    return column(new NativeType("postgresql.bit", length === undefined ? spelling : `${spelling}(${length})`), name);
  };
}

interface JsonbFactory {
  <T>(name?: string): Column<T, "json">;
  <T>(options: JsonOptions): Column<T, "json">;
  <T>(name: string, options: JsonOptions): Column<T, "json">;
}
function jsonb(...args: readonly unknown[]): unknown {
  const name = typeof args[0] === "string" ? args[0] : undefined;
  const options = args[name === undefined ? 0 : 1] as JsonOptions | undefined;
  if (options !== undefined) columnOptions<JsonOptions>(options, "jsonb", JSON_OPTIONS);
  const type = options === undefined ? postgres.jsonb : new NativeType("postgresql.jsonb", "JSONB", "json", options);
  return column(type as SqlType, name);
}
/** PostgreSQL's own types. Names of columns come last here: most of these are given without. */
export const pg = {
  exclude,
  /** JSON in its parsed form: indexable, with `@>`; keys are reordered and duplicates dropped. */
  jsonb: jsonb as JsonbFactory,
  inet: native<string>(postgres.inet),
  cidr: native<string>(postgres.cidr),
  macaddr: native<string>(postgres.macaddr),
  /** An object of texts; needs `create extension hstore`. */
  hstore: native<{ [key: string]: string | null }>(postgres.hstore),
  /** Text that compares without regard to case; needs `create extension citext`. */
  citext: native<string, "text">(postgres.citext),
  tsvector: native<string>(postgres.tsvector),
  tsquery: native<string>(postgres.tsquery),
  macaddr8: native<string>(postgres.macaddr8),
  /** An amount as the server writes it, by its `lc_monetary`: `"$1,234.50"`. */
  money: native<string>(postgres.money),
  /** The number of an object in the catalogue. */
  oid: native<number, "number">(postgres.oid),
  /** A table by its name; its number in the catalogue is behind it. */
  regclass: native<string>(postgres.regclass),
  regtype: native<string>(postgres.regtype),
  /** A time of day with the offset it was given with. */
  timetz: native<string, "date">(postgres.timetz),
  xml: native<string>(postgres.xml),
  /** Text of 0 and 1, exactly `length` of them (1 when not given). */
  bit: bits("BIT", 1),
  varbit: bits("BIT VARYING", 1),
  int4range: range<number>(postgres.int4range),
  int8range: range<bigint>(postgres.int8range),
  numrange: range<string>(postgres.numrange),
  tsrange: range<Date>(postgres.tsrange),
  tstzrange: range<Date>(postgres.tstzrange),
  daterange: range<string>(postgres.daterange),
  int4multirange: multirange<number>(postgres.int4multirange),
  int8multirange: multirange<bigint>(postgres.int8multirange),
  nummultirange: multirange<string>(postgres.nummultirange),
  tsmultirange: multirange<Date>(postgres.tsmultirange),
  tstzmultirange: multirange<Date>(postgres.tstzmultirange),
  datemultirange: multirange<string>(postgres.datemultirange),
  /** A domain that exists in the database: `pg.domain("email", text())`. */
  domain: <T, F extends string>(domain: string, base: Column<T, F>, name?: string): Column<T, F> =>
    column(new DomainType(domain, (base as unknown as ColumnDefinition).fields.type), name),
} as const;

type SmallUnsigned = "tinyint" | "smallint" | "mediumint" | "int";
interface UnsignedFactory {
  (size?: SmallUnsigned, name?: string): Column<number, "number">;
  /** 64 bits: `bigint`. */
  (size: "bigint", name?: string): Column<bigint, "number">;
}
function formatted<T>(of: FormattedType["of"]) {
  return (options: { readonly format: string }, name?: string): Column<T, "date"> => {
    columnOptions<typeof options>(options, of, ["format"]);
    checkFormat(of, options.format);
    return column(new FormattedType(of, options.format), name);
  };
}
/** Types of SQLite. */
export const sqlite = {
  /** JSON in SQLite's binary form (SQLite 3.45 and newer): smaller, and not parsed again by each function. */
  jsonb: <T>(name?: string): Column<T, "json"> => column(new NativeType("sqlite.jsonb", "JSONB", "json"), name),
  /**
   * Dates in the text form of another program: `sqlite.dateTime({ format: "%d/%m/%Y %H:%M:%S" })`. Only forms that begin
   * with the year and end with the smallest part compare and sort by time.
   */
  dateTime: formatted<Date>("dateTime"),
  date: formatted<string>("date"),
  time: formatted<string>("time"),
} as const;
/** Types of MySQL and MariaDB. */
export const mysql = {
  unsigned: ((size: SmallUnsigned | "bigint" = "int", name?: string) =>
    column(
      new NativeType(
        size === "bigint" ? "mysql.unsignedBig" : "mysql.unsigned",
        `${size.toUpperCase()} UNSIGNED`,
        "number",
      ),
      name,
    )) as UnsignedFactory,
  /** A type of the column's own, ENUM('a', 'b'). */
  enumeration: <const V extends string>(...values: V[]): Column<V, "text"> =>
    column(new EnumType(values, { native: true }), undefined),
  /** Several values of a list at a time. */
  set: <const V extends string>(...values: V[]): Column<V[], "plain"> => {
    const odd = values.find((v) => v.includes(","));
    if (odd !== undefined) throw new ArgumentError(`A value of a SET cannot hold a comma: '${odd}'.`, "type.set");
    return column(new SetType(values), undefined);
  },
  /** 1901 to 2155, and 0. */
  year: native<number, "number">(new NativeType("mysql.year", "YEAR", "number")),
  /** An address as text: MariaDB 10.10 and newer. */
  inet4: native<string>(new NativeType("mysql.inet4", "INET4")),
  /** An address of version 6, or of version 4 inside one: MariaDB 10.5 and newer. */
  inet6: native<string>(new NativeType("mysql.inet6", "INET6")),
  /** Text of 0 and 1, up to 64. */
  bit: (length = 1, name?: string): Column<string, "plain"> => {
    if (!(Number.isInteger(length) && length >= 1 && length <= 64))
      throw new ArgumentError(`The length of BIT is a whole number from 1 to 64, not ${length}.`, "type.length");
    return column(new NativeType("mysql.bit", `BIT(${length})`), name);
  },
  /** Not supported: says what to do instead. @throws ArgumentError */
  geometry: (): never => {
    throw new ArgumentError(
      "Geometry columns are not supported. Write them with ST_GeomFromText() and read them with ST_AsText() in sql`…`, or keep the coordinates in columns of their own.",
      "type.geometry",
    );
  },
} as const;

/**
 * A length of time as ISO 8601 text, such as `"P1DT2H30M"` or `"-PT0.5S"`. An INTERVAL on PostgreSQL; elsewhere whole
 * microseconds in a BIGINT, so that it can be compared and added up, but without months and years. Values come back in one
 * spelling: `PT90M` as `PT1H30M`.
 */
export const interval = (name?: string): Column<string, "interval"> => column(new IntervalType(), name);

/** JSON's `null` as a value; see `types/native-types.ts`. Any JSON column takes it, hence the type. */
export const jsonNull = jsonNullValue as never;
