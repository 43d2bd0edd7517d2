/**
 * Attributes of the class's own in statements that write: which columns an UPDATE sets for one, and which a row of a
 * list has for it. Source: SQLAlchemy "Hybrid Attributes", `update_expression` and `bulk_dml`.
 */
import { ArgumentError } from "@athanor/core";
import type { Mapper } from "../mapping/mapper.js";

type Values = { readonly [key: string]: unknown };
type Writer = (value: unknown, row: Values) => Values;

/** What a class, or one above it, says of an attribute under a static name. */
function writerOf(mapper: Mapper, name: "updateExpressions" | "bulkValues", key: string): Writer | undefined {
  for (let at: unknown = mapper.model; typeof at === "function"; at = Object.getPrototypeOf(at)) {
    if (!Object.hasOwn(at, name)) continue;
    const said = (at as unknown as { readonly [_ in typeof name]?: { readonly [key: string]: Writer } })[name];
    if (said !== undefined && Object.hasOwn(said, key)) return said[key];
  }
  return undefined;
}
function expanded(mapper: Mapper, name: "updateExpressions" | "bulkValues", values: Values, where: string): Values {
  if (typeof values !== "object" || values === null) return values;
  const keys = Object.keys(values);
  if (keys.every((key) => mapper.attribute(key) !== undefined)) return values;
  const out: { [key: string]: unknown } = {};
  for (const key of keys) {
    const writer = mapper.attribute(key) === undefined ? writerOf(mapper, name, key) : undefined;
    if (writer === undefined && mapper.attribute(key) === undefined && isHybrid(mapper, key))
      throw new ArgumentError(
        `${where}: ${mapper}.${key} is no column; say what stands for it with static readonly ${name} = { ${key}: (value) => ({ … }) }.`,
        "orm.hybrid",
      );
    if (writer !== undefined && values[key] === undefined)
      throw new ArgumentError(`${where}: '${key}' is undefined.`, "argument.undefined");
    for (const [column, value] of Object.entries(writer?.(values[key], values) ?? { [key]: values[key] })) {
      if (Object.hasOwn(out, column))
        throw new ArgumentError(
          `${where}: '${column}' has two values, one of them by '${key}'; leave one out.`,
          "orm.hybrid",
        );
      out[column] = value;
    }
  }
  return out;
}
function isHybrid(mapper: Mapper, key: string): boolean {
  const accessor = Object.getOwnPropertyDescriptor(mapper.model.prototype as object, key);
  return accessor?.get !== undefined && mapper.relationship(key) === undefined && mapper.expression(key) === undefined;
}
/**
 * What SET is to hold: attributes that are no columns by the class's `updateExpressions`.
 *
 * @throws ArgumentError for one that has none, and for a column that is set twice
 */
export function changesOf(mapper: Mapper, values: Values): Values {
  return expanded(mapper, "updateExpressions", values, "set()");
}
/** Rows of a list, the same by the class's `bulkValues`. @throws ArgumentError as above */
export function bulkRowsOf(mapper: Mapper, rows: readonly Values[]): readonly Values[] {
  // Most classes have none, and lists are long.
  if (!("bulkValues" in mapper.model)) return rows;
  return rows.map((row) => expanded(mapper, "bulkValues", row, `rows of ${mapper}`));
}
