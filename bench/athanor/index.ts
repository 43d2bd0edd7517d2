// The Athanor contestants by workload, on either database.
import type { Factory } from "../workloads/contestant.js";
import { building } from "./building.js";
import { insertObjects, insertRows } from "./insert.js";
import { loadEntities, loadGraph, loadRows } from "./load.js";
import { lookUpEntities, lookUpPrepared, lookUpRows } from "./lookup.js";
import { cleanFlush, update } from "./update.js";

export const athanor: Record<string, Factory> = {
  "W1 objects": insertObjects,
  "W1 rows": insertRows,
  "W2 entities": loadEntities,
  "W2 rows": loadRows,
  "W3 entity": lookUpEntities,
  "W3 row": lookUpRows,
  "W3 prepared": lookUpPrepared,
  W4: loadGraph,
  W5: update,
  "clean flush": cleanFlush,
  building,
};
