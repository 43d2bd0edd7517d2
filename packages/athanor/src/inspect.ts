/** `inspect()` of both floors under one name, as in SQLAlchemy: of a connection the schema, else what the ORM knows. */
import {
  type AnyModel,
  type AnyTable,
  type Inspector,
  inspect as inspectSchema,
  type SchemaConnection,
  type Selectable,
  type Table,
} from "@athanor/core";
import {
  type AttributeInspection,
  type EntityInspection,
  type InstanceInspection,
  inspect as inspectMapped,
  type RelationPath,
} from "@athanor/orm";

/**
 * What is known of a connection's database, a mapped object, a model or alias, an attribute, a table.
 *
 * @throws ArgumentError for anything else
 * @example
 * (await inspect(connection).tables()).length;
 * inspect(user).state;                          // "pending"
 * inspect(User).relationships;
 */
export function inspect(connection: SchemaConnection): Inspector;
export function inspect(model: AnyModel): EntityInspection;
export function inspect(table: AnyTable): Table;
export function inspect(
  // biome-ignore lint/suspicious/noExplicitAny: any key, any strategy
  attribute: Exclude<Selectable, AnyTable> | RelationPath<any, unknown, any, any>,
): AttributeInspection;
export function inspect(instance: object): InstanceInspection;
export function inspect(what: object): unknown {
  return "dialect" in what && "execute" in what && typeof what.execute === "function"
    ? inspectSchema(what as SchemaConnection)
    : inspectMapped(what);
}
