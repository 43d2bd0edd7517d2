/**
 * Errors of the forms package. Two families: mistakes of the programmer (`FormError` and below, each with a stable
 * code), and verdicts of a validator (`ValidationError`, `StopValidation`), which never leave `validate()`.
 */

import { AthanorError } from "@athanor/core";

/** Stable codes of {@link FormError}. */
export type FormErrorCode =
  | "forms.definition"
  | "forms.reserved-name"
  | "forms.validator"
  | "forms.input"
  | "forms.async-input"
  | "forms.choices"
  | "forms.attribute"
  | "forms.format"
  | "forms.populate"
  | "forms.entries"
  | "forms.csrf-config";

/** A form was declared or used wrongly; `code` stays stable across releases, the message names the culprit. */
export class FormError extends AthanorError {
  declare readonly code: FormErrorCode;

  constructor(code: FormErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** The declaration itself is wrong; thrown while the class is being built. */
export class FormDefinitionError extends FormError {}

/**
 * Thrown by a validator, filter or coercion to reject a value; the chain goes on with the next validator.
 *
 * ```ts
 * validateUsername(field: Field<string>) {
 *   if (field.data === "root") throw new ValidationError("This name is taken.");
 * }
 * ```
 * Source: WTForms, "Validators".
 */
export class ValidationError extends AthanorError {
  constructor(message: string, options?: ErrorOptions) {
    super("forms.validation", message, options);
  }
}

/** Ends the validator chain of one field, with a message or silently. `clear` drops what was reported before. */
export class StopValidation extends AthanorError {
  readonly clear: boolean;

  constructor(message = "", options: { readonly clear?: boolean } = {}) {
    super("forms.stop-validation", message);
    this.clear = options.clear ?? false;
  }
}
