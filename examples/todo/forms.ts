import { booleanField, dataRequired, Form, length, stringField, submitField } from "@athanor/forms";

/** A new todo, from the page's form or as JSON. */
export class TodoForm extends Form({
  description: stringField("What is to be done?", { validators: [dataRequired(), length({ max: 200 })] }),
  submit: submitField("Add"),
}) {}

/** The checkbox. */
export class CompletedForm extends Form({ completed: booleanField() }) {}
