/**
 * What was made a moment ago. Most sessions and connections end at once: only those that live longer are worth a weak
 * reference, whose making and unmaking costs as much as a key lookup.
 */

/** Knows its place in the list, -1 elsewhere. */
export interface Ageing {
  youngAt: number;
}
const YOUNG_MS = 50;

export class Nursery<T extends Ageing> {
  readonly #young: T[] = [];
  readonly #aged: (item: T) => void;
  readonly #turn: (() => void) | undefined;
  #waiting = false;
  /** `aged` takes those that have outlived their first moments; `turn` is told when that is done. */
  constructor(aged: (item: T) => void, turn?: () => void) {
    this.#aged = aged;
    this.#turn = turn;
  }
  add(item: T): void {
    item.youngAt = this.#young.push(item) - 1;
    if (this.#waiting) return;
    this.#waiting = true;
    setTimeout(() => this.#age(), YOUNG_MS).unref();
  }
  /** Whether it was still here. */
  remove(item: T): boolean {
    const at = item.youngAt;
    if (at < 0) return false;
    item.youngAt = -1;
    const last = this.#young.pop() as T;
    if (last === item) return true;
    this.#young[at] = last;
    last.youngAt = at;
    return true;
  }
  [Symbol.iterator](): Iterator<T> {
    return this.#young[Symbol.iterator]();
  }
  #age(): void {
    this.#waiting = false;
    for (const item of this.#young) {
      item.youngAt = -1;
      this.#aged(item);
    }
    this.#young.length = 0;
    this.#turn?.();
  }
}
