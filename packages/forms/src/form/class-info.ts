/** What is known about a form class once: inline validators and filters, and clashes between fields and methods. */
import { didYouMean } from "@athanor/core";
import { FormDefinitionError } from "../errors.js";
import { toFieldName } from "./inline-names.js";

type Method = (...args: never[]) => unknown;

/** Methods of a form class that belong to a field. */
export interface ClassInfo {
  readonly validators: ReadonlyMap<string, Method>;
  readonly filters: ReadonlyMap<string, Method>;
}

const known = new WeakMap<object, ClassInfo>();

/**
 * Collects `validate<Field>` and `filter<Field>` between a class and the base of all forms.
 *
 * @throws FormDefinitionError `forms.reserved-name` when a method has the name of a field, which would hide it.
 */
export function classInfo(
  formClass: { readonly prototype: object; readonly name: string },
  base: object,
  fields: readonly string[],
): ClassInfo {
  const cached = known.get(formClass);
  if (cached !== undefined) return cached;
  const validators = new Map<string, Method>();
  const filters = new Map<string, Method>();
  for (let proto: object = formClass.prototype; proto !== base; proto = Object.getPrototypeOf(proto) as object) {
    for (const name of Object.getOwnPropertyNames(proto)) {
      if (fields.includes(name)) {
        throw new FormDefinitionError(
          "forms.reserved-name",
          `${formClass.name}: '${name}' is both a field and a member of the class; rename one of them.`,
        );
      }
      const method = Object.getOwnPropertyDescriptor(proto, name)?.value as unknown;
      if (typeof method !== "function" || name in base) continue;
      for (const [kind, target] of [
        ["validate", validators],
        ["filter", filters],
      ] as const) {
        const rest = toFieldName(name, kind, fields);
        if (rest === null) continue;
        if (rest.field !== null) {
          if (!target.has(rest.field)) target.set(rest.field, method as Method);
        } else warnOfTypo(formClass.name, name, rest.wanted, fields);
      }
    }
  }
  const info = { validators, filters };
  known.set(formClass, info);
  return info;
}

// Only a warning: a form may have a helper of such a name.
function warnOfTypo(formName: string, method: string, wanted: string, fields: readonly string[]): void {
  const hint = didYouMean(wanted, fields);
  if (hint === "") return;
  process.emitWarning(`${formName}.${method}() belongs to no field and never runs.${hint}`, {
    type: "FormWarning",
    code: "forms.inline-name",
  });
}
