/** A reflected type as the factory call that makes it, or the database's own spelling where there is none. */
import {
  ArrayType,
  DatabaseType,
  type Dialect,
  EnumType,
  type ReflectedColumn,
  SpelledType,
  type SqlType,
  type TypeArgument,
  TypeSource,
  typeSource,
} from "@athanor/core";
import { type Imports, literal, quoted } from "./source.js";

export interface WrittenType {
  readonly source: string;
  /** Values have no known form in JavaScript. */
  readonly opaque: boolean;
}
/** The JavaScript type of a column whose type we only know by its spelling, as far as that tells it. */
function valueOf(spelling: string, type: SqlType): string {
  if (/^timestamp|^datetime/i.test(spelling)) return "Date";
  if (/^bigint/i.test(spelling)) return "bigint";
  if (/^year/i.test(spelling) || type.family === "number") return "number";
  if (type.family === "text" || type.family === "date") return "string";
  return "unknown";
}
function call(imports: Imports, source: TypeSource): string {
  imports.core(source.root);
  const argument = (a: TypeArgument) => (a instanceof TypeSource ? call(imports, a) : literal(a));
  const parameter = source.factory === "json" || source.factory === "pg.jsonb" ? "<unknown>" : "";
  return `${source.factory}${parameter}(${source.args.map(argument).join(", ")})`;
}

export function writeType(imports: Imports, type: SqlType, databaseType: string): WrittenType {
  const known = typeSource(type);
  if (known !== undefined) return { source: call(imports, known), opaque: false };
  if (type instanceof ArrayType) {
    const inner = writeType(imports, type.element, databaseType.replace(/\[\]$/, ""));
    return { source: `${imports.core("array")}(${inner.source})`, opaque: inner.opaque };
  }
  const spelling = type instanceof DatabaseType ? type.spelling : databaseType;
  for (const name of ["ColumnDefinition", "DatabaseType"]) imports.core(name);
  for (const name of ["Column", "Family"]) imports.type(name);
  const value = valueOf(spelling, type);
  return {
    source: `databaseType<${value}, ${quoted(type.family)}>(${quoted(spelling)}, ${quoted(type.family)})`,
    opaque: value === "unknown",
  };
}
/** The function such columns call, for the written file. */
export const DATABASE_TYPE_SOURCE = `/** A column by the database's own spelling of its type: for types that have no factory. */
function databaseType<T, F extends Family>(spelling: string, family: F): Column<T, F> {
  return ColumnDefinition.of(new DatabaseType(spelling, family)) as unknown as Column<T, F>;
}`;
export const SORTABLE_SOURCE = `/** A column in an index, to be ordered there. */
type Sortable = Pick<TextExpr<unknown>, "asc" | "desc">;`;
export const COLLATED_SOURCE = `/** A column with a collation of its own. */
function collated<C>(column: C, collation: string): C {
  return (column as unknown as ColumnDefinition).collate(collation) as unknown as C;
}`;

const SYNONYMS: readonly (readonly [RegExp, string])[] = [
  [/^(int|int4|integer|mediumint)\b(\(\d+\))?/, "integer"],
  [/^(int8|bigint)\b(\(\d+\))?/, "bigint"],
  [/^(int2|smallint)\b(\(\d+\))?/, "smallint"],
  [/^(n?varchar|character varying|varying character|nvarchar2?)\b/, "varchar"],
  [/^(decimal|numeric_text)\b/, "numeric"],
  [/^(bool|boolean|tinyint\(1\))$/, "boolean"],
  [/^(float|float8|real|double|double precision)$/, "double"],
  [/^(float4|real|float\(24\))$/, "real"],
  [/^(clob|nclob)$/, "text"],
  // MariaDB's JSON; a LONGTEXT that is only text has another type.
  [/^longtext$/, "json"],
  [/^timestamp without time zone$/, "timestamp"],
  [/^time without time zone$/, "time"],
];
function normal(spelling: string): string {
  let text = spelling
    .toLowerCase()
    .replace(/\s*,\s*/g, ",")
    .replace(/\s+/g, " ")
    .trim();
  for (const [pattern, word] of SYNONYMS) text = text.replace(pattern, word);
  return text;
}
/**
 * How the database spells the type where a table made from the model would have another: `jsonb`, `datetime(3)`.
 * undefined: the same.
 */
export function otherSpelling(column: ReflectedColumn, dialect: Dialect): string | undefined {
  const { type, databaseType } = column;
  if (
    type instanceof DatabaseType ||
    type instanceof SpelledType ||
    type.kind === "null" ||
    type instanceof EnumType ||
    type instanceof ArrayType
  )
    return undefined;
  const ours = dialect.ddlType(type);
  return normal(ours) === normal(databaseType) ? undefined : `${databaseType}, which a new table would have as ${ours}`;
}
