/**
 * `db.session`: one name for the session of whatever scope is running. The session is made when it is first touched and
 * closed with the scope: no new work, what runs is waited for, what was not committed is rolled back, the connection
 * goes home. Nothing is ever committed for you. Source: Flask-SQLAlchemy "Session", SQLAlchemy "Contextual Sessions".
 */
import { type HasSession, Session, type SessionEvents } from "@athanor/orm";
import { currentScope, type Scope, slotKey } from "../scope/scope.js";
import { NoSessionError, SessionClosedError } from "./errors.js";

/** What `db.session` is: the running scope's session, and a function that hands out the session object itself. */
export interface ScopedSession extends Session, HasSession {
  /** The session object itself; it stays bound to its scope. */
  (): Session;
  /** Ends the running scope's session at once; the next use makes another one. */
  remove(): Promise<void>;
  /** The same as `remove()`. */
  close(): Promise<void>;
  /** True when the running scope has made its session. */
  has(): boolean;
  /** Listens on every session of this Database, those that exist included. Gives the function that stops it. */
  on<K extends keyof SessionEvents>(name: K, listener: SessionEvents[K]): () => void;
}

interface Holder {
  session: Session | undefined;
  readonly listening: (() => void)[];
}

type Listen = (session: Session) => () => void;

/** Sessions by scope. */
export class SessionScopes {
  readonly #key = slotKey<Holder>("db.session");
  readonly #make: (owner: object) => Session;
  readonly #used: (scope: Scope) => void;
  readonly #listeners = new Set<Listen>();
  readonly #open = new Set<Holder>();
  readonly proxy: ScopedSession;

  /**
   * @param make a new session for the app that owns the running scope
   * @param used told each time the program asks for the session of a scope
   */
  constructor(make: (owner: object) => Session, used: (scope: Scope) => void) {
    this.#make = make;
    this.#used = used;
    this.proxy = this.#makeProxy();
  }

  /** @throws NoSessionError, SessionClosedError */
  #scope(): Scope {
    const scope = currentScope();
    if (scope === undefined) throw new NoSessionError();
    if (scope.state === "closed") throw new SessionClosedError(scope.openedFor);
    return scope;
  }

  /** The running scope's session. @throws NoSessionError, SessionClosedError */
  current(): Session {
    const scope = this.#scope();
    this.#used(scope);
    const known = scope.peek(this.#key);
    if (known?.session !== undefined) return known.session;
    if (known !== undefined && !this.#open.has(known)) throw new SessionClosedError(scope.openedFor);
    const holder = known ?? this.#holder(scope);
    const session = this.#make(scope.owner);
    holder.session = session;
    for (const listen of this.#listeners) holder.listening.push(listen(session));
    return session;
  }

  #holder(scope: Scope): Holder {
    if (scope.state !== "open") throw new SessionClosedError(scope.openedFor);
    return scope.slot(this.#key, () => {
      const holder: Holder = { session: undefined, listening: [] };
      this.#open.add(holder);
      scope.onEnd(async () => {
        this.#open.delete(holder);
        await this.#end(holder);
      });
      return holder;
    });
  }

  async #end(holder: Holder): Promise<void> {
    const { session } = holder;
    holder.session = undefined;
    holder.listening.length = 0;
    await session?.close();
  }

  /** The running scope's session if it was made. */
  peek(): Session | undefined {
    return currentScope()?.peek(this.#key)?.session;
  }

  async remove(): Promise<void> {
    const holder = this.#scope().peek(this.#key);
    if (holder !== undefined) await this.#end(holder);
  }

  #on<K extends keyof SessionEvents>(name: K, listener: SessionEvents[K]): () => void {
    const stops = new Set<() => void>();
    const listen: Listen = (session) => {
      const stop = session.on(name, listener);
      stops.add(stop);
      return stop;
    };
    this.#listeners.add(listen);
    for (const holder of this.#open) if (holder.session !== undefined) holder.listening.push(listen(holder.session));
    return () => {
      this.#listeners.delete(listen);
      for (const stop of stops) stop();
    };
  }

  #makeProxy(): ScopedSession {
    const own: { readonly [name: string]: unknown } = {
      remove: () => this.remove(),
      close: () => this.remove(),
      has: () => this.peek() !== undefined,
      on: (name: never, listener: never) => this.#on(name, listener),
    };
    const session = () => this.current();
    const proxy: unknown = new Proxy(function session() {} as unknown as Session, {
      apply: () => session(),
      // A promise chain must not take the proxy for a promise, and printing it must not need a scope.
      get: (_target, key) => {
        if (typeof key === "string" && Object.hasOwn(own, key)) return own[key];
        if (key === "then") return undefined;
        if (key === Symbol.toStringTag) return "ScopedSession";
        const target = session();
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
      set: (_target, key, value) => Reflect.set(session(), key, value),
      has: (_target, key) =>
        (typeof key === "string" && Object.hasOwn(own, key)) || Reflect.has(Session.prototype, key),
      getPrototypeOf: () => Session.prototype,
    });
    return proxy as ScopedSession;
  }
}
