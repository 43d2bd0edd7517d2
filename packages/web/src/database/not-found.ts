/** `getOr404()` of the ORM throws an error of its own, free of any web framework; here it becomes the app's 404. */
import { NotFoundError } from "@athanor/orm";
import type { App } from "../app/app.js";
import { hookSets } from "../app/dispatch.js";
import { findErrorHandler } from "../app/hooks.js";
import { errorPage } from "../errors/error-page.js";
import { NotFound } from "../errors/http-error.js";

/** The app's own error: the visitor sees the description, not which table was asked. */
export function asNotFound(error: NotFoundError): NotFound {
  return new NotFound({
    cause: error,
    ...(error.description === undefined ? {} : { description: error.description }),
  });
}

/** Answers as `abort(404)` would: by the handlers of the blueprint and the app for 404, else with the plain page. */
export function answerNotFound(app: App): void {
  app.errorHandler(NotFoundError, async (error, c) => {
    const http = asNotFound(error);
    const handler = findErrorHandler(http, 404, hookSets(app, c));
    return handler === undefined ? errorPage(http, c.request.raw, app.debug) : await handler(http, c);
  });
}
