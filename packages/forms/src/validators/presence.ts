/** Validators that decide whether a field must, may or must not be filled. Source: WTForms, "Validators". */
import { StopValidation, ValidationError } from "../errors.js";
import { isUpload } from "../input.js";
import type { Field } from "../types.js";
import { validatorFactory, withFlags } from "./chain.js";

type AnyFieldCheck = <T>(form: unknown, field: Field<T>) => void;

/**
 * The data must be there after coercion: blank text, 0, false and an empty list fail. For a number that may be 0, or a
 * check box that may be off, use {@link inputRequired}. Earlier errors of the field are dropped.
 */
export const dataRequired = validatorFactory(function dataRequired(message?: string) {
  const check: AnyFieldCheck = (_form, field) => {
    if (field.isFilled()) return;
    throw new StopValidation(message ?? field.gettext("This field is required."), { clear: true });
  };
  return withFlags(check, { required: true });
});

/** Something must have been submitted, whatever it means. Earlier errors of the field are dropped. */
export const inputRequired = validatorFactory(function inputRequired(message?: string) {
  const check: AnyFieldCheck = (_form, field) => {
    const first = field.rawData?.[0];
    if (first !== undefined && first !== "") return;
    throw new StopValidation(message ?? field.gettext("This field is required."), { clear: true });
  };
  return withFlags(check, { required: true });
});

/** Blank input ends the chain without errors, also without those of coercion. */
export const optional = validatorFactory(function optional(options: { readonly stripWhitespace?: boolean } = {}) {
  const strip = options.stripWhitespace ?? true;
  const check: AnyFieldCheck = (_form, field) => {
    const first = field.rawData?.[0];
    const blank = typeof first === "string" ? (strip ? first.trim() : first) === "" : first === undefined;
    if (blank) throw new StopValidation("", { clear: true });
  };
  return withFlags(check, { optional: true });
});

/** The rendered input cannot be edited, and a submitted value must be the one the field was given. */
export const readOnly = validatorFactory(function readOnly(message?: string) {
  const check: AnyFieldCheck = (_form, field) => {
    if (sameData(field.data, field.objectData)) return;
    throw new ValidationError(message ?? field.gettext("This field cannot be edited."));
  };
  return withFlags(check, { readonly: true });
});

/** The rendered input is disabled (browsers do not send it), and any submitted value fails. */
export const disabled = validatorFactory(function disabled(message?: string) {
  const check: AnyFieldCheck = (_form, field) => {
    if (field.rawData === null || field.rawData.length === 0) return;
    throw new ValidationError(message ?? field.gettext("This field is disabled and cannot have a value."));
  };
  return withFlags(check, { disabled: true });
});

// An empty input is what null looks like in a browser; the object side may hold another type of the same text.
function sameData(data: unknown, given: unknown): boolean {
  const plain = (value: unknown): string => {
    if (value === null || value === undefined) return "";
    if (value instanceof Date) return value.toISOString();
    return typeof value === "object" && !isUpload(value) ? JSON.stringify(value) : String(value);
  };
  return data === given || plain(data) === plain(given);
}
