/**
 * Where DDL commits by itself, a killed run leaves a revision half done. The journal is a table of at most one row beside
 * the version table: which revision is running, which of its operations and statements, and a mark of the schema from
 * just before. A statement is done exactly when the mark has changed; data statements move the row in their own
 * transaction. So the next run knows where to go on.
 */
import { createHash } from "node:crypto";
import {
  buildTable,
  ColumnDefinition,
  type Connection,
  CreateTable,
  conv,
  DdlText,
  type Element,
  IntegerType,
  inspect,
  isDdl,
  type NamedTable,
  type Statement,
  StringType,
  sql,
  type Table,
  TablePrimaryKey,
  TextType,
} from "@athanor/core";
import { OperationError } from "../errors.js";
import type { DialectImpl } from "../impl/index.js";
import { labelOf, type MigrateOp } from "../ops/index.js";

/** Where a revision stopped. */
export interface HalfDone {
  readonly revision: string;
  readonly direction: "upgrade" | "downgrade";
  /** From 1: the operation of the function that was running, and the statement within it. */
  readonly operation: number;
  readonly statement: number;
  /** The statement that was running; null when it was done. */
  readonly running: string | null;
  /** Of the schema before the running statement. */
  readonly mark: string | null;
  /** Of the operations before this one. */
  readonly digest: string;
  /** Which table the mark is of; null: all of the schema. */
  readonly markedTable: string | null;
}
const column = (name: string, definition: ColumnDefinition) => ({ key: name, columnName: name, definition });

