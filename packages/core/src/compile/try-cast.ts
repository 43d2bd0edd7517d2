/** Which texts can be cast to a kind of number: for tryCast(), on databases that raise an error or give 0. */
import { BIG_INTEGER, NUMERIC, NumericType, type SqlType } from "../types/sql-type.js";

export interface NumberTest {
  /** A regular expression that all dialects read alike. */
  readonly pattern: string;
  /** Smallest and largest value, compared as `wide`. */
  readonly range: readonly [string, string] | undefined;
  readonly wide: SqlType;
}
const DECIMAL = "^[ ]*[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)[ ]*$";
const FLOAT = "^[ ]*[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,2})?[ ]*$";
// 18 digits always fit 64 bits.
const WHOLE = "^[ ]*[+-]?[0-9]{1,18}[ ]*$";
const whole = (range: NumberTest["range"]): NumberTest => ({ pattern: WHOLE, range, wide: BIG_INTEGER });
const TESTS: { readonly [kind: string]: NumberTest | undefined } = {
  smallInteger: whole(["-32768", "32767"]),
  integer: whole(["-2147483648", "2147483647"]),
  bigInteger: { pattern: WHOLE, range: undefined, wide: BIG_INTEGER },
  float: { pattern: FLOAT, range: undefined, wide: NUMERIC },
  double: { pattern: FLOAT, range: undefined, wide: NUMERIC },
};
export function numberTest(type: SqlType): NumberTest | undefined {
  if (!(type instanceof NumericType)) return TESTS[type.kind];
  if (type.precision === undefined) return { pattern: DECIMAL, range: undefined, wide: NUMERIC };
  // What rounds up to one digit more does not fit either.
  const digits = type.precision - (type.scale ?? 0);
  const pattern = `^[ ]*[+-]?0*([0-9]{0,${Math.max(0, digits)}}([.][0-9]*)?)[ ]*$`;
  const most = digits > 0 ? `${"9".repeat(digits)}.${"9".repeat(type.scale ?? 0)}4` : "0";
  return { pattern: digits > 0 ? DECIMAL : pattern, range: [`-${most}`, most], wide: new NumericType(65, 30) };
}
