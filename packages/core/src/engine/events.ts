/** Named events with listeners, nearly free while nobody listens. Source: SQLAlchemy "Core Events". */
import { didYouMean } from "../errors/did-you-mean.js";
import { ArgumentError } from "../errors/errors.js";

export interface ListenOptions {
  /** Remove the listener after its first call. */
  readonly once?: boolean;
  /** Before the listeners already there. */
  readonly insert?: boolean;
}
type Listener<A, R> = (event: A) => R;

/** Listeners by event name; `Map` gives the argument and the return type of each event as a function type. */
export class Events<M extends { [K in keyof M]: (event: never) => unknown }> {
  readonly #names: readonly (keyof M & string)[];
  /** Made with the first listener: sessions have events of their own. */
  #listeners: Map<keyof M, readonly M[keyof M][]> | undefined;
  /** Number of listeners here: zero means that nothing at all listens (see `quiet`). */
  #count = 0;
  /** Where events go that nobody here handles as well: class-level listeners. */
  readonly #parent: Events<M> | undefined;

  constructor(names: readonly (keyof M & string)[], parent?: Events<M>) {
    this.#names = names;
    this.#parent = parent;
  }
  /** Adds a listener; gives the function that removes it. */
  on<K extends keyof M & string>(name: K, listener: M[K], options: ListenOptions = {}): () => void {
    if (!this.#names.includes(name)) {
      throw new ArgumentError(
        `There is no event '${name}'.${didYouMean(name, this.#names)} Known: ${this.#names.join(", ")}.`,
        "event.unknown",
      );
    }
    let added: M[K] = listener;
    if (options.once) {
      added = ((event: never) => {
        this.off(name, added);
        return listener(event);
      }) as M[K];
    }
    this.#listeners ??= new Map();
    const before = this.#listeners.get(name) ?? [];
    this.#listeners.set(name, options.insert ? [added, ...before] : [...before, added]);
    this.#count++;
    return () => this.off(name, added);
  }
  off<K extends keyof M & string>(name: K, listener: M[K]): void {
    if (this.#listeners === undefined) return;
    const before = this.#listeners.get(name) ?? [];
    const left = before.filter((l) => l !== listener);
    this.#count -= before.length - left.length;
    if (left.length === 0) this.#listeners.delete(name);
    else this.#listeners.set(name, left);
  }
  contains<K extends keyof M & string>(name: K, listener: M[K]): boolean {
    return this.#listeners?.get(name)?.includes(listener) ?? false;
  }
  /** Nobody listens to anything: one test on hot paths. */
  get quiet(): boolean {
    return this.#count === 0 && (this.#parent === undefined || this.#parent.quiet);
  }
  has(name: keyof M & string): boolean {
    return (
      (this.#count > 0 && this.#listeners !== undefined && this.#listeners.has(name)) ||
      (this.#parent?.has(name) ?? false)
    );
  }
  /** Listeners of the parent first. Listeners may remove themselves while running. */
  of<K extends keyof M & string>(name: K): readonly M[K][] {
    const own = this.#listeners?.get(name) as readonly M[K][] | undefined;
    const inherited = this.#parent?.has(name) ? this.#parent.of(name) : undefined;
    if (inherited === undefined) return own ?? [];
    return own === undefined ? inherited : [...inherited, ...own];
  }
  emit<K extends keyof M & string>(name: K, event: Parameters<M[K]>[0]): void {
    if (!this.has(name)) return;
    for (const listener of this.of(name)) (listener as Listener<Parameters<M[K]>[0], unknown>)(event);
  }
  /** For listeners that may answer: the last answer that is not undefined, each seeing the one before. */
  reduce<K extends keyof M & string, V>(name: K, first: V, event: (value: V) => Parameters<M[K]>[0]): V {
    let value = first;
    for (const listener of this.of(name)) {
      const answer = (listener as Listener<Parameters<M[K]>[0], unknown>)(event(value));
      if (answer !== undefined && answer !== null) value = answer as V;
    }
    return value;
  }
}
