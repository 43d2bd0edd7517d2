import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createApp, flash, getFlashedMessages, TimedSigner } from "../src/index.js";
import { packPayload, unpackPayload } from "../src/session/signer.js";
import { dumpTagged, loadTagged } from "../src/session/tagged-json.js";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
function make(config: object = {}) {
  const app = createApp({ logger: quiet, config: { SECRET_KEY: "k1", TESTING: true, ...config } });
  app.post("/set/<key>/<value>", function set(c) {
    c.session.set(c.args.key, c.args.value);
    return "set";
  });
  app.get("/get/<key>", function get(c) {
    return { value: c.session.get(c.args.key, null) };
  });
  app.get("/untouched", function untouched() {
    return "x";
  });
  return app;
}

test("set, get, pop, clear: sent only when modified, deleted when emptied, Vary when touched", async () => {
  const app = make();
  app.post("/pop", function pop(c) {
    return { popped: c.session.pop("user") };
  });
  const client = app.testClient();
  const set = await client.post("/set/user/ann");
  const cookie = set.headers.get("set-cookie") ?? "";
  expect(cookie).toMatch(/^session=[^;]+; HttpOnly; Path=\/; SameSite=Lax$/);
  const got = await client.get("/get/user");
  expect([got.json, got.headers.get("set-cookie"), got.headers.get("vary")]).toEqual([
    { value: "ann" },
    null,
    "Cookie",
  ]);
  expect((await client.get("/untouched")).headers.get("vary")).toBe(null);
  const popped = await client.post("/pop");
  expect(popped.json).toEqual({ popped: "ann" });
  expect(popped.headers.get("set-cookie")).toMatch(/^session=; Expires=Thu, 01 Jan 1970.*Max-Age=0; HttpOnly/);
  expect(client.cookie("session")).toBe(undefined);
});

test("nested mutation is noticed; dates, bytes, bigint, maps and sets survive", async () => {
  const app = make();
  app.get("/fill", function fill(c) {
    c.session.update({
      cart: { items: [1] },
      at: new Date(5),
      raw: new Uint8Array([1, 2]),
      big: 2n ** 60n,
      map: new Map([["a", new Set([1])]]),
    });
    return "";
  });
  app.get("/push", function push(c) {
    (c.session.get("cart") as { items: number[] }).items.push(2);
    return "";
  });
  const client = app.testClient();
  await client.get("/fill");
  expect((await client.get("/push")).headers.get("set-cookie")).not.toBe(null);
  await client.session((s) => {
    expect(s.toObject()).toEqual({
      cart: { items: [1, 2] },
      at: new Date(5),
      raw: new Uint8Array([1, 2]),
      big: 2n ** 60n,
      map: new Map([["a", new Set([1])]]),
    });
    s.set("more", true);
  });
  expect((await client.get("/get/more")).json).toEqual({ value: true });
});

test("what cannot be stored is named with its place", async () => {
  const app = make();
  app.get("/bad", function bad(c) {
    c.session.set("user", { profile: { run() {} } });
    return "";
  });
  await expect(app.testClient().get("/bad")).rejects.toThrow(/a function \(at session\.user\.profile\.run\)/);
});

test("a tampered, expired, foreign or future cookie is an empty session and no error", async () => {
  const app = make();
  const client = app.testClient();
  await client.post("/set/user/ann");
  const good = client.cookie("session") ?? "";
  const seal = (secret: string, salt: string, now: number) =>
    new TimedSigner(secret, { salt }).sign(packPayload(dumpTagged({ user: "eve" })), now);
  const now = Date.now() / 1000;
  const values = [
    good.replace(/^./, (c) => (c === "A" ? "B" : "A")),
    `${good}x`,
    "",
    "a.b.c",
    seal("other", "athanor.session", now),
    seal("k1", "wtf-csrf-token", now),
    seal("k1", "athanor.session", now - 40 * 24 * 3600),
    seal("k1", "athanor.session", now + 3600),
  ];
  for (const value of values) {
    client.setCookie("session", value);
    const answer = await client.get("/get/user");
    expect([answer.status, answer.json], value).toEqual([200, { value: null }]);
  }
  client.setCookie("session", seal("k1", "athanor.session", now - 30 * 24 * 3600));
  expect((await client.get("/get/user")).json).toEqual({ value: "eve" });
});

test("keys rotate: old ones verify, the new one signs", async () => {
  const old = make().testClient();
  await old.post("/set/user/ann");
  const app = make({ SECRET_KEY: "k2", SECRET_KEY_FALLBACKS: ["k1"] });
  const client = app.testClient();
  client.setCookie("session", old.cookie("session") ?? "");
  expect((await client.get("/get/user")).json).toEqual({ value: "ann" });
  await client.post("/set/x/y");
  const fresh = make({ SECRET_KEY: "k2" }).testClient();
  fresh.setCookie("session", client.cookie("session") ?? "");
  expect((await fresh.get("/get/user")).json).toEqual({ value: "ann" });
});

