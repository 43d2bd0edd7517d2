/** Factories of sessions. Source: SQLAlchemy "sessionmaker". */
import type { ListenOptions, MaybePromise } from "@athanor/core";
import type { Bind } from "./connections.js";
import { hooksOfClass, LISTENERS, type SessionEventName, type SessionEvents, SessionHooks } from "./events.js";
import { isBind, type SessionOptions } from "./options.js";
import { Session } from "./session.js";

/** A class that makes the sessions: a subclass of `Session` with the same constructor. */
export type SessionClass<S extends Session = Session> = new (options: SessionOptions) => S;

/** Makes sessions with the same options. */
export interface SessionMaker<S extends Session = Session> {
  (options?: SessionOptions): S;
  /** Runs a block in a session and a transaction of its own: commit when it ends well. */
  begin<T>(block: (session: S) => MaybePromise<T>): Promise<T>;
  /** Other options for the sessions to come: when the engine is made later than the factory. */
  configure(options: SessionOptions): void;
  /** Listens to an event of all sessions of this factory, those there are included. */
  on<K extends SessionEventName>(name: K, listener: SessionEvents[K], options?: ListenOptions): () => void;
  readonly options: SessionOptions;
}
/**
 * A factory of sessions; `class` is a subclass of Session. An engine or a connection alone is the bind.
 *
 * @example
 * const newSession = sessionmaker(engine);
 * await newSession.begin(async (session) => { session.add(user); });
 */
export function sessionmaker<S extends Session = Session>(
  bindOrOptions: Bind | (SessionOptions & { readonly class?: SessionClass<S> }) = {},
): SessionMaker<S> {
  const options = isBind(bindOrOptions) ? { bind: bindOrOptions } : bindOrOptions;
  const { class: given, ...first } = options as SessionOptions & { readonly class?: SessionClass<S> };
  const Made = given ?? (Session as unknown as SessionClass<S>);
  const hooks = new SessionHooks(hooksOfClass(Made));
  let common: SessionOptions = first;
  const make = (more: SessionOptions = {}): S => new Made({ ...common, ...more, [LISTENERS]: hooks } as SessionOptions);
  const maker = Object.assign(make, {
    async begin<T>(block: (session: S) => MaybePromise<T>): Promise<T> {
      await using session = make();
      return await session.begin(() => block(session));
    },
    configure(more: SessionOptions): void {
      common = { ...common, ...more };
    },
    on<K extends SessionEventName>(name: K, listener: SessionEvents[K], how?: ListenOptions): () => void {
      return hooks.on(name, listener, how);
    },
  });
  return Object.defineProperty(maker, "options", { get: () => common }) as typeof maker & {
    readonly options: SessionOptions;
  };
}
