/** What compiling a statement leaves behind: text, places of parameters, readers of rows. Shared by all executions. */

import type { StatementHint } from "../dialects/driver.js";
import type { Convert } from "../types/adapter.js";
import type { SqlType } from "../types/sql-type.js";

/** Where the value of one placeholder comes from. */
export interface BindSlot {
  /** Index into the parameters collected from the statement, or -1 for a constant of the compiled form. */
  readonly source: number;
  readonly constant: unknown;
  readonly process: Convert | null;
  /** A list: one placeholder per element, rendered when the length is known. */
  readonly expanding: boolean;
  /** An expanding one in SQL the program wrote itself: may be one value, and cannot be empty. */
  readonly inText: boolean;
  /** For an expanding one: the list stands behind NOT IN. */
  readonly negated: boolean;
  /** For an expanding one whose elements are row values: what follows the placeholder of each position. */
  readonly tuple: readonly string[] | undefined;
  /** Before a list of row values that is not empty: `VALUES ` on SQLite. */
  readonly listPrefix: string;
  /** Text after the placeholder, such as `::jsonb`. */
  readonly suffix: string;
  /** For an expanding one: the SQL a type puts around each element. */
  readonly wrap: ((sql: string) => string) | undefined;
  /** The column it is written to, for messages. */
  readonly column: string | undefined;
  /** Name, for `prepare()` and `bindParams`. */
  readonly name: string | undefined;
  /** A value made at each execution: `onUpdate(() => new Date())`. */
  readonly compute: ((params: readonly unknown[]) => unknown) | undefined;
  /** Writes the value into the text at each execution, instead of a placeholder. */
  readonly literal: ((value: unknown) => string) | undefined;
}
/** One column of the rows. */
export interface ResultColumn {
  /** Key in a row: label, property or function name. */
  readonly key: string;
  readonly type: SqlType;
  readonly process: Convert | null;
}
/** Consecutive columns that make one position of the row: an entity or a core table. */
export interface ResultItem {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** A single column, or a nested object of columns. */
  readonly nested: boolean;
}

/** One column of an INSERT of rows. */
export interface InsertColumn {
  readonly key: string;
  readonly process: Convert | null;
  readonly default:
    | { readonly value: unknown }
    | { readonly call: (row: never) => unknown }
    | { readonly expression: unknown }
    | undefined;
}
/** An INSERT whose rows come as one parameter: rendered for as many rows as a page holds. */
export interface InsertPlan {
  readonly columns: readonly InsertColumn[];
  /** Index of the parameter that holds the rows. */
  readonly rowsSource: number;
  readonly pageSize: number;
  readonly maxParameters: number;
  /** Parameters outside VALUES come before those of the rows. */
  readonly fixedFirst: boolean;
  render(rows: number): string;
  readonly texts: Map<number, string>;
}

export interface Compiled {
  readonly kind: "select" | "insert" | "update" | "delete" | "text" | "ddl";
  /** The text; with expanding binds, one piece more than there are such binds (see `pieces`). */
  readonly sql: string;
  /** Set when a bind expands or is written out at execution: the text between all placeholders, one piece more than there are slots. */
  readonly pieces: readonly string[] | undefined;
  placeholder(n: number): string;
  /** What stands in the parentheses of IN for an empty list. */
  emptyList(negated: boolean, width: number): string;
  /** Set for INSERT … VALUES without SQL expressions in the rows. */
  readonly insert: InsertPlan | undefined;
  readonly slots: readonly BindSlot[];
  /** `slots` beside `pieces` hold one slot several times: its places share one number and one value. */
  readonly repeats: boolean;
  /** What the database takes in one statement. */
  readonly maxParameters: number;
  /** undefined: the driver says what comes back (raw SQL). */
  readonly columns: readonly ResultColumn[] | undefined;
  /** Positions of a row, where an item spans several columns. */
  readonly items: readonly ResultItem[] | undefined;
  readonly hint: StatementHint;
  /** What looks like a mistake although it runs, such as a cartesian product; for the log. */
  readonly warnings: readonly string[];
  /** The same statement with schemas renamed; undefined when no schema takes part. See `schema-map.ts`. */
  readonly schemas: SchemaForms | undefined;
  /** Times served from the cache; for logs and tests. */
  hits: number;
  readonly generatedAt: number;
}
/** Which schema stands for which; `null` is the key and the name of "no schema". */
export type SchemaMap = { readonly [schema: string]: string | null };
/** Renders a compiled statement under other schemas; forms already made are kept. */
export interface SchemaForms {
  under(map: SchemaMap): Compiled;
}
/** A statement with its parameters, ready for a driver. */
export interface BoundStatement {
  readonly sql: string;
  readonly params: readonly unknown[];
  /** Of a page of an INSERT: how many rows it holds. */
  readonly rows?: number;
}
