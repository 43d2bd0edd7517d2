/** Who begins and ends transactions during a run. */
import type { Connection } from "@athanor/core";
import { OperationError } from "../errors.js";
import type { DialectImpl, SessionRules } from "../impl/index.js";

export interface TransactionControl {
  /** The run may end transactions: with the caller's own it must not. */
  readonly isOurs: boolean;
  readonly isOpen: boolean;
  begin(): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/** A transaction that holds all a run has done, and waits for others before it is committed. */
export interface PendingTransaction {
  prepare(name: string): Promise<void>;
  commitPrepared(name: string): Promise<void>;
  rollbackPrepared(name: string): Promise<void>;
}

/** On a connection in AUTOCOMMIT: BEGIN and COMMIT are said as statements, with what the database wants beside them. */
export class OwnTransactions implements TransactionControl, PendingTransaction {
  readonly isOurs = true;
  isOpen = false;
  readonly #connection: Connection;
  readonly #impl: DialectImpl;
  readonly #rules: SessionRules;
  constructor(connection: Connection, impl: DialectImpl, rules: SessionRules) {
    this.#connection = connection;
    this.#impl = impl;
    this.#rules = rules;
  }
  async begin(): Promise<void> {
    if (this.isOpen) return;
    await this.#impl.begin(this.#connection, this.#rules);
    this.isOpen = true;
  }
  /** After a statement that ended the transaction by itself. */
  async reopen(): Promise<void> {
    await this.#impl.begin(this.#connection, this.#rules);
    this.isOpen = true;
  }
  async commit(): Promise<void> {
    if (!this.isOpen) return;
    await this.#impl.beforeCommit(this.#connection);
    await this.#impl.commit(this.#connection);
    this.isOpen = false;
  }
  async rollback(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    await this.#impl.rollback(this.#connection);
  }
  /** First half of a two-phase commit: what is open is kept by the server, under this name. */
  async prepare(name: string): Promise<void> {
    await this.#impl.beforeCommit(this.#connection);
    this.isOpen = false;
    await this.#impl.prepare(this.#connection, name);
  }
  commitPrepared(name: string): Promise<void> {
    return this.#impl.commitPrepared(this.#connection, name);
  }
  rollbackPrepared(name: string): Promise<void> {
    return this.#impl.rollbackPrepared(this.#connection, name);
  }
}

/** The caller has a transaction open, and decides about it. */
export class ForeignTransaction implements TransactionControl {
  readonly isOurs = false;
  readonly isOpen = true;
  async begin(): Promise<void> {}
  async commit(): Promise<void> {}
  async rollback(): Promise<void> {}
}

/** A connection of the caller's without a transaction: ours go through its own methods. */
export class BorrowedTransactions implements TransactionControl {
  readonly isOurs = false;
  isOpen = false;
  readonly #connection: Connection;
  constructor(connection: Connection) {
    this.#connection = connection;
  }
  async begin(): Promise<void> {
    if (this.isOpen) return;
    if (!this.#connection.inTransaction) await this.#connection.begin();
    this.isOpen = true;
  }
  async commit(): Promise<void> {
    this.isOpen = false;
    await this.#connection.commit();
  }
  async rollback(): Promise<void> {
    this.isOpen = false;
    await this.#connection.rollback();
  }
}

export function noAutocommit(): OperationError {
  return new OperationError(
    "migrate.autocommit",
    "autocommitBlock() must end the transaction, but the transaction belongs to the caller of the migration",
    { hint: "Run this migration through the command, on a connection of its own." },
  );
}
export function nestedAutocommit(): OperationError {
  return new OperationError("migrate.autocommit", "autocommitBlock() stands where no transaction is open already", {
    hint: "Leave it out: in another such block, and in a file with `transaction = false`, every statement commits by itself.",
  });
}
