import { expect, test } from "vitest";
import { createApp, int, secureFilename } from "../src/index.js";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
function make(config: object = {}) {
  const app = createApp({ logger: quiet, config });
  app.post("/form", async function form(c) {
    const f = await c.request.form();
    return { first: f.get("a", "none"), all: f.getAll("a"), again: (await c.request.form()).size };
  });
  app.post("/json", async function asJson(c) {
    return { got: await c.request.json(), again: await c.request.json() };
  });
  app.post("/files", async function files(c) {
    const all = await c.request.files();
    return {
      fields: (await c.request.form()).toObject(),
      files: await Promise.all(
        [...all].map(async ([k, f]) => [k, f.name, f.type, f.size, (await f.text()).slice(0, 5)]),
      ),
    };
  });
  app.post("/need", async function need(c) {
    return (await c.request.form()).require("todo");
  });
  app.get("/args", function args(c) {
    const { args: a } = c.request;
    return [a.get("foo", "my default"), a.get("page", 1, int), a.getAll("n", int)];
  });
  return app;
}

test("query arguments: the first value, defaults also for what does not convert", async () => {
  const client = make().testClient();
  expect((await client.get("/args?page=3&foo=a&foo=b&n=1&n=x&n=2")).json).toEqual(["a", 3, [1, 2]]);
  expect((await client.get("/args?page=3abc")).json).toEqual(["my default", 1, []]);
});

test("forms: urlencoded and multipart give the first value, read as often as you like", async () => {
  const client = make().testClient();
  expect((await client.post("/form", { form: { a: ["1", "2"] } })).json).toEqual({
    first: "1",
    all: ["1", "2"],
    again: 1,
  });
  const data = new FormData();
  data.append("a", "x");
  data.append("a", "y");
  expect((await client.post("/form", { form: data })).json).toEqual({ first: "x", all: ["x", "y"], again: 1 });
  expect((await client.post("/form")).json).toEqual({ first: "none", all: [], again: 0 });
});

test("JSON: 400 when broken, 415 for another type", async () => {
  const client = make().testClient();
  expect((await client.post("/json", { json: { a: [1] } })).json).toEqual({ got: { a: [1] }, again: { a: [1] } });
  expect((await client.post("/json", { body: "{bad", headers: { "Content-Type": "application/json" } })).status).toBe(
    400,
  );
  expect((await client.post("/json", { form: { a: "b" } })).status).toBe(415);
  expect(
    (await client.post("/json", { body: "{}", headers: { "Content-Type": "application/vnd.api+json" } })).status,
  ).toBe(200);
});

test("a missing key is 400 and named in debug only", async () => {
  const app = make();
  const client = app.testClient();
  expect((await client.post("/need", { form: { other: "1" } })).text).not.toContain("todo");
  app.debug = true;
  const answer = await client.post("/need", { form: { other: "1" } });
  expect([answer.status, answer.text.includes("&#39;todo&#39;")]).toEqual([400, true]);
});

test("uploads: small ones in memory, large ones on disk, empty inputs left out", async () => {
  const client = make().testClient();
  const big = "b".repeat(1_200_000);
  const answer = await client.post("/files", {
    form: {
      note: "hi",
      doc: new File(["small"], "../../etc/pass wd", { type: "text/x-a" }),
      big: new File([big], "big.bin"),
      none: new File([], ""),
    },
  });
  expect(answer.json).toEqual({
    fields: { note: "hi" },
    files: [
      ["doc", expect.stringMatching(/pass wd$/), "text/x-a", 5, "small"],
      ["big", "big.bin", "application/octet-stream", 1_200_000, "bbbbb"],
    ],
  });
});

