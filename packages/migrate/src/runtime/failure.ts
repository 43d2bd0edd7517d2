/** What a run that failed has done, what stays of it, and what to do next. */
import { type MigrationError, MigrationFailedError } from "../errors.js";
import { describeStep, type MigrationStep } from "../graph/index.js";
import type { Timeouts } from "../impl/index.js";
import { shownDuration } from "./duration.js";
import { describeHalfDone, type HalfDone } from "./journal.js";

export interface FailedRun {
  readonly step: MigrationStep;
  readonly cause: unknown;
  /** Rows before the run. */
  readonly before: readonly string[];
  /** Rows now, where steps are kept one by one. */
  readonly rows: readonly string[];
  /** Revisions of this run that are committed. */
  readonly kept: readonly string[];
  readonly transaction: "caller's" | "whole run" | "per migration";
  /** A block outside the transaction had committed what came before it. */
  readonly committedEarly: boolean;
  /** Statements of the failed revision that stay. */
  readonly leftBehind: readonly string[];
  readonly halfDone: (HalfDone & { readonly carriedOut: boolean }) | undefined;
  /** Of several, which database or tenant; "" where there is one. */
  readonly where: string;
  /** As the message calls the database's kind. */
  readonly databaseName: string;
  /** The limit the failed statement ran into. */
  readonly limit: keyof Timeouts | undefined;
  readonly timeouts: Timeouts;
}

export function describeFailure(run: FailedRun): MigrationError {
  const at = run.before.length === 0 ? "base" : run.before.join(", ");
  const lines = [place(run, at), ...limitLines(run)];
  const stays = run.leftBehind.map((s) => `  ${s.replaceAll(/\s+/g, " ")}`);
  const name = run.step.revision?.revision ?? "";
  if (run.halfDone !== undefined) {
    lines.push(
      describeHalfDone(run.halfDone, run.halfDone.carriedOut),
      ...stays,
      "Correct the migration from there on and run the command again: it goes on there. Or undo by hand what was",
      `carried out, and run 'stamp ${run.rows.length === 0 ? "base" : run.rows.join(" ")}' so that it is forgotten.`,
    );
  } else if (stays.length > 0) {
    lines.push(
      run.committedEarly
        ? `What ran outside a transaction stays of revision ${name}:`
        : `${run.databaseName} cannot take back DDL, so this stays of revision ${name}:`,
      ...stays,
      "Undo it by hand (or take it out of the migration), then run the command again.",
    );
  } else lines.push("Correct the migration and run the command again.");
  const step = `${describeStep(run.step)}${run.where === "" ? "" : ` in ${run.where}`}`;
  const what = { step, revision: name, done: run.kept, leftBehind: run.leftBehind };
  return new MigrationFailedError(what, lines.join("\n"), run.cause);
}

function place(run: FailedRun, at: string): string {
  if (run.transaction === "caller's") return "The transaction belongs to the caller, who has to roll it back.";
  if (run.committedEarly)
    return "What came before an autocommit block stays in the database; look at it before running the command again.";
  if (run.transaction === "whole run") return `The whole run was rolled back: the database is as it was, at ${at}.`;
  return run.kept.length === 0
    ? `No revision was applied; the database is at ${at}.`
    : `Done and kept: ${run.kept.join(", ")}.`;
}

function limitLines({ limit, timeouts }: FailedRun): string[] {
  if (limit === undefined) return [];
  const value = timeouts[limit];
  const given = value === undefined ? "" : ` (${shownDuration(value)})`;
  return limit === "lock"
    ? [
        `Another session held what the statement wanted for longer than it may wait${given}. Run the command again when that is over, or let it wait longer: --lock-timeout.`,
      ]
    : [`The statement took longer than it may${given}. Let it take longer: --statement-timeout.`];
}
