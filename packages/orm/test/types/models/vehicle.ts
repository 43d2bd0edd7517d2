import { integer, string } from "@athanor/core";
import { Model } from "@athanor/orm";
import type { Car } from "./car.js";

/** A hierarchy over several files: type-only downwards, values upwards. */
export class Vehicle extends Model("Vehicle", {
  id: integer().primaryKey(),
  get type() { return string().subclassTypes<[typeof Car]>(); },
}, { polymorphicOn: "type", identity: "vehicle" }) {}
