/**
 * One name for the session of whatever scope is running: a request, a task, a test. A session is made when it is first
 * touched in a scope and closed with it. Source: SQLAlchemy "Contextual/Thread-local Sessions".
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { InvalidRequestError, type ListenOptions, type MaybePromise } from "@athanor/core";
import { type HasSession, setSessionResolver } from "../query/query.js";
import type { SessionEventName, SessionEvents } from "./events.js";
import type { SessionOptions } from "./options.js";
import { Session } from "./session.js";

/** The running scope's session, and a function that hands out the session object itself. */
export interface ScopedSession extends Session, HasSession {
  /**
   * The session object itself; it stays bound to its scope. With options: makes the scope's session with them.
   *
   * @throws InvalidRequestError when options come after the session was made
   */
  (options?: SessionOptions): Session;
  /** Ends the running scope's session at once; the next use makes another one. */
  remove(): Promise<void>;
  /** The same as `remove()`. */
  close(): Promise<void>;
  /** True when the running scope has made its session. */
  has(): boolean;
  /** Listens on every session of this name, those that exist included. Gives the function that stops it. */
  on<K extends SessionEventName>(name: K, listener: SessionEvents[K], options?: ListenOptions): () => void;
}

/** The place of a session in one scope. */
export interface SessionHolder {
  session: Session | undefined;
}
/** What tells scopes apart. */
export interface SessionPlaces {
  /** The running scope's place, made when it has none. @throws where no scope is running, or it has ended */
  enter(): SessionHolder;
  /** The running scope's place, if it has one. */
  peek(): SessionHolder | undefined;
  /** A place holds nothing any more. */
  left?(holder: SessionHolder): void;
}

type Listen = (session: Session) => () => void;

/** Sessions by scope, and the proxy that stands for the one of the running scope. */
export class SessionScopes<S extends ScopedSession = ScopedSession> {
  readonly #places: SessionPlaces;
  readonly #make: (options?: SessionOptions) => Session;
  readonly #listeners = new Set<Listen>();
  readonly #open = new Map<SessionHolder, (() => void)[]>();
  readonly proxy: S;

  /** `extra`: further members of the proxy. */
  constructor(
    places: SessionPlaces,
    make: (options?: SessionOptions) => Session,
    extra: { readonly [name: string]: unknown } = {},
  ) {
    this.#places = places;
    this.#make = make;
    this.proxy = this.#makeProxy(extra);
  }
  /** The running scope's session. @throws what `SessionPlaces.enter` throws */
  current(options?: SessionOptions): Session {
    const holder = this.#places.enter();
    if (holder.session !== undefined) {
      if (options !== undefined)
        throw new InvalidRequestError(
          "This scope has its session already: give options before its first use, or remove() it first.",
          "session.scope-options",
        );
      return holder.session;
    }
    const session = this.#make(options);
    holder.session = session;
    this.#open.set(
      holder,
      [...this.#listeners].map((listen) => listen(session)),
    );
    return session;
  }
  peek(): Session | undefined {
    return this.#places.peek()?.session;
  }
  /** Ends what a place holds. */
  async end(holder: SessionHolder): Promise<void> {
    const { session } = holder;
    holder.session = undefined;
    this.#open.delete(holder);
    this.#places.left?.(holder);
    await session?.close();
  }
  async remove(): Promise<void> {
    const holder = this.#places.peek();
    if (holder !== undefined) await this.end(holder);
  }

  #on<K extends SessionEventName>(name: K, listener: SessionEvents[K], options?: ListenOptions): () => void {
    const stops = new Set<() => void>();
    const listen: Listen = (session) => {
      const stop = session.on(name, listener, options);
      stops.add(stop);
      return stop;
    };
    this.#listeners.add(listen);
    for (const [{ session }, listening] of this.#open) if (session !== undefined) listening.push(listen(session));
    return () => {
      this.#listeners.delete(listen);
      for (const stop of stops) stop();
    };
  }
  #makeProxy(extra: { readonly [name: string]: unknown }): S {
    const own: { readonly [name: string]: unknown } = {
      ...extra,
      remove: () => this.remove(),
      close: () => this.remove(),
      has: () => this.peek() !== undefined,
      on: (name: never, listener: never, options: never) => this.#on(name, listener, options),
    };
    const proxy: unknown = new Proxy(function session() {} as unknown as Session, {
      apply: (_target, _self, [options]: [SessionOptions?]) => this.current(options),
      // A promise chain must not take the proxy for a promise, and printing it must not need a scope.
      get: (_target, key) => {
        if (typeof key === "string" && Object.hasOwn(own, key)) return own[key];
        if (key === "then") return undefined;
        if (key === Symbol.toStringTag) return "ScopedSession";
        const target = this.current();
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
      set: (_target, key, value) => Reflect.set(this.current(), key, value),
      has: (_target, key) =>
        (typeof key === "string" && Object.hasOwn(own, key)) || Reflect.has(Session.prototype, key),
      getPrototypeOf: () => Session.prototype,
    });
    return proxy as S;
  }
}

