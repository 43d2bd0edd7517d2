/** Phantom keys of what can be executed. */

/** The row type a statement gives. */
export declare const row: unique symbol;
/** The type of the first position of a row. */
export declare const scalar: unique symbol;
/** Each method asks for the one property it needs, so only that type is computed. */
export interface HasRow<out R> {
  readonly [row]: R;
}
export interface HasScalar<out V> {
  readonly [scalar]: V;
}
export interface Executable<out R, out V = unknown> extends HasRow<R>, HasScalar<V> {}
