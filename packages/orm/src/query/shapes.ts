/**
 * One lasting object of each class that comes and goes with every query. A full garbage collection between two requests
 * otherwise finds none of them, V8 forgets their hidden classes, and all code optimised for them is thrown away: measured
 * on key lookups after each collection, three times the cost. See `engine/shapes.ts` of @athanor/core. The samples hold
 * constants, no data of the program, and no code of the program's classes runs for them.
 */
import { Collection } from "../mapping/collection.js";
import type { Mapper, RelationshipProperty } from "../mapping/mapper.js";
import { LOAD_TOKEN, type Managed } from "../mapping/state.js";
import type { SessionInternals } from "../session/internals.js";
import { Hydration } from "./hydrate.js";
import { KeyedOwners } from "./keys.js";
import { LoadTree } from "./load-tree.js";
import type { OrmPlan } from "./plan.js";

let kept: readonly object[] | undefined;
/** For what every query makes. */
export function keepShapes(plan: OrmPlan): void {
  if (kept !== undefined) return;
  // Hydrations of a plan know their session: this one's is empty.
  const nothing = { identity: undefined, face: undefined } as unknown as SessionInternals;
  const owner = {} as Managed;
  kept = [
    new Hydration(plan, nothing, false),
    new KeyedOwners([]),
    new LoadTree(),
    Collection.loaded(owner, {} as RelationshipProperty, [owner]),
  ];
}

const samples = new WeakMap<Function, object | undefined>();
/**
 * For the objects of a mapper: the slots, made by the generated constructor alone. `model`: their class, which a mapper
 * may not know yet when its objects are only made.
 */
export function keepShapeOf(mapper: Mapper, model: Function = mapper.model): void {
  if (samples.has(model)) return;
  samples.set(model, undefined);
  const parent = Object.getPrototypeOf(model) as Function;
  const generated = parent === Function.prototype ? model : parent;
  // Where the generated class stands on a class of the program, its constructor would run.
  if (Object.getPrototypeOf(generated) !== Function.prototype) return;
  const row = mapper.attributes.filter((a) => !a.deferred).map((a) => sampleOf(a.column.type.kind));
  samples.set(model, Reflect.construct(generated, [LOAD_TOKEN, row, 0, undefined, null], model));
}
function sampleOf(kind: string): unknown {
  switch (kind) {
    case "integer":
    case "smallInteger":
      return 0;
    case "float":
    case "double":
      return 0.5;
    default:
      return "";
  }
}
