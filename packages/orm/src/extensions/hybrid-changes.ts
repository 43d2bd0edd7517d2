/** Hybrids in an UPDATE by criteria. Source: SQLAlchemy "Hybrid Attributes", "Supporting ORM Bulk Update". */
import { ArgumentError, didYouMean } from "@athanor/core";

interface UpdateExpressions {
  readonly updateExpressions: { readonly [key: string]: (value: never) => { readonly [column: string]: unknown } };
}
/**
 * What columns an UPDATE sets for attributes that are none, as the model's `updateExpressions` say. May be spread among
 * other values.
 *
 * @example
 * class Line extends Model("Line", { id: integer().primaryKey(), x1: integer(), x2: integer() }) {
 *   static readonly updateExpressions = { width: (w: number) => ({ x2: Line.c.x1.add(w) }) };
 * }
 * update(Line).set(hybridChanges(Line, { width: 7 }))
 * @throws ArgumentError for an attribute that has none
 */
export function hybridChanges<M extends UpdateExpressions>(
  model: M,
  values: {
    readonly [K in keyof M["updateExpressions"]]?: Parameters<M["updateExpressions"][K]>[0];
  },
): { readonly [_ in never]: never } {
  const known = model.updateExpressions;
  const changes: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(values)) {
    const write = Object.hasOwn(known, key) ? known[key] : undefined;
    if (write === undefined)
      throw new ArgumentError(
        `hybridChanges(): updateExpressions has no '${key}'.${didYouMean(key, Object.keys(known))}`,
        "orm.unknown-attribute",
      );
    if (value === undefined) throw new ArgumentError(`hybridChanges(): '${key}' is undefined.`, "argument.undefined");
    Object.assign(changes, write(value as never));
  }
  return changes;
}
