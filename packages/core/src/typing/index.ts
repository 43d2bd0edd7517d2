/** All public types of statements and tables. */
export type * from "./columns.js";
export type * from "./dml.js";
export type * from "./expressions.js";
export type * from "./faces.js";
export type * from "./loads.js";
export type * from "./rows.js";
export type * from "./select.js";
export type * from "./tables.js";
