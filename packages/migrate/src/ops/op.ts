/**
 * Operations as data: what a migration asks for, before any database hears of it. Each can say what undoes it. They are
 * run by `operations/`, written by `autogenerate/render`. Source: Alembic "Operation Directives", `MigrateOperation`.
 */
import { OperationError } from "../errors.js";

export abstract class MigrateOp {
  abstract readonly kind: string;
  /** The operation that undoes this one. @throws OperationError `migrate.irreversible` */
  abstract reverse(): MigrateOp;
  protected irreversible(what: string, wayOut: string): OperationError {
    return new OperationError("migrate.irreversible", `${what} cannot be reversed`, { hint: wayOut });
  }
}

/** Undoes a list: last first. */
export function reversed(ops: readonly MigrateOp[]): MigrateOp[] {
  return [...ops].reverse().map((op) => op.reverse());
}
