/** The public constraints and indexes: the functions of `schema/table-constraints.ts`, open to typed columns too. */
import type { ReferenceOptions } from "../schema/definition.js";
import * as runtime from "../schema/table-constraints.js";
import type { Element } from "../sql/element.js";
import type { AnyExpr, Ordering, SqlText } from "../typing/expressions.js";

type Name = Parameters<typeof runtime.index>[0];
/** A column as a table's `c` gives it, typed or not, or its key. */
type ColumnGiven = AnyExpr | Element | string;
/**
 * No two rows for which all operators hold between their values (PostgreSQL). `pg.exclude` is the same.
 *
 * @example exclude("no_overlap", [[c.room, "="], [c.during, "&&"]], { where: "NOT cancelled" })
 * @see PostgreSQL, "CREATE TABLE … EXCLUDE"
 */
export function exclude(
  name: Name,
  elements: readonly (readonly [ColumnGiven | SqlText, string])[],
  options: Omit<runtime.ExcludeOptions, "where"> & { readonly where?: AnyExpr | Element | string } = {},
): runtime.TableExclude {
  return new runtime.TableExclude(name, elements as never, options as runtime.ExcludeOptions);
}
type IndexGiven = ColumnGiven | Ordering | SqlText;

/** An index being written. */
export interface IndexDraft extends Omit<runtime.IndexBuilder, "unique" | "where" | "options" | "index"> {
  readonly index: runtime.TableIndex;
  unique(yes?: boolean): runtime.IndexBuilder & IndexDraft;
  /** Only rows for which this holds: a partial index (SQLite, PostgreSQL). */
  where(criterion: AnyExpr | Element | string): runtime.IndexBuilder & IndexDraft;
}
/**
 * An index: a name (or null for the convention's), then columns, orderings or expressions.
 *
 * @example constraints: (c) => [index("ix_posts_recent", c.userId, c.createdAt.desc()).where(c.deletedAt.isNull())]
 */
export function index(name: Name, ...expressions: IndexGiven[]): runtime.IndexBuilder & IndexDraft {
  return runtime.index(name, ...(expressions as never[])) as runtime.IndexBuilder & IndexDraft;
}
/** A UNIQUE constraint over columns; a leading string is its name. */
export function unique(...args: (Name | ColumnGiven)[]): runtime.TableUnique {
  return runtime.unique(...(args as never[]));
}
/** A CHECK constraint: SQL as written, or an expression over the table's columns. */
export function check(sql: string | AnyExpr | Element, name?: Name): runtime.TableCheck {
  return runtime.check(sql as string, name);
}
/**
 * A foreign key over several columns; targets are names in the database, `"table.column"`.
 *
 * @example foreignKey([c.orderId, c.lineNo], ["order_line.order_id", "order_line.line_no"], { onDelete: "CASCADE" })
 */
export function foreignKey(
  columns: readonly ColumnGiven[],
  targets: readonly string[],
  options: ReferenceOptions = {},
): runtime.TableForeignKey {
  return runtime.foreignKey(columns as readonly string[], targets, options);
}
/** The primary key with a name of its own; a leading string is the name. */
export function primaryKeyConstraint(...args: (Name | ColumnGiven)[]): runtime.TablePrimaryKey {
  return runtime.primaryKeyConstraint(...(args as never[]));
}
