/** The promise of a value of a result which nobody has asked for until somebody awaits it, as with the result itself. */
import type { Result } from "@athanor/core";

function never(): void {}
/**
 * The first item of a result. It settles nothing by itself: `then`, which `await`, `catch` and `finally` go through, asks
 * the result. So a failure that nobody awaits is known to the transaction, and is no unhandled rejection beside it.
 */
export class AskedValue<V> extends Promise<V | null> {
  readonly #result: Result<V>;
  constructor(result: Result<V>) {
    super(never);
    this.#result = result;
  }
  /** What follows from it is an ordinary promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }
  override then<A = V | null, B = never>(
    fulfilled?: ((value: V | null) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#result.first().then(fulfilled, rejected);
  }
}
