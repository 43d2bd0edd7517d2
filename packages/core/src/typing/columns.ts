/** Types of column definitions: what a value is in JavaScript, and what INSERT may leave out. */
import type { IdentityOptions, ReferenceOptions } from "../schema/definition.js";
import type { Sequence } from "../schema/sequence.js";
import type { Operand, SqlText } from "./expressions.js";
import type { ColumnLike, Family, type } from "./faces.js";

/** Phantom keys: they exist for the compiler only and never show in completions. */
export declare const attribute: unique symbol;
export declare const initial: unique symbol;
export declare const state: unique symbol;

/** Anything a model's second argument may hold: `A` is what an instance reads, `I` what its constructor takes. */
export interface Definition<out A = unknown, out I = unknown> {
  readonly [attribute]: A;
  readonly [initial]: I;
}

/**
 * A value that may not be there yet. `await` works whether it is loaded or not; calling `then` yourself does not (what
 * is loaded has none), hence the third parameter that nobody can pass and `await` does not look at.
 */
export interface Awaitable<out T> {
  then(onfulfilled: (value: T) => unknown, onrejected: (reason: unknown) => unknown, useAwaitInstead: never): never;
}
export interface NeedsAwait<out T> extends Awaitable<T> {
  readonly [state]: "await it, or load it in the query";
}

export type Flag = Family | "auto" | "key" | "generated" | "null" | "default" | "readonly";
export type Omissible = "generated" | "null" | "default";

/** What was given for a row, by property; defaults of other columns are not in it. */
export type GivenRow = { readonly [property: string]: unknown };
type AutoKey<F extends string> = "auto" extends F ? "generated" : never;

/** A column definition; every method gives a new one. */
export interface Column<out T, F extends string> extends ColumnLike<T, F>, Definition<T, T> {
  /** The whole primary key. A composite one is the table's `primaryKey: ["orderId", "lineNo"]`. */
  primaryKey(): Column<T, F | "key" | AutoKey<F>>;
  /** Another type on the named databases; values stay what they are: `text().withVariant(string(500), "mysql")`. */
  withVariant(type: ColumnLike<T, string>, ...dialects: string[]): this;
  nullable(): Column<T | null, F | "null">;
  /** A UNIQUE constraint; together with `index()` one unique index. */
  unique(name?: string): this;
  index(name?: string): this;
  /** The name in the database. */
  named(column: string): this;
  /** A value, an SQL expression, a sequence, or a function called once per row with what was given for that row. */
  default(value: Operand<T> | ((row: GivenRow) => T) | Sequence): Column<T, F | "default">;
  /** SQL as written: `"0"`, `"CURRENT_TIMESTAMP"`, `"'draft'"`. */
  serverDefault(sql: string | SqlText): Column<T, F | "default">;
  onUpdate(value: Operand<T> | ((row: GivenRow) => T)): this;
  serverOnUpdate(sql: string | SqlText): this;
  computed(sql: string | SqlText, options?: { persisted?: boolean }): Column<T, F | "readonly">;
  identity(options?: IdentityOptions): Column<T, F | "generated">;
  autoincrement(yes?: boolean): Column<T, F | "generated">;
  /** `"user.id"`: a name, so that files may import each other in any order. Checked when mappers are configured. */
  references(target: string, options?: ReferenceOptions): Column<T, Exclude<F, "auto" | "generated">>;
  check(sql: string | SqlText, name?: string): this;
  comment(text: string): this;
  /**
   * Columns of a table stand as they are written, those of mixins after the model's own; a lower number than 0 stands
   * before them, a higher one behind.
   */
  sortOrder(place: number): this;
  /** A word to the reader of the program; nothing is stored. */
  doc(text: string): this;
  /** There without being created: `xmin` on PostgreSQL, `rowid` on SQLite. It cannot be written. */
  system(): Column<T, F | "readonly" | "generated">;
  /** Options of one dialect: `.dialect("sqlite", { onConflictNotNull: "IGNORE" })`. */
  dialect(name: string, options: { readonly [option: string]: unknown }): this;
  info(info: { readonly [key: string]: unknown }): this;
  /**
   * Rows of one INSERT may be told apart by this column when they come back (`sortByParameterOrder()`): its values are unique
   * among them. `monotonic`: the server makes the values, each greater than the one before.
   */
  insertSentinel(options?: { readonly monotonic?: boolean }): this;
  /** Tells autogenerate that the column had another name. */
  renamedFrom(column: string): this;
  /** Not selected by default; reads as `T | NeedsAwait<T>` until `undefer()` loads it. */
  deferred(group?: string): DeferredColumn<T, F>;
  /** Across files: `import type` the subclasses, since `extends` cannot wait for a cycle; each one registers itself. */
  subclassTypes<S extends readonly unknown[]>(): PolymorphicColumn<T, F | "default", S>;
  /** The discriminator of a hierarchy that lists its subclasses, all in one file; write it as a getter. */
  subclasses<S extends readonly unknown[]>(...classes: S): PolymorphicColumn<T, F | "default", S>;
}
export interface DeferredColumn<out T, out F extends string>
  extends ColumnLike<T, F>,
    Definition<T | NeedsAwait<T>, T> {}
export interface PolymorphicColumn<out T, F extends string, out S extends readonly unknown[]> extends Column<T, F> {
  readonly classes: S;
}
/** `TypeOf<typeof User.c.id>`: the JavaScript type of a column or expression. */
export type TypeOf<C> = C extends { readonly [type]: infer T } ? T : never;
