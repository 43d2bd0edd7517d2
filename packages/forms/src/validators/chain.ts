/**
 * Running validators: what counts as one, how its answer is read, and the mark that tells `dataRequired` (a factory)
 * from `dataRequired()` (a validator).
 */
import { FormDefinitionError, StopValidation, ValidationError } from "../errors.js";
import type { Field, FieldFlags, StandardSchema, Validator, Verdict } from "../types.js";

/** A validator of any field, as the chain keeps it. */
export type AnyValidator = ((form: unknown, field: never) => void | Verdict | Promise<void | Verdict>) & {
  readonly flags?: FieldFlags;
};
type AnySchema = StandardSchema<never>;

const factories = new WeakSet<object>();

/** Marks a function that makes validators, so that passing it uncalled is reported instead of run. */
export function validatorFactory<F extends (...args: never[]) => unknown>(factory: F): F {
  factories.add(factory);
  return factory;
}

/** A validator with flags for the rendered field. */
export function withFlags<V extends object>(validator: V, flags: FieldFlags): V & { readonly flags: FieldFlags } {
  return Object.assign(validator, { flags });
}

/** @throws FormDefinitionError `forms.validator` for a class, an uncalled factory, or anything that cannot be called. */
export function checkValidators(validators: Iterable<unknown>, owner: string): void {
  for (const validator of validators) {
    if (isSchema(validator)) continue;
    if (typeof validator !== "function") {
      throw new FormDefinitionError(
        "forms.validator",
        `${owner}: ${String(validator)} is no validator, it cannot be called.`,
      );
    }
    const label = validator.name || "this function";
    if (factories.has(validator)) {
      throw new FormDefinitionError("forms.validator", `${owner}: ${label} makes validators, pass ${label}() instead.`);
    }
    if (/^class[\s{]/.test(Function.prototype.toString.call(validator))) {
      throw new FormDefinitionError(
        "forms.validator",
        `${owner}: ${label} is a class, pass an instance that can be called.`,
      );
    }
  }
}

/** Runs one field's chain in order; true when it was stopped. Errors are appended to `errors`. */
export async function runChain(
  validators: Iterable<AnyValidator | AnySchema>,
  form: unknown,
  field: Field<unknown, unknown>,
  errors: string[],
): Promise<boolean> {
  for (const validator of validators) {
    if (await runGuarded(errors, () => runOne(validator, form, field))) return true;
  }
  return false;
}

/** Runs one check, keeps its verdict; true when it asked to stop. Errors that are no verdict pass through. */
export async function runGuarded(errors: string[], check: () => unknown): Promise<boolean> {
  try {
    await check();
    return false;
  } catch (error) {
    if (error instanceof StopValidation) {
      if (error.clear) errors.length = 0;
      if (error.message !== "") errors.push(error.message);
      return true;
    }
    if (error instanceof SchemaRefusal) errors.push(...error.messages);
    else if (error instanceof ValidationError) errors.push(error.message);
    else throw error;
    return false;
  }
}

async function runOne(
  validator: AnyValidator | AnySchema,
  form: unknown,
  field: Field<unknown, unknown>,
): Promise<void> {
  if (isSchema(validator)) return runSchema(validator, field);
  // The declaration has checked that this validator takes this field's type; the chain itself is untyped.
  const verdict = await (validator as (form: unknown, field: Field<unknown, unknown>) => unknown)(form, field);
  if (verdict === false) throw new ValidationError(field.gettext("Invalid input."));
  if (typeof verdict === "string" && verdict !== "") throw new ValidationError(verdict);
}

class SchemaRefusal extends ValidationError {
  readonly messages: readonly string[];
  constructor(messages: readonly string[]) {
    super(messages.join(" "));
    this.messages = messages;
  }
}

async function runSchema(schema: AnySchema, field: Field<unknown, unknown>): Promise<void> {
  const result = await schema["~standard"].validate(field.data);
  if (result.issues === undefined) return;
  const messages = result.issues.map((issue) => issue.message);
  throw new SchemaRefusal(messages.length > 0 ? messages : [field.gettext("Invalid input.")]);
}

export function isSchema(value: unknown): value is AnySchema {
  if ((typeof value !== "object" && typeof value !== "function") || value === null || !("~standard" in value))
    return false;
  const standard = value["~standard"];
  return (
    typeof standard === "object" &&
    standard !== null &&
    typeof (standard as AnySchema["~standard"]).validate === "function"
  );
}

/** The flags a chain gives its field, later validators winning. */
export function flagsOf(validators: Iterable<Validator<never> | AnyValidator | AnySchema>): FieldFlags {
  const flags: FieldFlags = {};
  for (const validator of validators) if (!isSchema(validator)) Object.assign(flags, validator.flags);
  return flags;
}
