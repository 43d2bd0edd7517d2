/** Plans of INSERT, UPDATE and DELETE that give entities back. */
import {
  DeleteStatement,
  type Dialect,
  type InsertStatement,
  ItemElement,
  type SelectItem,
  type UpdateStatement,
} from "@athanor/core";
import type { MappedColumn } from "../mapping/mapper.js";
import { keysOf } from "./bundle.js";
import { EntityItem } from "./entity.js";
import { LoadTree } from "./load-tree.js";
import { converterOf, type EntityPlan, followed, type ItemPlan, loadsAfter, NO_EXTRAS, type OrmPlan } from "./plan.js";
import { ownSource } from "./source.js";

/** INSERT, UPDATE and DELETE with entities in RETURNING. */
export function planReturning(
  statement: InsertStatement | UpdateStatement | DeleteStatement,
  dialect: Dialect,
  binds: ReadonlyMap<object, number>,
): OrmPlan {
  const entities: EntityPlan[] = [];
  const columns: SelectItem[] = [];
  const items = statement.returningItems.map((item): ItemPlan => {
    const at = columns.length;
    if (item instanceof EntityItem) {
      const { mapper } = item;
      const tree = new LoadTree();
      const wanted = mapper.attributes.filter((a) => !a.deferred && a.column.table === statement.table);
      columns.push(...wanted.map((a) => a.column));
      const place = (a: MappedColumn) => at + wanted.indexOf(a);
      const entity: { -readonly [K in keyof EntityPlan]: EntityPlan[K] } = {
        index: entities.length,
        mapper,
        tree,
        above: [],
        offset: at,
        columns: wanted.map((attribute, i) => ({ attribute, at: at + i })),
        standard: wanted.length === mapper.attributes.filter((a) => !a.deferred).length,
        complete: wanted.length === mapper.attributes.filter((a) => !a.deferred).length,
        keyAt: mapper.primaryKey.map(place),
        discriminatorAt: -1,
        extras: NO_EXTRAS,
        bySubclass: undefined,
        joined: [],
        // What the mapping loads at once; a row that is gone has nothing.
        after:
          statement instanceof DeleteStatement
            ? []
            : mapper.relationships.filter((property) => {
                const strategy = tree.strategyOf(property);
                return loadsAfter(strategy) || strategy === "joined";
              }),
        empty: [],
      };
      const discriminator = ownSource(mapper).discriminator;
      if (discriminator !== undefined) {
        const column = mapper.inheritance?.discriminator;
        const there = column === undefined ? -1 : place(column);
        if (there < at) columns.push(discriminator);
        entity.discriminatorAt = there < at ? columns.length - 1 : there;
      }
      entities.push(entity);
      return { name: item.itemName, entity, at: -1, keys: undefined };
    }
    if (item instanceof ItemElement) {
      columns.push(...item.itemColumns);
      return { name: item.itemName, entity: undefined, at, ...keysOf(item) };
    }
    columns.push(item);
    return { name: item.name ?? `column_${at + 1}`, entity: undefined, at, keys: undefined };
  });
  const compiled = dialect.createCompiler(binds).compile(statement.with({ returningItems: columns }));
  return {
    compiled,
    items,
    entities,
    joinedCount: 0,
    unique: false,
    distinctEntities: false,
    names: items.map((i) => i.name),
    followed: followed(entities),
    convert: converterOf(compiled),
    criteria: false,
  };
}
