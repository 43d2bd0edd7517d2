// What a contestant is: one way to do a workload on one database. The harness times `run` alone.
export type DatabaseName = "sqlite" | "postgresql" | "mariadb";

export interface Contestant<Result = unknown> {
  /** Timed. `round` counts the runs of this process from 0, so that an update can write something new each time. */
  run(round: number): Promise<Result> | Result;
  /** Not timed, before each run: brings the database back to the starting state. */
  before?(round: number): Promise<void> | void;
  /** Not timed: reduces the result, and what the database now holds, to a value all contestants must agree on. */
  check(result: Result, round: number): Promise<string> | string;
  close(): Promise<void> | void;
}

export interface Context {
  database: DatabaseName;
  /** Where the seeded database is: `sqlite:////dev/shm/…`, `postgresql://…` or `mariadb://…`. */
  url: string;
  scale: number;
}

export type Factory = (context: Context) => Promise<Contestant>;

/** Keeps the result's type between `run` and `check` while factories of many results share one table. */
export function contestant<Result>(definition: Contestant<Result>): Contestant {
  return definition as Contestant;
}

/** FNV-1a over numbers and strings; order matters. */
export class Checksum {
  #hash = 0x811c9dc5;

  add(value: string | number | null): this {
    const text = `${value}|`;
    for (let i = 0; i < text.length; i++) this.#hash = Math.imul(this.#hash ^ text.charCodeAt(i), 0x01000193);
    return this;
  }

  toString(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }
}
