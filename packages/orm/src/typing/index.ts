/** All public types of models, entities and loading. */
export type * from "./entities.js";
export type * from "./loading.js";
export type * from "./model.js";
export type * from "./query.js";
export type * from "./registry.js";
export type * from "./relationships.js";
