/** `db.Model`: what models of a Database print, and what its types let through. */
import { inspect } from "node:util";
import { integer, string } from "@athanor/core";
import { Database, type Pagination } from "@athanor/web";
import { expect, expectTypeOf, test } from "vitest";
import { blog, makeApp } from "./app.js";

test("a toString() of one's own is what console.log and the shell show; else the values are", async () => {
  const db = new Database();
  class Person extends db.Model("Person", { id: integer().primaryKey(), name: string(20) }) {
    override toString() {
      return `<Person ${this.name}>`;
    }
  }
  class Plain extends db.Model("Plain", { id: integer().primaryKey(), name: string(20) }) {}
  expect(inspect([new Person({ name: "John" })])).toBe("[ <Person John> ]");
  expect(inspect(new Plain({ name: "John" }))).toMatch(/Plain.*John/s);
});

test("the default text says the key, and the state of what has none; showing an object asks the database nothing", async () => {
  const { db, User } = await blog();
  class Pair extends db.Model("Pair", { a: integer(), b: integer() }, { primaryKey: ["a", "b"] }) {}
  const statements: string[] = [];
  db.engine.on("beforeExecute", ({ sql }) => void statements.push(sql));
  await db.run(async () => {
    const user = new User({ name: "amy" });
    expect([String(user), inspect(user)]).toEqual(["<User new>", expect.stringMatching(/^User \{/)]);
    db.session.add(user);
    expect([String(user), inspect(user)]).toEqual(["<User new>", expect.stringMatching(/^User \(pending\) \{/)]);
    await db.session.commit();
    expect(String(user)).toBe("<User 1>");
    expect(String(new Pair({ a: 1, b: 2 }))).toBe("<Pair 1, 2>");
    const before = statements.length;
    expect(inspect(user)).toMatch(/id: 1, name: 'amy'/);
    expect(statements).toHaveLength(before);
  });
});

test("a model is typed as with the ORM's Model, in every bind; 404 helpers never give null", async () => {
  const { db, User } = await blog();
  class Login extends db.Model("Login", { id: integer().primaryKey(), name: string(20) }, { bind: "auth" }) {}
  expectTypeOf(new User({}).name).toEqualTypeOf<string>();
  expectTypeOf(new Login({ name: "x" }).id).toEqualTypeOf<number>();
  const typesOnly = () => [db.getOr404(User, 1), db.paginate(User.query())] as const;
  expectTypeOf<ReturnType<typeof typesOnly>[0]>().resolves.toHaveProperty("name");
  expectTypeOf<ReturnType<typeof typesOnly>[1]>().resolves.toExtend<Pagination<{ readonly name: string }>>();
  // @ts-expect-error there is no such attribute
  expect(() => new User({ nmae: "x" })).toThrow(/nmae/);
  // @ts-expect-error a number is wanted
  await expect(db.run(() => db.getOr404(User, "x"))).rejects.toThrow(/404/);
  // The seeds' slips, which the compiler answers with "Did you mean": db.Models, Person.order_by, filter(complted=…).
  // @ts-expect-error Model is meant
  expect(db.Models).toBeUndefined();
  // @ts-expect-error it is a method of User.query()
  expect(User.orderBy).toBeUndefined();
  // @ts-expect-error name is meant, and at run time the error says so too
  expect(() => User.query().filterBy({ nmae: "x" })).toThrow(/Did you mean 'name'/);
  expect(() => new Database(makeApp(), { sessionOptions: { autoflsuh: true } as object }).session()).toThrow();
});
