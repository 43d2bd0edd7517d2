/** Answers sent piece by piece. */
import { type Scope, slotKey } from "../scope/scope.js";

/** Async text or bytes, as a handler may return it. */
export type Chunks = AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>;

/** An iterable whose scope stays open until its last chunk; made by `streamWithContext`. */
export class HeldStream implements AsyncIterable<string | Uint8Array> {
  readonly #source: Chunks;

  constructor(source: Chunks) {
    this.#source = source;
  }

  [Symbol.asyncIterator](): AsyncIterator<string | Uint8Array> {
    return iteratorOf(this.#source);
  }
}

const HELD = slotKey<ReadableStream<Uint8Array>[]>("held bodies");

/** Lets go of held bodies that nobody will read, because something put another answer in their place. */
export async function dropUnread(scope: Scope, sent: Response | undefined): Promise<void> {
  for (const body of scope.peek(HELD) ?? []) {
    if (body !== sent?.body && !body.locked) await body.cancel().catch(() => undefined);
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
  return new HeldStream(source);
}

/** Milliseconds after which a stream that keeps its scope open is worth a word. */
const LONG = 30_000;

/** Holds the scope, and says so once when that takes long: its session may keep a connection from everybody else. */
function holdWatched(scope: Scope, onLong: (text: string) => void): () => void {
  const release = scope.hold();
  const timer = setTimeout(() => {
    onLong(
      `The stream of ${scope.openedFor} has kept its scope open for ${LONG / 1000} seconds. A database session in it keeps its connection as long: read first, commit, then stream without streamWithContext().`,
    );
  }, LONG);
  timer.unref();
  return () => {
    clearTimeout(timer);
    release();
  };
}

/** A body that pulls from the iterable, inside the scope, and tells it when the client goes away. */
export function bodyFrom(
  source: Chunks | HeldStream,
  scope: Scope | undefined,
  onError: (error: unknown) => void,
  onLong: (text: string) => void = () => {},
): ReadableStream<Uint8Array> {
  const within = <T>(fn: () => T): T => (scope === undefined ? fn() : scope.run(fn));
  const held = source instanceof HeldStream && scope !== undefined;
  const release = held ? holdWatched(scope, onLong) : () => {};
  const encoder = new TextEncoder();
  let iterator: AsyncIterator<string | Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const step = await within(() =>
            (iterator ??= source instanceof HeldStream ? source[Symbol.asyncIterator]() : iteratorOf(source)).next(),
          );
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
    },
    { highWaterMark: 0 },
  );
  if (held) scope.slot(HELD, () => []).push(body);
  return body;
}
