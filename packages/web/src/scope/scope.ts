/**
 * The scope: an AsyncLocalStorage box around one request, one command or one test. It opens before the framework sees
 * the request and ends when the handler's promise settles, never with the socket. Extensions keep per-scope things in
 * typed slots and clean them up with `onEnd`.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import { ScopeClosedError } from "../errors/web-error.js";

/** "open" while the handler runs, "closing" while teardowns run, then "closed" for good. */
export type ScopeState = "open" | "closing" | "closed";

/** Called once when a scope ends, with the error that nobody handled, or null. */
export type EndCallback = (error: unknown, scope: Scope) => unknown;

/**
 * Names a per-scope value of type T. Make one per extension instance, at module or constructor level.
 *
 * @example const SESSION = slotKey<Session>("db.session");
 */
export interface SlotKey<T> {
  readonly description: string;
  /** Only carries the type. */
  readonly __type?: T;
}
export function slotKey<T>(description: string): SlotKey<T> {
  return { description };
}

const storage = new AsyncLocalStorage<Scope>();

/** One unit of work. */
export class Scope {
  /** The app it belongs to; compare by identity. */
  readonly owner: object;
  /** Where it was opened, for error messages: "GET /todos" or "app.context()". */
  readonly openedFor: string;
  /** The scope this one was opened inside, if any. */
  readonly parent: Scope | undefined;
  #state: ScopeState = "open";
  #id: string | undefined;
  readonly #slots = new Map<SlotKey<unknown>, unknown>();
  readonly #ends: EndCallback[] = [];
  #holds = 0;
  #released: (() => void) | undefined;
  readonly #whenClosed: (() => void)[] = [];

  constructor(owner: object, openedFor: string) {
    this.owner = owner;
    this.openedFor = openedFor;
    this.parent = storage.getStore();
  }

  /** Tells this scope from others of the same name in logs: eight characters, random. */
  get id(): string {
    return (this.#id ??= randomBytes(4).toString("hex"));
  }

  get state(): ScopeState {
    return this.#state;
  }

  /** Runs `fn` with this scope as the current one; everything it awaits sees it too. */
  run<T>(fn: () => T): T {
    return storage.run(this, fn);
  }

  /**
   * The value of a slot, created on first use.
   *
   * @throws ScopeClosedError when it would have to be created after the scope began to close
   * @example const session = scope.slot(SESSION, () => { const s = new Session(engine); scope.onEnd(() => s.close()); return s; });
   */
  slot<T>(key: SlotKey<T>, create: (scope: Scope) => T): T {
    // The map is keyed by the typed key itself, so what is stored under it is a T.
    if (this.#slots.has(key)) return this.#slots.get(key) as T;
    if (this.#state !== "open") throw new ScopeClosedError(`'${key.description}'`, this.openedFor);
    const value = create(this);
    this.#slots.set(key, value);
    return value;
  }

  /** The value of a slot if it was created, else undefined. */
  peek<T>(key: SlotKey<T>): T | undefined {
    return this.#slots.get(key) as T | undefined;
  }

  /** Sets a slot, replacing what was there. */
  setSlot<T>(key: SlotKey<T>, value: T): void {
    if (this.#state === "closed") throw new ScopeClosedError(`'${key.description}'`, this.openedFor);
    this.#slots.set(key, value);
  }

  /** Registers a teardown; they run last in, first out, all of them, whatever any of them throws. */
  onEnd(fn: EndCallback): void {
    if (this.#state !== "open") throw new ScopeClosedError("scope.onEnd()", this.openedFor);
    this.#ends.push(fn);
  }

  /** Keeps the scope open until the returned function is called, for a body that is still being streamed. */
  hold(): () => void {
    if (this.#state !== "open") throw new ScopeClosedError("scope.hold()", this.openedFor);
    this.#holds++;
    let done = false;
    return () => {
      if (done) return;
      done = true;
      if (--this.#holds === 0) this.#released?.();
    };
  }

  /** True while a stream keeps the scope open. */
  get held(): boolean {
    return this.#holds > 0;
  }

  /** Resolves when nothing holds the scope any more. */
  async whenReleased(): Promise<void> {
    if (this.#holds > 0) await new Promise<void>((resolve) => (this.#released = resolve));
  }

  /**
   * Ends the scope: `before` runs while it is still open (teardownRequest hooks), then every `onEnd`.
   * Returns the errors that teardowns threw; never throws itself. A second call does nothing.
   */
  async end(error: unknown, before: readonly EndCallback[] = []): Promise<unknown[]> {
    if (this.#state !== "open") return [];
    return this.run(async () => {
      const errors: unknown[] = [];
      const attempt = async (fn: EndCallback) => {
        try {
          await fn(error, this);
        } catch (thrown) {
          errors.push(thrown);
        }
      };
      for (const fn of before) await attempt(fn);
      this.#state = "closing";
      for (const fn of this.#ends.toReversed()) await attempt(fn);
      this.#state = "closed";
      for (const told of this.#whenClosed) told();
      return errors;
    });
  }

  /** Resolves when the last teardown has run. */
  async whenClosed(): Promise<void> {
    if (this.#state !== "closed") await new Promise<void>((resolve) => this.#whenClosed.push(resolve));
  }
}

/** The scope of the running code, whichever app it belongs to, or undefined. */
export function currentScope(): Scope | undefined {
  return storage.getStore();
}
