/**
 * One lasting object of each class that a session is made of, for what `engine/shapes.ts` of @athanor/core says: where a
 * garbage collection between two requests finds no session, V8 throws away all code optimised for sessions.
 */
import type { SessionCore } from "./core.js";
import { IdentityMap } from "./identity-map.js";
import { TransactionFrame } from "./transaction-frame.js";
import { Flush } from "./unit-of-work/flush.js";
import { InstanceRows } from "./unit-of-work/slots.js";

const kept: object[] = [];
/** `sample` makes a session that belongs to no engine; with the first session of the process. */
export function keepShapes(sample: () => { readonly session: object; readonly core: SessionCore }): void {
  if (kept.length > 0) return;
  kept.push(new TransactionFrame(), IdentityMap.sample);
  const { session, core } = sample();
  kept.push(session, core, new InstanceRows([], [], []));
  kept.push(new Flush(core, { pending: [], dirty: [], deleted: new Set() }));
}
