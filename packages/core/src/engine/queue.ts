/** Work of one connection, one piece at a time and in order. Idle, it costs a flag; nothing is allocated. */
import type { MaybePromise } from "../dialects/driver.js";

interface Task {
  readonly run: () => MaybePromise<unknown>;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

export class SerialQueue {
  /** Read on hot paths: true while a piece of work is under way or others wait. */
  busy = false;
  #tasks: Task[] | undefined;

  /** Runs at once when idle, else after everything asked for before. */
  run<T>(work: () => MaybePromise<T>): MaybePromise<T> {
    if (this.busy) {
      this.#tasks ??= [];
      const tasks = this.#tasks;
      return new Promise<T>((resolve, reject) =>
        tasks.push({ run: work, resolve: resolve as (v: never) => void, reject }),
      );
    }
    this.busy = true;
    let result: MaybePromise<T>;
    try {
      result = work();
    } catch (error) {
      this.#next();
      throw error;
    }
    if (result instanceof Promise) return this.hold(result);
    this.#next();
    return result;
  }
  /** Marks the connection busy until the promise settles; for work started without `run`. */
  hold<T>(promise: Promise<T>): Promise<T> {
    this.busy = true;
    return promise.then(
      (value) => {
        this.#next();
        return value;
      },
      (error) => {
        this.#next();
        throw error;
      },
    );
  }
  #next(): void {
    for (;;) {
      const task = this.#tasks?.shift();
      if (task === undefined) {
        this.busy = false;
        return;
      }
      let result: unknown;
      try {
        result = task.run();
      } catch (error) {
        task.reject(error);
        continue;
      }
      if (result instanceof Promise) {
        this.hold(result).then(task.resolve as (v: unknown) => void, task.reject);
        return;
      }
      task.resolve(result as never);
    }
  }
}
