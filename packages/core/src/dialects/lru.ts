/** Keeps the entries used last: prepared statements of one connection. */
export class Lru<V> {
  readonly #entries = new Map<string, V>();
  readonly #capacity: number;
  readonly #evicted: ((value: V) => void) | undefined;
  #last: string | undefined;
  #lastValue: V | undefined;

  constructor(capacity: number, evicted?: (value: V) => void) {
    this.#capacity = capacity;
    this.#evicted = evicted;
  }
  get size(): number {
    return this.#entries.size;
  }
  get(key: string): V | undefined {
    if (key === this.#last) return this.#lastValue;
    const found = this.#entries.get(key);
    if (found === undefined) return undefined;
    // Order only matters when something may be thrown out soon.
    if (this.#entries.size > this.#capacity / 2) {
      this.#entries.delete(key);
      this.#entries.set(key, found);
    }
    this.#last = key;
    this.#lastValue = found;
    return found;
  }
  set(key: string, value: V): void {
    this.#forget();
    if (this.#entries.size >= this.#capacity) {
      const [oldest] = this.#entries;
      if (oldest !== undefined) this.delete(oldest[0]);
    }
    this.#entries.set(key, value);
  }
  delete(key: string): void {
    const value = this.#entries.get(key);
    if (value === undefined) return;
    this.#entries.delete(key);
    this.#forget();
    this.#evicted?.(value);
  }
  clear(): void {
    for (const key of [...this.#entries.keys()]) this.delete(key);
  }
  #forget(): void {
    this.#last = undefined;
    this.#lastValue = undefined;
  }
}
