/** Errors of the ORM; all are errors of @athanor/core's hierarchy. Source: SQLAlchemy "ORM Exceptions". */
import { AthanorError, InvalidRequestError } from "@athanor/core";

/** An attribute was read that no query loaded. The message names the attribute, the instance and three ways to load it. */
export class NotLoadedError extends InvalidRequestError {
  constructor(message: string) {
    super(message, "orm.not-loaded");
  }
}
/** An UPDATE or DELETE met another number of rows than expected: somebody else changed or deleted them. */
export class StaleDataError extends AthanorError {
  constructor(message: string) {
    super("orm.stale-data", message);
  }
}
/** A declaration that cannot be right: found when the mappers are configured. */
export class MappingError extends AthanorError {
  constructor(message: string, code = "orm.mapping", options?: { readonly cause?: unknown }) {
    super(code, message, options);
  }
}
/** A flush cannot go on: an instance that is no longer attached, a key that changed to nothing. */
export class FlushError extends AthanorError {
  constructor(message: string, code = "orm.flush") {
    super(code, message);
  }
}
/** A lazy load was asked of an object that belongs to no session. */
export class DetachedInstanceError extends InvalidRequestError {
  constructor(message: string) {
    super(message, "orm.detached");
  }
}
/** The row an object stood for is gone. */
export class ObjectDeletedError extends InvalidRequestError {
  constructor(message: string) {
    super(message, "orm.object-deleted");
  }
}
