/** What an app or a blueprint collects: hooks, error handlers, template additions. */
import type { Context } from "./context.js";

/** Returning anything but null or undefined answers the request in the handler's place. */
export type BeforeRequest = (c: Context) => unknown;
/** Returns the answer to send; returning nothing keeps it. */
export type AfterRequest = (
  response: Response,
  c: Context,
) => Response | undefined | void | Promise<Response | undefined | void>;
/** Gets the error that nobody handled, or null. */
export type TeardownRequest = (error: unknown, c: Context) => unknown;
/** Turns an error into an answer; `c` is the same context. */
export type ErrorHandler<E = never> = (error: E, c: Context) => unknown;
/** Adds values to every template. */
export type ContextProcessor = () => Record<string, unknown> | Promise<Record<string, unknown>>;
/** Reads or changes the route's arguments before the handler. */
export type ValuePreprocessor = (endpoint: string | null, args: Record<string, unknown>) => void;
/** Adds values to urlFor. */
export type UrlDefaults = (endpoint: string, values: Record<string, unknown>) => void;

/** Any class of errors, abstract ones too. */
export type ErrorClass<E = unknown> = abstract new (...args: never[]) => E;

export interface HookSet {
  readonly before: BeforeRequest[];
  readonly after: AfterRequest[];
  readonly teardown: TeardownRequest[];
  readonly contextProcessors: ContextProcessor[];
  readonly valuePreprocessors: ValuePreprocessor[];
  readonly urlDefaults: UrlDefaults[];
  /** By status (null: none), then by class. */
  readonly errors: Map<number | null, Map<ErrorClass, ErrorHandler<unknown>>>;
}

export function newHookSet(): HookSet {
  return {
    before: [],
    after: [],
    teardown: [],
    contextProcessors: [],
    valuePreprocessors: [],
    urlDefaults: [],
    errors: new Map(),
  };
}

/** Appends what `from` collected to `to`. */
export function mergeHooks(to: HookSet, from: HookSet): void {
  to.before.push(...from.before);
  to.after.push(...from.after);
  to.teardown.push(...from.teardown);
  to.contextProcessors.push(...from.contextProcessors);
  to.valuePreprocessors.push(...from.valuePreprocessors);
  to.urlDefaults.push(...from.urlDefaults);
  for (const [code, classes] of from.errors) {
    const mine = to.errors.get(code) ?? new Map<ErrorClass, ErrorHandler<unknown>>();
    for (const [cls, handler] of classes) mine.set(cls, handler);
    to.errors.set(code, mine);
  }
}

/**
 * Flask's order: handlers for the status come before handlers for no status, each time the innermost blueprint first and
 * the app last, and within one of them the nearest class in the prototype chain.
 */
export function findErrorHandler(
  error: unknown,
  status: number | null,
  sets: readonly HookSet[],
): ErrorHandler<unknown> | undefined {
  const chain: ErrorClass[] = [];
  if (typeof error === "object" && error !== null) {
    for (
      let at = Object.getPrototypeOf(error) as { constructor?: unknown } | null;
      at !== null;
      at = Object.getPrototypeOf(at) as { constructor?: unknown } | null
    ) {
      if (typeof at.constructor === "function") chain.push(at.constructor as ErrorClass);
    }
  } else chain.push(Object);
  for (const code of status === null ? [null] : [status, null]) {
    for (const set of sets) {
      const classes = set.errors.get(code);
      if (classes === undefined) continue;
      for (const cls of chain) {
        const handler = classes.get(cls);
        if (handler !== undefined) return handler;
      }
    }
  }
  return undefined;
}
