/** What `get()` takes. */
import { ArgumentError } from "@athanor/core";
import type { Mapper } from "../mapping/mapper.js";

/**
 * Primary key values in order, from what `get()` takes: a value, a tuple, or an object by attribute.
 *
 * @throws ArgumentError when parts are missing or too many
 */
export function keyValues(mapper: Mapper, id: unknown): readonly unknown[] {
  const names = mapper.primaryKey.map((pk) => pk.key);
  if (id === undefined) throw new ArgumentError(`get(): the key of ${mapper.name} is undefined.`, "argument.undefined");
  if (Array.isArray(id)) {
    if (id.length !== names.length)
      throw new ArgumentError(
        `get(): the key of ${mapper.name} is (${names.join(", ")}), but ${id.length} values were given.`,
        "orm.key",
      );
    return id;
  }
  if (
    typeof id === "object" &&
    id !== null &&
    !(id instanceof Date) &&
    !(id instanceof Uint8Array) &&
    names.every((n) => n in id)
  ) {
    return names.map((n) => (id as { readonly [key: string]: unknown })[n]);
  }
  if (names.length > 1)
    throw new ArgumentError(
      `get(): the key of ${mapper.name} is (${names.join(", ")}); give a tuple in this order, or an object.`,
      "orm.key",
    );
  return [id];
}
