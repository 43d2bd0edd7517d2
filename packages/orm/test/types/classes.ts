/** Inheritance, mixins, generic functions, class features. */
import { dateTime, integer, select, string, type AnyModel, type AnyTable, type Column, type Columns, type NewRow, insert } from "@athanor/core";
import { Model, aliased, joinedLoad, manyToOne, oneToMany, type Entity, type Identity, type ModelWith, type Session } from "@athanor/orm";
import { Company, Director, Employee, Engineer, Manager, Shape, Circle } from "./models/staff.js";
import { Node, Order, OrderLine, AppModel } from "./models/order.js";
import { Vehicle } from "./models/vehicle.js";
import { Post } from "./models/post.js";
import { User } from "./models/user.js";

export async function inheritance(session: Session) {
  const m = new Manager({ name: "x", level: 3, company: null });
  m.lead(); m.greet(); Manager.hire(); Director.hire(); new Director({ budget: 1 }).lead();
  const up: Employee = m; const kind: string = m.kind;
  const [e] = await session.scalars(select(Employee).where(Employee.c.name.like("a%")));
  switch (e!.kind) {
    case "manager": e!.lead(); break;
    case "engineer": e!.code(); break;
    case "employee": e!.greet(); break;
    // @ts-expect-error no such identity
    case "managr": break;
  }
  // @ts-expect-error not every employee leads
  e!.lead();
  const [only] = await session.scalars(select(Manager).where(Manager.c.level.gt(2), Manager.c.name.like("a%")));
  only!.lead(); for (const r of await only!.reports) r.greet();
  const [s] = await session.scalars(select(Shape));
  s!.area(); if (s!.type === "circle") s!.radius; else s!.side;
  // @ts-expect-error abstract
  new Shape();
  const [co] = await session.scalars(select(Company).options(joinedLoad(Company.c.employees)));
  for (const x of co!.employees) if (x.kind === "engineer") x.code();
  const [v] = await session.scalars(select(Vehicle)); if (v!.type === "car") v!.doors.toFixed();
  const got = await session.get(Employee, 1); if (got?.kind === "manager") got.lead();
  select(Employee).options(joinedLoad(Manager.c.reports)); // allowed; its type stays "await it"
  return [up, kind, new Circle({ radius: 1 }).area(), new Engineer().greet()];
}

export async function mixins(session: Session) {
  const [o] = await session.scalars(select(Order));
  o!.createdAt.getTime(); o!.isDeleted; o!.describe(); Order.registryName();
  for (const l of o!.lines) l.price.trim();
  Order.c.deletedAt.isNull(); OrderLine.registryName();
  Node.label.eq("q"); new Node().label;
}

/** Repository functions, without a cast. */
export function byId<M extends AnyModel>(session: Session, model: M, id: Identity<M>) { return session.get(model, id); }
export async function must<M extends AnyModel>(session: Session, model: M, id: Identity<M>): Promise<Entity<M>> {
  const found = await session.get(model, id);
  if (found === null) throw new Error(`${model.$.name} not found`);
  return found;
}
export function newest<M extends ModelWith<{ createdAt: Column<Date, "date"> }>>(session: Session, model: M) {
  return session.scalars(select(model).orderBy(model.c.createdAt.desc()).limit(10)).all();
}
export function named<M extends ModelWith<{ name: Column<string, "text"> }>>(model: M, name: string) {
  return select(model).where(model.c.name.eq(name));
}
export async function rename<M extends ModelWith<{ name: Column<string, "text"> }>>(session: Session, model: M, id: Identity<M>, name: string) {
  const found = await session.get(model, id);
  if (found) found.name = name;
  return found;
}
export function addRow<M extends AnyTable>(table: M, row: NewRow<M>) { return insert(table).values(row); }
export async function generic(session: Session) {
  (await byId(session, User, 1))?.shout; (await must(session, OrderLine, [1, 2])).sku; (await newest(session, Order))[0]!.createdAt;
  (await session.scalars(named(Node, "x")))[0]!.children; (await rename(session, Node, 1, "y"))?.label;
  addRow(User, { username: "x" }); named(aliased(Node, "n"), "x");
  // @ts-expect-error no createdAt
  newest(session, User);
  // @ts-expect-error a number
  byId(session, User, "1");
  // @ts-expect-error username is required
  addRow(User, {});
}

interface HasId { readonly id: number }
export class Account extends Model("Account", { id: integer().primaryKey(), name: string(), balance: integer() }) implements HasId {
  #secret = 1;
  declare name: string; // restating a column costs nothing with `declare`
  static override query = super.query; // statics can be overridden
  get rich() { return this.balance > 1000 + this.#secret; }
  set rich(v: boolean) { this.balance = v ? 1001 : 0; }
}
export class Clash extends Model("Clash", { id: integer().primaryKey(), name: string(), size: integer(), get posts() { return oneToMany(Post); } }) {
  // @ts-expect-error a method named like a column
  override name() { return "x"; }
  // @ts-expect-error a getter of another type (of the same type it compiles: refused when mappers are configured)
  override get size() { return "1"; }
  // @ts-expect-error a method named like a relationship
  override posts() { return []; }
}
export class Mistakes extends Model("Mistakes", {
  id: integer().primaryKey(),
  // @ts-expect-error not a number
  count: integer().default("x"),
  // @ts-expect-error no such attribute on Post
  get posts() { return oneToMany(Post, { backPopulates: "authr" }); },
  // @ts-expect-error a to-one is never dynamic
  get author() { return manyToOne(User, { lazy: "dynamic" }); },
}) {}
// @ts-expect-error no such column
Model("Bad", { id: integer() }, { primaryKey: ["ident"] });
// @ts-expect-error a misspelt option
AppModel("Bad", { id: integer() }, { tableNme: "x" });
// @ts-expect-error no such attribute
new User({ usrname: "x" });
// @ts-expect-error non-null relationship
new Post({ author: null });
// @ts-expect-error a column of the other type
const columns: Columns<"x", { a: Column<number, "number"> }> = { a: User.c.username };
export { columns, dateTime };
