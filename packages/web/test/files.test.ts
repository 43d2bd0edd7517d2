import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { contentDisposition } from "../src/files/send-file.js";
import { blueprint, createApp, sendFromDirectory } from "../src/index.js";

const root = mkdtempSync(join(tmpdir(), "athanor-static-"));
mkdirSync(join(root, "static", "styles"), { recursive: true });
writeFileSync(join(root, "static", "styles", "main.css"), "body { color: red }");
writeFileSync(join(root, "static", ".secret"), "hidden");
writeFileSync(join(root, "static", "empty.txt"), "");
writeFileSync(join(root, "outside.txt"), "outside");
symlinkSync(join(root, "outside.txt"), join(root, "static", "link.txt"));
symlinkSync(join(root, "static", "styles", "main.css"), join(root, "static", "inner.css"));
mkdirSync(join(root, "bp"));
writeFileSync(join(root, "bp", "logo.svg"), "<svg/>");

function client() {
  const app = createApp({ root });
  app.registerBlueprint(
    blueprint("admin", { urlPrefix: "/admin", root, staticFolder: "bp", staticUrlPath: "/assets" }),
  );
  return app.testClient();
}
const CSS = "/static/styles/main.css";

test("a static file comes with type, validators, nosniff; HEAD has no body", async () => {
  const c = client();
  const got = await c.get(CSS);
  expect([
    got.status,
    got.text,
    got.headers.get("content-type"),
    got.headers.get("x-content-type-options"),
    got.headers.get("content-length"),
  ]).toEqual([200, "body { color: red }", "text/css; charset=utf-8", "nosniff", "19"]);
  const head = await c.head(CSS);
  expect([head.status, head.text, head.headers.get("content-length")]).toEqual([200, "", "19"]);
  expect((await c.post(CSS)).status).toBe(405);
  expect((await c.get("/static/empty.txt")).text).toBe("");
  expect((await c.get("/admin/assets/logo.svg")).headers.get("content-type")).toBe("image/svg+xml");
});

test("304 by ETag and by date", async () => {
  const c = client();
  const { headers } = await c.get(CSS);
  expect((await c.get(CSS, { headers: { "If-None-Match": headers.get("etag") ?? "" } })).status).toBe(304);
  expect((await c.get(CSS, { headers: { "If-Modified-Since": headers.get("last-modified") ?? "" } })).status).toBe(304);
  expect((await c.get(CSS, { headers: { "If-None-Match": '"other"' } })).status).toBe(200);
});

test("ranges: 206, 416, If-Range", async () => {
  const c = client();
  const range = async (value: string, more: Record<string, string> = {}) => {
    const r = await c.get(CSS, { headers: { Range: value, ...more } });
    return [r.status, r.text, r.headers.get("content-range")];
  };
  expect(await range("bytes=0-3")).toEqual([206, "body", "bytes 0-3/19"]);
  expect(await range("bytes=-5")).toEqual([206, "red }", "bytes 14-18/19"]);
  expect(await range("bytes=17-99")).toEqual([206, " }", "bytes 17-18/19"]);
  expect((await range("bytes=19-"))[0]).toBe(416);
  expect((await range("bytes=19-"))[2]).toBe("bytes */19");
  expect((await range("bytes=0-3", { "If-Range": '"old"' }))[0]).toBe(200);
  expect((await range("pages=1"))[0]).toBe(200);
});

test("nothing outside the folder, no dotfiles, no links out", async () => {
  const c = client();
  expect((await c.get("/static/inner.css")).status).toBe(200);
  for (const path of [
    "/static/link.txt",
    "/static/.secret",
    "/static/..%2Foutside.txt",
    "/static/%2e%2e/outside.txt",
    "/static/styles/..%2f..%2foutside.txt",
    "/static/%2Fetc%2Fpasswd",
    "/static/..%5Coutside.txt",
    "/static/styles",
    "/static/none.css",
    "/static/a%00.css",
  ]) {
    expect((await c.get(path)).status, path).toBe(404);
  }
  await expect(sendFromDirectory(join(root, "static"), "../outside.txt")).rejects.toThrow(/404/);
});

test("attachment names survive any alphabet", () => {
  expect(contentDisposition("attachment", "a b.txt")).toBe('attachment; filename="a b.txt"');
  expect(contentDisposition("attachment", 'naïve "x".txt')).toBe(
    `attachment; filename="naive _x_.txt"; filename*=UTF-8''na%C3%AFve%20%22x%22.txt`,
  );
  expect(contentDisposition("attachment", "日本.pdf\r\nX: y")).toBe(
    `attachment; filename=".pdfX: y"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.pdfX%3A%20y`,
  );
});
