/** Mistakes in how a `Database` is set up or used; what the database itself refuses keeps the classes of the core. */
import { AthanorError } from "@athanor/core";
import { NoContextError, ScopeClosedError } from "../errors/web-error.js";

/** Stable codes of `DatabaseSetupError`. */
export type DatabaseSetupCode =
  | "database.bind"
  | "database.config"
  | "database.late-config"
  | "database.not-registered"
  | "database.second-instance"
  | "database.several-apps"
  | "database.url-missing";

/**
 * A `Database` or `Migrate` that cannot work as it is set up.
 *
 * @example try { new Database(app) } catch (e) { if (e instanceof DatabaseSetupError && e.code === "database.url-missing") … }
 */
export class DatabaseSetupError extends AthanorError {
  declare readonly code: DatabaseSetupCode;

  // Narrows the codes to those of this module.
  constructor(code: DatabaseSetupCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** `db.session` outside of any request, command or test scope. */
export class NoSessionError extends NoContextError {
  constructor() {
    super("db.session");
    this.message = `db.session belongs to a request or another scope, and none is running. Wrap the code in \`await db.run(async () => { … })\`, or, where several apps share the database, in \`await app.context(async () => { … })\`.`;
  }
}

/** `db.session` after its scope has ended: a forgotten `await`, a timer, a stream that outlived its request. */
export class SessionClosedError extends ScopeClosedError {
  constructor(openedFor: string) {
    super("db.session", openedFor);
  }
}
