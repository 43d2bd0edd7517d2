// The workloads of the speed specification, with the ceilings (ratio to raw) it sets.
import type { DatabaseName } from "./contestant.js";

export interface Workload {
  name: string;
  what: string;
  /** Which template database it starts from. */
  data: "empty" | "full";
  /** Highest allowed ratio to the raw driver, where the specification sets one: MariaDB is only reported. */
  ceiling?: Partial<Record<DatabaseName, number>>;
  /** Highest allowed time of one of `units`, in µs, where a ratio says nothing. */
  ceilingMicros?: number;
  /** How many of the thing one run does. */
  units: number;
}

const ratio = (sqlite: number, postgresql: number) => ({ sqlite, postgresql });

export const sizes = {
  newObjects: 50_000,
  customers: 100_000,
  lookups: 10_000,
  users: 1_000,
  postsPerUser: 10,
  tags: 100,
  tagsPerPost: 3,
  updates: 10_000,
  statements: 10_000,
} as const;

export const workloads: readonly Workload[] = [
  {
    name: "W1 objects",
    what: "50k new objects, one flush, keys back",
    data: "empty",
    ceiling: ratio(1.5, 1.5),
    units: 50_000,
  },
  { name: "W1 rows", what: "50k rows, multi-row insert", data: "empty", ceiling: ratio(1.1, 1.1), units: 50_000 },
  { name: "W2 entities", what: "load 100k as entities", data: "full", ceiling: ratio(1.1, 1.1), units: 100_000 },
  { name: "W2 rows", what: "load 100k as plain rows", data: "full", ceiling: ratio(0.8, 0.9), units: 100_000 },
  { name: "W3 entity", what: "10k by key, fresh session each", data: "full", ceiling: ratio(2.0, 1.3), units: 10_000 },
  {
    name: "W3 row",
    what: "10k by key, statement built each time",
    data: "full",
    ceiling: ratio(0.85, 0.9),
    units: 10_000,
  },
  { name: "W3 prepared", what: "10k by key, prepared once", data: "full", ceiling: ratio(1.15, 1.0), units: 10_000 },
  { name: "W4", what: "1k users x 10 posts x 3 tags as a graph", data: "full", ceiling: ratio(1.3, 1.3), units: 1_000 },
  {
    name: "W5",
    what: "load 10k, change one column each, flush",
    data: "full",
    ceiling: ratio(1.2, 1.4),
    units: 10_000,
  },
  { name: "clean flush", what: "flush with 10k clean objects in the session", data: "full", units: 1 },
  {
    name: "building",
    what: "build and compile 10k selects of 3 joins and 5 predicates",
    data: "full",
    ceilingMicros: 2,
    units: 10_000,
  },
];
