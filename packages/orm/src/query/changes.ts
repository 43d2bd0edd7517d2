/** Single changes of an object taken back. */
import { isChanged, type Managed } from "../mapping/state.js";

/** The next flush does not write this column: what it held is overtaken by a statement or read anew. */
export function forgetChange(instance: Managed, index: number): void {
  if (!isChanged(instance, index)) return;
  const old = instance.$$o ?? [];
  const kept: unknown[] = [];
  for (let i = 0; i < old.length; i += 2) if (old[i] !== index && old[i] !== -1 - index) kept.push(old[i], old[i + 1]);
  instance.$$o = kept.length > 0 ? kept : null;
  if (index < 31) instance.$$m &= ~(1 << index);
  else if (!kept.some((entry, i) => i % 2 === 0 && (entry as number) >= 31)) instance.$$n = 0;
}
