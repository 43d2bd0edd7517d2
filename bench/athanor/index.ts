// The Athanor contestants by workload, on either database. Each is loaded on its own, as a process runs only one.
import type { Factory } from "../workloads/contestant.js";

export const athanor: Record<string, () => Promise<Factory>> = {
  "W1 objects": async () => (await import("./insert-objects.js")).insertObjects,
  "W1 rows": async () => (await import("./rows.js")).insertRows,
  "W2 entities": async () => (await import("./load-entities.js")).loadEntities,
  "W2 rows": async () => (await import("./rows.js")).loadRows,
  "W3 entity": async () => (await import("./look-up-entities.js")).lookUpEntities,
  "W3 row": async () => (await import("./rows.js")).lookUpRows,
  "W3 prepared": async () => (await import("./look-up-prepared.js")).lookUpPrepared,
  W4: async () => (await import("./load-entities.js")).loadGraph,
  W5: async () => (await import("./update.js")).update,
  "clean flush": async () => (await import("./update.js")).cleanFlush,
  building: async () => (await import("./building.js")).building,
};
