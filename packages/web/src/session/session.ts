/** The browser session: a small dictionary that travels in a signed cookie. Not the database session. */
import type { SessionData } from "../augment.js";
import { WebError } from "../errors/web-error.js";
import { dumpTagged } from "./tagged-json.js";

const PERMANENT = "_permanent";

/** Opened lazily; whether it changed is found by comparing its serialised form, so nested mutation counts. */
export class Session {
  readonly #data = new Map<string, unknown>();
  readonly #original: string;
  readonly #readOnlyBecause: string | undefined;
  #accessed = false;
  /** True when no valid session came with the request. */
  readonly isNew: boolean;

  /** @param readOnlyBecause why it cannot be written; undefined when it can */
  constructor(data: Readonly<Record<string, unknown>> | null, readOnlyBecause?: string) {
    this.isNew = data === null;
    for (const [key, value] of Object.entries(data ?? {})) this.#data.set(key, value);
    this.#original = this.#dump();
    this.#readOnlyBecause = readOnlyBecause;
  }

  #dump(): string {
    return dumpTagged(Object.fromEntries([...this.#data].sort(([a], [b]) => (a < b ? -1 : 1))));
  }

  #touch(): Map<string, unknown> {
    this.#accessed = true;
    return this.#data;
  }

  #write(): Map<string, unknown> {
    if (this.#readOnlyBecause !== undefined) throw new WebError("no-secret-key", this.#readOnlyBecause);
    return this.#touch();
  }

  /** Whether this request looked at it; then the answer varies by cookie. */
  get accessed(): boolean {
    return this.#accessed;
  }

  /** Whether it must be sent again. */
  get modified(): boolean {
    return this.#accessed && this.#dump() !== this.#original;
  }

  get<K extends keyof SessionData & string>(key: K): SessionData[K] | undefined;
  get<K extends keyof SessionData & string, D>(key: K, fallback: D): Exclude<SessionData[K], undefined> | D;
  get(key: string, fallback?: unknown): unknown {
    const value = this.#touch().get(key);
    return value === undefined ? fallback : value;
  }

  /** @throws WebError "no-secret-key" when SECRET_KEY is not set */
  set<K extends keyof SessionData & string>(key: K, value: SessionData[K]): void {
    this.#write().set(key, value);
  }

  /** Removes a key and gives what it held. */
  pop<K extends keyof SessionData & string>(key: K): SessionData[K] | undefined;
  pop<K extends keyof SessionData & string, D>(key: K, fallback: D): Exclude<SessionData[K], undefined> | D;
  pop(key: string, fallback?: unknown): unknown {
    const data = this.#touch();
    if (!data.has(key)) return fallback;
    const value = data.get(key);
    this.#write().delete(key);
    return value;
  }

  /** Sets a key unless it is there, and gives its value. */
  setDefault<K extends keyof SessionData & string>(key: K, value: SessionData[K]): SessionData[K] {
    const data = this.#touch();
    if (!data.has(key)) this.#write().set(key, value);
    return data.get(key) as SessionData[K];
  }

  has(key: string): boolean {
    return this.#touch().has(key);
  }

  delete(key: string): boolean {
    const data = this.#touch();
    return data.has(key) ? this.#write().delete(key) : false;
  }

  /** Forgets everything; the cookie is deleted. Do this at login and logout. */
  clear(): void {
    if (this.#touch().size > 0) this.#write().clear();
  }

  /** Sets several keys at once. */
  update(values: Partial<SessionData>): void {
    for (const [key, value] of Object.entries(values)) this.#write().set(key, value);
  }

  keys(): string[] {
    return [...this.#touch().keys()].filter((k) => k !== PERMANENT);
  }

  get size(): number {
    return this.keys().length;
  }

  /** A copy as a plain object; nested values are the live ones. */
  toObject(): Record<string, unknown> {
    const data = this.#touch();
    return Object.fromEntries(this.keys().map((k) => [k, data.get(k)]));
  }

  /** A permanent session outlives the browser, for PERMANENT_SESSION_LIFETIME seconds. */
  get permanent(): boolean {
    return this.#touch().get(PERMANENT) === true;
  }
  set permanent(value: boolean) {
    if (value) this.#write().set(PERMANENT, true);
    else this.delete(PERMANENT);
  }

  /** Nothing left to store. */
  get isEmpty(): boolean {
    return this.#data.size === 0;
  }

  /** What goes into the cookie. */
  serialize(): string {
    return this.#dump();
  }
}
