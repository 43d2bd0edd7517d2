import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEngine } from "../../src/engine/engine.js";
import { Url } from "../../src/engine/url.js";

describe("a database URL", () => {
  it("is taken apart", () => {
    const url = Url.parse("postgresql+pg://ann:s%40crf%2Ft@db.example:5433/shop%20x?prepare=false&a=1&a=2");
    expect([url.dialect, url.driver, url.username, url.password, url.host, url.port, url.database]).toEqual([
      "postgresql",
      "pg",
      "ann",
      "s@crf/t",
      "db.example",
      5433,
      "shop x",
    ]);
    expect(url.query).toEqual({ prepare: "false", a: ["1", "2"] });
  });
  it("never shows its password", () => {
    const url = Url.parse("postgres://ann:s3cret@h/d");
    expect(String(url)).toBe("postgresql://ann:***@h/d");
    expect(inspect(url) + JSON.stringify({ url }) + inspect({ url }) + inspect(createEngine(url))).not.toContain(
      "s3cret",
    );
    expect(url.render()).toBe("postgresql://ann:s3cret@h/d");
  });
  it("reads IPv6 addresses", () => {
    const url = Url.parse("mysql://[2001:db8::1]:3307/x");
    expect([url.host, url.port]).toEqual(["2001:db8::1", 3307]);
    expect(url.render()).toBe("mysql://[2001:db8::1]:3307/x");
  });
  it.each([
    ["sqlite://", undefined],
    ["sqlite:///:memory:", ":memory:"],
    ["sqlite:///rel.db", "rel.db"],
    ["sqlite:///data/rel.db", "data/rel.db"],
    ["sqlite:////abs/x.db", "/abs/x.db"],
    ["sqlite:///file:x.db?mode=ro", "file:x.db"],
    ["sqlite:///C:\\data\\x.db", "C:\\data\\x.db"],
    ["sqlite:///my%20file.db", "my file.db"],
  ])("reads the SQLite form %s", (text, database) => {
    expect(Url.parse(text).database).toBe(database);
    expect(Url.parse(Url.parse(text).render()).equals(Url.parse(text))).toBe(true);
  });
  it("is changed only into another one", () => {
    const url = Url.parse("postgresql://ann:x@h/d?a=1");
    expect(url.set({ database: "e", password: undefined }).render()).toBe("postgresql://ann@h/e?a=1");
    expect(url.updateQuery({ a: undefined, b: ["1", "2"] }).render()).toBe("postgresql://ann:x@h/d?b=1&b=2");
    expect(url.render()).toBe("postgresql://ann:x@h/d?a=1");
    expect(() => Object.assign(url, { host: "x" })).toThrow(TypeError);
  });
  it.each([
    ["", /empty/],
    ["sqlite:app.db", /write sqlite:\/\/\/app\.db/],
    ["sqlite:/tmp/app.db", /write sqlite:\/\/\/\/tmp\/app\.db/],
    ["sqlite::memory:", /write sqlite:\/\//],
    ["app.db", /write sqlite:\/\/\/app\.db/],
    ["postgresql:localhost/db", /'\/\/'/],
    ["localhost/db", /no 'dialect:\/\/'/],
    ["postgresql://u:p@h:70000/d", /port/],
    ["postgresql://u:p@h:abc/d", /port/],
    ["postgresql://u:100%@h/d", /%25/],
    ["postgresql://u:p@::1/d", /IPv6/],
  ])("refuses %j in one sentence", (text, message) => {
    expect(() => Url.parse(text)).toThrow(message);
  });
  it("does not put the password into its errors", () => {
    for (const text of [
      "postgresql://u:hunter2@h:x/d",
      "postgresql://u:hunter2%@h/d",
      "postgresql:u:hunter2@h",
      "u:hunter2@h/d",
    ]) {
      expect(() => Url.parse(text)).toThrow();
      try {
        Url.parse(text);
      } catch (error) {
        expect(String(error)).not.toContain("hunter2");
      }
    }
  });
  it("survives printing and parsing with any text in its parts", () => {
    const text = fc.string({ minLength: 1, unit: "grapheme" });
    fc.assert(
      fc.property(text, text, text, fc.dictionary(text, text), (username, password, database, query) => {
        const url = new Url({ dialect: "postgresql", username, password, host: "h", port: 1, database, query });
        const again = Url.parse(url.render());
        expect([again.username, again.password, again.database]).toEqual([username, password, database]);
        expect({ ...again.query }).toEqual({ ...url.query });
      }),
    );
  });
});
describe("createEngine", () => {
  it("suggests the scheme that was meant", () => {
    expect(() => createEngine("postgrsql://h/d")).toThrow(/Did you mean 'postgresql'\?.*Known: sqlite/);
  });
  it("refuses unknown options, levels and URL options", async () => {
    expect(() => createEngine("sqlite://", { poolsize: 3 } as never)).toThrow(/Did you mean 'poolSize'/);
    expect(() => createEngine("sqlite://", { isolationLevel: "SNAPSHOT" as never })).toThrow(/no isolation level/);
    expect(() => createEngine("sqlite://?jurnal_mode=wal")).toThrow(/Did you mean 'journal_mode'/);
    await expect(createEngine("postgresql://h/d?prepar=0").connect()).rejects.toThrow(/Did you mean 'prepare'/);
    await expect(createEngine("postgresql+asyncpg://h/d").connect()).rejects.toThrow(/no driver 'asyncpg'/);
  });
});
