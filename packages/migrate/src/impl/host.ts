/** What running an operation needs: a database, or the script that stands for one. */
import type {
  ColumnDefinition,
  Connection,
  Dialect,
  Element,
  NamingConvention,
  Table,
  TableArgument,
} from "@athanor/core";
import type { MigrateOp } from "../ops/index.js";

export interface OperationHost {
  readonly dialect: Dialect;
  /** Statements are written down, not run; nothing can be looked up. */
  readonly offline: boolean;
  /** @throws OperationError offline */
  readonly connection: Connection;
  readonly namingConvention: NamingConvention | undefined;
  /** The migration's own transaction is open around the operation, and may be ended and begun anew. */
  readonly ownsTransaction: boolean;
  /** Runs one operation of the migration; leaves it out when an interrupted run has done it. */
  operation(op: MigrateOp, work: () => Promise<void>): Promise<void>;
  /** Runs a statement, or writes it with its values in the text. */
  run(statement: Element): Promise<void>;
  /** Commits what is pending, for statements that must not stand in a transaction. @throws OperationError */
  leaveTransaction(): Promise<void>;
  enterTransaction(): Promise<void>;
  /** Names of enumerations made in this run, for scripts that cannot look. */
  readonly knownTypes: Set<string>;
}

/** How a table is made anew where ALTER TABLE falls short. */
export interface BatchSettings {
  /** "auto" makes it anew only where it has to be. */
  readonly recreate?: "auto" | "always" | "never" | undefined;
  /** The table as it is, for scripts, which cannot look it up. */
  readonly copyFrom?: Table | undefined;
  /** Orders of some columns each: `[["id", "name"], ["name", "made"]]`. */
  readonly partialReordering?: readonly (readonly string[])[] | undefined;
  /** Constraints and indexes the new table has besides. */
  readonly tableArguments?: readonly TableArgument[] | undefined;
  readonly tableOptions?: { readonly [dialect: string]: { readonly [option: string]: unknown } } | undefined;
  /** Columns as they are to be taken instead of as they are found. */
  readonly reflectColumns?: readonly { readonly name: string; readonly definition: ColumnDefinition }[] | undefined;
  /** Names by which constraints without a name can be dropped. */
  readonly namingConvention?: NamingConvention | undefined;
}
