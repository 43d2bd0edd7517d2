/** Cursors of a connection: chunks are pulled in turn with its other work, or drained into memory when they must make room. */
import type { MaybePromise, RawStream } from "../dialects/driver.js";

/** What the limits of the statement make of its parts. */
export interface StreamLimits {
  pull<T>(pull: () => Promise<T>): MaybePromise<T>;
  /** Ends a cursor that was not read to its end; does nothing once the connection is lost. */
  close(work: () => Promise<unknown>): Promise<void>;
}
/** What a cursor needs of its connection. */
export interface StreamHost {
  next<T>(pull: () => Promise<T>): Promise<T>;
  /** Ends a cursor that was not read to its end, whatever limits say; does nothing once the connection is lost. */
  close(work: () => Promise<unknown>): Promise<void>;
  failed(error: unknown): Error;
  ended(): void;
}
/** A cursor of a connection. Chunks are pulled in turn with other work; what is drained waits in memory. */
export class ConnectionStream implements AsyncIterable<unknown[][]> {
  readonly sql: string;
  readonly params: readonly unknown[];
  readonly #open: (stream: ConnectionStream) => Promise<StreamHost>;
  #raw: RawStream | undefined;
  #iterator: AsyncIterator<unknown[][]> | undefined;
  readonly #buffer: unknown[][][] = [];
  #done = false;
  /** Met while draining: for whoever reads on. */
  #failure: Error | undefined;
  #limits: StreamLimits | undefined;
  /** How many savepoints the transaction had seen when it was opened: rolled back, those before it take it along. */
  savepoints = 0;

  constructor(sql: string, params: readonly unknown[], open: (stream: ConnectionStream) => Promise<StreamHost>) {
    this.sql = sql;
    this.params = params;
    this.#open = open;
  }
  get fields(): RawStream["fields"] {
    return this.#raw?.fields ?? null;
  }
  /** Other statements may run between chunks. */
  get interleaves(): boolean {
    return this.#raw?.interleaves ?? false;
  }
  attach(raw: RawStream, limits: StreamLimits): void {
    this.#raw = raw;
    this.#limits = limits;
    this.#iterator = raw[Symbol.asyncIterator]();
  }
  /** Never rejects: what makes room for other work must not keep it from being done. `failed` makes the reader's error. */
  async drain(failed: (error: unknown) => Error): Promise<void> {
    const iterator = this.#iterator as AsyncIterator<unknown[][]>;
    const limits = this.#limits as StreamLimits;
    try {
      while (!this.#done) {
        const chunk = await limits.pull(() => iterator.next());
        if (chunk.done) this.#done = true;
        else this.#buffer.push(chunk.value);
      }
    } catch (error) {
      this.#done = true;
      this.#failure = failed(error);
      // Stopped between two pulls, it is open still.
      await limits.close(async () => iterator.return?.());
    }
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<unknown[][]> {
    const host = await this.#open(this);
    const iterator = this.#iterator as AsyncIterator<unknown[][]>;
    try {
      for (;;) {
        const waiting = this.#buffer.shift();
        if (waiting !== undefined) {
          yield waiting;
          continue;
        }
        if (this.#failure !== undefined) throw this.#failure;
        if (this.#done) return;
        const chunk = await host.next(async () => {
          const ready = this.#buffer.shift();
          if (ready !== undefined) return ready;
          if (this.#failure !== undefined) throw this.#failure;
          if (this.#done) return undefined;
          const pulled = await iterator.next();
          if (pulled.done) this.#done = true;
          return pulled.done ? undefined : pulled.value;
        });
        if (chunk === undefined) return;
        yield chunk;
      }
    } catch (error) {
      throw error === this.#failure ? error : host.failed(error);
    } finally {
      host.ended();
      if (!this.#done) {
        this.#done = true;
        // Stopped or left, the rest of the rows must not stand in the way of what comes next.
        await host.close(async () => iterator.return?.());
      }
    }
  }
}
