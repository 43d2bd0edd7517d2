/** All built-in tests by name. Source: Jinja, "List of Builtin Tests". */
import { isCallable } from "./calls.js";
import type { AnyFilter } from "./context.js";
import { define } from "./filters/define.js";
import { isHtml, Markup } from "./markup.js";
import { isUndefined, Undefined } from "./undefined.js";
import { arithmetic, compare, contains, equal, isMapping, isText, lengthOf, text } from "./values.js";

const isInteger = (value: unknown): boolean =>
  typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
const modulo = (value: unknown, by: unknown): boolean => Number(arithmetic("%", value, by)) === 0;

const equalTo = define("other", (value, other) => equal(value, other));
const greater = define("other", (value, other) => compare(value, other) > 0);
const greaterOrEqual = define("other", (value, other) => compare(value, other) >= 0);
const less = define("other", (value, other) => compare(value, other) < 0);
const lessOrEqual = define("other", (value, other) => compare(value, other) <= 0);
const unequal = define("other", (value, other) => !equal(value, other));

const iterable = (value: unknown): boolean => {
  if (value instanceof Undefined) {
    value.use();
    return true;
  }
  if (isText(value) || isMapping(value)) return true;
  return typeof value === "object" && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
};

export const builtinTests: Readonly<Record<string, AnyFilter>> = {
  boolean: define("", (value) => typeof value === "boolean"),
  callable: define("", isCallable),
  defined: define("", (value) => !isUndefined(value)),
  divisibleby: define("num", modulo),
  escaped: define("", isHtml),
  even: define("", (value) => modulo(value, 2)),
  false: define("", (value) => value === false),
  filter: define("", function (name) {
    return this.engine.hasFilter(text(name));
  }),
  float: define("", (value) => typeof value === "number" && !Number.isInteger(value)),
  in: define("seq", (value, seq) => contains(seq, value)),
  integer: define("", isInteger),
  iterable: define("", iterable),
  lower: define("", (value) => text(value) === text(value).toLowerCase() && text(value) !== text(value).toUpperCase()),
  mapping: define("", isMapping),
  none: define("", (value) => value === null),
  number: define("", (value) => typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"),
  odd: define("", (value) => Math.abs(Number(arithmetic("%", value, 2))) === 1),
  sameas: define("other", (value, other) => value === other || (isUndefined(value) && isUndefined(other))),
  sequence: define(
    "",
    (value) =>
      !(value instanceof Set) && (isUndefined(value) || typeof value !== "function") && lengthOf(value) !== undefined,
  ),
  string: define("", (value) => typeof value === "string" || value instanceof Markup),
  test: define("", function (name) {
    return this.engine.hasTest(text(name));
  }),
  true: define("", (value) => value === true),
  undefined: define("", isUndefined),
  upper: define("", (value) => text(value) === text(value).toUpperCase() && text(value) !== text(value).toLowerCase()),
  eq: equalTo,
  equalto: equalTo,
  "==": equalTo,
  ne: unequal,
  "!=": unequal,
  gt: greater,
  greaterthan: greater,
  ">": greater,
  ge: greaterOrEqual,
  ">=": greaterOrEqual,
  lt: less,
  lessthan: less,
  "<": less,
  le: lessOrEqual,
  "<=": lessOrEqual,
};
