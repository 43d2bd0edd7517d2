/**
 * One run against one database, or into a script: version table, transactions, the lock, and the functions of the
 * revisions in between. Source: Alembic "MigrationContext".
 */
import { type Connection, type Dialect, didYouMean, type NamingConvention } from "@athanor/core";
import { MigrationError, OperationError } from "../errors.js";
import { describeStep, type MigrationStep, type Revision } from "../graph/index.js";
import { type DialectImpl, implFor, type SessionRules, type Timeouts } from "../impl/index.js";
import { type FindObject, Operations } from "../operations/index.js";
import { labelOf } from "../ops/index.js";
import type { RunnableRevision } from "../script/index.js";
import { ChecksumTable } from "./checksums.js";
import { type Duration, milliseconds } from "./duration.js";
import { describeFailure } from "./failure.js";
import { OfflineHost, OnlineHost } from "./hosts.js";
import { describeHalfDone, type HalfDone, isCarriedOut, StepJournal, StepRecorder } from "./journal.js";
import { MigrationLog } from "./log.js";
import { Progress } from "./progress.js";
import {
  BorrowedTransactions,
  ForeignTransaction,
  OwnTransactions,
  type PendingTransaction,
  type TransactionControl,
} from "./transaction.js";
import { VersionTable, type VersionTableOptions } from "./version-table.js";

/** What `onVersionApply` is told: after each step, in the step's transaction. */
export interface VersionApplyEvent {
  readonly step: MigrationStep;
  /** Rows of the version table after the step. */
  readonly heads: readonly string[];
  /** Undefined in a script. */
  readonly connection: Connection | undefined;
  /** Of several databases, the one that was changed. */
  readonly database: string | undefined;
  /** Of several tenants, the one that was changed. */
  readonly tenant: string | undefined;
}
export interface MigrationContextOptions {
  readonly versionTable?: VersionTableOptions | undefined;
  readonly log?: MigrationLog | undefined;
  /** One transaction per revision instead of one for the run. Always so where DDL is not transactional. */
  readonly transactionPerMigration?: boolean | undefined;
  /** Overrides what the dialect says of itself. */
  readonly transactionalDdl?: boolean | undefined;
  /**
   * Against concurrent runs; default true. "transaction" takes it anew in every transaction, which works behind a
   * PostgreSQL pooler in transaction mode.
   */
  readonly lock?: boolean | "transaction" | undefined;
  /** How long other runs may take. Default "60s". */
  readonly lockWait?: Duration | undefined;
  /** How long a statement waits for what another session has locked; default what the server is set to. */
  readonly lockTimeout?: Duration | undefined;
  /** How long a statement may take; default what the server is set to. */
  readonly statementTimeout?: Duration | undefined;
  /** A line of the log for every so many milliseconds that an operation takes; 0 for none. Default 10 000. */
  readonly progressInterval?: number | undefined;
  /** Of several databases, the one this is: told to `onVersionApply`. */
  readonly database?: string | undefined;
  /** Of several tenants, the one this is: told to `onVersionApply`. */
  readonly tenant?: string | undefined;
  /** The schema that is the session's default one, set by the caller: part of the lock's name, and set by scripts. */
  readonly schema?: string | undefined;
  readonly namingConvention?: NamingConvention | undefined;
  /** Keep a checksum of every applied file, to warn when one is edited later. Default true. */
  readonly checksums?: boolean | undefined;
  readonly onVersionApply?: ((event: VersionApplyEvent) => void | Promise<void>) | undefined;
}
/** From the rows of the version table to what is to be done. */
export type StepPlan = (rows: readonly string[]) => readonly MigrationStep[];
export type LoadRevision = (revision: Revision) => Promise<RunnableRevision<Operations>>;
export interface RunSettings {
  /** The id a row has now: what a squash replaced goes on under the new id. */
  readonly rename?: ((row: string) => string) | undefined;
  /** Remove all version rows first, without reading them. */
  readonly purge?: boolean | undefined;
  /** Forget what an interrupted run has left: the caller says that the schema is right. */
  readonly forgetHalfDone?: boolean | undefined;
  /** The checksum of a revision's file as it is now. */
  readonly checksum?: ((revision: Revision) => Promise<string | undefined>) | undefined;
  /**
   * Called when all is done, before the last commit: given the transaction where it holds the whole run, nothing where
   * the run has committed as it went. What it throws undoes the run.
   */
  readonly beforeLast?: ((pending: PendingTransaction | undefined) => Promise<void>) | undefined;
}

