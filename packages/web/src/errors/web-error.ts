/** Mistakes in how the library is used: wrong set-up, no context, a closed scope. Never shown to a visitor. */

import { AthanorError } from "@athanor/core";

/** Stable codes, one per kind of mistake, for programs that must tell them apart. */
export type WebErrorCode =
  | "app-not-found"
  | "blueprint"
  | "body-consumed"
  | "build-url"
  | "command"
  | "command-usage"
  | "config"
  | "endpoint"
  | "json-encode"
  | "login"
  | "no-context"
  | "no-secret-key"
  | "password-method"
  | "port-in-use"
  | "return-value"
  | "route"
  | "scope-closed"
  | "session"
  | "setup-finished"
  | "signature"
  | "static-file"
  | "template-engine"
  | "test-client";

/**
 * Raised for a programming mistake.
 *
 * @example try { urlFor("idnex") } catch (e) { if (e instanceof WebError && e.code === "build-url") ... }
 */
export class WebError extends AthanorError {
  /** Stable identifier of the kind of mistake. */
  declare readonly code: WebErrorCode;

  // Narrows the codes to those of this package.
  constructor(code: WebErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** Something needed a request or application context and none was active. */
export class NoContextError extends WebError {
  constructor(what: string) {
    super(
      "no-context",
      `${what} needs an active ${what.includes("request") ? "request" : "application"} context. Inside a request there is always one; elsewhere wrap the code in \`await app.context(async () => { ... })\`, or in a test use \`await app.testRequestContext("/path", async (c) => { ... })\`.`,
    );
  }
}

/** A scope was used after its handler had ended. */
export class ScopeClosedError extends WebError {
  constructor(what: string, openedAt: string) {
    super(
      "scope-closed",
      `${what} was used after its scope had ended. The usual causes are a forgotten \`await\`, a timer, or a streamed body without \`streamWithContext\`. The scope was opened for ${openedAt}.`,
    );
  }
}
