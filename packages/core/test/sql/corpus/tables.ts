/** The tables of the corpus: the same as in generate.py. */
import {
  boolean,
  date,
  dateTime,
  double,
  integer,
  json,
  MetaData,
  numeric,
  string,
  table,
  text,
} from "../../../src/index.js";

export const metadata = new MetaData();
export type Prefs = { theme: string; size: number; on: boolean; a: { b: number }[]; 'it\'s "q"': string };

export const users = table(
  "users",
  {
    id: integer().primaryKey(),
    name: string(40).nullable(),
    email: string(60).nullable(),
    age: integer().nullable(),
    active: boolean().nullable(),
    score: double().nullable(),
    balance: numeric(10, 2).nullable(),
    created: dateTime().nullable(),
    birthday: date().nullable(),
    bossId: integer().nullable().references("users.id"),
    prefs: json<Prefs>().nullable(),
  },
  { metadata },
);
export const orders = table(
  "orders",
  {
    id: integer().primaryKey(),
    userId: integer().nullable().references("users.id"),
    status: string(20).nullable(),
    total: numeric(10, 2).nullable(),
    qty: integer().nullable(),
    placed: dateTime().nullable(),
  },
  { metadata },
);
export const items = table(
  "items",
  {
    id: integer().primaryKey(),
    orderId: integer().nullable().references("orders.id"),
    sku: string(20).nullable(),
    price: integer().nullable(),
    note: text().nullable(),
  },
  { metadata },
);
export const tags = table(
  "tags",
  { id: integer().primaryKey(), name: string(20).nullable().unique("tags_name_key"), uses: integer().nullable() },
  { metadata },
);
export const userTags = table(
  "user_tags",
  { userId: integer().references("users.id"), tagId: integer().references("tags.id") },
  { metadata, primaryKey: ["userId", "tagId"] },
);
export const odd = table(
  "order",
  {
    id: integer().primaryKey(),
    select: string(20).nullable(),
    mixed: integer().nullable().named("Mixed Case"),
    percent: integer().nullable().named("per%cent"),
    colon: integer().nullable().named("col:on"),
    quote: integer().nullable().named('quo"te'),
  },
  { metadata },
);
