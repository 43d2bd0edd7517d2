import { dateTime, integer, string, numeric } from "@athanor/core";
import { Model, declarativeBase, Mixin, manyToOne, oneToMany } from "@athanor/orm";

/** A mixin of columns, a mixin with methods, and a project's own base. */
export const timestamps = { createdAt: dateTime().default(() => new Date()), updatedAt: dateTime().nullable() };
export class SoftDelete extends Mixin({ deletedAt: dateTime().nullable() }) {
  get isDeleted() { return this.deletedAt !== null; }
}
export abstract class Base {
  describe() { return this.constructor.name; }
  static registryName() { return "main"; }
}
export const AppModel = declarativeBase(Base);

export class Order extends AppModel("Order", {
  id: integer().primaryKey(),
  get lines() { return oneToMany(OrderLine, { backPopulates: "order", lazy: "selectin" }); },
}, { mixins: [timestamps, SoftDelete] }) {}

export class OrderLine extends AppModel("OrderLine", {
  orderId: integer().references("order.id"),
  lineNo: integer(),
  sku: string(),
  price: numeric(10, 2),
  get order() { return manyToOne(Order, { nullable: false }); },
}, { primaryKey: ["orderId", "lineNo"] }) {}

/** Self-reference; a hybrid is an instance getter beside a static one. */
export class Node extends Model("Node", {
  id: integer().primaryKey(),
  name: string(),
  parentId: integer().nullable().references("node.id"),
  get children() { return oneToMany(Node, { backPopulates: "parent" }); },
  get parent() { return manyToOne(Node, { backPopulates: "children", remoteSide: "id" }); },
}) {
  get label() { return `${this.name}!`; }
  static get label() { return this.c.name.concat("!"); }
}
