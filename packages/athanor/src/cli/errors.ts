/** What the command tells the user when something is wrong, and which exit code it leaves. */
import { AthanorError } from "@athanor/core";

export type CommandErrorCode =
  | "cli.app"
  | "cli.argument"
  | "cli.database"
  | "cli.env-file"
  | "cli.module"
  | "cli.no-web"
  | "cli.plugin";

/** A mistake of the user's that one sentence explains. */
export class CommandError extends AthanorError {
  declare readonly code: CommandErrorCode;

  // Narrows the codes to those of the command.
  constructor(code: CommandErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** Exit codes. `db` uses Alembic's 255, so that scripts written for it keep working. */
export const EXIT = { ok: 0, failed: 1, usage: 2, database: 255 } as const;

/**
 * Errors that explain themselves: no stack is printed. By the name of their base class, since the project may have
 * another copy of the packages than the command.
 */
export function explainsItself(error: unknown): error is Error & { readonly hint?: string } {
  if (!(error instanceof Error)) return false;
  for (let at: unknown = error; typeof at === "object" && at !== null; at = Object.getPrototypeOf(at)) {
    const { name } = at.constructor;
    if (name === "AthanorError" || name === "MigrationError") return true;
  }
  return false;
}
