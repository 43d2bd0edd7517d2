/** Sessions that were not closed: a program or a test may end them all at once. Source: SQLAlchemy "close_all_sessions". */

interface Closable {
  close(): Promise<void>;
}
/**
 * Most sessions are closed at once. A weak reference to each would keep it alive to the end of its turn of the event loop
 * and cost the garbage collector half of a key lookup, so only those that live longer get one.
 */
const young = new Set<Closable>();
const YOUNG_MS = 50;
const open = new Set<WeakRef<Closable>>();
const references = new WeakMap<Closable, WeakRef<Closable>>();
let sweepAt = 1000;
let aging = false;

export function rememberOpen(session: Closable): void {
  young.add(session);
  if (aging) return;
  aging = true;
  setTimeout(age, YOUNG_MS).unref();
}
/** What was forgotten without being closed is swept out now and then. */
function age(): void {
  aging = false;
  for (const session of young) {
    const reference = new WeakRef(session);
    references.set(session, reference);
    open.add(reference);
  }
  young.clear();
  if (open.size <= sweepAt) return;
  for (const old of open) if (old.deref() === undefined) open.delete(old);
  sweepAt = Math.max(1000, open.size * 2);
}
export function forgetOpen(session: Closable): void {
  if (young.delete(session)) return;
  const reference = references.get(session);
  if (reference !== undefined) open.delete(reference);
}
/** Closes every session of this process that is not closed. */
export async function closeAllSessions(): Promise<void> {
  await Promise.all([...young, ...[...open].map((ref) => ref.deref())].map((session) => session?.close()));
}
