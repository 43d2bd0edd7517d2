import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  type Context,
  checkPasswordHash,
  createApp,
  findApp,
  findAppIn,
  formatRoutes,
  generatePasswordHash,
  MethodView,
  redirect,
  routesTable,
  safeNext,
  streamWithContext,
} from "../src/index.js";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

test("app.run serves over a socket; a busy port is one clear line", async () => {
  const app = createApp({ logger: quiet });
  app.get("/", function index(c) {
    return { from: c.request.remoteAddr, host: c.request.host };
  });
  app.post("/echo", async function echo(c) {
    return (await c.request.form()).get("a", "");
  });
  await using running = await app.run({ port: 0 });
  expect(await (await fetch(running.url)).json()).toEqual({ from: "127.0.0.1", host: `127.0.0.1:${running.port}` });
  expect(
    await (await fetch(`${running.url}/echo`, { method: "POST", body: new URLSearchParams({ a: "b" }) })).text(),
  ).toBe("b");
  const second = createApp({ logger: quiet }).run({ port: running.port });
  await expect(second).rejects.toThrow(
    `Port ${running.port} on 127.0.0.1 is in use by another program. Stop it, or choose another port.`,
  );
});

test("when the client goes away, the scope still ends with the handler, not with the socket", async () => {
  const app = createApp({ logger: quiet });
  const log: string[] = [];
  app.scope.onEnd(() => void log.push("end"));
  app.get("/slow", async function slow() {
    await new Promise((r) => setTimeout(r, 120));
    log.push("handler");
    return "x";
  });
  await using running = await app.run({ port: 0 });
  await fetch(`${running.url}/slow`, { signal: AbortSignal.timeout(40) }).catch(() => log.push("aborted"));
  await new Promise((r) => setTimeout(r, 200));
  expect(log).toEqual(["aborted", "handler", "end"]);
});

test("a held stream whose reader goes away is stopped, and its scope ends", async () => {
  const app = createApp({ logger: quiet });
  const log: string[] = [];
  app.scope.onEnd(() => void log.push("end"));
  app.get("/events", function events() {
    return streamWithContext(
      (async function* () {
        try {
          for (let i = 0; ; i++) {
            yield `data: ${i}\n\n`;
            await new Promise((r) => setTimeout(r, 10));
          }
        } finally {
          log.push("stopped");
        }
      })(),
    );
  });
  await using running = await app.run({ port: 0 });
  const abort = new AbortController();
  const response = await fetch(`${running.url}/events`, { signal: abort.signal });
  const reader = response.body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toContain("data: 0");
  expect(log).toEqual([]);
  abort.abort();
  await new Promise((r) => setTimeout(r, 150));
  expect(log).toEqual(["stopped", "end"]);
});

test("an upload beyond the limit is answered with 413 over a real socket", async () => {
  const app = createApp({ logger: quiet, config: { MAX_CONTENT_LENGTH: 100_000, MAX_FORM_MEMORY_SIZE: 10 } });
  app.post("/", async function up(c) {
    return { files: (await c.request.files()).size };
  });
  await using running = await app.run({ port: 0 });
  const send = (size: number) => {
    const form = new FormData();
    form.append("f", new File(["x".repeat(size)], "f.bin"));
    return fetch(running.url, { method: "POST", body: form });
  };
  expect(await (await send(50_000)).json()).toEqual({ files: 1 });
  expect((await send(3_000_000)).status).toBe(413);
  const field = new FormData();
  field.append("a", "more than ten bytes");
  expect((await fetch(running.url, { method: "POST", body: field })).status).toBe(413);
  expect(await (await send(10)).json()).toEqual({ files: 1 });
});

test("debug on an open host is warned about", async () => {
  const warnings: unknown[] = [];
  const app = createApp({ logger: { ...quiet, warn: (text: unknown) => void warnings.push(text) } });
  await (await app.run({ host: "0.0.0.0", port: 0, debug: true })).close();
  expect(warnings[0]).toMatch(/everyone on the network/);
});

