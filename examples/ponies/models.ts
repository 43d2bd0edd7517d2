// An owner has many ponies; ponies and their handlers know each other through a table of pairs.

import { Database } from "@athanor/web";
import { integer, manyToMany, manyToOne, oneToMany, string } from "athanor";

export const db = new Database();

export class Owner extends db.Model(
  "Owner",
  {
    id: integer().primaryKey(),
    firstName: string(255),
    lastName: string(255),
    email: string(255).nullable(),
    // The ponies live and die with their owner.
    get ponies() {
      return oneToMany(Pony, { backPopulates: "owner", cascade: "all, delete-orphan" });
    },
  },
  { tableName: "owners" },
) {
  get fullName() {
    return `${this.firstName} ${this.lastName}`;
  }
}

/** The join table: no model, because a pair has nothing to say but itself. */
export const ponyHandlers = db.table(
  "pony_handlers",
  {
    ponyId: integer().references("ponies.id"),
    handlerId: integer().references("handlers.id"),
  },
  { primaryKey: ["ponyId", "handlerId"] },
);

export class Pony extends db.Model(
  "Pony",
  {
    id: integer().primaryKey(),
    name: string(255),
    birthYear: integer().nullable(),
    breed: string(255).nullable(),
    ownerId: integer().nullable().references("owners.id"),
    get owner() {
      return manyToOne(Owner, { backPopulates: "ponies" });
    },
    get handlers() {
      return manyToMany(Handler, { secondary: ponyHandlers, backPopulates: "ponies" });
    },
  },
  { tableName: "ponies" },
) {}

export class Handler extends db.Model(
  "Handler",
  {
    id: integer().primaryKey(),
    firstName: string(50),
    lastName: string(50),
    employeeId: string(12).unique(),
    get ponies() {
      return manyToMany(Pony, { secondary: ponyHandlers, backPopulates: "handlers" });
    },
  },
  { tableName: "handlers" },
) {
  get fullName() {
    return `${this.firstName} ${this.lastName}`;
  }
}
