/** The phantom keys and method-free faces that columns and expressions share. They exist for the compiler only. */

export declare const type: unique symbol;
export declare const flags: unique symbol;

/** Chooses the operators of an expression. */
export type Family = "text" | "number" | "boolean" | "date" | "json" | "array" | "plain";
/** The face of a column definition that signatures ask for. `F`: one union of string literals, not many type parameters. */
export interface ColumnLike<out T, out F extends string> {
  readonly [type]: T;
  readonly [flags]: F;
}