test("forwarded headers count only for the hops that are trusted", async () => {
  const show = (c: Context) => [c.request.url, c.request.remoteAddr ?? null, c.urlFor("show", { _external: true })];
  const headers = {
    "X-Forwarded-For": "6.6.6.6, 1.2.3.4",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "shop.example",
    "X-Forwarded-Prefix": "/app",
  };
  const plain = createApp({ logger: quiet });
  plain.get("/x", { name: "show" }, show);
  expect((await plain.testClient().get("/x", { headers })).json).toEqual([
    "http://localhost/x",
    null,
    "http://localhost/x",
  ]);
  const behind = createApp({ logger: quiet }).proxyFix({ for: 1, proto: 1, host: 1, prefix: 1 });
  behind.get("/x", { name: "show" }, show);
  expect((await behind.testClient().get("/x", { headers })).json).toEqual([
    "https://shop.example/x",
    "1.2.3.4",
    "https://shop.example/app/x",
  ]);
});

test("hosts outside TRUSTED_HOSTS get 400", async () => {
  const app = createApp({ logger: quiet, config: { TRUSTED_HOSTS: ["example.com", ".sub.example"] } });
  app.get("/", function index() {
    return "ok";
  });
  for (const [host, status] of [
    ["example.com", 200],
    ["example.com:8080", 200],
    ["a.sub.example", 200],
    ["evil.com", 400],
    ["xexample.com", 400],
  ] as const) {
    expect((await app.testClient({ baseUrl: `http://${host}` }).get("/")).status, host).toBe(status);
  }
});

test("safeNext keeps visitors on the site", async () => {
  const app = createApp();
  await app.testRequestContext("https://site.example/login", () => {
    for (const bad of [
      "//evil.com",
      "///evil.com",
      "/\\evil.com",
      "\\\\evil.com",
      "/\t/evil.com",
      "https://evil.com",
      "javascript:alert(1)",
      "https://site.example@evil.com",
      "http://site.example/",
      "https://user@site.example/",
      "",
    ]) {
      expect(safeNext(bad, "/home"), bad).toBe("/home");
    }
    expect(safeNext("/a?b=1#c")).toBe("/a?b=1#c");
    expect(safeNext("https://site.example/a")).toBe("/a");
    expect(safeNext("a/b")).toBe("/a/b");
  });
  expect(redirect("/caf\u00e9\r\nX: y").headers.get("location")).toBe("/caf%C3%A9X:%20y");
});

test("password hashes verify both ways with Werkzeug; malformed ones are false", async () => {
  const hash = await generatePasswordHash("secret");
  expect(hash).toMatch(/^scrypt:32768:8:1\$[A-Za-z0-9]{16}\$[0-9a-f]{128}$/);
  expect(await checkPasswordHash(hash, "secret")).toBe(true);
  expect(await checkPasswordHash(hash, "Secret")).toBe(false);
  const fast = await generatePasswordHash("p\u00e4ss", { method: "pbkdf2:sha256:1000" });
  expect(await checkPasswordHash(fast, "p\u00e4ss")).toBe(true);
  for (const bad of [
    "",
    "x",
    "a$b$c",
    "scrypt:0:0:0$a$bb",
    "scrypt:99999999:99:99$a$bb",
    "scrypt$s$zz",
    null,
    undefined,
  ])
    expect(await checkPasswordHash(bad, "x")).toBe(false);
  await expect(generatePasswordHash("x", { method: "md5" })).rejects.toThrow(/not known/);
});

