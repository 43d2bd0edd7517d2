/** Answers sent piece by piece. */
import { currentScope, type Scope } from "../scope/scope.js";

/** Async text or bytes, as a handler may return it. */
export type Chunks = AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>;

/** An iterable whose scope stays open until its last chunk; made by `streamWithContext`. */
export class HeldStream implements AsyncIterable<string | Uint8Array> {
  readonly #source: Chunks;
  readonly release: () => void;

  constructor(source: Chunks, release: () => void) {
    this.#source = source;
    this.release = release;
  }

  [Symbol.asyncIterator](): AsyncIterator<string | Uint8Array> {
    return iteratorOf(this.#source);
  }
}

function iteratorOf(source: Chunks): AsyncIterator<string | Uint8Array> {
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
  const inner = source[Symbol.iterator]();
  return {
    next: async () => inner.next(),
    return: async () => inner.return?.() ?? { done: true, value: undefined },
  };
}

/**
 * Keeps the request's scope (and with it the database session) open while the chunks are produced. Without it a
 * streamed body is pulled after the scope has ended (Flask: stream_with_context).
 *
 * @example return streamWithContext((async function* () { for await (const row of rows) yield `${row.id}\n`; })());
 */
export function streamWithContext(source: Chunks): HeldStream {
  return new HeldStream(source, currentScope()?.hold() ?? (() => {}));
}

/** A body that pulls from the iterable, inside the scope, and tells it when the client goes away. */
export function bodyFrom(source: Chunks | HeldStream, scope: Scope | undefined, onError: (error: unknown) => void): ReadableStream<Uint8Array> {
  const within = <T>(fn: () => T): T => (scope === undefined ? fn() : scope.run(fn));
  const release = source instanceof HeldStream ? source.release : () => {};
  const encoder = new TextEncoder();
  let iterator: AsyncIterator<string | Uint8Array> | undefined;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const step = await within(() => (iterator ??= source instanceof HeldStream ? source[Symbol.asyncIterator]() : iteratorOf(source)).next());
        if (step.done === true) {
          controller.close();
          release();
        } else controller.enqueue(typeof step.value === "string" ? encoder.encode(step.value) : step.value);
      } catch (error) {
        onError(error);
        controller.error(error);
        release();
      }
    },
    async cancel() {
      try {
        await within(async () => iterator?.return?.());
      } catch (error) {
        onError(error);
      } finally {
        release();
      }
    },
    // Nothing is produced before it is asked for: a chunk made early would still see an open scope, the next would not.
  }, { highWaterMark: 0 });
}
