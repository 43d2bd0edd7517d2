/**
 * Limits of statements and transactions: an AbortSignal, a time. When one is reached the server is asked to stop the
 * running statement, and the connection stays in use until it is certain that nothing runs on it any more.
 */
import type { DriverConnection, MaybePromise } from "../dialects/driver.js";
import { ArgumentError, type DatabaseErrorDetails } from "../errors/errors.js";
import { StatementAbortedError, StatementTimeoutError } from "../errors/stopped.js";

/** For `execute()`, `run()`, `begin()` and, by the same names, execution options. */
export interface Limits {
  /** Stops the work when it fires; the error is StatementAbortedError with the signal's reason as `cause`. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; then the work is stopped with StatementTimeoutError. */
  readonly timeout?: number | undefined;
}
/** Why work was stopped. */
export interface Stop {
  readonly signal: AbortSignal | undefined;
  /** The time that was allowed, in milliseconds. */
  readonly timeout: number;
}
/** How long the server may take to confirm that it stopped; then the connection is given up. */
const GRACE = 5000;
/** A request that arrives before the statement does stops nothing, so it is repeated. */
const AGAIN = 2000;
const MOST_TIMER = 2 ** 31 - 1;

/** Limits with their clock running; those of a transaction and of its statement count together. */
export class Deadline {
  readonly #signals: readonly AbortSignal[];
  readonly #until: number;
  readonly #timeout: number;
  constructor(signals: readonly AbortSignal[], until: number, timeout: number) {
    this.#signals = signals;
    this.#until = until;
    this.#timeout = timeout;
  }
  /** undefined when nothing limits. The clock of `limits` starts now. @throws ArgumentError */
  static of(outer: Deadline | undefined, limits: Limits | undefined): Deadline | undefined {
    const { signal, timeout } = limits ?? {};
    if (signal === undefined && timeout === undefined) return outer;
    if (timeout !== undefined && !(typeof timeout === "number" && timeout >= 0))
      throw new ArgumentError(`timeout is a number of milliseconds from 0, not ${String(timeout)}.`, "limits.timeout");
    if (signal !== undefined && typeof signal.addEventListener !== "function")
      throw new ArgumentError(
        "signal is an AbortSignal, as of an AbortController or AbortSignal.timeout().",
        "limits.signal",
      );
    const outerUntil = outer === undefined ? Number.POSITIVE_INFINITY : outer.#until;
    const own = timeout === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeout;
    const signals = [...(outer === undefined ? [] : outer.#signals), ...(signal === undefined ? [] : [signal])];
    return own <= outerUntil
      ? new Deadline(signals, own, timeout ?? 0)
      : new Deadline(signals, outerUntil, (outer as Deadline).#timeout);
  }
  /** Set once a limit is reached. */
  get reached(): Stop | undefined {
    const signal = this.#signals.find((s) => s.aborted);
    if (signal !== undefined) return { signal, timeout: 0 };
    return performance.now() >= this.#until ? { signal: undefined, timeout: this.#timeout } : undefined;
  }
  /** Calls `fire` when a limit is reached; gives the function that stops watching. */
  watch(fire: (stop: Stop) => void): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const done = (): void => {
      clearTimeout(timer);
      for (const signal of this.#signals) signal.removeEventListener("abort", check);
    };
    const check = (): void => {
      const stop = this.reached;
      if (stop === undefined) set();
      else {
        done();
        fire(stop);
      }
    };
    const set = (): void => {
      if (this.#until !== Number.POSITIVE_INFINITY)
        timer = setTimeout(check, Math.min(Math.max(0, Math.ceil(this.#until - performance.now())), MOST_TIMER));
    };
    for (const signal of this.#signals) signal.addEventListener("abort", check);
    check();
    return done;
  }
}
/** The error for work that was stopped. */
export function stopError(
  stop: Stop,
  details: DatabaseErrorDetails = {},
  more = "",
): StatementAbortedError | StatementTimeoutError {
  if (stop.signal === undefined) {
    return new StatementTimeoutError(`Stopped: it took longer than the ${stop.timeout} ms allowed.${more}`, details);
  }
  const { reason } = stop.signal;
  const why = reason instanceof Error ? ` (${reason.message})` : "";
  return new StatementAbortedError(`Stopped by its AbortSignal${why}.${more}`, { ...details, cause: reason });
}
export function isStop(error: unknown): boolean {
  return error instanceof StatementAbortedError || error instanceof StatementTimeoutError;
}
/**
 * Waits for what no limit takes back: the end of a transaction or of a cursor. Only when it is not there a while after a
 * limit was reached it is given up, which the caller makes the end of the connection. `more` is said with the error.
 */
export async function withinGrace<T>(
  deadline: Deadline,
  running: Promise<T>,
  details: DatabaseErrorDetails,
  more = "",
): Promise<T> {
  let grace: ReturnType<typeof setTimeout> | undefined;
  let giveUp: (error: unknown) => void = () => {};
  const givenUp = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  const done = deadline.watch((reached) => {
    grace = setTimeout(() => giveUp(stopError(reached, details, more)), GRACE);
  });
  try {
    return await Promise.race([running, givenUp]);
  } finally {
    done();
    clearTimeout(grace);
  }
}

/** What has to be known of a stopped statement's connection. */
export interface StopHost {
  /** The server's answer says that it stopped the statement: nothing runs on the connection any more. */
  confirmed(error: unknown): boolean;
  /** The connection may still be busy, or be hit late by the request to stop: it is given up. */
  lose(error: unknown): void;
}
/**
 * Waits for work of a driver within limits. However it ends, nothing of it is left running on a connection that lives on.
 */
export async function withinLimits<T>(
  driver: DriverConnection,
  deadline: Deadline,
  running: Promise<T>,
  host: StopHost,
  details: DatabaseErrorDetails,
): Promise<T> {
  let stop: Stop | undefined;
  let asked: Promise<boolean> | undefined;
  let requests = 0;
  let repeat: ReturnType<typeof setTimeout> | undefined;
  let over = false;
  let grace: ReturnType<typeof setTimeout> | undefined;
  let hopeless = false;
  let giveUp: (error: unknown) => void = () => {};
  const givenUp = new Promise<never>((_, reject) => {
    giveUp = (error) => {
      hopeless = true;
      reject(error);
    };
  });
  const ask = (): void => {
    requests++;
    asked = request(driver);
    void asked.then((possible) => {
      if (!possible) clearTimeout(grace);
      else if (!over) repeat = setTimeout(ask, AGAIN);
    });
  };
  const done = deadline.watch((reached) => {
    stop = reached;
    ask();
    grace = setTimeout(() => giveUp(stopError(reached, details)), GRACE);
  });
  try {
    const value = await Promise.race([running, givenUp]).finally(() => {
      over = true;
      clearTimeout(repeat);
    });
    if (stop === undefined) return value;
    // It was faster than the request, which may be on its way still.
    if (await asked) host.lose(stopError(stop, details));
    throw stopError(stop, details);
  } catch (error) {
    if (stop === undefined || isStop(error)) {
      if (stop !== undefined && (hopeless || (await settled(asked)))) host.lose(error);
      throw error;
    }
    // One of several requests may be late still.
    if ((await settled(asked)) && (requests > 1 || !host.confirmed(error))) host.lose(error);
    throw stopError(stop, { cause: error, ...details });
  } finally {
    done();
    clearTimeout(grace);
  }
}
/** Whether the server could be asked; a request that fails counts as asked. */
function request(driver: DriverConnection): Promise<boolean> {
  try {
    const answer: MaybePromise<boolean> = driver.cancel();
    return answer instanceof Promise ? answer.catch(() => true) : Promise.resolve(answer);
  } catch {
    return Promise.resolve(true);
  }
}
/** The request itself must not hang either. */
async function settled(asked: Promise<boolean> | undefined): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(true), GRACE);
  });
  try {
    return await Promise.race([asked ?? Promise.resolve(false), late]);
  } finally {
    clearTimeout(timer);
  }
}
