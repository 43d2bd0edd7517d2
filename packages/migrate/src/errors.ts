/**
 * Errors of the migration tool. `message` is the sentence a user can search for; `hint`, where there is one, says what
 * to do next and is printed on a line of its own by the command line.
 */
import { AthanorError } from "@athanor/core";

export interface MigrationErrorOptions {
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** Base of everything `@athanor/migrate` throws on purpose. */
export class MigrationError extends AthanorError {
  /** The way out, or undefined when the message already says it. */
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: MigrationErrorOptions = {}) {
    super(code, message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = options.hint;
  }
}

/** The revision files do not form a usable graph, or a request does not fit the graph. */
export class RevisionError extends MigrationError {}

/** An identifier names no revision, or more than one. */
export class ResolutionError extends RevisionError {
  /** The identifier as the user wrote it. */
  readonly argument: string;

  constructor(code: string, argument: string, message: string, options: MigrationErrorOptions = {}) {
    super(code, message, options);
    this.argument = argument;
  }
}

/** One head was asked for and there are several. `heads` holds their ids. */
export class MultipleHeadsError extends ResolutionError {
  readonly heads: readonly string[];

  constructor(argument: string, heads: readonly string[]) {
    super(
      "migrate.multiple-heads",
      argument,
      `Multiple head revisions are present for given argument '${argument}'; please specify a specific target ` +
        "revision, '<branchname>@head' to narrow to a specific head, or 'heads' for all heads",
      { hint: `The heads are ${heads.join(", ")}. Join them with 'merge heads', or name one of them.` },
    );
    this.heads = heads;
  }
}

/** The two ends of a request do not lie on one line of descent. */
export class RevisionRangeError extends RevisionError {}

export type CycleKind = "Self-loop" | "Cycle" | "Dependency self-loop" | "Dependency cycle";

/** Revisions that lead back to themselves. `revisions` holds exactly the loop, in upgrade order. */
export class CycleError extends RevisionError {
  readonly kind: CycleKind;
  readonly revisions: readonly string[];

  constructor(kind: CycleKind, revisions: readonly string[], paths: readonly string[] = []) {
    const field = kind.startsWith("Dependency") ? "dependsOn" : "downRevision";
    super("migrate.cycle", `${kind} is detected in revisions (${revisions.join(", ")})`, {
      hint:
        `${[...revisions, revisions[0]].join(" -> ")} never ends; correct ${field} in one of them` +
        (paths.length > 0 ? `: ${paths.join(", ")}` : "."),
    });
    this.kind = kind;
    this.revisions = revisions;
  }
}

/** The directory of revision files cannot be read, written or understood. */
export class ScriptError extends MigrationError {}

/**
 * The version table did not hold exactly the one row a step was to change, which means that somebody else is migrating
 * the same database or has edited the table.
 */
export class VersionRowError extends MigrationError {
  readonly found: number;

  constructor(
    action: { readonly delete: string } | { readonly update: readonly [string, string] },
    table: string,
    found: number,
  ) {
    const what =
      "delete" in action ? `deleting '${action.delete}'` : `updating '${action.update[0]}' to '${action.update[1]}'`;
    super(
      "migrate.version-row",
      `Online migration expected to match one row when ${what} in '${table}'; ${found} found`,
      {
        hint: "Another process may be migrating this database at the same time, or the version table was changed by hand.",
      },
    );
    this.found = found;
  }
}

/** An operation that cannot be done as asked: on this database, offline, or in this place. */
export class OperationError extends MigrationError {}

/** A command cannot run: the database is behind, there is no metadata, nothing says which database. */
export class CommandError extends MigrationError {}

/** Another process is migrating the same database and did not finish in time. */
export class LockError extends MigrationError {}

/** `check` found differences between the models and the database. */
export class DifferenceError extends MigrationError {
  /** One line per difference, as logged. */
  readonly differences: readonly string[];

  constructor(differences: readonly string[]) {
    super("migrate.differences", `New upgrade operations detected: [${differences.join(", ")}]`, {
      hint: "Write them into a revision with 'migrate'.",
    });
    this.differences = differences;
  }
}

/** A migration function threw. `cause` is what it threw. */
export class MigrationFailedError extends MigrationError {
  /** The revision whose function failed. */
  readonly revision: string;
  /** Revisions of this run that stay done. */
  readonly done: readonly string[];
  /** Statements of the failed revision that the database could not take back. */
  readonly leftBehind: readonly string[];

  constructor(
    what: {
      readonly step: string;
      readonly revision: string;
      readonly done: readonly string[];
      readonly leftBehind: readonly string[];
    },
    hint: string,
    cause: unknown,
  ) {
    super("migrate.failed", `Running ${what.step} failed: ${cause instanceof Error ? cause.message : String(cause)}`, {
      hint,
      cause,
    });
    this.revision = what.revision;
    this.done = what.done;
    this.leftBehind = what.leftBehind;
  }
}

/** `lint` found what loses data or stops a running program. */
export class LintError extends MigrationError {
  /** How many findings count. */
  readonly count: number;

  constructor(count: number, disable: readonly string[]) {
    super("migrate.lint", `lint found ${count} problem(s)`, {
      hint: `Do it the safe way, or say in the file that it is meant: // athanor-lint-disable ${disable.join(", ")}`,
    });
    this.count = count;
  }
}
