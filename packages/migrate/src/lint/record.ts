/** What a migration would do, found out by running it without a database: its operations are collected, not carried out. */
import type { Dialect, NamedTable } from "@athanor/core";
import { DialectImpl, implFor, type OperationHost } from "../impl/index.js";
import { Operations } from "../operations/index.js";
import type { MigrateOp } from "../ops/index.js";
import { OfflineHost } from "../runtime/hosts.js";

export interface RecordedOp {
  readonly op: MigrateOp;
  /** Within `autocommitBlock`. */
  readonly autocommit: boolean;
}
export interface Recording {
  readonly ops: readonly RecordedOp[];
  /** The migration asked for a connection, or threw: what comes after that is not known. */
  readonly stopped: Error | undefined;
}

class RecordingHost extends OfflineHost {
  autocommit = false;
  override async leaveTransaction(): Promise<void> {
    this.autocommit = true;
  }
  override async enterTransaction(): Promise<void> {
    this.autocommit = false;
  }
}
class RecordingImpl extends DialectImpl {
  readonly ops: RecordedOp[] = [];
  readonly #host: RecordingHost;
  constructor(dialect: Dialect, host: RecordingHost) {
    super(dialect);
    this.#host = host;
  }
  override async apply(op: MigrateOp): Promise<void> {
    this.ops.push({ op, autocommit: this.#host.autocommit });
  }
  override async applyBatch(_table: NamedTable, ops: readonly MigrateOp[], _host: OperationHost): Promise<void> {
    for (const op of ops) await this.apply(op);
  }
}

/**
 * @example (await recordOps((op) => op.dropColumn("todo", "done"), dialect)).ops[0]?.op.kind // "dropColumn"
 */
export async function recordOps(work: (op: Operations) => unknown, dialect: Dialect): Promise<Recording> {
  const host = new RecordingHost(dialect, () => {}, undefined, undefined);
  const impl = new RecordingImpl(dialect, host);
  const operations = new Operations(host, impl);
  let stopped: Error | undefined;
  try {
    await work(operations);
    await operations.finish();
  } catch (error) {
    stopped = error instanceof Error ? error : new Error(String(error));
  }
  return { ops: impl.ops, stopped };
}
/** Which family of databases the rules are about. */
export function familyOf(dialect: Dialect): DialectImpl["family"] {
  return implFor(dialect).family;
}
