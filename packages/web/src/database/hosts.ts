/** The database in programs of other frameworks: a scope around each of their requests, ended with the handler's promise. */
import type { Session } from "@athanor/orm";
import type { MiddlewareHandler } from "hono";

/** What a Hono app of one's own finds in `c.var`. */
export interface DatabaseVariables {
  session: Session;
}
export interface HonoOptions {
  /** Commit when the handler is through, roll back after an error or a 5xx answer. Default false: commit yourself. */
  readonly transactional?: boolean;
}

type InScope = <T>(fn: () => T | Promise<T>) => Promise<T>;

/** @see Database.handler */
export function scopedHandler<A extends readonly unknown[], R>(
  run: InScope,
  handler: (...args: A) => R,
): (...args: A) => Promise<Awaited<R>> {
  const wrapped = (...args: A): Promise<Awaited<R>> =>
    run<Awaited<R>>(async (): Promise<Awaited<R>> => {
      const answer: Awaited<R> = await handler(...args);
      return answer;
    });
  // Frameworks name routes and traces after the function.
  Object.defineProperty(wrapped, "name", { value: handler.name, configurable: true });
  return wrapped;
}

/** @see Database.hono */
export function honoMiddleware(
  run: InScope,
  session: () => Session,
  options: HonoOptions,
): MiddlewareHandler<{ Variables: DatabaseVariables }> {
  return async (c, next) => {
    try {
      await run(async () => {
        const own = session();
        c.set("session", own);
        await next();
        // Hono answers errors itself and keeps them here; `next()` does not throw them.
        const failed = c.error !== undefined || c.res.status >= 500;
        if (options.transactional === true) await (failed ? own.rollback() : own.commit());
        if (c.error !== undefined) throw c.error;
      });
    } catch (error) {
      // The scope has heard of it; Hono has answered it already.
      if (error !== c.error) throw error;
    }
  };
}
