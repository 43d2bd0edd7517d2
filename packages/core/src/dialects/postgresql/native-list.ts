/** PostgreSQL's own types by the names of their factories: `pg.inet`, `pg.int4range`. */
import { NativeType, RangeType } from "../../types/native-types.js";
import {
  BIG_INTEGER,
  DATE,
  DATETIME,
  DateTimeType,
  INTEGER,
  NUMERIC,
  type SqlType,
  type TypeFamily,
} from "../../types/sql-type.js";

const ZONED = new DateTimeType(true);
const own = (name: string, ddl = name.toUpperCase(), family: TypeFamily = "plain") =>
  new NativeType(`postgresql.${name}`, ddl, family);
const ranges = (name: string, element: SqlType) => ({
  [`${name}range`]: new RangeType(`${name.toUpperCase()}RANGE`, element),
  [`${name}multirange`]: new RangeType(`${name.toUpperCase()}MULTIRANGE`, element, true),
});

export const POSTGRESQL_TYPES: { readonly [factory: string]: NativeType | RangeType } = {
  jsonb: own("jsonb", "JSONB", "json"),
  inet: own("inet"),
  cidr: own("cidr"),
  macaddr: own("macaddr"),
  macaddr8: own("macaddr8"),
  hstore: own("hstore"),
  citext: own("citext", "CITEXT", "text"),
  tsvector: own("tsvector"),
  tsquery: own("tsquery"),
  money: own("money"),
  oid: own("oid", "OID", "number"),
  regclass: own("regclass"),
  regtype: own("regtype"),
  timetz: own("timetz", "TIME WITH TIME ZONE", "date"),
  xml: own("xml"),
  ...ranges("int4", INTEGER),
  ...ranges("int8", BIG_INTEGER),
  ...ranges("num", NUMERIC),
  ...ranges("ts", DATETIME),
  ...ranges("tstz", ZONED),
  ...ranges("date", DATE),
};
const byId = new Map(Object.entries(POSTGRESQL_TYPES).map(([factory, type]) => [type.id, factory]));
/** The factory that makes this very type. */
export function postgresqlFactory(type: SqlType): string | undefined {
  return byId.get(type.id);
}
const bySpelling = new Map(Object.values(POSTGRESQL_TYPES).map((type) => [type.ddl.toLowerCase(), type]));
export function postgresqlTypeNamed(spelling: string): SqlType | undefined {
  return bySpelling.get(spelling);
}
