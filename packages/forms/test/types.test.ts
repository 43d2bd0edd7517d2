/** What the types accept and refuse. Most of it is held by the compiler; the run only proves that the file loads. */
import type { UploadedFile } from "@athanor/web";
import { expect, expectTypeOf, test } from "vitest";
import {
  anyOf,
  bigIntegerField,
  booleanField,
  dataRequired,
  dateTimeField,
  decimalField,
  email,
  equalTo,
  type Field,
  Form,
  fieldList,
  fileField,
  fileRequired,
  formField,
  inputRequired,
  integerField,
  length,
  multipleFileField,
  numberRange,
  optional,
  type StandardSchema,
  selectField,
  selectMultipleField,
  stringField,
  submitField,
  type Validator,
} from "../src/index.js";

class AddressForm extends Form({ street: stringField("Street"), zip: stringField("Zip") }) {}
class TodoForm extends Form({
  description: stringField("Todo", { validators: [dataRequired(), length({ max: 200 })] }),
  priority: selectField("Priority", {
    choices: [
      [1, "low"],
      [2, "high"],
    ],
    default: 1,
  }),
  count: integerField("Count", { validators: [dataRequired()] }),
  done: booleanField("Done"),
  address: formField(AddressForm),
  tags: fieldList(stringField("Tag")),
  submit: submitField("Save"),
}) {
  validateDescription() {
    return this.description.data !== "x";
  }
}
class EditForm extends Form({ username: stringField("Name") }) {}
class User {
  username = "";
  age = 0;
}

async function handler(c: unknown): Promise<unknown> {
  const form = await TodoForm.create(c);
  if (await form.validate()) {
    const description: string | null = form.data.description;
    const priority: 1 | 2 | null = form.data.priority;
    const street: string | null | undefined = form.data.address?.street;
    const tags: string[] | null = form.data.tags;
    form.description({ size: 32, class: "wide" });
    form.address.form.street.errors;
    return [description, priority, street, tags, form.validateDescription()];
  }
  // @ts-expect-error no such field
  form.data.descripton;
  // @ts-expect-error no such field on the form
  form.descripton;
  new EditForm().populate(new User());
  // @ts-expect-error a target without any of the fields
  new EditForm().populate({ nickname: "x" });
  expectTypeOf(form.errors.count).toEqualTypeOf<readonly string[] | undefined>();
  expectTypeOf(form.errors.address?.street).toEqualTypeOf<readonly string[] | undefined>();
  expectTypeOf(form.data.done).toEqualTypeOf<boolean | null>();
  // @ts-expect-error attributes are scalars
  form.description({ size: {} });
  return form.errors.count;
}

class WideForm extends TodoForm.extend({ note: stringField("Note"), done: null, count: decimalField("Count") }) {
  validateNote(field: Field<string>) {
    return field.data !== this.description.data;
  }
}
async function extended(): Promise<void> {
  const form = await WideForm.create();
  expectTypeOf(form.data.note).toEqualTypeOf<string | null>();
  expectTypeOf(form.data.count).toEqualTypeOf<string | null>();
  expectTypeOf(form.data.description).toEqualTypeOf<string | null>();
  expectTypeOf(form.validateDescription()).toEqualTypeOf<boolean>();
  // @ts-expect-error taken away
  form.data.done;
  // @ts-expect-error taken away
  form.done;
}

const textSchema: StandardSchema<string> = {
  "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) },
};

function refused(): void {
  // @ts-expect-error `data` belongs to the form
  Form({ data: stringField("Data") });
  // @ts-expect-error so does `validate`
  Form({ validate: stringField("Validate") });
  // @ts-expect-error `then` would make the form a promise
  Form({ then: stringField("Then") });
  // @ts-expect-error a length of something that is not text
  integerField("N", { validators: [length({ max: 3 })] });
  // @ts-expect-error not one of the choices
  selectField("P", { choices: [["a", "A"]], default: "b" });
  // @ts-expect-error a number is no e-mail address
  integerField("N", { validators: [email()] });
  // @ts-expect-error a factory is no validator
  stringField("S", { validators: [dataRequired] });
  // @ts-expect-error a default of another type
  integerField("N", { default: "1" });
  // @ts-expect-error files are not text
  stringField("S", { validators: [fileRequired()] });
  // @ts-expect-error no such option
  stringField("S", { validator: [dataRequired()] });
  // @ts-expect-error a schema for text on a number
  integerField("N", { validators: [textSchema] });
  // @ts-expect-error not a field
  fieldList("Tag");
  // @ts-expect-error one of the values is of another type
  integerField("N", { validators: [anyOf(["a"])] });
}

class AllForm extends Form({
  big: bigIntegerField("Big", { validators: [numberRange({ min: 1n })] }),
  when: dateTimeField("When", { mode: "date" }),
  stamp: dateTimeField("Stamp"),
  picked: selectMultipleField("Picked", { choices: ["a", "b"], default: ["a"] }),
  chosen: selectField("Chosen", { choices: async () => [[1, "one"]] as [number, string][] }),
  upload: fileField("Upload", { validators: [fileRequired()] }),
  uploads: multipleFileField("Uploads", { validators: [fileRequired()] }),
  addresses: fieldList(formField(AddressForm), { minEntries: 1, validators: [inputRequired()] }),
  again: stringField("Again", { validators: [optional(), equalTo("big"), textSchema] }),
  own: stringField("Own", {
    validators: [
      async (_form, field) => field.data === "x",
      ((_f, field) => void field.data) satisfies Validator<string>,
    ],
  }),
}) {}
async function inferred(): Promise<void> {
  const form = await AllForm.create();
  expectTypeOf(form.data.big).toEqualTypeOf<bigint | null>();
  expectTypeOf(form.data.when).toEqualTypeOf<Date | null>();
  expectTypeOf(form.data.stamp).toEqualTypeOf<string | null>();
  expectTypeOf(form.data.picked).toEqualTypeOf<("a" | "b")[] | null>();
  expectTypeOf(form.data.chosen).toEqualTypeOf<number | null>();
  expectTypeOf(form.data.upload).toEqualTypeOf<UploadedFile | null>();
  expectTypeOf(form.data.addresses?.[0]?.zip).toEqualTypeOf<string | null | undefined>();
  expectTypeOf(form.addresses[0]?.form.street.data).toEqualTypeOf<string | null | undefined>();
  form.chosen.choices = [[2, "two"]];
}

test("the declarations above compile and load", () => {
  expect([handler, extended, refused, inferred].every((fn) => typeof fn === "function")).toBe(true);
  expect(Object.keys(TodoForm.fields)).toEqual([
    "description",
    "priority",
    "count",
    "done",
    "address",
    "tags",
    "submit",
  ]);
  expect(Object.keys(WideForm.fields)).toEqual([
    "description",
    "priority",
    "address",
    "tags",
    "submit",
    "note",
    "count",
  ]);
});
