/** How objects of a class are marked instead of deleted; `extensions/soft-delete.ts` sets it, `session.delete()` asks. */
import type { MappedColumn, Mapper } from "./mapper.js";
import { type Managed, recordWrite } from "./state.js";

export interface SoftDeletion {
  readonly attribute: MappedColumn;
  /** The mark of this moment. */
  readonly mark: () => unknown;
  /** What an object without the mark holds. */
  readonly alive: unknown;
  /** Objects whose rows go for good. */
  readonly purged: WeakSet<Managed>;
}
const SOFT = Symbol("soft deletion");
/** Set for a class, it holds for its subclasses. */
export function setSoftDeletion(mapper: Mapper, how: SoftDeletion): void {
  mapper.memo.set(SOFT, how);
}
export function softDeletionOf(mapper: Mapper): SoftDeletion | undefined {
  for (let m: Mapper | undefined = mapper; m !== undefined; m = m.inheritance?.base) {
    const found = m.memo.get(SOFT) as SoftDeletion | undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
export function writeMark(instance: Managed, { attribute }: SoftDeletion, value: unknown): void {
  if (instance[attribute.slot] === value) return;
  recordWrite(instance, attribute.index, instance[attribute.slot]);
  instance[attribute.slot] = value;
}
