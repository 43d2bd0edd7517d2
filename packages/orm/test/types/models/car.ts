import { integer } from "@athanor/core";
import { Vehicle } from "./vehicle.js";

export class Car extends Vehicle.subclass("Car", { doors: integer() }, { identity: "car" }) {
  static { this.register(); }
}