export class StepJournal {
  readonly table: Table;
  /** `versionTable`: name and schema of the version table. */
  constructor(versionTable: { readonly tableName: string; readonly schema: string | undefined }) {
    const name = `${versionTable.tableName}_step`;
    const text = (n: string, length: number, nullable = false) =>
      column(n, ColumnDefinition.of(new StringType(length), n).with({ nullable }));
    const number = (n: string) => column(n, ColumnDefinition.of(new IntegerType(), n));
    this.table = buildTable({
      name,
      schema: versionTable.schema,
      columns: [
        text("revision", 32),
        text("direction", 10),
        number("operation"),
        number("statement"),
        column("running", ColumnDefinition.of(new TextType(), "running").with({ nullable: true })),
        text("mark", 64, true),
        text("marked_table", 200, true),
        text("digest", 64),
      ],
      constraints: () => [new TablePrimaryKey(conv(`${name}_pkc`), ["revision"])],
    });
  }
  async #exists(connection: Connection): Promise<boolean> {
    const { schema, tableName } = this.table;
    return (await inspect(connection).tableNames({ schema })).includes(tableName);
  }
  async ensure(connection: Connection): Promise<void> {
    if (!(await this.#exists(connection))) await connection.execute(new CreateTable(this.table));
  }
  /** What a run that did not end has left. */
  async read(connection: Connection): Promise<HalfDone | undefined> {
    if (!(await this.#exists(connection))) return undefined;
    const rows = await connection.execute(
      sql`SELECT revision, direction, operation, statement, running, mark, marked_table, digest FROM ${this.table}`,
    );
    const row = [...rows][0];
    if (row === undefined) return undefined;
    const maybe = (value: unknown) => (value === null ? null : String(value));
    return {
      revision: String(row[0]),
      direction: row[1] === "downgrade" ? "downgrade" : "upgrade",
      operation: Number(row[2]),
      statement: Number(row[3]),
      running: maybe(row[4]),
      mark: maybe(row[5]),
      markedTable: maybe(row[6]),
      digest: String(row[7]),
    };
  }
  async write(connection: Connection, state: HalfDone): Promise<void> {
    await this.clear(connection);
    await connection.execute(
      sql`INSERT INTO ${this.table} (revision, direction, operation, statement, running, mark, marked_table, digest)
          VALUES (${state.revision}, ${state.direction}, ${state.operation}, ${state.statement}, ${state.running},
                  ${state.mark}, ${state.markedTable}, ${state.digest})`,
    );
  }
  async clear(connection: Connection): Promise<void> {
    await connection.execute(sql`DELETE FROM ${this.table}`);
  }
  /** Forgets what is half done: `stamp` says that the schema is right. */
  async forget(connection: Connection): Promise<void> {
    if (await this.#exists(connection)) await this.clear(connection);
  }
}

/** Whether the running statement of a half done revision was carried out. */
export async function isCarriedOut(state: HalfDone, connection: Connection, impl: DialectImpl): Promise<boolean> {
  if (state.running === null) return true;
  const table = state.markedTable === null ? undefined : namedTable(state.markedTable);
  return (await impl.schemaMark(connection, table)) !== state.mark;
}
/** What is half done, in a sentence or two. */
export function describeHalfDone(state: HalfDone, carriedOut: boolean): string {
  const before = state.operation - 1;
  const done = before === 0 ? "" : before === 1 ? "operation 1 is done; " : `operations 1 to ${before} are done; `;
  const at = `operation ${state.operation}, statement ${state.statement}`;
  const what = state.running === null ? "" : ` (${state.running.replaceAll(/\s+/g, " ")})`;
  return `The ${state.direction} of revision ${state.revision} is half done: ${done}${at}${what} was ${carriedOut ? "carried out" : "not carried out"}.`;
}
const namedTable = (text: string): NamedTable => {
  const [schema, tableName] = JSON.parse(text) as [string | null, string];
  return { tableName, schema: schema ?? undefined };
};

/** Follows one revision statement by statement, and skips what an earlier run has done. */
export class StepRecorder {
  readonly #connection: Connection;
  readonly #impl: DialectImpl;
  readonly #journal: StepJournal;
  readonly #step: { readonly revision: string; readonly direction: "upgrade" | "downgrade" };
  readonly #resume: (HalfDone & { readonly carriedOut: boolean }) | undefined;
  readonly #transaction: { readonly isOpen: boolean; begin(): Promise<void>; commit(): Promise<void> };
  /** BEGIN again, after DDL has ended the transaction. */
  readonly #reopen: () => Promise<void>;
  #operation = 0;
  #statement = 0;
  #inside = false;
  /** Of the operations before the running one, and with it. */
  #previous = "";
  #digest = "";

  constructor(options: {
    readonly connection: Connection;
    readonly impl: DialectImpl;
    readonly journal: StepJournal;
    readonly step: { readonly revision: string; readonly direction: "upgrade" | "downgrade" };
    readonly resume: (HalfDone & { readonly carriedOut: boolean }) | undefined;
    readonly transaction: { readonly isOpen: boolean; begin(): Promise<void>; commit(): Promise<void> };
    readonly reopen: () => Promise<void>;
  }) {
    this.#connection = options.connection;
    this.#impl = options.impl;
    this.#journal = options.journal;
    this.#step = options.step;
    this.#resume = options.resume;
    this.#transaction = options.transaction;
    this.#reopen = options.reopen;
  }
  /** Runs one operation of the migration, or skips it. @throws OperationError `migrate.half-done-changed` */
  async operation(op: MigrateOp, work: () => Promise<void>): Promise<void> {
    if (this.#inside) return work();
    this.#operation += 1;
    this.#statement = 0;
    const resume = this.#resume;
    const label = labelOf(op);
    if (resume !== undefined && this.#operation === resume.operation && this.#digest !== resume.digest) {
      throw changed(resume);
    }
    this.#previous = this.#digest;
    this.#digest = createHash("sha256").update(`${this.#digest}\n${label}`).digest("hex");
    if (resume !== undefined) {
      if (this.#operation < resume.operation) return;
      const wasLast = this.#operation === resume.operation && resume.carriedOut && this.#impl.isOneStatement(op);
      if (wasLast) return;
    }
    this.#inside = true;
    try {
      await work();
    } finally {
      this.#inside = false;
    }
  }
  /** The function has ended. @throws OperationError `migrate.half-done-changed` when it no longer comes to what was done */
  finish(): void {
    if (this.#resume !== undefined && this.#operation < this.#resume.operation) throw changed(this.#resume);
  }
  /** Operations and statements that an earlier run has done. */
  #isDone(): boolean {
    const resume = this.#resume;
    if (resume === undefined || this.#operation > resume.operation) return false;
    if (this.#operation < resume.operation) return true;
    return this.#statement < resume.statement || (this.#statement === resume.statement && resume.carriedOut);
  }
  /** Gives the DDL that was carried out; nothing for data and for what was skipped. */
  async run(statement: Element): Promise<string[]> {
    if (isDdl(statement)) {
      const table = tableOf(statement);
      const texts = this.#impl.dialect.createDdlCompiler().statements(statement);
      for (const text of texts) await this.#ddl(new DdlText(text), text, table);
      return [...texts];
    }
    const text = (statement as Statement).compile(this.#impl.dialect, { literalBinds: true }).sql;
    if (changesSchema(text)) {
      await this.#ddl(statement, text, undefined);
      return [text];
    }
    this.#statement += 1;
    if (this.#isDone()) return [];
    // The statement and its entry belong to one transaction, also within an autocommit block.
    const lone = !this.#transaction.isOpen;
    if (lone) await this.#transaction.begin();
    await this.#connection.execute(statement);
    await this.#journal.write(this.#connection, this.#state(null, null, null));
    if (lone) await this.#transaction.commit();
    return [];
  }
  async #ddl(statement: Element, text: string, table: NamedTable | undefined): Promise<void> {
    this.#statement += 1;
    if (this.#isDone()) return;
    const mark = await this.#impl.schemaMark(this.#connection, table);
    const marked = table === undefined ? null : JSON.stringify([table.schema ?? null, table.tableName]);
    await this.#journal.write(this.#connection, this.#state(text, mark, marked));
    await this.#connection.execute(statement);
    if (this.#transaction.isOpen) await this.#reopen();
  }
  #state(running: string | null, mark: string | null, markedTable: string | null): HalfDone {
    const place = { operation: Math.max(1, this.#operation), statement: this.#statement };
    return { ...this.#step, ...place, running, mark, markedTable, digest: this.#previous };
  }
}

function changed(resume: HalfDone): OperationError {
  return new OperationError(
    "migrate.half-done-changed",
    `Revision ${resume.revision} was interrupted at its operation ${resume.operation}, and the operations before it are no longer the same`,
    {
      hint: "Restore the file up to that operation and run the command again; or bring the schema in order by hand and run 'stamp' with the revision it then is at.",
    },
  );
}

const DATA = /^(\s|\(|--[^\n]*\n|\/\*.*?\*\/)*(insert|update|delete|replace|select|with|set|do|values)\b/is;
const changesSchema = (text: string): boolean => !DATA.test(text);

function tableOf(statement: Element): NamedTable | undefined {
  const parts = statement as unknown as {
    readonly table?: NamedTable;
    readonly index?: { readonly table?: NamedTable };
  };
  const table = parts.table ?? parts.index?.table;
  return table === undefined ? undefined : { tableName: table.tableName, schema: table.schema };
}
