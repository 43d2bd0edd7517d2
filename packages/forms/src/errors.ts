/**
 * Errors of the forms package. Two families: mistakes of the programmer (`FormError` and below, each with a stable
 * code), and verdicts of a validator (`ValidationError`, `StopValidation`), which never leave `validate()`.
 */

/** Stable codes of {@link FormError}. */
export type FormErrorCode =
  | "forms/definition"
  | "forms/reserved-name"
  | "forms/validator"
  | "forms/input"
  | "forms/async-input"
  | "forms/choices"
  | "forms/attribute"
  | "forms/format"
  | "forms/populate"
  | "forms/entries"
  | "forms/csrf-config";

/** A form was declared or used wrongly; `code` stays stable across releases, the message names the culprit. */
export class FormError extends Error {
  override readonly name: string = "FormError";
  readonly code: FormErrorCode;

  constructor(code: FormErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The declaration itself is wrong; thrown while the class is being built. */
export class FormDefinitionError extends FormError {
  override readonly name: string = "FormDefinitionError";
}

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
export class ValidationError extends Error {
  override readonly name: string = "ValidationError";
}

/** Ends the validator chain of one field, with a message or silently. `clear` drops what was reported before. */
export class StopValidation extends Error {
  override readonly name: string = "StopValidation";
  readonly clear: boolean;

  constructor(message = "", options: { readonly clear?: boolean } = {}) {
    super(message);
    this.clear = options.clear ?? false;
  }
}

/** The closest of `candidates` to `word` by edit distance, if it is close enough to be what was meant. */
export function didYouMean(word: string, candidates: Iterable<string>): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(swap, previous[j]! + 1, row[j - 1]! + 1));
    }
    previous = row;
  }
  return previous[b.length]!;
}
