/** Fields read off a table: what the columns say is what the form checks. */
import {
  bigInteger,
  boolean,
  date,
  dateTime,
  enumeration,
  integer,
  json,
  numeric,
  string,
  table,
  text,
  uuid,
} from "@athanor/core";
import { expect, expectTypeOf, test } from "vitest";
import { Form, modelFields, regexp, submitField } from "../src/index.js";

const users = table("forms_users", {
  id: integer().primaryKey(),
  username: string(5).comment("shown to others"),
  email: string(120).nullable(),
  bio: text().nullable(),
  age: integer().nullable(),
  score: bigInteger().default(7n),
  price: numeric(8, 3),
  admin: boolean(),
  born: date().nullable(),
  seen: dateTime().default(() => new Date(0)),
  token: uuid().nullable(),
  teamId: integer().references("forms_teams.id"),
  extra: json().nullable(),
});
const body = (data: Record<string, string>) => new URLSearchParams(data);

class UserForm extends Form({
  ...modelFields(
    users,
    ["username", "email", "bio", "age", "score", "price", "admin", "born", "seen", "token", "teamId"],
    {
      username: { label: "Name", validators: [regexp(/^[a-z]+$/)] },
      teamId: {
        choices: async () => [
          [1, "Red"],
          [2, "Blue"],
        ],
      },
    },
  ),
  submit: submitField("Save"),
}) {}

test("types follow the columns", async () => {
  const form = await UserForm.create();
  expectTypeOf(form.data.username).toEqualTypeOf<string | null>();
  expectTypeOf(form.data.age).toEqualTypeOf<number | null>();
  expectTypeOf(form.data.score).toEqualTypeOf<bigint | null>();
  expectTypeOf(form.data.price).toEqualTypeOf<string | null>();
  expectTypeOf(form.data.admin).toEqualTypeOf<boolean | null>();
  expectTypeOf(form.data.seen).toEqualTypeOf<Date | null>();
  // @ts-expect-error no such column
  expect(() => modelFields(users, ["usernme"])).toThrow(/Did you mean 'username'/);
  // @ts-expect-error JSON has no field
  expect(() => modelFields(users, ["extra"])).toThrow(/no field/);
  expect(() => modelFields(users, ["teamId"])).toThrow(/choices: null/);
  // @ts-expect-error a validator of another type
  void (() => modelFields(users, ["age"], { age: { validators: [regexp(/x/)] } }));
});

test("lengths, nullability, defaults, places and foreign keys", async () => {
  const form = await UserForm.create();
  expect(Array.from(form, (f) => `${f.name}:${f.type}`)).toEqual([
    "username:StringField",
    "email:StringField",
    "bio:TextAreaField",
    "age:IntegerField",
    "score:BigIntegerField",
    "price:DecimalField",
    "admin:BooleanField",
    "born:DateField",
    "seen:DateTimeLocalField",
    "token:StringField",
    "teamId:SelectField",
    "submit:SubmitField",
  ]);
  expect(String(form.username)).toBe(
    '<input id="username" maxlength="5" name="username" required type="text" value="">',
  );
  expect([String(form.username.label), form.username.description]).toEqual([
    '<label for="username">Name</label>',
    "shown to others",
  ]);
  expect([form.data.score, form.data.seen]).toEqual([7n, new Date(0)]);
  expect(String(form.seen)).toContain('value="1970-01-01T00:00:00"');
  const bad = await UserForm.create({
    username: "toolong",
    email: "",
    age: "",
    price: "",
    teamId: "3",
    token: "x",
    score: "1",
  });
  expect(await bad.validate()).toBe(false);
  expect(Object.keys(bad.errors)).toEqual(["username", "price", "token", "teamId"]);
  const good = await UserForm.create(
    body({ username: "abc", email: "", bio: "", age: "", price: "1.2345", teamId: "2", token: "", score: "8" }),
  );
  expect([await good.validate(), good.errors]).toEqual([true, {}]);
  expect(good.data).toMatchObject({
    email: null,
    bio: null,
    age: null,
    price: "1.2345",
    teamId: 2,
    score: 8n,
    admin: false,
  });
});

test("enumerations are selects", async () => {
  const cars = table("forms_cars", { id: integer().primaryKey(), colour: enumeration(["red", "green"]) });
  class CarForm extends Form(modelFields(cars, ["colour"])) {}
  expectTypeOf(new CarForm().data.colour).toEqualTypeOf<"red" | "green" | null>();
  expect([
    await new CarForm(body({ colour: "red" })).validate(),
    await new CarForm(body({ colour: "blue" })).validate(),
  ]).toEqual([true, false]);
});
