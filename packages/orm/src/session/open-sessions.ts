/** Sessions that were not closed: a program or a test may end them all at once. Source: SQLAlchemy "close_all_sessions". */

interface Closable {
  close(): Promise<void>;
}
const open = new Set<WeakRef<Closable>>();
let sweepAt = 1000;

/** What was forgotten without being closed is swept out now and then. */
export function rememberOpen(session: Closable): WeakRef<Closable> {
  const ref = new WeakRef(session);
  open.add(ref);
  if (open.size > sweepAt) {
    for (const old of open) if (old.deref() === undefined) open.delete(old);
    sweepAt = Math.max(1000, open.size * 2);
  }
  return ref;
}
export function forgetOpen(ref: WeakRef<Closable>): void {
  open.delete(ref);
}
/** Closes every session of this process that is not closed. */
export async function closeAllSessions(): Promise<void> {
  await Promise.all([...open].map((ref) => ref.deref()?.close()));
}
