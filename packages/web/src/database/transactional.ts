/** Commit on success, roll back otherwise: for handlers that are one transaction. */
import type { SessionScopes } from "@athanor/orm";

/** A returned 5xx is a failure too: the handler caught the error and made a page of it. */
function failed(answer: unknown): boolean {
  const status: unknown =
    answer instanceof Response ? answer.status : Array.isArray(answer) && answer.length > 1 ? answer[1] : undefined;
  return typeof status === "number" && status >= 500;
}

/** @see Database.transactional */
export function transactional<A extends readonly unknown[], R>(
  sessions: SessionScopes,
  handler: (...args: A) => R,
): (...args: A) => Promise<Awaited<R>> {
  const wrapped = async (...args: A): Promise<Awaited<R>> => {
    let answer: Awaited<R>;
    try {
      answer = await handler(...args);
    } catch (error) {
      // The handler's error is the one to tell; a rollback that fails as well is met again when the scope ends.
      await sessions
        .peek()
        ?.rollback()
        .catch(() => undefined);
      throw error;
    }
    const session = sessions.peek();
    if (session !== undefined) await (failed(answer) ? session.rollback() : session.commit());
    return answer;
  };
  // The endpoint is named after the function.
  Object.defineProperty(wrapped, "name", { value: handler.name, configurable: true });
  return wrapped;
}
