/** Where operations go: to a connection, or into a script. */
import {
  type Connection,
  type Dialect,
  type Element,
  isDdl,
  type NamingConvention,
  type Statement,
} from "@athanor/core";
import { OperationError } from "../errors.js";
import type { OperationHost } from "../impl/index.js";
import type { MigrateOp } from "../ops/index.js";
import type { StepRecorder } from "./journal.js";
import type { TransactionControl } from "./transaction.js";
import { nestedAutocommit, noAutocommit } from "./transaction.js";

export class OnlineHost implements OperationHost {
  readonly offline = false;
  readonly connection: Connection;
  readonly namingConvention: NamingConvention | undefined;
  readonly knownTypes = new Set<string>();
  /** DDL carried out since the list was last emptied. */
  statements: string[] = [];
  /** Of those, what ran outside a transaction. */
  outside: string[] = [];
  /** Told of every operation that begins. */
  watch: ((op: MigrateOp) => void) | undefined;
  /** A block outside the transaction has committed what came before it. */
  committedEarly = false;
  /** Where DDL commits by itself: what writes the journal of the running revision. */
  recorder: StepRecorder | undefined;
  readonly #transactions: TransactionControl;
  constructor(connection: Connection, transactions: TransactionControl, convention: NamingConvention | undefined) {
    this.connection = connection;
    this.#transactions = transactions;
    this.namingConvention = convention;
  }
  get dialect(): Dialect {
    return this.connection.dialect;
  }
  get ownsTransaction(): boolean {
    return this.#transactions.isOurs;
  }
  operation(op: MigrateOp, work: () => Promise<void>): Promise<void> {
    this.watch?.(op);
    return this.recorder === undefined ? work() : this.recorder.operation(op, work);
  }
  async run(statement: Element): Promise<void> {
    if (this.recorder !== undefined) {
      this.#ran(await this.recorder.run(statement));
      return;
    }
    await this.connection.execute(statement);
    if (isDdl(statement)) this.#ran(this.dialect.createDdlCompiler().statements(statement));
  }
  #ran(texts: readonly string[]): void {
    this.statements.push(...texts);
    if (!this.#transactions.isOpen) this.outside.push(...texts);
  }
  async count(statement: Element): Promise<number> {
    return this.connection.execute(statement).rowCount();
  }
  async leaveTransaction(): Promise<void> {
    if (!this.#transactions.isOurs) throw noAutocommit();
    if (!this.#transactions.isOpen) throw nestedAutocommit();
    await this.#transactions.commit();
    this.committedEarly = true;
  }
  enterTransaction(): Promise<void> {
    return this.#transactions.begin();
  }
}

/** Writes a script: `BEGIN;`, statements with their values in the text, `COMMIT;`. */
export class OfflineHost implements OperationHost {
  readonly offline = true;
  readonly dialect: Dialect;
  readonly namingConvention: NamingConvention | undefined;
  readonly ownsTransaction = true;
  readonly knownTypes = new Set<string>();
  readonly #write: (text: string) => void;
  readonly #words: { readonly begin: string; readonly commit: string } | undefined;
  /** `words`: undefined where transactions would change nothing. */
  constructor(
    dialect: Dialect,
    write: (text: string) => void,
    convention: NamingConvention | undefined,
    words: { readonly begin: string; readonly commit: string } | undefined,
  ) {
    this.dialect = dialect;
    this.#write = write;
    this.namingConvention = convention;
    this.#words = words;
  }
  get connection(): Connection {
    throw new OperationError("migrate.offline", "There is no connection while a script is written (--sql)", {
      hint: "Ask op.isOffline first, or write the statement so that the database finds the values itself.",
    });
  }
  operation(_op: MigrateOp, work: () => Promise<void>): Promise<void> {
    return work();
  }
  note(text: string): void {
    this.#write(`-- ${text}\n\n`);
  }
  statement(text: string): void {
    this.#write(`${text.trim().replace(/;$/, "")};\n\n`);
  }
  async run(statement: Element): Promise<void> {
    if (isDdl(statement)) {
      for (const text of this.dialect.createDdlCompiler().statements(statement)) this.statement(text);
      return;
    }
    this.statement((statement as Statement).compile(this.dialect, { literalBinds: true }).sql);
  }
  async count(statement: Element): Promise<number> {
    await this.run(statement);
    return -1;
  }
  begin(): void {
    if (this.#words !== undefined) this.statement(this.#words.begin);
  }
  commit(): void {
    if (this.#words !== undefined) this.statement(this.#words.commit);
  }
  async leaveTransaction(): Promise<void> {
    this.commit();
  }
  async enterTransaction(): Promise<void> {
    this.begin();
  }
}
