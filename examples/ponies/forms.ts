// The form for a new pony. Owner and handlers are chosen among what the database has.
import {
  dataRequired,
  Form,
  integerField,
  length,
  numberRange,
  optional,
  selectField,
  selectMultipleField,
  stringField,
  submitField,
} from "@athanor/forms";
import { Handler, Owner } from "./models.js";

export class PonyForm extends Form({
  name: stringField("Name", { validators: [dataRequired(), length({ max: 255 })] }),
  birthYear: integerField("Born in", { validators: [optional(), numberRange({ min: 1950, max: 2100 })] }),
  breed: stringField("Breed", { validators: [length({ max: 255 })] }),
  ownerId: selectField("Owner", {
    choices: async () => {
      const owners = await Owner.query().orderBy(Owner.c.id).all();
      return owners.map((owner) => [owner.id, owner.fullName] as const);
    },
  }),
  handlerIds: selectMultipleField("Handlers", {
    choices: async () => {
      const handlers = await Handler.query().orderBy(Handler.c.id).all();
      return handlers.map((handler) => [handler.id, handler.fullName] as const);
    },
  }),
  submit: submitField("Save"),
}) {}