test("without SECRET_KEY reading works and writing explains itself", async () => {
  const app = make({ SECRET_KEY: null });
  expect((await app.testClient().get("/get/user")).json).toEqual({ value: null });
  await expect(app.testClient().post("/set/a/b")).rejects.toThrow(/SECRET_KEY is not set/);
});

test("cookie flags: Secure on https, __Host-, Partitioned, permanent, encryption", async () => {
  const secure = await make({ SESSION_COOKIE_PARTITIONED: true, SESSION_COOKIE_SAMESITE: "Strict" })
    .testClient({ baseUrl: "https://localhost" })
    .post("/set/a/b");
  expect(secure.headers.get("set-cookie")).toMatch(/Secure; HttpOnly; Path=\/; SameSite=Strict; Partitioned$/);
  const host = await make({ SESSION_COOKIE_HOST_PREFIX: true, SESSION_COOKIE_DOMAIN: "x.example" })
    .testClient()
    .post("/set/a/b");
  expect(host.headers.get("set-cookie")).toMatch(/^__Host-session=[^;]+; Secure; HttpOnly; Path=\/; SameSite=Lax$/);
  const app = make({ SESSION_ENCRYPT: true });
  app.get("/permanent", function permanent(c) {
    c.session.permanent = true;
    c.session.set("secret", "plaintext");
    return "";
  });
  const client = app.testClient();
  const kept = await client.get("/permanent");
  expect(kept.headers.get("set-cookie")).toMatch(/Max-Age=2678400/);
  expect(
    Buffer.from((client.cookie("session") ?? "").split(".")[0] ?? "", "base64url").toString("latin1"),
  ).not.toContain("plaintext");
  const again = await client.get("/get/secret");
  expect(again.json).toEqual({ value: "plaintext" });
  expect(again.headers.get("set-cookie")).toMatch(/Max-Age=2678400/);
});

test("a session too large for browsers is warned about", async () => {
  const warnings: unknown[] = [];
  const app = createApp({
    config: { SECRET_KEY: "k" },
    logger: { ...quiet, warn: (text: unknown) => void warnings.push(text) },
  });
  app.get("/", function index(c) {
    c.session.set("x", randomBytes(5000).toString("hex"));
    return "";
  });
  await app.testClient().get("/");
  expect(warnings.at(-1)).toMatch(/browsers ignore cookies above 4093/);
});

test("flashed messages come once, and are the same within a request", async () => {
  const app = make();
  app.post("/save", function save() {
    flash("Saved", "info");
    flash("Careful", "warning");
    return "";
  });
  app.get("/show", function show() {
    return [
      getFlashedMessages(),
      getFlashedMessages({ withCategories: true }),
      getFlashedMessages({ categoryFilter: ["warning"] }),
    ];
  });
  const client = app.testClient();
  await client.post("/save");
  expect((await client.get("/show")).json).toEqual([
    ["Saved", "Careful"],
    [
      ["info", "Saved"],
      ["warning", "Careful"],
    ],
    ["Careful"],
  ]);
  expect((await client.get("/show")).json).toEqual([[], [], []]);
});

test("the tagged form gives back what it was given", () => {
  const leaf = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.bigInt(),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array(),
  );
  const key = fc.oneof(fc.constantFrom(" d", " b", " n", " di", " M", "__proto__", "a"), fc.string());
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      leaf,
      fc.array(tie("value"), { maxLength: 4 }),
      fc.array(fc.tuple(key, tie("value")), { maxLength: 3 }).map((e) => Object.fromEntries(e)),
    ),
  }));
  fc.assert(
    fc.property(value, (v) => {
      expect(loadTagged(unpackPayload(packPayload(dumpTagged(v))))).toEqual(v);
    }),
  );
});

function hasItsdangerous(): boolean {
  try {
    execFileSync("/usr/bin/python3", ["-c", "import itsdangerous"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
test.runIf(hasItsdangerous())("signs as itsdangerous does, both ways", () => {
  const code = `
import sys, json, hashlib
from itsdangerous import URLSafeTimedSerializer
s = URLSafeTimedSerializer("secret", salt="cookie-session", signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha1})
print(s.dumps({"user": "ann", "text": "x" * 200}))
print(json.dumps(s.loads(sys.argv[1])))
`;
  const signer = new TimedSigner("secret", { salt: "cookie-session", digest: "sha1" });
  const ours = signer.sign(packPayload(JSON.stringify({ n: 1 })));
  const [theirs = "", read] = execFileSync("/usr/bin/python3", ["-c", code, ours]).toString().trim().split("\n");
  expect(JSON.parse(read ?? "")).toEqual({ n: 1 });
  expect(JSON.parse(unpackPayload(signer.unsign(theirs, { maxAge: 60 }).value))).toEqual({
    user: "ann",
    text: "x".repeat(200),
  });
});
