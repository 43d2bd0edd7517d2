/** `Form({...})`: makes the class that your form extends. */
import { BaseForm, checkFields } from "./base.js";
import type { Checked, FormClass, FormSettings } from "./types.js";

/**
 * Declares a form. Fields keep their order; `data`, `errors` and the fields themselves are typed by the literal.
 *
 * ```ts
 * class TodoForm extends Form({
 *   description: stringField("Todo", { validators: [dataRequired(), length({ max: 200 })] }),
 *   submit: submitField("Save"),
 * }) {
 *   validateDescription(field: Field<string>) {
 *     if (field.data === "nothing") throw new ValidationError("Be more precise.");
 *   }
 * }
 * ```
 * Inline `validate<Field>(field)` runs after the field's validators, `filter<Field>(value)` after its filters.
 *
 * @throws FormDefinitionError when a name is taken by the form itself or a value is no field.
 * Source: WTForms, "Forms"; Flask-WTF, "Creating Forms".
 */
export function Form<P extends object>(fields: P & Checked<P>, settings: FormSettings = {}): FormClass<P> {
  checkFields(fields);
  const own = { ...fields };
  const FormOfFields = class extends BaseForm {
    static override readonly fields = own;
    static override readonly settings = settings;
  };
  // Fields become own properties when a form is made, which the class type cannot say.
  return FormOfFields as unknown as FormClass<P>;
}
