/**
 * Discriminators that are no column: an SQL expression that tells the class of a row, or the table it stands in.
 * Source: SQLAlchemy "polymorphic_on", "Concrete Table Inheritance".
 */
import { didYouMean } from "@athanor/core";
import { MappingError } from "../errors.js";
import { DiscriminatorDefinition, ExpressionAttribute } from "./column-property.js";
import type { Declaration } from "./declaration.js";
import type { MappedColumn, Mapper, VirtualColumn } from "./mapper.js";

/** What tells the classes of a hierarchy apart. */
export interface Discriminator {
  readonly column: MappedColumn | undefined;
  readonly expression: ExpressionAttribute | undefined;
}
/** @throws MappingError for a name that is no column, and where an option is missing */
export function discriminatorOf(
  declaration: Declaration,
  base: Mapper | undefined,
  attributes: readonly MappedColumn[],
  expressions: readonly ExpressionAttribute[],
): Discriminator {
  const { root, parent, strategy, settings } = declaration;
  const { polymorphicOn } = root.settings;
  const apart = strategy === "concrete" && !root.isConcrete;
  if (polymorphicOn === undefined || apart) {
    if (parent !== undefined && strategy === "single")
      throw new MappingError(
        `${declaration.name} shares the table of ${parent.name}, which has no discriminator: give ${root.name} { polymorphicOn: "kind" }, or ${declaration.name} a tableName of its own.`,
        "orm.discriminator",
      );
    return { column: undefined, expression: undefined };
  }
  if (root.isConcrete && settings.identity === undefined && settings.abstract !== true)
    throw new MappingError(
      `${declaration.name} has no { identity: "…" }, by which its rows are known among those of ${root.name}; a class without rows says { abstract: true }.`,
      "orm.identity",
    );
  const { toldBy, discriminatorKey: key } = root;
  if (toldBy !== undefined && key === undefined) {
    const inherited = base?.inheritance?.expression;
    return { column: undefined, expression: inherited ?? hidden(toldBy.write, root.name) };
  }
  const column = attributes.find((a) => a.key === key);
  const expression = expressions.find((e) => e.key === key);
  if (column === undefined && expression === undefined) {
    const known = [...attributes, ...expressions].map((a) => a.key);
    throw new MappingError(
      `${declaration.name}: polymorphicOn names '${key}', which is no column.${didYouMean(key as string, known)}`,
      "orm.discriminator",
    );
  }
  return { column, expression };
}
/** The column by which a union of tables says the class of a row. */
export function discriminatorColumnOf(mapper: Mapper): VirtualColumn {
  let top = mapper;
  while (top.inheritance?.base !== undefined) top = top.inheritance.base;
  return top.virtualDiscriminator as VirtualColumn;
}
/** An expression that is no attribute. */
function hidden(write: (columns: never) => unknown, owner: string): ExpressionAttribute {
  return new ExpressionAttribute(-1, "polymorphicOn", new DiscriminatorDefinition(write), owner);
}