export interface ScopedSessionOptions {
  /**
   * Tells scopes apart by a value of the program's own: a request object, the id of a tenant or a job. Without it a scope
   * is what `scoped.run()` runs.
   */
  readonly scope?: () => unknown;
  /** Models of these bases find the session too: `User.query()`. */
  readonly models?: readonly unknown[];
}
/** A scoped session that opens its scopes itself. */
export interface RunningScopedSession extends ScopedSession {
  /** Runs a block in a scope of its own; its session is closed at the end, also when the block throws. */
  run<T>(block: () => MaybePromise<T>): Promise<T>;
}

/** Scopes that `run()` runs. */
class RunPlaces implements SessionPlaces {
  readonly storage = new AsyncLocalStorage<SessionHolder & { ended: boolean }>();
  enter(): SessionHolder {
    const holder = this.storage.getStore();
    if (holder === undefined)
      throw new InvalidRequestError(
        "No scope is running: use the scoped session inside of run(async () => { … }), or give scopedSession() a scope function.",
        "session.no-scope",
      );
    if (holder.ended)
      throw new InvalidRequestError(
        "The scope this code belongs to has ended, and its session with it: something was not awaited inside of run().",
        "session.closed",
      );
    return holder;
  }
  peek(): SessionHolder | undefined {
    return this.storage.getStore();
  }
}
/** Scopes by a value of the program's; those of objects are forgotten with them. */
export class ValuePlaces implements SessionPlaces {
  readonly #scope: () => unknown;
  readonly #byObject = new WeakMap<WeakKey, SessionHolder>();
  readonly #byValue = new Map<unknown, SessionHolder & { readonly value: unknown }>();
  constructor(scope: () => unknown) {
    this.#scope = scope;
  }
  enter(): SessionHolder {
    const value = this.#scope();
    if (value === undefined)
      throw new InvalidRequestError(
        "The scope function of this scoped session gave undefined: no scope is running.",
        "session.no-scope",
      );
    const known = this.#at(value);
    if (known !== undefined) return known;
    const holder = { session: undefined, value };
    if (isObject(value)) this.#byObject.set(value, holder);
    else this.#byValue.set(value, holder);
    return holder;
  }
  peek(): SessionHolder | undefined {
    return this.#at(this.#scope());
  }
  left(holder: SessionHolder & { readonly value?: unknown }): void {
    this.#byValue.delete(holder.value);
  }
  #at(value: unknown): SessionHolder | undefined {
    return isObject(value) ? this.#byObject.get(value) : this.#byValue.get(value);
  }
}
function isObject(value: unknown): value is WeakKey {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/**
 * A session per scope under one name. Without `scope` a scope is what `run()` runs, and ends with it; with it the program
 * ends each one with `remove()`.
 *
 * @example
 * const db = scopedSession(sessionmaker({ bind: engine }), { models: [Model] });
 * await db.run(async () => { const users = await User.query().all(); …; await db.commit(); });
 * const byTenant = scopedSession(newSession, { scope: () => currentTenant() });
 */
export function scopedSession(
  make: (options?: SessionOptions) => Session,
  options: ScopedSessionOptions & { readonly scope: () => unknown },
): ScopedSession;
export function scopedSession(
  make: (options?: SessionOptions) => Session,
  options?: ScopedSessionOptions,
): RunningScopedSession;
export function scopedSession(
  make: (options?: SessionOptions) => Session,
  options: ScopedSessionOptions = {},
): ScopedSession {
  const scopes =
    options.scope === undefined ? runScopes(make) : new SessionScopes(new ValuePlaces(options.scope), make);
  for (const base of options.models ?? []) setSessionResolver(base, () => scopes.current());
  return scopes.proxy;
}
function runScopes(make: (options?: SessionOptions) => Session): SessionScopes {
  const places = new RunPlaces();
  const scopes: SessionScopes = new SessionScopes(places, make, {
    run: <T>(block: () => MaybePromise<T>): Promise<T> => {
      const holder = { session: undefined, ended: false };
      return places.storage.run(holder, async () => {
        try {
          return await block();
        } finally {
          holder.ended = true;
          await scopes.end(holder);
        }
      });
    },
  });
  return scopes;
}
