/**
 * What makes the objects of rows. A class without a constructor of its own, or with one that hands its first argument on,
 * is called with the row, so that its fields and private names are there. A constructor with parameters of its own
 * (`constructor(name, email) { super({ name, email }) }`) knows nothing of rows and does not run for them, as in
 * SQLAlchemy; fields it would initialize are then left to a `load` listener.
 */
import { LOAD_TOKEN, type LoadBatch, type Managed, PERSISTENT, type SessionFace, UNLOADED } from "./state.js";

/** Called as `new Class(LOAD_TOKEN)` for an empty object, or with a row. */
export type LoadClass = new (
  token: typeof LOAD_TOKEN,
  row?: readonly unknown[],
  offset?: number,
  session?: unknown,
  batch?: LoadBatch,
) => Managed;

interface HasSlot {
  readonly slot: `$${string}`;
}
/** What of a mapper is needed. */
interface Mapped {
  readonly model: Function;
  readonly attributes: readonly (HasSlot & { readonly deferred: boolean })[];
  readonly relationships: readonly HasSlot[];
  readonly expressions: readonly HasSlot[];
}
export function makeLoadClass(mapper: Mapped): LoadClass {
  const model = mapper.model as LoadClass;
  // The class made for the declaration at the root of the hierarchy.
  const { root } = (model.prototype as Managed).$$d as unknown as { readonly root: { readonly generated: Function } };
  return handsOn(model, root.generated) ? model : without(mapper, root.generated);
}
/** Whether the constructors of the class reach ours with what they were given: tried once. */
function handsOn(model: LoadClass, generated: Function): boolean {
  let own = false;
  for (let up: Function = model; up !== generated; up = Object.getPrototypeOf(up) as Function)
    own ||= Function.prototype.toString.call(up).includes("constructor");
  if (!own) return true;
  let reached = false;
  const row = new Proxy([], {
    get: () => {
      reached = true;
      return null;
    },
  });
  try {
    new model(LOAD_TOKEN, row, 0);
  } catch {
    // What follows super() met a row of nothing.
  }
  return reached;
}
/** Objects of the class, made by the root's generated constructor alone. */
function without(mapper: Mapped, generated: Function): LoadClass {
  return function Loaded(
    _token: unknown,
    row?: readonly unknown[],
    offset = 0,
    session?: SessionFace,
    batch?: LoadBatch,
  ): Managed {
    const made = Reflect.construct(generated, [LOAD_TOKEN], mapper.model) as Managed;
    for (const a of mapper.attributes) made[a.slot] = UNLOADED;
    for (const r of mapper.relationships) made[r.slot] = UNLOADED;
    for (const e of mapper.expressions) made[e.slot] = UNLOADED;
    if (row === undefined) return made;
    let at = offset;
    for (const a of mapper.attributes) if (!a.deferred) made[a.slot] = row[at++];
    made.$$s = session;
    made.$$f = PERSISTENT;
    made.$$b = batch ?? null;
    return made;
  } as unknown as LoadClass;
}
