/** What a session's methods are given, checked: each message says what stands there instead, and what to write. */
import { ArgumentError, requireKnownOptions } from "@athanor/core";
import { describeGiven } from "../mapping/collection.js";
import { type Managed, managed } from "../mapping/state.js";

export function requireManaged(entity: unknown, method: string): Managed {
  const instance = managed(entity);
  if (instance !== undefined) return instance;
  const several = Array.isArray(entity) && SEVERAL[method];
  throw new ArgumentError(
    `${method}(): a mapped object is needed, not ${describeGiven(entity)}.${several ? ` Use ${several}() for several.` : ""}`,
    "orm.not-mapped",
  );
}
const SEVERAL: { readonly [method: string]: string } = { add: "addAll", delete: "deleteAll", merge: "mergeAll" };
export function requireMany(entities: unknown, method: string, one: string): void {
  if (typeof entities !== "object" || entities === null || !(Symbol.iterator in entities))
    throw new ArgumentError(
      `${method}(): a list of mapped objects is needed, not ${describeGiven(entities)}. Use ${one}() for one.`,
      "orm.not-mapped",
    );
}
/** Names as strings, or undefined for all. @throws ArgumentError for what is no list, such as a single name */
export function namesGiven(attributes: unknown, method: string): readonly string[] | undefined {
  if (attributes === undefined) return undefined;
  if (!Array.isArray(attributes))
    throw new ArgumentError(
      `${method}(): the attributes are a list, such as ["name"], not ${describeGiven(attributes)}.`,
      "orm.attributes",
    );
  return attributes.map(String);
}
const GET_OPTIONS = ["options", "populateExisting", "identityToken", "withForUpdate"];
export function checkGetOptions(options: object): void {
  requireKnownOptions(options, GET_OPTIONS, "get()", "session.option");
}
