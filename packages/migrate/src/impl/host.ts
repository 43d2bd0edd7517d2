/** What running an operation needs: a database, or the script that stands for one. */
import type { Connection, Dialect, Element, NamingConvention } from "@athanor/core";
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