function hasWerkzeug(): boolean {
  try {
    execFileSync("/usr/bin/python3", ["-c", "import werkzeug.security"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
test.runIf(hasWerkzeug())("Werkzeug reads our hashes and we read its", async () => {
  const ours = await generatePasswordHash("pw", { method: "pbkdf2:sha256:1000" });
  const code = `
import sys, hashlib
from werkzeug.security import check_password_hash, generate_password_hash
print(check_password_hash(sys.argv[1], "pw"))
print(generate_password_hash("pw", "pbkdf2:sha256:2000"))
print("scrypt:32768:8:1$salty$" + hashlib.scrypt(b"pw", salt=b"salty", n=32768, r=8, p=1, maxmem=132*32768*8).hex())
`;
  const [read, theirs, scrypt] = execFileSync("/usr/bin/python3", ["-c", code, ours]).toString().trim().split("\n");
  expect(read).toBe("True");
  expect(await checkPasswordHash(theirs, "pw")).toBe(true);
  expect(await checkPasswordHash(scrypt, "pw")).toBe(true);
});

test("findApp: names, factories with arguments, files, and errors that help", async () => {
  const app = createApp({ name: "found" });
  const module = {
    app,
    helper: 1,
    makeShop: (kind: string, n = 0) => createApp({ name: `${kind}${n}` }),
    broken: () => undefined,
  };
  expect(await findAppIn(module, undefined, "m")).toBe(app);
  expect((await findAppIn(module, "makeShop('test', 3)", "m")).name).toBe("test3");
  expect((await findAppIn({ createApp: async () => app }, undefined, "m")).name).toBe("found");
  expect((await findAppIn({ shop: app }, undefined, "m")).name).toBe("found");
  await expect(findAppIn(module, "makeShp()", "m")).rejects.toThrow(/Did you mean 'makeShop'/);
  await expect(findAppIn(module, "broken", "m")).rejects.toThrow(/returned nothing/);
  await expect(findAppIn({}, undefined, "m")).rejects.toThrow(/exports no app/);
  await expect(findAppIn({ a: app, b: createApp() }, undefined, "m")).rejects.toThrow(/several apps: a, b/);
  const cwd = mkdtempSync(join(tmpdir(), "athanor-find-"));
  await expect(findApp({ cwd, load: async () => module })).rejects.toThrow(/No app was found/);
  writeFileSync(join(cwd, "wsgi.ts"), "");
  let loaded = "";
  const load = async (path: string) => {
    loaded = path;
    return module;
  };
  expect(await findApp({ cwd, load })).toBe(app);
  expect(loaded).toBe(join(cwd, "wsgi.ts"));
  expect((await findApp({ cwd, target: 'wsgi:makeShop("x")', load })).name).toBe("x0");
  await expect(findApp({ cwd, target: "wsgo.ts", load })).rejects.toThrow(/Did you mean 'wsgi.ts'/);
});

test("the routes table as text", () => {
  const app = createApp();
  app.route("/todo", { methods: ["GET", "POST"] }, function todo() {});
  expect(formatRoutes(routesTable(app))).toBe(
    "Endpoint  Methods    Rule\n--------  ---------  -----\ntodo      GET, POST  /todo",
  );
  expect(routesTable(app, { allMethods: true })[0]?.methods).toEqual(["GET", "HEAD", "OPTIONS", "POST"]);
});

test("class views answer by method", async () => {
  class Item extends MethodView<{ readonly id: number }> {
    override get(c: Context<{ readonly id: number }>) {
      return { id: c.args.id };
    }
    override delete() {
      return ["", 204];
    }
  }
  const app = createApp({ logger: quiet });
  app.route("/item/<int:id>", Item.options("item"), Item.asHandler());
  const client = app.testClient();
  expect((await client.get("/item/3")).json).toEqual({ id: 3 });
  expect((await client.delete("/item/3")).status).toBe(204);
  expect((await client.post("/item/3")).headers.get("allow")).toBe("DELETE, GET, HEAD, OPTIONS");
});

test("the shell context has the app and what providers give", async () => {
  const app = createApp({ logger: quiet });
  app.shellContext(() => ({ one: 1 })).shellContext(async () => ({ two: 2 }));
  expect(await app.makeShellContext()).toEqual({ app, one: 1, two: 2 });
});