/**
 * @example
 * await using connection = await engine.connect({ isolationLevel: "AUTOCOMMIT" });
 * const context = MigrationContext.online(connection);
 * await context.currentHeads();
 */
export class MigrationContext {
  readonly dialect: Dialect;
  readonly impl: DialectImpl;
  readonly versionTable: VersionTable;
  readonly checksums: ChecksumTable;
  readonly journal: StepJournal;
  readonly log: MigrationLog;
  readonly #connection: Connection | undefined;
  readonly #write: ((text: string) => void) | undefined;
  readonly #options: MigrationContextOptions;

  private constructor(
    dialect: Dialect,
    connection: Connection | undefined,
    write: ((text: string) => void) | undefined,
    options: MigrationContextOptions,
  ) {
    this.dialect = dialect;
    this.impl = implFor(dialect);
    this.#connection = connection;
    this.#write = write;
    this.#options = options;
    this.versionTable = new VersionTable(options.versionTable);
    this.checksums = new ChecksumTable(this.versionTable.table);
    this.journal = new StepJournal(this.versionTable.table);
    this.log = options.log ?? new MigrationLog(() => {});
  }
  /**
   * On a connection. One in AUTOCOMMIT is the run's own to begin and commit on; one with an open transaction is left
   * as it is, and the caller commits.
   */
  static online(connection: Connection, options: MigrationContextOptions = {}): MigrationContext {
    return new MigrationContext(connection.dialect, connection, undefined, options);
  }
  /** Into a script. */
  static offline(
    dialect: Dialect,
    write: (text: string) => void,
    options: MigrationContextOptions = {},
  ): MigrationContext {
    return new MigrationContext(dialect, undefined, write, options);
  }

