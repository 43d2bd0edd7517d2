/** `inspect()` of both floors under one name, as in SQLAlchemy: of a connection the schema, of an object its state. */
import { type Inspector, inspect as inspectSchema, type SchemaConnection } from "@athanor/core";
import { type InstanceInspection, inspect as inspectInstance } from "@athanor/orm";

/**
 * What is known of a connection's database, or of a mapped object.
 *
 * @throws ArgumentError for anything else
 * @example
 * (await inspect(connection).tables()).length;
 * inspect(user).state;                          // "pending"
 */
export function inspect(connection: SchemaConnection): Inspector;
export function inspect(instance: object): InstanceInspection;
export function inspect(what: object | SchemaConnection): Inspector | InstanceInspection {
  return "dialect" in what && "execute" in what && typeof what.execute === "function"
    ? inspectSchema(what)
    : inspectInstance(what);
}
