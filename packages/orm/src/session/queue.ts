/** The statements of one session, one at a time and in order: `Promise.all` over lazy attributes or queries is safe. */
import { InvalidRequestError, type MaybePromise } from "@athanor/core";

export class SessionQueue {
  #tail: Promise<unknown> | undefined;
  #closed = false;
  /** Inside a hook of a running piece of work: what it asks for runs at once, or it would wait for itself. */
  #inside = 0;

  run<T>(work: () => MaybePromise<T>): Promise<T> {
    if (this.#closed) {
      return Promise.reject(
        new InvalidRequestError(
          "This session is closed. Make another one; a session must not be used after the scope it belongs to has ended.",
          "session.closed",
        ),
      );
    }
    if (this.#inside > 0) return attempt(work);
    if (this.#tail !== undefined) return this.hold(this.#tail.then(work, work));
    try {
      const result = work();
      // Done at once: there is nothing for others to wait for.
      return result instanceof Promise ? this.hold(result) : Promise.resolve(result);
    } catch (error) {
      return Promise.reject(error);
    }
  }
  /** A piece of work may begin at once; what it gives to wait for goes to `hold`. */
  get isIdle(): boolean {
    return this.#tail === undefined && this.#inside === 0 && !this.#closed;
  }
  /** Others wait for this. */
  hold<T>(running: Promise<T>): Promise<T> {
    const tail: Promise<unknown> = running.then(
      () => this.#done(tail),
      () => this.#done(tail),
    );
    this.#tail = tail;
    return running;
  }
  #done(tail: Promise<unknown>): void {
    if (this.#tail === tail) this.#tail = undefined;
  }
  /** Runs a user's hook in the middle of a piece of work. */
  async reentrant<T>(hook: () => MaybePromise<T>): Promise<T> {
    this.#inside++;
    try {
      return await hook();
    } finally {
      this.#inside--;
    }
  }
  get busy(): boolean {
    return this.#tail !== undefined;
  }
  /** Refuses new work and waits for what was asked for. */
  close(): MaybePromise<void> {
    this.#closed = true;
    if (this.#tail !== undefined) return this.#drain();
  }
  async #drain(): Promise<void> {
    while (this.#tail !== undefined) await this.#tail;
  }
  get isClosed(): boolean {
    return this.#closed;
  }
}
async function attempt<T>(work: () => MaybePromise<T>): Promise<T> {
  return work();
}
