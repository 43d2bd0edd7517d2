/** Whether two types are one, by how a database spells them. */
import { DateTimeType, type FractionalDigits, FULL_PRECISION, type SqlType, TimeType } from "@athanor/core";

/** `numeric(10, 2) unsigned` → name, parameters, the rest. */
function typeParts(text: string): { readonly name: string; readonly params: readonly string[] } {
  const m = /^([^(]*)(?:\(([^)]*)\))?(.*)$/s.exec(text) as RegExpExecArray;
  const name = `${m[1]} ${m[3]}`.trim().replace(/\s+/g, " ");
  return { name, params: m[2] === undefined ? [] : m[2].split(",").map((p) => p.trim()) };
}
/** `synonyms`: words that mean the same type. */
export function sameTypeText(a: string, b: string, synonyms: readonly ReadonlySet<string>[]): boolean {
  if (a === b) return true;
  const [x, y] = [typeParts(a), typeParts(b)];
  if (x.name !== y.name && !synonyms.some((set) => set.has(x.name) && set.has(y.name))) return false;
  // A length that only one side gives says nothing.
  return x.params.length !== y.params.length || x.params.join() === y.params.join();
}

type Fractional = DateTimeType | TimeType;
const isFractional = (type: SqlType): type is Fractional => type instanceof DateTimeType || type instanceof TimeType;
const withPrecision = (type: Fractional, precision: FractionalDigits): Fractional =>
  type instanceof DateTimeType ? new DateTimeType(type.timezone, precision) : new TimeType(precision);
/**
 * Times with the digits behind the second that they have in fact. A model that does not say how many is content with any
 * number of them. undefined for other types. The spelling of these two says everything: no digits can be those without a number.
 */
export function withSamePrecision(
  found: SqlType,
  wanted: SqlType,
): readonly [found: SqlType, wanted: SqlType] | undefined {
  if (!isFractional(found) || !isFractional(wanted)) return undefined;
  const { precision = FULL_PRECISION } = found;
  return [withPrecision(found, precision), withPrecision(wanted, wanted.precision ?? precision)];
}
