import { integer, string } from "@athanor/core";
import { Model, manyToOne, oneToMany } from "@athanor/orm";

export class Company extends Model("Company", {
  id: integer().primaryKey(),
  get employees() { return oneToMany(Employee, { backPopulates: "company" }); },
}) {}

/** The discriminator lists the subclasses: queries for Employee give a union that `kind` tells apart. */
export class Employee extends Model("Employee", {
  id: integer().primaryKey(),
  get kind() { return string().subclasses(Manager, Engineer); },
  name: string(),
  companyId: integer().references("company.id"),
  get company() { return manyToOne(Company, { backPopulates: "employees" }); },
}, { polymorphicOn: "kind", identity: "employee" }) {
  greet() { return this.name; }
  static hire() { return 1; }
}
export class Manager extends Employee.subclass("Manager", {
  level: integer(),
  get reports() { return oneToMany(Employee); },
}, { identity: "manager" }) {
  lead() { return this.greet() + this.level; }
  override greet() { return `boss ${super.greet()}`; }
}
export class Engineer extends Employee.subclass("Engineer", { language: string() }, { identity: "engineer" }) {
  code() { return this.language; }
}
export class Director extends Manager.subclass("Director", { budget: integer() }, { identity: "director" }) {}

/** An abstract base: its rows are always one of the subclasses. */
export abstract class Shape extends Model("Shape", {
  id: integer().primaryKey(),
  get type() { return string().subclasses(Circle, Square); },
}, { polymorphicOn: "type", abstract: true }) {
  abstract area(): number;
}
export class Circle extends Shape.subclass("Circle", { radius: integer() }, { identity: "circle" }) {
  override area() { return Math.PI * this.radius ** 2; }
}
export class Square extends Shape.subclass("Square", { side: integer() }, { identity: "square" }) {
  override area() { return this.side ** 2; }
}
