/**
 * Which line of the program caused a statement. A lazy attribute is read in one place and awaited by the engine of
 * JavaScript in another, where no stack leads back; so while somebody watches, the place is taken when the attribute is
 * read or the statement is given, and travels with the work.
 */
import { AsyncLocalStorage } from "node:async_hooks";

const storage = new AsyncLocalStorage<string | undefined>();
let watchers = 0;

export const callSites = {
  /** Somebody wants to know; else nothing is taken. */
  get watched(): boolean {
    return watchers > 0;
  },
  /** Gives the function that ends it. */
  watch(): () => void {
    watchers++;
    let watching = true;
    return () => {
      if (watching) watchers--;
      watching = false;
    };
  },
  /** The nearest frame outside of this library and of Node. */
  capture(): string | undefined {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 60;
    const { stack = "" } = new Error("place");
    Error.stackTraceLimit = limit;
    return stack
      .split("\n")
      .slice(1)
      .find((line) => !/node:|[\\/](packages|@athanor)[\\/](core|orm)[\\/](src|dist)[\\/]|node_modules/.test(line))
      ?.trim();
  },
  /** The place the running work was asked for. */
  current(): string | undefined {
    return storage.getStore();
  },
  run<T>(place: string | undefined, work: () => T): T {
    return place === undefined || storage.getStore() !== undefined ? work() : storage.run(place, work);
  },
};
