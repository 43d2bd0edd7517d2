/** Types of PostgreSQL's catalogue, as `format_type` spells them, as types of ours. */
import { DatabaseType } from "../../schema/database-type.js";
import { DomainType, IntervalType, NativeType } from "../../types/native-types.js";
import {
  ArrayType,
  BIG_INTEGER,
  BINARY,
  BOOLEAN,
  DATE,
  DATETIME,
  DateTimeType,
  DOUBLE,
  EnumType,
  FloatType,
  type FractionalDigits,
  INTEGER,
  JSON_TYPE,
  NUMERIC,
  NumericType,
  SmallIntegerType,
  type SqlType,
  STRING,
  StringType,
  TEXT,
  TIME,
  TimeType,
  UuidType,
} from "../../types/sql-type.js";
import { SpelledType } from "../../types/wrapping.js";
import { postgresqlTypeNamed } from "./native-list.js";

const INTERVAL = new IntervalType();
const ZONED = new DateTimeType(true);
const NAMED: { readonly [name: string]: SqlType } = {
  integer: INTEGER,
  smallint: new SmallIntegerType(),
  bigint: BIG_INTEGER,
  real: new FloatType(24),
  "double precision": DOUBLE,
  boolean: BOOLEAN,
  text: TEXT,
  uuid: new UuidType(),
  date: DATE,
  "time without time zone": TIME,
  "timestamp without time zone": DATETIME,
  "timestamp with time zone": ZONED,
  bytea: BINARY,
  json: JSON_TYPE,
  numeric: NUMERIC,
  "character varying": STRING,
  interval: INTERVAL,
  "bit varying": new NativeType("postgresql.bit", "BIT VARYING"),
  name: new SpelledType("NAME", TEXT),
  bpchar: new SpelledType("BPCHAR", STRING),
};

/** An enumeration found beside the column's type. */
export interface EnumFacts {
  readonly name: string;
  readonly values: readonly string[];
}
/** A domain found there: its name, with its schema where it would not be found without, and the type behind it. */
export interface DomainFacts {
  readonly name: string;
  readonly base: string;
}
export interface TypeFacts {
  readonly enumeration?: EnumFacts | undefined;
  readonly domain?: DomainFacts | undefined;
}

export function typeFromFormat(spelling: string, facts: TypeFacts): SqlType {
  const { enumeration, domain } = facts;
  // A list of a domain, not a domain of a list.
  if (spelling.endsWith("[]")) return new ArrayType(typeFromFormat(spelling.slice(0, -2), facts));
  if (enumeration !== undefined) return new EnumType(enumeration.values, { name: enumeration.name, native: true });
  if (domain !== undefined) return new DomainType(domain.name, typeFromFormat(domain.base, {}));
  const named = NAMED[spelling] ?? postgresqlTypeNamed(spelling);
  if (named !== undefined) return named;
  // An extension outside the search path.
  const extension = /^[\w"]+\.(citext|hstore)$/.exec(spelling);
  if (extension !== null) return new SpelledType(spelling, postgresqlTypeNamed(extension[1] as string) as SqlType);
  const m = /^([a-z ]+?)\((\d+)(?:,(-?\d+))?\)( with(?:out)? time zone)?$/.exec(spelling);
  const size = Number(m?.[2]);
  const zoned = m?.[4] === " with time zone";
  switch (m?.[1]) {
    case "character varying":
      return new StringType(size);
    case "numeric":
      return new NumericType(size, m?.[3] === undefined ? undefined : Number(m[3]));
    case "character":
      return new SpelledType(`CHAR(${size})`, new StringType(size));
    case "bit":
    case "bit varying":
      return new NativeType("postgresql.bit", spelling.toUpperCase());
    case "timestamp":
      return new DateTimeType(zoned, size as FractionalDigits);
    case "time":
      return zoned
        ? new SpelledType(spelling.toUpperCase(), postgresqlTypeNamed("time with time zone") as SqlType)
        : new TimeType(size as FractionalDigits);
  }
  if (/^interval[ (]/.test(spelling)) return new SpelledType(spelling.toUpperCase(), INTERVAL);
  return new DatabaseType(spelling);
}