  get isOffline(): boolean {
    return this.#connection === undefined;
  }
  get transactionalDdl(): boolean {
    return this.#options.transactionalDdl ?? this.impl.transactionalDdl;
  }
  /** @throws OperationError `migrate.offline` */
  get connection(): Connection {
    if (this.#connection !== undefined) return this.#connection;
    throw new OperationError("migrate.offline", "There is no connection while a script is written (--sql)");
  }
  /** Rows of the version table; none when there is no table, which is not created. */
  currentHeads(): Promise<readonly string[]> {
    return this.versionTable.rows(this.connection);
  }
  /** The one row. @throws OperationError `migrate.several-heads` */
  async currentRevision(): Promise<string | null> {
    const heads = await this.currentHeads();
    if (heads.length > 1) {
      throw new OperationError(
        "migrate.several-heads",
        `Version table '${this.versionTable.name}' has more than one head present; please use currentHeads()`,
      );
    }
    return heads[0] ?? null;
  }
  /** A run can be held in one transaction, and prepared for a two-phase commit. */
  get canPrepare(): boolean {
    const { twoPhase } = this.dialect.capabilities;
    return this.transactionalDdl && !this.#perMigration && twoPhase && this.impl.canPrepare;
  }
  /** The first two log lines of every command that talks to a database. */
  announce(): void {
    this.log.info("runtime.migration", `Context impl ${this.dialect.implName}.`);
    if (this.isOffline) this.log.info("runtime.migration", "Generating static SQL");
    this.log.info(
      "runtime.migration",
      `Will assume ${this.transactionalDdl ? "transactional" : "non-transactional"} DDL.`,
    );
  }
  /** Operations for the program's own use: tests, the REPL. Nothing is begun or committed. */
  operations(): Operations {
    const host = new OnlineHost(this.connection, new ForeignTransaction(), this.#options.namingConvention);
    return new Operations(host, this.impl);
  }

  /** Tables of the migrations' own, which no model declares. */
  get ownTables(): readonly string[] {
    return [this.versionTable, this.checksums, this.journal].map((t) => t.table.tableName);
  }
  /** What an interrupted run has left, where DDL commits by itself. */
  async halfDone(): Promise<(HalfDone & { readonly carriedOut: boolean }) | undefined> {
    if (!this.#keepsJournal) return undefined;
    const found = await this.journal.read(this.connection);
    return found && { ...found, carriedOut: await isCarriedOut(found, this.connection, this.impl) };
  }
  get #keepsJournal(): boolean {
    return !this.impl.transactionalDdl && this.impl.keepsJournal;
  }

  /**
   * Runs steps in order. The version rows follow each step within its transaction. A revision that an interrupted run
   * left half done is taken up where it stopped.
   * @throws MigrationFailedError when a migration throws; LockError; VersionRowError; OperationError `migrate.half-done`
   */
  async run(plan: StepPlan, load: LoadRevision, options: RunSettings = {}): Promise<void> {
    await this.#online(async (host, transactions, progress) => {
      const { connection } = this;
      const journal = transactions instanceof OwnTransactions && this.#keepsJournal ? this.journal : undefined;
      await transactions.begin();
      if (options.purge && (await this.versionTable.exists(connection))) await host.run(this.versionTable.clear());
      const found = await this.versionTable.rows(connection);
      const rename = options.rename ?? ((row: string) => row);
      const before = found.map(rename);
      const renamed = found.flatMap((row) => (rename(row) === row ? [] : [[row, rename(row)] as const]));
      let steps = await this.#planned(plan, before, load);
      if (renamed.length > 0) {
        for (const [from, to] of renamed) this.log.info("runtime.migration", `Revision ${from} is known as ${to} now`);
        await this.versionTable.change({ delete: [], update: renamed, insert: [] }, (statement) =>
          host.count(statement),
        );
      }
      let resume = journal === undefined ? undefined : await this.halfDone();
      if (resume !== undefined && options.forgetHalfDone) {
        this.log.info("runtime.migration", `${describeHalfDone(resume, resume.carriedOut)} It is forgotten.`);
        await journal?.forget(connection);
        resume = undefined;
      }
      if (resume !== undefined) resume = await this.#takeUp(resume, steps);
      const keepChecksums = options.checksum !== undefined && (this.#options.checksums ?? true);
      if (steps.length > 0) {
        if (!(await this.versionTable.exists(connection))) await host.run(this.versionTable.create());
        if (keepChecksums) await this.checksums.ensure(connection);
        await journal?.ensure(connection);
      }
      const perMigration = this.#perMigration;
      if (perMigration) await transactions.commit();
      const done: string[] = [];
      let kept: readonly string[] = [];
      let rows: readonly string[] = before;
      for (let at = 0; at < steps.length; at++) {
        await transactions.begin();
        if (at === 0 && journal !== undefined && transactions instanceof OwnTransactions) await transactions.reopen();
        if (perMigration && transactions.isOurs && !this.impl.locksWholeRun(this.#rules.lock)) {
          // Between two transactions another process may have gone ahead.
          const now = (await this.versionTable.rows(connection)).map(rename);
          if ([...now].sort().join() !== [...rows].sort().join()) {
            [rows, steps, at] = [now, await this.#planned(plan, now, load), -1];
            continue;
          }
        }
        const step = steps[at] as MigrationStep;
        host.statements = [];
        host.outside = [];
        host.committedEarly = false;
        host.recorder = undefined;
        if (journal !== undefined && step.revision !== null && transactions instanceof OwnTransactions) {
          const running = { revision: step.revision.revision, direction: directionOf(step) };
          const half = at === 0 ? resume : undefined;
          const reopen = () => transactions.reopen();
          host.recorder = new StepRecorder({
            connection,
            impl: this.impl,
            journal,
            step: running,
            resume: half,
            transaction: transactions,
            reopen,
          });
        }
        this.log.info("runtime.migration", `Running ${describeStep(step)}`);
        progress.step(describeStep(step), at + 1, steps.length);
        try {
          await this.#step(step, host, load, keepChecksums ? options.checksum : undefined);
          if (journal !== undefined) await journal.clear(connection);
          const isLast = at === steps.length - 1;
          // A file that left the transaction is done for good: its row must say so, whatever comes after it.
          if (perMigration || host.committedEarly) await transactions.commit();
          else if (isLast && options.beforeLast === undefined) await transactions.commit();
        } catch (error) {
          await this.#undo(transactions);
          throw await this.#failure(step, host, transactions, before, host.committedEarly ? done : kept, error);
        }
        rows = step.rows;
        if (step.revision !== null) done.push(step.revision.revision);
        if (!transactions.isOpen) kept = [...done];
      }
      if (options.beforeLast !== undefined) {
        await transactions.begin();
        await options.beforeLast(!perMigration && transactions instanceof OwnTransactions ? transactions : undefined);
      }
      await transactions.commit();
    });
  }
  /** The steps. What cannot be loaded or undone is refused before anything is begun. @throws ScriptError, OperationError */
  async #planned(plan: StepPlan, rows: readonly string[], load: LoadRevision): Promise<MigrationStep[]> {
    const steps = [...plan(rows)];
    for (const { revision, isUpgrade } of steps) {
      if (revision === null) continue;
      const module = await load(revision);
      if (!isUpgrade && module.downgrade === undefined) throw noWayBack(revision, module);
    }
    return steps;
  }
  /** Where a half done revision goes on; undefined when a stamp forgets it. @throws OperationError */
  async #takeUp(
    half: HalfDone & { readonly carriedOut: boolean },
    steps: readonly MigrationStep[],
  ): Promise<typeof half | undefined> {
    const what = describeHalfDone(half, half.carriedOut);
    const [first] = steps;
    if (first === undefined) {
      this.log.warn("runtime.migration", what);
      return undefined;
    }
    if (first.revision?.revision === half.revision && directionOf(first) === half.direction) {
      this.log.warn("runtime.migration", `${what} It goes on from there.`);
      return half;
    }
    throw new OperationError("migrate.half-done", what, {
      hint: `Finish it first: '${half.direction}'${half.direction === "upgrade" ? ` ${half.revision}` : ""}. Or bring the schema in order by hand and run 'stamp' with the revision it then is at.`,
    });
  }
  /** Creates the version table where it is missing. */
  async ensureVersionTable(): Promise<void> {
    if (this.#connection === undefined) {
      await this.#script().run(this.versionTable.create());
      return;
    }
    await this.#online(async (host, transactions) => {
      await transactions.begin();
      if (!(await this.versionTable.exists(this.connection))) await host.run(this.versionTable.create());
      await transactions.commit();
    });
  }
  get #perMigration(): boolean {
    return !this.transactionalDdl || (this.#options.transactionPerMigration ?? false);
  }
  get #rules(): SessionRules {
    const { lock = true, lockWait = 60_000, schema } = this.#options;
    const table = schema === undefined ? this.versionTable.name : `${schema}.${this.versionTable.name}`;
    const scope = lock === "transaction" ? lock : "session";
    const timeout = milliseconds(lockWait, "lockWait");
    return { timeouts: this.#timeouts, ...(lock === false ? {} : { lock: { table, timeout, scope } }) };
  }
  get #timeouts(): Timeouts {
    const { lockTimeout, statementTimeout } = this.#options;
    return {
      lock: lockTimeout === undefined ? undefined : milliseconds(lockTimeout, "lockTimeout"),
      statement: statementTimeout === undefined ? undefined : milliseconds(statementTimeout, "statementTimeout"),
    };
  }
  async #online(
    work: (host: OnlineHost, transactions: TransactionControl, progress: Progress) => Promise<void>,
  ): Promise<void> {
    const progress = new Progress(this.log, this.#options.progressInterval ?? 10_000);
    try {
      await this.#session(progress, work);
    } finally {
      progress.end();
    }
  }
  async #session(
    progress: Progress,
    work: (host: OnlineHost, transactions: TransactionControl, progress: Progress) => Promise<void>,
  ): Promise<void> {
    const connection = this.connection;
    const rules = this.#rules;
    const transactions = transactionsOf(connection, this.impl, rules);
    const host = new OnlineHost(connection, transactions, this.#options.namingConvention);
    host.watch = (op) => progress.operation(labelOf(op));
    if (!transactions.isOurs) {
      try {
        await work(host, transactions, progress);
      } catch (error) {
        await this.#undo(transactions);
        throw error;
      }
      return;
    }
    const missing = (["lock", "statement"] as const).find(
      (l) => rules.timeouts[l] !== undefined && !this.impl.limits.includes(l),
    );
    if (missing !== undefined)
      this.log.info("runtime.migration", `${this.dialect.name} has no ${missing} timeout: none is set.`);
    await this.impl.open(connection, rules.lock);
    try {
      // In transactions that are a pooler's to give away, limits are set with each of them.
      const restore =
        rules.lock?.scope === "transaction" ? undefined : await this.impl.limit(connection, rules.timeouts);
      try {
        await work(host, transactions, progress);
      } finally {
        await this.#undo(transactions);
        await restore?.();
      }
    } finally {
      const lost = await this.impl.close(connection);
      if (lost !== undefined) this.log.warn("runtime.migration", lost);
    }
  }
  /** After an error: the first one counts. */
  async #undo(transactions: TransactionControl): Promise<void> {
    try {
      await transactions.rollback();
    } catch {
      // The server rolls back when the connection goes.
    }
  }
  async #step(
    step: MigrationStep,
    host: OnlineHost | OfflineHost,
    load: LoadRevision,
    checksum?: RunSettings["checksum"],
  ): Promise<void> {
    if (step.revision !== null) {
      const module = await load(step.revision);
      const work = step.isUpgrade ? module.upgrade : module.downgrade;
      if (work === undefined) throw noWayBack(step.revision, module);
      const operations = new Operations(host, this.impl, exportsBefore(step.revision, load));
      const outside = module.transaction === false;
      if (outside) await host.leaveTransaction();
      try {
        await work(operations);
      } finally {
        // What was called without await is waited for, also when the function itself threw.
        await operations.finish();
      }
      if (outside) await host.enterTransaction();
      if (host instanceof OnlineHost) host.recorder?.finish();
      if (host instanceof OnlineHost && host.connection.inNestedTransaction) {
        throw new OperationError("migrate.open-transaction", `Revision ${step.revision} left a savepoint open`, {
          hint: "End every beginNested() inside the migration.",
        });
      }
    }
    await this.versionTable.change(step.changes, (statement) => host.count(statement));
    if (checksum !== undefined && step.revision !== null) {
      const now = step.isUpgrade ? await checksum(step.revision) : undefined;
      await this.checksums.set(step.revision.revision, now, (statement) => host.count(statement));
    }
    const { database, tenant, onVersionApply } = this.#options;
    await onVersionApply?.({ step, heads: step.rows, connection: this.#connection, database, tenant });
  }
  async #failure(
    step: MigrationStep,
    host: OnlineHost,
    transactions: TransactionControl,
    before: readonly string[],
    kept: readonly string[],
    cause: unknown,
  ): Promise<MigrationError> {
    if (step.revision === null && cause instanceof MigrationError) return cause;
    const isCallers = !transactions.isOurs && transactions instanceof ForeignTransaction;
    return describeFailure({
      step,
      cause,
      before,
      rows: host.recorder === undefined ? before : await this.currentHeads().catch(() => before),
      kept,
      transaction: isCallers ? "caller's" : this.#perMigration || kept.length > 0 ? "per migration" : "whole run",
      committedEarly: host.committedEarly,
      leftBehind: this.transactionalDdl ? [...host.outside] : [...host.statements],
      halfDone: host.recorder === undefined ? undefined : await this.halfDone().catch(() => undefined),
      databaseName: this.dialect.name,
      where: [
        ...(this.#options.database === undefined ? [] : [`database ${this.#options.database}`]),
        ...(this.#options.tenant === undefined ? [] : [`tenant ${this.#options.tenant}`]),
      ].join(", "),
      limit: this.impl.limitOf(cause),
      timeouts: this.#timeouts,
    });
  }

  // ---- scripts

  #script(): OfflineHost {
    const words = { begin: this.impl.beginText, commit: this.impl.commitText };
    return new OfflineHost(
      this.dialect,
      this.#write ?? (() => {}),
      this.#options.namingConvention,
      this.transactionalDdl ? words : undefined,
    );
  }
  /**
   * Writes steps as a script. `fromBase`: the version table does not exist yet.
   * @throws OperationError for what only a connection can tell
   */
  async write(
    steps: readonly MigrationStep[],
    load: LoadRevision,
    options: { readonly fromBase: boolean },
  ): Promise<void> {
    const host = this.#script();
    const perMigration = this.#perMigration;
    if (this.#options.schema !== undefined) host.statement(this.impl.enterSchemaText(this.#options.schema));
    for (const text of this.impl.limitText(this.#timeouts, false)) host.statement(text);
    if (!perMigration || options.fromBase) host.begin();
    if (options.fromBase) {
      await host.run(this.versionTable.create());
      if (perMigration) host.commit();
    }
    for (const step of steps) {
      this.log.info("runtime.migration", `Running ${describeStep(step)}`);
      if (perMigration) host.begin();
      host.note(`Running ${describeStep({ ...step, revision: null })}`);
      await this.#step(step, host, load);
      if (perMigration) host.commit();
    }
    if (!perMigration) host.commit();
  }
}

/** Looks up what a revision exports that comes before the running one. @throws OperationError */
function exportsBefore(running: Revision, load: LoadRevision): FindObject {
  return async (id) => {
    const before = new Set<Revision>();
    const next = [...running.links.parents, ...running.links.dependencies];
    for (let one = next.pop(); one !== undefined; one = next.pop()) {
      if (before.has(one)) continue;
      before.add(one);
      next.push(...one.links.parents, ...one.links.dependencies);
    }
    const found = [...before].filter((r) => r.revision === id || r.revision.startsWith(id));
    const [only] = found.length > 1 ? found.filter((r) => r.revision === id) : found;
    if (only !== undefined) return (await load(only)).exports ?? {};
    const known = [...before].map((r) => r.revision);
    throw new OperationError("migrate.replace", `No revision '${id}' comes before ${running}.${didYouMean(id, known)}`);
  };
}

const directionOf = (step: MigrationStep): "upgrade" | "downgrade" => (step.isUpgrade ? "upgrade" : "downgrade");

function noWayBack(revision: Revision, { irreversible }: RunnableRevision<Operations>): OperationError {
  return irreversible === undefined
    ? new OperationError("migrate.no-downgrade", `Revision ${revision} has no downgrade(): it cannot be undone`, {
        hint: `Write one in ${revision.path}. Nothing was done.`,
      })
    : new OperationError("migrate.irreversible", `Revision ${revision} cannot be undone: ${irreversible}`, {
        hint: `So says 'irreversible' in ${revision.path}. Nothing was done.`,
      });
}

function transactionsOf(connection: Connection, impl: DialectImpl, rules: SessionRules): TransactionControl {
  if (connection.isolationLevel === "AUTOCOMMIT") return new OwnTransactions(connection, impl, rules);
  return connection.inTransaction ? new ForeignTransaction() : new BorrowedTransactions(connection);
}
