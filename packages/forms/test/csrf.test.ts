/** CSRF: tokens, the form field, app-wide protection, the origin check. */
import { blueprint, createApp, Login, type TestClient } from "@athanor/web";
import { describe, expect, test, vi } from "vitest";
import {
  CSRFError,
  CSRFProtect,
  checkOrigin,
  csrfReasons,
  csrfToken,
  dataRequired,
  Form,
  formField,
  generateCsrf,
  rotateCsrf,
  stringField,
  type TokenSettings,
  validateCsrf,
} from "../src/index.js";

const settings: TokenSettings = { keys: ["secret"], fieldName: "csrf_token", timeLimit: 3600 };
const newSession = () => new Map<string, unknown>();

describe("tokens", () => {
  test("good, and masked anew each time", () => {
    const session = newSession();
    const [one, two] = [generateCsrf(session, settings), generateCsrf(session, settings)];
    expect(one).not.toBe(two);
    expect([validateCsrf(one, session, settings), validateCsrf(two, session, settings)]).toEqual([null, null]);
    expect(one.slice(0, 20)).not.toBe(two.slice(0, 20));
    expect(one).toMatch(/^[\w-]+$/);
  });

  test("every reason", () => {
    const session = newSession();
    const token = generateCsrf(session, settings);
    expect(validateCsrf(null, session, settings)).toBe(csrfReasons.missing);
    expect(validateCsrf("", session, settings)).toBe(csrfReasons.missing);
    expect(validateCsrf(token, newSession(), settings)).toBe(csrfReasons.sessionMissing);
    for (const bad of [
      "x",
      `${token}A`,
      token.slice(0, -4),
      "a".repeat(5000),
      "<script>",
      token.replace(/^./, (c) => (c === "A" ? "B" : "A")),
    ]) {
      expect(validateCsrf(bad, session, settings), bad).toBe(csrfReasons.invalid);
    }
    expect(validateCsrf(token, session, { ...settings, keys: ["other"] })).toBe(csrfReasons.invalid);
    const stranger = newSession();
    generateCsrf(stranger, settings);
    expect(validateCsrf(token, stranger, settings)).toBe(csrfReasons.mismatch);
  });

  test("expires after the time limit, never with null; old keys verify", () => {
    vi.useFakeTimers();
    try {
      const session = newSession();
      const token = generateCsrf(session, settings);
      vi.advanceTimersByTime(3_599_000);
      expect(validateCsrf(token, session, settings)).toBeNull();
      vi.advanceTimersByTime(3_000);
      expect(validateCsrf(token, session, settings)).toBe(csrfReasons.expired);
      expect(validateCsrf(token, session, { ...settings, timeLimit: null })).toBeNull();
      expect(validateCsrf(token, session, { ...settings, timeLimit: null, keys: ["new", "secret"] })).toBeNull();
      vi.setSystemTime(0);
      expect(validateCsrf(token, session, settings)).toBe(csrfReasons.invalid);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("origin", () => {
  const ask = (headers: Record<string, string>, origin = "https://a.example", trusted: string[] = []) =>
    checkOrigin({ headers: new Headers(headers), origin, isSecure: origin.startsWith("https") }, trusted);

  test.each([
    [{ "sec-fetch-site": "same-origin" }, true],
    [{ "sec-fetch-site": "none" }, true],
    [{ "sec-fetch-site": "cross-site" }, false],
    [{ "sec-fetch-site": "same-site" }, false],
    [{ "sec-fetch-site": "cross-site", origin: "https://evil.example" }, false],
    [{ origin: "https://a.example" }, true],
    [{ origin: "https://a.example:443" }, true],
    [{ origin: "http://a.example" }, false],
    [{ origin: "https://a.example:8443" }, false],
    [{ origin: "https://a.example.evil.example" }, false],
    [{ origin: "null" }, false],
    [{ referer: "https://a.example/page?x=1" }, true],
    [{ referer: "https://a.example.evil.example/" }, false],
    [{ referer: "not a url" }, false],
    [{}, false],
  ] as [Record<string, string>, boolean][])("%o on https", (headers, good) => {
    expect(ask(headers) === null).toBe(good);
  });

  test("plain http passes without any header; trusted origins pass by name", () => {
    expect(ask({}, "http://a.example")).toBeNull();
    expect(
      ask({ "sec-fetch-site": "same-site", origin: "https://b.example" }, "https://a.example", ["https://b.example"]),
    ).toBeNull();
    expect(ask({ referer: "https://b.example/x" }, "https://a.example", ["https://b.example"])).toBeNull();
  });
});

class NameForm extends Form({ name: stringField("Name", { validators: [dataRequired()] }) }) {}
class Inner extends Form({ x: stringField() }) {}
class OuterForm extends Form({ inner: formField(Inner) }) {}

function makeApp(config: Record<string, unknown> = {}, protect = true) {
  const app = createApp({
    name: "csrf",
    config: { SECRET_KEY: "a very secret key for tests", TESTING: false, ...config },
  });
  app.logger = { debug() {}, info() {}, warn() {}, error() {} } as unknown as typeof app.logger;
  const csrf = protect ? new CSRFProtect(app) : null;
  app.route("/", { methods: ["GET", "POST"] }, async function index(c) {
    const form = await NameForm.create(c);
    if (await form.validateOnSubmit()) return `hello ${form.data.name}`;
    return c.request.method === "GET" ? String(form.hiddenTag()) : [JSON.stringify(form.errors), 422];
  });
  app.get("/token", async function token() {
    return csrfToken();
  });
  app.post("/plain", async function plain() {
    return "done";
  });
  app.get("/login", async function login() {
    rotateCsrf();
    return csrfToken();
  });
  return { app, csrf };
}
const tokenIn = (html: string) => /value="([\w-]+)"/.exec(html)?.[1] ?? "";
const getToken = async (client: TestClient) => (await client.get("/token")).text;

describe("a form's own token", () => {
  test("renders, checks, and always shows the current token", async () => {
    const client = makeApp({}, false).app.testClient();
    const page = (await client.get("/")).text;
    expect(page).toMatch(/^<input id="csrf_token" name="csrf_token" type="hidden" value="[\w-]{100,}">$/);
    expect((await client.post("/", { form: { name: "a", csrf_token: tokenIn(page) } })).text).toBe("hello a");
    const without = await client.post("/", { form: { name: "a" } });
    expect([without.status, without.text]).toEqual([422, '{"csrf_token":["The CSRF token is missing."]}']);
    const header = await client.post("/", { form: { name: "a" }, headers: { "X-CSRFToken": tokenIn(page) } });
    expect(header.text).toBe("hello a");
    const tampered = await client.post("/", { form: { name: "a", csrf_token: `${tokenIn(page)}x` } });
    expect(tampered.text).toContain("The CSRF token is invalid.");
    const other = makeApp({}, false).app.testClient();
    expect((await other.post("/", { form: { name: "a", csrf_token: tokenIn(page) } })).text).toContain(
      "session token is missing",
    );
  });

  test("is no data, is not populated, is iterated, and nested forms have none", async () => {
    const { app } = makeApp({}, false);
    app.get("/look", async function look(c) {
      const form = await OuterForm.create(c);
      const target: Record<string, unknown> = {};
      form.populate(target);
      return {
        data: form.data,
        target,
        names: Array.from(form, (f) => f.name),
        inner: Array.from(form.inner.form, (f) => f.name),
        printed: String(form.csrf_token).length > 100,
      };
    });
    expect((await app.testClient().get("/look")).json).toEqual({
      data: { inner: { x: null } },
      target: { inner: { x: null } },
      names: ["inner", "csrf_token"],
      inner: ["inner-x"],
      printed: true,
    });
  });

  test("`new` inside a request is protected too; csrf: false switches it off", async () => {
    const { app } = makeApp({}, false);
    app.post("/new", async function make() {
      const strict = new NameForm({ name: "x" });
      const loose = new NameForm({ name: "x" }, { csrf: false });
      return [
        await strict.validate(),
        await loose.validate(),
        String(loose.hiddenTag()),
        String(loose.csrf_token()),
        String(loose.csrf_token),
      ]
        .map(String)
        .join("|");
    });
    expect((await app.testClient().post("/new")).text).toBe("false|true|||");
  });

  test("outside a request there is no token", async () => {
    const form = new NameForm({ name: "x" });
    expect([await form.validate(), String(form.csrf_token)]).toEqual([true, ""]);
  });

  test("a missing secret key is named", async () => {
    const { app } = makeApp({ SECRET_KEY: null, TESTING: true, PROPAGATE_EXCEPTIONS: true }, false);
    await expect(app.testClient().get("/")).rejects.toThrow(/set SECRET_KEY/);
  });
});

describe("CSRFProtect", () => {
  test("field, prefixed field, both headers, JSON", async () => {
    const client = makeApp().app.testClient();
    const token = await getToken(client);
    const status = async (options: Parameters<TestClient["post"]>[1]) => (await client.post("/plain", options)).status;
    expect(await status({})).toBe(400);
    expect(await status({ form: { csrf_token: token } })).toBe(200);
    expect(await status({ form: { "p-csrf_token": token } })).toBe(200);
    expect(await status({ headers: { "X-CSRFToken": token } })).toBe(200);
    expect(await status({ headers: { "X-CSRF-Token": token } })).toBe(200);
    expect(await status({ json: { a: 1 } })).toBe(400);
    expect(await status({ json: { a: 1 }, headers: { "X-CSRFToken": token } })).toBe(200);
    expect(await status({ json: { csrf_token: token } })).toBe(200);
    expect(await status({ body: "a=1", headers: { "content-type": "text/plain" } })).toBe(400);
  });

  test("the form does not check again what has passed", async () => {
    const client = makeApp().app.testClient();
    const token = await getToken(client);
    expect((await client.post("/", { form: { name: "a" }, headers: { "X-CSRFToken": token } })).text).toBe("hello a");
  });

  test("400 with the reason, or your own answer", async () => {
    const { app } = makeApp();
    const plain = await app.testClient().post("/plain");
    expect([plain.status, plain.text.includes("The CSRF token is missing.")]).toEqual([400, true]);
    const second = makeApp().app;
    second.errorHandler(CSRFError, (error) => [`no: ${error.reason}`, 418]);
    const own = await second.testClient().post("/plain");
    expect([own.status, own.text]).toEqual([418, "no: The CSRF token is missing."]);
  });

  test("unknown addresses stay 404, wrong methods 405", async () => {
    const client = makeApp().app.testClient();
    expect([(await client.post("/nowhere")).status, (await client.post("/token")).status]).toEqual([404, 405]);
  });

  test("exempt: a view, a blueprint, an endpoint", async () => {
    const { app, csrf } = makeApp();
    app.post(
      "/hook",
      csrf!.exempt(async function hook() {
        return "hook";
      }),
    );
    app.post("/named", async function named() {
      return "named";
    });
    csrf!.exempt("named");
    const api = blueprint("api", { urlPrefix: "/api" });
    api.post("/x", async function x() {
      return "api";
    });
    csrf!.exempt(api);
    app.registerBlueprint(api);
    const client = app.testClient();
    expect([
      (await client.post("/hook")).text,
      (await client.post("/named")).text,
      (await client.post("/api/x")).text,
    ]).toEqual(["hook", "named", "api"]);
    expect((await client.post("/plain")).status).toBe(400);
  });

  test("the origin check stands behind the token", async () => {
    const client = makeApp().app.testClient();
    const token = await getToken(client);
    const evil = await client.post("/plain", { headers: { "X-CSRFToken": token, Origin: "https://evil.example" } });
    expect([evil.status, evil.text.includes("origin does not match")]).toEqual([400, true]);
    const loose = makeApp({ WTF_CSRF_SSL_STRICT: false }).app.testClient();
    const other = await getToken(loose);
    expect(
      (await loose.post("/plain", { headers: { "X-CSRFToken": other, Origin: "https://evil.example" } })).status,
    ).toBe(200);
  });

  test("behind a TLS proxy the trusted view counts", async () => {
    const { app } = makeApp();
    app.proxyFix({ for: 1, proto: 1, host: 1 });
    const client = app.testClient();
    const forwarded = {
      "X-Forwarded-Proto": "https",
      "X-Forwarded-Host": "shop.example",
      "X-Forwarded-For": "1.2.3.4",
    };
    const first = await client.get("/token", { headers: forwarded });
    const cookie = first.headers.getSetCookie()[0]!.split(";")[0]!;
    const send = (origin: string) =>
      client.post("/plain", { headers: { ...forwarded, Cookie: cookie, "X-CSRFToken": first.text, Origin: origin } });
    expect([(await send("https://shop.example")).status, (await send("http://shop.example")).status]).toEqual([
      200, 400,
    ]);
  });

  test("configuration: off, by hand, methods, names", async () => {
    const off = makeApp({ WTF_CSRF_ENABLED: false }).app.testClient();
    expect([(await off.post("/plain")).status, (await off.get("/token")).text, (await off.get("/")).text]).toEqual([
      200,
      "",
      "",
    ]);
    expect((await off.post("/", { form: { name: "a" } })).text).toBe("hello a");
    const byHand = makeApp({ WTF_CSRF_CHECK_DEFAULT: false });
    byHand.app.post("/hand", async function hand() {
      await byHand.csrf!.protect();
      return "in";
    });
    const client = byHand.app.testClient();
    expect([(await client.post("/plain")).status, (await client.post("/hand")).status]).toEqual([200, 400]);
    const methods = makeApp({ WTF_CSRF_METHODS: ["DELETE"] }).app.testClient();
    expect((await methods.post("/plain")).status).toBe(200);
    const named = makeApp({
      WTF_CSRF_FIELD_NAME: "tok",
      WTF_CSRF_HEADERS: ["X-Tok"],
      WTF_CSRF_SECRET_KEY: "other",
    }).app.testClient();
    const token = await getToken(named);
    expect((await named.get("/")).text).toContain('name="tok"');
    expect((await named.post("/plain", { headers: { "X-Tok": token } })).status).toBe(200);
  });

  test("a login makes earlier tokens worthless", async () => {
    const client = makeApp().app.testClient();
    const before = await getToken(client);
    const after = (await client.get("/login")).text;
    const status = async (token: string) => (await client.post("/plain", { headers: { "X-CSRFToken": token } })).status;
    expect([await status(before), await status(after)]).toEqual([400, 200]);
  });

  test("a second CSRFProtect on one app is refused", () => {
    const { app } = makeApp();
    expect(() => new CSRFProtect(app)).toThrow(/already/);
  });
});

test("a login rotates the token: the old one is worth nothing, one made later in the same request is good", async () => {
  const app = createApp({
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    config: { SECRET_KEY: "k".repeat(32), WTF_CSRF_SSL_STRICT: false },
  });
  new CSRFProtect(app);
  const login = new Login<{ id: number }>(app, { load: (id) => ({ id: Number(id) }) });
  app.get("/token", { name: "token" }, () => csrfToken());
  app.post("/login", function signIn() {
    csrfToken();
    login.signIn({ id: 1 });
    return csrfToken();
  });
  app.post("/use", function use() {
    return "used";
  });
  const client = app.testClient();
  const before = (await client.get("/token")).text;
  const use = async (token: string) => (await client.post("/use", { form: { csrf_token: token } })).status;
  expect(await use(before)).toBe(200);
  const after = (await client.post("/login", { form: { csrf_token: before } })).text;
  expect(await use(before)).toBe(400);
  expect(await use(after)).toBe(200);
});
