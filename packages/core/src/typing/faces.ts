/** The phantom keys and method-free faces that columns and expressions share. They exist for the compiler only. */

export declare const type: unique symbol;
export declare const flags: unique symbol;

/** Chooses the operators of an expression. */
export type Family = "text" | "number" | "boolean" | "date" | "json" | "array" | "interval" | "plain";
/** The face of a column definition that signatures ask for. `F`: one union of string literals, not many type parameters. */
export interface ColumnLike<out T, out F extends string> {
  readonly [type]: T;
  readonly [flags]: F;
}

/** `N`: the name in queries; `P`: the literal as written; `O`: the options that types depend on. */
export interface Meta<out N extends string, out P, out O> {
  readonly name: N;
  readonly props: P;
  readonly options: O;
}
/** What every statement takes. Ask for these, not for a concrete class: they are cheap to compare. */
export interface AnyTable {
  readonly $: Meta<string, any, any>;
}
