/**
 * What `new` was given, on its way up a hierarchy. A constructor of the program's own may hand other values to `super()`
 * than it got (`constructor(v) { super({ ...v, slug: slugOf(v.name) }) }`): classes below it see the first ones, so the
 * class that meets others takes them, and those below it set only what is left.
 */
import { assignInitial } from "./attributes.js";
import type { Declaration } from "./declaration.js";
import type { Managed } from "./state.js";

/** What the class being made was given, and the lowest class above it that got something else. */
interface Given {
  readonly values: unknown;
  takenBy: Declaration | undefined;
}
let given: Given | undefined;

/** Before `super()` in the class that is made. Gives what `leaveNew` wants. */
export function enterNew(values: unknown): Given | undefined {
  const outer = given;
  given = { values, takenBy: undefined };
  return outer;
}
/** After `super()`: the class that has set values already. */
export function leaveNew(outer: Given | undefined): Declaration | undefined {
  const takenBy = given?.takenBy;
  given = outer;
  return takenBy;
}
/** In a class above the one that is made. */
export function assignAbove(instance: Managed, values: unknown, level: Declaration): void {
  if (given === undefined || given.values === values || typeof values !== "object" || values === null) return;
  const { keys } = level;
  const own = Object.entries(values).filter(([key]) => keys.includes(key));
  assignInitial(instance, Object.fromEntries(own), keys);
  given.takenBy = level;
}
/** In the class that is made. */
export function assignGiven(
  instance: Managed,
  values: unknown,
  keys: readonly string[],
  takenBy: Declaration | undefined,
): void {
  if (takenBy === undefined) {
    if (values !== undefined) assignInitial(instance, values, keys);
    return;
  }
  if (typeof values !== "object" || values === null) return;
  const rest = Object.entries(values).filter(([key]) => !takenBy.keys.includes(key));
  assignInitial(instance, Object.fromEntries(rest), keys);
}
