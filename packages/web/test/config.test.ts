import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createApp, loadDotenv } from "../src/index.js";

const folder = mkdtempSync(join(tmpdir(), "athanor-config-"));

test("fromObject takes UPPERCASE of objects, instances and classes, with getters and inheritance", () => {
  class Base {
    static STATIC_BASE = 1;
    SECRET_KEY = "base";
    FROM_BASE = true;
    get COMPUTED() {
      return `${this.SECRET_KEY}!`;
    }
    lower = 1;
  }
  class Config extends Base {
    override SECRET_KEY = "own";
  }
  for (const source of [Config, new Config()]) {
    const { config } = createApp({ config: source });
    expect([config.SECRET_KEY, config.FROM_BASE, config.COMPUTED, config.lower]).toEqual([
      "own",
      true,
      "own!",
      undefined,
    ]);
  }
  expect(createApp({ config: Config }).config.STATIC_BASE).toBe(1);
  expect(createApp({ config: { A_B: 1, other: 2 } }).config.getNamespace("A_")).toEqual({ b: 1 });
});

test("fromPrefixedEnv parses JSON, else text, and nests by __", () => {
  const { config } = createApp();
  config.fromPrefixedEnv("APP", {
    env: {
      APP_DEBUG: "true",
      APP_NAME: "x y",
      APP_MAIL__HOST: '"h"',
      APP_MAIL__OPTIONS__PORT: "25",
      OTHER: "1",
      APP_lower: "1",
      APP___proto____X: "1",
    },
  });
  expect([config.DEBUG, config.NAME, config.MAIL, config.lower]).toEqual([
    true,
    "x y",
    { HOST: "h", OPTIONS: { PORT: 25 } },
    undefined,
  ]);
  expect(({} as { X?: unknown }).X).toBe(undefined);
});

test("fromFile reads JSON or what you say, and names a missing file", () => {
  writeFileSync(join(folder, "c.json"), '{"SECRET_KEY": "f", "lower": 1}');
  const { config } = createApp({ root: folder });
  config.fromFile("c.json");
  expect([config.SECRET_KEY, config.lower]).toEqual(["f", undefined]);
  expect(() => config.fromFile("none.json")).toThrow(/cannot be read/);
  config.fromFile("none.json", JSON.parse, { silent: true });
});

test("fromEnvvar reads the file that a variable names", () => {
  writeFileSync(join(folder, "env.json"), '{"SECRET_KEY": "from the file"}');
  const { config } = createApp({ root: folder });
  process.env.ATHANOR_TEST_SETTINGS = "env.json";
  try {
    expect(config.fromEnvvar("ATHANOR_TEST_SETTINGS").SECRET_KEY).toBe("from the file");
    process.env.ATHANOR_TEST_SETTINGS = "none.json";
    expect(() => config.fromEnvvar("ATHANOR_TEST_SETTINGS")).toThrow(/cannot be read/);
  } finally {
    delete process.env.ATHANOR_TEST_SETTINGS;
  }
  expect(() => config.fromEnvvar("ATHANOR_TEST_SETTINGS")).toThrow(/'ATHANOR_TEST_SETTINGS' is not set/);
  expect(config.fromEnvvar("ATHANOR_TEST_SETTINGS", { silent: true }).SECRET_KEY).toBe("from the file");
});

test("near misses of known keys are warned about at start", async () => {
  const warnings: string[] = [];
  const app = createApp({
    config: { SECRETKEY: "x", SESION_COOKIE_NAME: "y", MY_OWN_THING: 1 },
    logger: { debug() {}, info() {}, error() {}, warn: (text: unknown) => void warnings.push(String(text)) },
  });
  app.config.know("SQLALCHEMY_DATABASE_URI");
  app.config.SQLALCHEMYDATABASE_URI = "sqlite://";
  await app.testClient().get("/");
  expect(warnings).toEqual([
    "The configuration key 'SECRETKEY' is not known. Did you mean 'SECRET_KEY'?",
    "The configuration key 'SESION_COOKIE_NAME' is not known. Did you mean 'SESSION_COOKIE_NAME'?",
    "The configuration key 'SQLALCHEMYDATABASE_URI' is not known. Did you mean 'SQLALCHEMY_DATABASE_URI'?",
  ]);
});

test("env files: the real environment wins, then the given file, .env, .flaskenv, searched upwards", () => {
  const deep = join(folder, "a", "b");
  mkdirSync(deep, { recursive: true });
  writeFileSync(join(folder, ".flaskenv"), "A=flaskenv\nB=flaskenv\nC=flaskenv\nD=flaskenv\n");
  writeFileSync(join(folder, "a", ".env"), 'A=env\nB=env\nC="env # kept"\n');
  writeFileSync(join(deep, "special"), "A=special\nB=special\n");
  const env: NodeJS.ProcessEnv = { A: "real" };
  const read = loadDotenv({ cwd: deep, file: "special", env });
  expect(env).toEqual({ A: "real", B: "special", C: "env # kept", D: "flaskenv" });
  expect(read).toEqual([join(deep, "special"), join(folder, "a", ".env"), join(folder, ".flaskenv")]);
  expect(() => loadDotenv({ cwd: deep, file: "none", env })).toThrow(/does not exist/);
});
