/** Validators that compare the value: length, range, another field, a set. Source: WTForms, "Validators". */
import { FormDefinitionError, ValidationError } from "../errors.js";
import { compareDecimals, parseDecimal } from "../fields/decimal-text.js";
import { interpolate } from "../i18n.js";
import type { Field, FieldFlags, FormFace, Validator } from "../types.js";
import { validatorFactory, withFlags } from "./chain.js";

/** Limits and message of {@link length}; the message may use `%(min)d`, `%(max)d` and `%(length)d`. */
export interface LengthLimits {
  readonly min?: number;
  readonly max?: number;
  readonly message?: string;
}

/**
 * Length of a text in code points (an emoji counts once), or of a list. Sets `minlength` and `maxlength`.
 *
 * @throws FormDefinitionError `forms.validator` without a limit, or when min is above max.
 */
export const length = validatorFactory(function length(limits: LengthLimits): Validator<string | readonly unknown[]> {
  const { min, max, message } = limits;
  if (min === undefined && max === undefined) {
    throw new FormDefinitionError("forms.validator", "length() needs min, max or both: length({ max: 200 }).");
  }
  if (min !== undefined && max !== undefined && min > max) {
    throw new FormDefinitionError("forms.validator", `length(): min ${min} is above max ${max}.`);
  }
  const check = (_form: unknown, field: Field<string | readonly unknown[]>): void => {
    const { data } = field;
    const count = typeof data === "string" ? codePoints(data) : (data?.length ?? 0);
    if (count >= (min ?? 0) && count <= (max ?? Number.POSITIVE_INFINITY)) return;
    throw new ValidationError(
      interpolate(message ?? lengthMessage(field, min, max), { min: min ?? -1, max: max ?? -1, length: count }),
    );
  };
  const flags: FieldFlags = {};
  if (min !== undefined) flags.minlength = min;
  if (max !== undefined) flags.maxlength = max;
  return withFlags(check, flags);
});

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function lengthMessage(
  field: Pick<Field<unknown>, "gettext" | "ngettext">,
  min: number | undefined,
  max: number | undefined,
): string {
  if (max === undefined) {
    return field.ngettext(
      "Field must be at least %(min)d character long.",
      "Field must be at least %(min)d characters long.",
      min ?? 0,
    );
  }
  if (min === undefined) {
    return field.ngettext(
      "Field cannot be longer than %(max)d character.",
      "Field cannot be longer than %(max)d characters.",
      max,
    );
  }
  if (min === max) {
    return field.ngettext(
      "Field must be exactly %(max)d character long.",
      "Field must be exactly %(max)d characters long.",
      max,
    );
  }
  return field.gettext("Field must be between %(min)d and %(max)d characters long.");
}

/** Limits of {@link numberRange}; texts are exact decimals, the message may use `%(min)s` and `%(max)s`. */
export interface NumberLimits {
  readonly min?: number | bigint | string;
  readonly max?: number | bigint | string;
  readonly message?: string;
}

/**
 * A number between two limits, both included; decimals compare exactly, NaN and nothing fail. Sets `min` and `max`.
 *
 * @throws FormDefinitionError `forms.validator` for a limit that is no number.
 */
export const numberRange = validatorFactory(function numberRange(
  limits: NumberLimits,
): Validator<number | bigint | string> {
  const { message } = limits;
  const min = readLimit(limits.min, "min");
  const max = readLimit(limits.max, "max");
  const check = (_form: unknown, field: Field<number | bigint | string>): void => {
    const value = field.data === null ? null : parseDecimal(String(field.data));
    if (
      value !== null &&
      (min === null || compareDecimals(value, min) >= 0) &&
      (max === null || compareDecimals(value, max) <= 0)
    )
      return;
    const text = message ?? field.gettext(rangeMessage(min !== null, max !== null));
    throw new ValidationError(interpolate(text, { min: limits.min, max: limits.max }));
  };
  const flags: FieldFlags = {};
  if (limits.min !== undefined) flags.min = limits.min;
  if (limits.max !== undefined) flags.max = limits.max;
  return withFlags(check, flags);
});

function readLimit(limit: number | bigint | string | undefined, name: string): ReturnType<typeof parseDecimal> {
  if (limit === undefined || limit === Number.POSITIVE_INFINITY || limit === Number.NEGATIVE_INFINITY) return null;
  const parsed = parseDecimal(String(limit));
  if (parsed === null)
    throw new FormDefinitionError("forms.validator", `numberRange(): ${name} is ${String(limit)}, which is no number.`);
  return parsed;
}

function rangeMessage(hasMin: boolean, hasMax: boolean): string {
  if (hasMin && hasMax) return "Number must be between %(min)s and %(max)s.";
  return hasMin
    ? "Number must be at least %(min)s."
    : hasMax
      ? "Number must be at most %(max)s."
      : "Not a valid float value.";
}

/** The value of another field of the same form; the message may use `%(other_name)s` and `%(other_label)s`. */
export const equalTo = validatorFactory(function equalTo(otherName: string, message?: string) {
  return <T>(form: unknown, field: Field<T>): void => {
    const other = (form as Partial<FormFace> | null)?.field?.(otherName) ?? null;
    if (other === null)
      throw new ValidationError(field.gettext("Invalid field name '%s'.").replace("%s", () => otherName));
    if (sameValue(field.data, other.data)) return;
    const text = message ?? field.gettext("Field must be equal to %(other_name)s.");
    throw new ValidationError(interpolate(text, { other_name: otherName, other_label: other.label.text }));
  };
});

/** Options of {@link anyOf} and {@link noneOf}; the message may use `%(values)s`. */
export interface SetOptions<V> {
  readonly message?: string;
  readonly format?: (values: readonly V[]) => string;
}

/** One of the values. */
export const anyOf = validatorFactory(function anyOf<V>(
  values: readonly V[],
  options: SetOptions<V> = {},
): Validator<V> {
  return (_form, field) => {
    if (includes(values, field.data)) return;
    const text = options.message ?? field.gettext("Invalid value, must be one of: %(values)s.");
    throw new ValidationError(interpolate(text, { values: formatValues(values, options) }));
  };
});

/** None of the values. */
export const noneOf = validatorFactory(function noneOf<V>(
  values: readonly V[],
  options: SetOptions<V> = {},
): Validator<V> {
  return (_form, field) => {
    if (!includes(values, field.data)) return;
    const text = options.message ?? field.gettext("Invalid value, can't be any of: %(values)s.");
    throw new ValidationError(interpolate(text, { values: formatValues(values, options) }));
  };
});

function includes<V>(values: readonly V[], data: V | null): boolean {
  return values.some((value) => sameValue(value, data));
}

function formatValues<V>(values: readonly V[], options: SetOptions<V>): string {
  return options.format?.(values) ?? values.map(String).join(", ");
}

function sameValue(a: unknown, b: unknown): boolean {
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => sameValue(item, b[index]));
  return Object.is(a, b) || a === b;
}