test("limits give 413 while parsing", async () => {
  const small = make({ MAX_CONTENT_LENGTH: 100 }).testClient();
  expect((await small.post("/form", { form: { a: "x".repeat(200) } })).status).toBe(413);
  expect((await small.post("/json", { json: "x".repeat(200) })).status).toBe(413);
  const chunked = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(60));
    },
  });
  expect((await small.post("/json", { body: chunked, headers: { "Content-Type": "application/json" } })).status).toBe(
    413,
  );
  expect((await small.post("/files", { form: { f: new File(["x".repeat(200)], "f") } })).status).toBe(413);
  const memory = make({ MAX_FORM_MEMORY_SIZE: 50 }).testClient();
  const field = new FormData();
  field.append("a", "x".repeat(60));
  expect((await memory.post("/form", { form: field })).status).toBe(413);
  expect((await memory.post("/form", { form: { a: "x".repeat(60) } })).status).toBe(413);
  const many = new FormData();
  for (let i = 0; i < 20; i++) many.append("a", "1");
  expect((await make({ MAX_FORM_PARTS: 10 }).testClient().post("/form", { form: many })).status).toBe(413);
  expect(
    (
      await make()
        .testClient()
        .post("/form", { body: "x", headers: { "Content-Type": "multipart/form-data" } })
    ).status,
  ).toBe(400);
  const cut = await make()
    .testClient()
    .post("/form", {
      body: '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nhalf',
      headers: { "Content-Type": "multipart/form-data; boundary=b" },
    });
  expect(cut.status).toBe(400);
});

test("exactly as many parts as allowed pass; an unannounced urlencoded body is cut off while reading", async () => {
  const ten = new FormData();
  for (let i = 0; i < 10; i++) ten.append("a", "1");
  expect((await make({ MAX_FORM_PARTS: 10 }).testClient().post("/form", { form: ten })).status).toBe(200);
  ten.append("a", "1");
  expect((await make({ MAX_FORM_PARTS: 10 }).testClient().post("/form", { form: ten })).status).toBe(413);
  let sent = 0;
  const endless = new ReadableStream({
    pull(controller) {
      sent += 1000;
      controller.enqueue(new Uint8Array(1000).fill(97));
    },
  });
  const answer = await make({ MAX_FORM_MEMORY_SIZE: 10_000 })
    .testClient()
    .post("/form", { body: endless, headers: { "Content-Type": "application/x-www-form-urlencoded" } });
  expect([answer.status, sent < 20_000]).toEqual([413, true]);
});

test("names and texts in any alphabet survive multipart, long names too", async () => {
  const data = new FormData();
  const long = `orders-${"x".repeat(300)}`;
  data.append("\u00fcber", "gr\u00fc\u00dfe \u65e5\u672c \ud83d\ude80");
  data.append(long, "1");
  data.append("doc", new File(["x"], "\u65e5\u672c \u00fc.txt"));
  const { fields, files } = (await make().testClient().post("/files", { form: data })).json as {
    fields: object;
    files: unknown[][];
  };
  expect(fields).toEqual({ "\u00fcber": "gr\u00fc\u00dfe \u65e5\u672c \ud83d\ude80", [long]: "1" });
  expect(files[0]?.slice(0, 2)).toEqual(["doc", "\u65e5\u672c \u00fc.txt"]);
});

test("a body that Hono middleware has read is still there", async () => {
  const app = createApp({ logger: quiet });
  app.use(async (hc, next) => {
    await hc.req.text();
    await next();
  });
  app.post("/", async function index(c) {
    return (await c.request.form()).toObject();
  });
  expect((await app.testClient().post("/", { form: { a: "1" } })).json).toEqual({ a: "1" });
});

test("secureFilename, on Werkzeug's cases and worse", () => {
  const cases: [string, string][] = [
    ["My cool movie.mov", "My_cool_movie.mov"],
    ["../../../etc/passwd", "etc_passwd"],
    ["i contain cool \xfcml\xe4uts.txt", "i_contain_cool_umlauts.txt"],
    ["__filename__", "filename"],
    ["foo$&^*)bar", "foobar"],
    ["..\\..\\x", "x"],
    [".htaccess", "htaccess"],
    ["con.txt", "_con.txt"],
    ["日本", ""],
  ];
  for (const [given, wanted] of cases) expect(secureFilename(given), given).toBe(wanted);
});
