/** Signing in and out, and what a login must not leave behind. */
import { integer, string } from "@athanor/core";
import {
  blueprint,
  checkPasswordHash,
  Database,
  generatePasswordHash,
  Login,
  redirect,
  renderString,
  safeNext,
} from "@athanor/web";
import { expect, test, vi } from "vitest";
import { makeApp } from "./database/app.js";

// Small parameters: what is tested is not how long a real hash takes.
const hashed = (password: string) => generatePasswordHash(password, { method: "scrypt:1024:8:1" });

async function site() {
  const app = makeApp({ SECRET_KEY: "k".repeat(32) });
  const db = new Database(app);
  class User extends db.Model("User", { id: integer().primaryKey(), name: string(20), passwordHash: string(200) }) {}
  await db.createAll();
  await db.run(async () => {
    db.session.add(new User({ name: "amy", passwordHash: await hashed("tea") }));
    await db.session.commit();
  });
  const login = new Login(app, {
    load: (key) => db.session.get(User, Number(key)),
    endpoint: "signIn",
    stamp: (user: User) => user.passwordHash,
    keep: ["basket"],
  });
  app.route("/login", { methods: ["GET", "POST"] }, async function signIn(c) {
    if (c.request.method === "GET") return "the form";
    const form = await c.request.form();
    const user = await login.verify(
      await User.query()
        .filterBy({ name: form.get("name", "") })
        .first(),
      (u) => u.passwordHash,
      form.get("password", ""),
    );
    if (user === null) return ["wrong", 422];
    login.signIn(user, c);
    return redirect(safeNext(c.request.args.get("next"), "/account"));
  });
  app.post("/logout", function signOut() {
    login.signOut();
    return "bye";
  });
  app.route(
    "/account",
    { methods: ["GET", "POST"] },
    login.required(async function account(c) {
      return `hello ${(await login.user()).name} ${String(c.session.get("basket") ?? "")}`;
    }),
  );
  app.get("/page", { name: "page" }, () =>
    renderString("{% if currentUser() %}{{ current_user().name }}{% else %}nobody{% endif %}"),
  );
  return { app, db, User, login, client: app.testClient() };
}

test("a visitor is sent to the login page and comes back; afterwards the session is a new one", async () => {
  const { app, db, client } = await site();
  await client.session((s) => s.update({ planted: "by the attacker", basket: "tea" }));
  const sent = await client.get("/account?tab=2");
  expect([sent.status, sent.headers.get("location")]).toEqual([303, "/login?next=%2Faccount%3Ftab%3D2"]);
  // There is nothing to come back to from a POST.
  expect((await client.post("/account")).headers.get("location")).toBe("/login");
  const back = await client.post("/login?next=%2Faccount%3Ftab%3D2", { form: { name: "amy", password: "tea" } });
  expect(back.headers.get("location")).toBe("/account?tab=2");
  expect((await client.get("/account")).text).toBe("hello amy tea");
  expect((await client.get("/page")).text).toBe("amy");
  await client.session((s) => expect([...s.keys()].sort()).toEqual(["_user_id", "_user_stamp", "basket"]));
  expect(app.urlFor("account", { _external: false })).toBe("/account");
  await client.post("/logout");
  expect((await client.get("/account")).status).toBe(303);
  expect((await client.get("/page")).text).toBe("nobody");
  await db.dispose();
});

test("a new password and a deleted user end the sessions there are", async () => {
  const { db, User, client } = await site();
  await client.post("/login", { form: { name: "amy", password: "tea" } });
  expect((await client.get("/account")).status).toBe(200);
  await db.run(async () => {
    (await User.query().one()).passwordHash = await hashed("coffee");
    await db.session.commit();
  });
  expect((await client.get("/account")).status).toBe(303);
  await client.session((s) => expect(s.has("_user_id")).toBe(false));
  await client.post("/login", { form: { name: "amy", password: "coffee" } });
  await db.run(async () => {
    await User.query().delete();
    await db.session.commit();
  });
  expect((await client.get("/account")).status).toBe(303);
  await db.dispose();
});

test("the user is loaded once per request, and only where somebody asks", async () => {
  const { app, db, client, login } = await site();
  const statements: string[] = [];
  app.on("requestTearingDown", async () => {
    await login.currentUser();
    await login.currentUser();
  });
  await client.post("/login", { form: { name: "amy", password: "tea" } });
  db.engine.on("beforeExecute", ({ sql }) => void statements.push(sql));
  await client.get("/account");
  expect(statements).toHaveLength(1);
  await db.dispose();
});

test("an unknown user, one without a password and a wrong password cost one hash each", async () => {
  const { login } = await site();
  const times: number[] = [];
  for (const [user, hash] of [
    [null, null],
    [{ id: 1 }, null],
    [{ id: 1 }, await generatePasswordHash("right")],
  ] as const) {
    const begin = performance.now();
    expect(await login.verify(user as never, () => hash, "wrong")).toBeNull();
    times.push(performance.now() - begin);
  }
  // A default hash takes some hundred milliseconds, none takes microseconds.
  const [unknown, without, wrong] = times as [number, number, number];
  expect(Math.min(unknown, without)).toBeGreaterThan(wrong / 10);
  expect(await checkPasswordHash(await hashed("x"), "x")).toBe(true);
});

test("without a login page it is 401; a whole blueprint can be closed; a user needs a key", async () => {
  const app = makeApp({ SECRET_KEY: "k".repeat(32) });
  const login = new Login<{ id?: number; name: string }>(app, { load: () => null });
  const admin = blueprint("admin", { urlPrefix: "/admin" });
  admin.beforeRequest(login.requiredHere);
  const view = vi.fn(() => "x");
  admin.get("/", { name: "index" }, view);
  app.registerBlueprint(admin);
  app.get("/in", { name: "in" }, () => login.signIn({ name: "amy" }));
  const client = app.testClient();
  expect((await client.get("/admin/")).status).toBe(401);
  expect(view).not.toHaveBeenCalled();
  app.testing = true;
  await expect(client.get("/in")).rejects.toThrow(/no `id`.*keyOf/);
});
