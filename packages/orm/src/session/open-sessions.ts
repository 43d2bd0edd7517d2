/** Sessions that were not closed: a program or a test may end them all at once. Source: SQLAlchemy "close_all_sessions". */
import { type Ageing, Nursery } from "@athanor/core";

interface Open extends Ageing {
  readonly owner: { close(): Promise<void> };
}
const open = new Set<WeakRef<Open>>();
const references = new WeakMap<Open, WeakRef<Open>>();
let sweepAt = 1000;
const young = new Nursery<Open>(
  (session) => {
    const reference = new WeakRef(session);
    references.set(session, reference);
    open.add(reference);
  },
  () => {
    // What was forgotten without being closed is swept out now and then.
    if (open.size <= sweepAt) return;
    for (const old of open) if (old.deref() === undefined) open.delete(old);
    sweepAt = Math.max(1000, open.size * 2);
  },
);

export function rememberOpen(session: Open): void {
  young.add(session);
}
export function forgetOpen(session: Open): void {
  if (young.remove(session)) return;
  const reference = references.get(session);
  if (reference !== undefined) open.delete(reference);
}
/** Closes every session of this process that is not closed. */
export async function closeAllSessions(): Promise<void> {
  await Promise.all([...young, ...[...open].map((ref) => ref.deref())].map((session) => session?.owner.close()));
}
