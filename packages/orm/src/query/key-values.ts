/** What `get()` takes. */
import { ArgumentError, didYouMean, requireValue } from "@athanor/core";
import type { Mapper } from "../mapping/mapper.js";

/**
 * Primary key values in order, from what `get()` takes: a value, a tuple, or an object by attribute.
 *
 * @throws ArgumentError when parts are missing or too many
 */
export function keyValues(mapper: Mapper, id: unknown): readonly unknown[] {
  if (id === undefined) throw new ArgumentError(`get(): the key of ${mapper.name} is undefined.`, "argument.undefined");
  const { primaryKey } = mapper;
  if (typeof id !== "object" && primaryKey.length === 1) {
    requireValue(id, primaryKey[0]?.column.type, "get()");
    return [id];
  }
  const names = primaryKey.map((pk) => pk.key);
  if (Array.isArray(id)) {
    if (id.length !== names.length)
      throw new ArgumentError(
        `get(): the key of ${mapper.name} is (${names.join(", ")}), but ${id.length} values were given.`,
        "orm.key",
      );
    return complete(mapper, names, id);
  }
  if (typeof id === "object" && id !== null && Object.getPrototypeOf(id) === Object.prototype) {
    const given = id as { readonly [key: string]: unknown };
    if (names.every((n) => n in given))
      return complete(
        mapper,
        names,
        names.map((n) => given[n]),
      );
    const unknown = Object.keys(given).find((k) => !names.includes(k));
    // A key that is a document is a plain object too.
    if (primaryKey[0]?.column.type.kind !== "json")
      throw new ArgumentError(
        `get(): the key of ${mapper.name} is { ${names.join(", ")} }, but { ${Object.keys(given).join(", ")} } was given.${unknown === undefined ? "" : didYouMean(unknown, names)}`,
        "orm.key",
      );
  }
  if (names.length > 1)
    throw new ArgumentError(
      `get(): the key of ${mapper.name} is (${names.join(", ")}); give a tuple in this order, or an object.`,
      "orm.key",
    );
  requireValue(id, primaryKey[0]?.column.type, "get()");
  return [id];
}
/** Null is a key no row has; undefined is a mistake. */
function complete(mapper: Mapper, names: readonly string[], values: readonly unknown[]): readonly unknown[] {
  const at = values.indexOf(undefined);
  if (at >= 0)
    throw new ArgumentError(`get(): '${names[at]}' of the key of ${mapper.name} is undefined.`, "argument.undefined");
  return values;
}
