/** What autogenerate compares, and what it leaves alone. Source: Alembic `EnvironmentContext.configure`. */
import type {
  Constraint,
  Index,
  ReflectedColumn,
  ReflectedTable,
  StoredKind,
  StoredObject,
  Table,
  TableColumn,
} from "@athanor/core";
import type { MigrateOp } from "../ops/index.js";
import type { MadeHere } from "../script/index.js";
import type { RenderItem } from "./render-types.js";

export type ObjectKind = "table" | "column" | "index" | "unique" | "foreignKey" | "check" | StoredKind;
/** An object of the models, or one the database reported. */
export interface ComparedObject {
  readonly kind: ObjectKind;
  readonly name: string | undefined;
  /** The table it belongs to, or is. */
  readonly table: string;
  readonly schema: string | undefined;
  /** From the database, without a counterpart in the models. */
  readonly reflected: boolean;
  readonly object:
    | Table
    | TableColumn
    | Index
    | Constraint
    | ReflectedTable
    | ReflectedColumn
    | StoredObject
    | undefined;
}
export interface CompareOptions {
  /** Compare types; a function answers true (differs), false, or undefined for the usual comparison. Default true. */
  readonly compareType?:
    | boolean
    | ((reflected: ReflectedColumn, model: TableColumn) => boolean | undefined)
    | undefined;
  /** Compare server defaults. Default true. */
  readonly compareServerDefault?:
    | boolean
    | ((reflected: ReflectedColumn, model: TableColumn) => boolean | undefined)
    | undefined;
  /** Compare the conditions of checks of one name. Default true. */
  readonly compareChecks?: boolean | undefined;
  /**
   * Which parts compare: names, with `*` at the end for several, with `~` in front to leave out:
   * `["~athanor.comments"]`. Default all, comparators of one's own included.
   */
  readonly plugins?: readonly string[] | undefined;
  /**
   * Views, functions, triggers and sequences that the metadata does not declare. Default: one is to go when a generated
   * part of a revision file made it, and others are left alone. `true`: all are to go. `false`: nothing is compared.
   */
  readonly compareObjects?: boolean | undefined;
  /**
   * Whether a generated part of a revision file makes it: the word it is written with, and its name. Commands look into
   * the files. Default: nothing was.
   */
  readonly madeHere?: MadeHere | undefined;
  /** `table.old:new` for columns, `old:new` for tables: a rename instead of one dropped and one added. */
  readonly renames?: readonly string[] | undefined;
  /**
   * Asked for an added column when the table also lost columns: which of them it was, or undefined for none. The command
   * line asks on a terminal, and never where there is none.
   */
  readonly askRename?:
    | ((
        added: { readonly table: string; readonly column: string },
        lost: readonly string[],
      ) => Promise<string | undefined>)
    | undefined;
  /** Called for every object on either side; false leaves it out. */
  readonly includeObject?: ((object: ComparedObject) => boolean) | undefined;
  /** Called for names of tables in the database before anything else is compared. */
  readonly includeName?: ((name: string, schema: string | undefined) => boolean) | undefined;
  /** Look for tables to drop in all schemas, not only in the default one. */
  readonly includeSchemas?: boolean | undefined;
  /** Write what happens to one table as one `op.batchAlterTable`. Nothing needs it: SQLite rebuilds by itself. */
  readonly renderAsBatch?: boolean | undefined;
  /** How types, columns, constraints and defaults are written. */
  readonly renderItem?: RenderItem | undefined;
  /**
   * May change the operations before they are written; an empty list writes no file. Called once for each of several
   * databases, and then no file is written when all lists are empty.
   */
  readonly processRevisionDirectives?:
    | ((
        ops: readonly MigrateOp[],
        pass: { readonly database: string | undefined },
      ) => readonly MigrateOp[] | Promise<readonly MigrateOp[]>)
    | undefined;
}
