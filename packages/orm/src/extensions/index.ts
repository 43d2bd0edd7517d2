/** What stands on mapping, session and queries: helpers for models, recipes made first-class, tools for tests. */
export * from "./association.js";
export * from "./association-map.js";
