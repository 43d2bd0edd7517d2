// The hello app: who is first in the table `persons` is greeted.

import { createApp, Database, html } from "@athanor/web";
import { integer, text } from "athanor";

export const db = new Database();

export class Person extends db.Model(
  "Person",
  {
    id: integer().primaryKey(),
    name: text(),
  },
  { tableName: "persons" },
) {
  // So that printing a person while debugging says who it is.
  override toString() {
    return `<Person ${this.id}, name: ${this.name}>`;
  }
}

export function makeApp(url = process.env.DATABASE_URL ?? "sqlite:///hello.db") {
  const app = createApp(import.meta, { config: { DATABASE_URL: url } });
  db.initApp(app);

  app.get("/", async function index() {
    const person = await Person.query().orderBy(Person.c.id).first();
    return html`hello ${person?.name ?? "World"}!`;
  });
  return app;
}
