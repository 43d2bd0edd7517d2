/** Handles of transactions and savepoints. The connection does the work; a handle knows whether it is still the current one. */
import { InvalidRequestError } from "../errors/errors.js";

/** What a handle asks of its connection. */
export interface TransactionOwner {
  commitRoot(handle: Transaction): Promise<void>;
  rollbackRoot(handle: Transaction): Promise<void>;
  prepareRoot(handle: Transaction): Promise<void>;
  releaseSavepoint(handle: Savepoint): Promise<void>;
  rollbackToSavepoint(handle: Savepoint): Promise<void>;
}

abstract class TransactionHandle {
  protected readonly owner: TransactionOwner;
  #active = true;
  constructor(owner: TransactionOwner) {
    this.owner = owner;
  }
  /** False after commit or rollback, of this one or of one around it. */
  get isActive(): boolean {
    return this.#active;
  }
  /** For the connection. */
  deactivate(): void {
    this.#active = false;
  }
  abstract readonly what: string;
  protected require(): void {
    if (!this.#active) throw new InvalidRequestError(`This ${this.what} has already ended.`, "transaction.ended");
  }
  abstract commit(): Promise<void>;
  abstract rollback(): Promise<void>;
  /** Rolls back if still open; does nothing otherwise. */
  async close(): Promise<void> {
    if (this.#active) await this.rollback();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * A transaction begun with `begin()`, or by the first statement of a connection.
 *
 * @example
 * await using tx = await conn.begin();
 * await conn.execute(…);
 * await tx.commit();                // without it, leaving the block rolls back
 */
export class Transaction extends TransactionHandle {
  readonly what = "transaction";
  /** Set for two-phase commit: the name under which the transaction can be ended later, by any connection. */
  readonly xid: string | undefined;
  constructor(owner: TransactionOwner, xid?: string) {
    super(owner);
    this.xid = xid;
  }
  /**
   * First phase: the server promises that `commit()` will succeed, even if it is restarted in between.
   * @throws InvalidRequestError when begun without `twoPhase`
   */
  async prepare(): Promise<void> {
    this.require();
    if (this.xid === undefined) {
      throw new InvalidRequestError(
        "Only a transaction begun with { twoPhase: true } can be prepared.",
        "twophase.not-begun",
      );
    }
    await this.owner.prepareRoot(this);
  }
  async commit(): Promise<void> {
    this.require();
    await this.owner.commitRoot(this);
  }
  async rollback(): Promise<void> {
    if (this.isActive) await this.owner.rollbackRoot(this);
  }
}
/** A savepoint: `commit()` releases it, `rollback()` undoes what came after it; the transaction around goes on. */
export class Savepoint extends TransactionHandle {
  readonly what = "savepoint";
  readonly name: string;
  readonly parent: Savepoint | null;
  /** Counted within its transaction, from 1. */
  readonly number: number;
  constructor(owner: TransactionOwner, number: number, parent: Savepoint | null) {
    super(owner);
    this.name = `athanor_savepoint_${number}`;
    this.number = number;
    this.parent = parent;
  }
  async commit(): Promise<void> {
    this.require();
    await this.owner.releaseSavepoint(this);
  }
  async rollback(): Promise<void> {
    if (this.isActive) await this.owner.rollbackToSavepoint(this);
  }
}
