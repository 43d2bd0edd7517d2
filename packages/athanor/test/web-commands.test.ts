/** `athanor run`, `routes` and `shell` as a user runs them. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { APP, project } from "./project.js";

test("routes prints the table, sorted as asked", async () => {
  const { run } = project({ "app.ts": APP });
  const plain = await run(["routes"]);
  expect(plain.stderr).toBe("");
  expect(
    plain.stdout
      .trim()
      .split("\n")
      .map((line) => line.split(/ {2,}/)),
  ).toEqual([
    ["Endpoint", "Methods", "Rule"],
    [expect.stringMatching(/^-+$/), expect.stringMatching(/^-+$/), expect.stringMatching(/^-+$/)],
    ["create", "POST", "/todo/create"],
    ["index", "GET", "/"],
    ["item", "GET", "/item/<int:id>"],
  ]);
  expect(plain.code).toBe(0);
  const sorted = await run(["routes", "--sort", "rule", "--all-methods"]);
  expect(sorted.stdout).toMatch(/index +GET, HEAD, OPTIONS +\/\n[\s\S]*create/);
  const wrong = await run(["routes", "--sort", "colour"]);
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringMatching(/colour.*endpoint, methods, rule, match/)]);
});

test("run serves on PORT, says where, and ends on SIGTERM with 0", async () => {
  const { start } = project({ "app.ts": `${APP}\nawait db.createAll();\n` });
  const server = start(["run"], { env: { PORT: "0" } });
  const [, url] = await server.saw(/(http:\/\/127\.0\.0\.1:\d+)/);
  expect(await (await fetch(`${url}/`)).text()).toBe("0 todos");
  expect((await fetch(`${url}/item/1`)).status).toBe(404);
  server.child.kill("SIGTERM");
  expect((await server.done).code).toBe(0);
});

test("--host and --port are obeyed; a wrong or busy port is one sentence", async () => {
  const { start, run } = project({ "app.ts": APP });
  const server = start(["run", "-h", "127.0.0.1", "--port", "0"], { env: { PORT: "1" } });
  const [, port] = await server.saw(/127\.0\.0\.1:(\d+)/);
  const busy = await run(["run", "--port", port!]);
  expect([busy.code, busy.stderr.trim().split("\n")]).toEqual([
    1,
    [expect.stringMatching(/^Error: Port \d+ .*in use/)],
  ]);
  server.child.kill("SIGINT");
  expect((await server.done).code).toBe(0);
  const wrong = await run(["run"], { env: { PORT: "http" } });
  expect([wrong.code, wrong.stderr]).toEqual([
    1,
    "Error: The variable PORT holds 'http', which is no port number (0 to 65535).\n",
  ]);
});

test("the environment files are read before the app, the real environment wins, and nothing of them is printed", async () => {
  const { run } = project({
    "server.ts": `import { createApp } from "@athanor/web";
export const app = createApp(import.meta);
for (const name of ["A", "B", "C", "D"]) app.get("/" + process.env[name], { name }, () => "x");`,
    ".env": "A=from-env\nB=from-env\nC=from-env\n",
    ".flaskenv": "FLASK_APP=server.py\nA=from-flaskenv\nD=from-flaskenv\n",
    "special.env": "B=from-file\n",
  });
  const { stdout, stderr, code } = await run(["-e", "special.env", "routes"], { env: { C: "from-shell" } });
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout.match(/\/from-\S+/g)).toEqual(["/from-env", "/from-file", "/from-shell", "/from-flaskenv"]);
  const missing = await run(["--dotenv", "none.env", "routes"]);
  expect([missing.code, missing.stderr]).toEqual([
    1,
    expect.stringMatching(/^Error: The environment file .*none\.env' does not exist/),
  ]);
});

test("the app is found by --app, ATHANOR_APP, app.ts; factories take arguments; mistakes are named", async () => {
  const make = `import { createApp } from "@athanor/web";
export function createShop(name: string) { const app = createApp(import.meta); app.get("/" + name, { name }, () => "x"); return app; }`;
  const { run } = project({ "shop/main.ts": make, "app.ts": APP, "wsgi.js": 'throw new TypeError("broken module");' });
  expect((await run(["--app", "shop/main.ts:createShop('one')", "routes"])).stdout).toMatch(/\/one/);
  expect((await run(["routes", "-A", "shop/main:createShop('two')"])).stdout).toMatch(/\/two/);
  expect((await run(["routes"], { env: { ATHANOR_APP: "shop/main:createShop('three')" } })).stdout).toMatch(/\/three/);
  const none = await run(["--app", "ap.ts", "routes"]);
  expect([none.code, none.stderr]).toEqual([
    1,
    expect.stringMatching(/^Error: There is no module 'ap\.ts'.*Did you mean 'app\.ts'\?\n$/),
  ]);
  const broken = await run(["--app", "wsgi.js", "routes"]);
  expect([broken.code, broken.stderr]).toEqual([
    1,
    expect.stringMatching(/TypeError: broken module\n\s+at .*wsgi\.js/),
  ]);
  const unknown = await run(["ruotes"]);
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringMatching(/Did you mean routes\?/)]);
  const empty = await project({}).run(["routes"]);
  expect([empty.code, empty.stderr]).toEqual([
    1,
    expect.stringMatching(/^Error: No app was found .*--app.*ATHANOR_APP/),
  ]);
});

test("without the web package run, routes and shell say how to install it", async () => {
  // The command's own resolution finds the monorepo's package; a loader hides it, as an absent one would be.
  const hide = `import { register } from "node:module";
register("data:text/javascript," + encodeURIComponent(\`export async function resolve(s, c, n) {
  if (s.startsWith("@athanor/web")) { const e = new Error("Cannot find package '@athanor/web' imported from test"); e.code = "ERR_MODULE_NOT_FOUND"; throw e; }
  return n(s, c);
}\`));`;
  const { run, path } = project({ "app.ts": APP, "hide.mjs": hide }, ["core"]);
  for (const command of ["run", "routes", "shell"]) {
    const { code, stderr } = await run([command], { env: { NODE_OPTIONS: `--import ${join(path, "hide.mjs")}` } });
    expect([code, stderr]).toEqual([
      1,
      `Error: 'athanor ${command}' needs the web package, which is not installed. Run: npm install @athanor/web\n`,
    ]);
  }
});

test("a project that is not an ES module is told the one line to add", async () => {
  const { run } = project({ "app.ts": `${APP}\nawait db.createAll();\n`, "package.json": "{}" });
  const { code, stderr } = await run(["routes"]);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^Error: .*app\.ts' is an ES module.*"type": "module"/)]);
});

test("the shell knows db and the models, awaits, and keeps one session over all lines", async () => {
  const { run } = project({ "app.ts": APP });
  const input = [
    "await db.createAll()",
    'db.session.add(new Todo({ description: "John" }))',
    "await db.session.commit()",
    "await Todo.query().all()",
    "const [one] = await Todo.query().all()",
    "one === (await db.session.get(Todo, 1))",
    "app.constructor.name",
    "nothing.here",
    "await Todo.query().count()",
  ].join("\n");
  const { code, stdout, stderr } = await run(["shell"], { input });
  expect(stdout).toMatch(/<Todo 1 John>/);
  expect(stdout).toMatch(/true\n'App'\n/);
  expect(stdout).toMatch(/nothing is not defined/);
  expect(stdout.trim().endsWith("1")).toBe(true);
  expect([code, stderr]).toEqual([0, ""]);
});

test("with --debug a changed file starts the app anew; a broken one shows its error in the browser until it is mended", async () => {
  const page = (text: string) =>
    `import { createApp } from "@athanor/web";\nimport { greeting } from "./greeting.js";\nexport const app = createApp(import.meta);\napp.get("/", function index() { return greeting + "${text}"; });\n`;
  const { start, path } = project({ "app.ts": page("!"), "greeting.ts": 'export const greeting = "hello";' });
  const probe = await import("node:net").then(({ createServer }) => {
    const server = createServer();
    return new Promise<number>((resolve) =>
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as { port: number };
        server.close(() => resolve(port));
      }),
    );
  });
  const url = `http://127.0.0.1:${probe}/`;
  const until = async (wanted: (text: string, status: number) => boolean) => {
    for (let n = 0; n < 150; n++) {
      const answer = await fetch(url).catch(() => undefined);
      if (answer !== undefined) {
        const text = await answer.text();
        if (wanted(text, answer.status)) return text;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return expect.fail("the page never came");
  };
  const server = start(["run", "--debug", "--port", String(probe)]);
  await until((text) => text === "hello!");
  writeFileSync(join(path, "greeting.ts"), 'export const greeting = "bye";');
  await until((text) => text === "bye!");
  writeFileSync(join(path, "app.ts"), "this is <not> TypeScript");
  expect(await until((_text, status) => status === 500)).toMatch(/could not be loaded[\s\S]*app\.ts/);
  writeFileSync(join(path, "app.ts"), page("?"));
  await until((text) => text === "bye?");
  server.child.kill("SIGINT");
  expect((await server.done).code).toBe(0);
  expect(readFileSync(join(path, "app.ts"), "utf8")).toBe(page("?"));
}, 240_000);

test("help and version end with 0", async () => {
  const { run } = project({});
  const help = await run(["--help"]);
  expect([help.code, help.stdout]).toEqual([0, expect.stringMatching(/run[\s\S]*routes[\s\S]*shell[\s\S]*db/)]);
  expect(await run(["--version"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  expect((await run(["db", "--help"])).stdout).toMatch(/upgrade[\s\S]*downgrade[\s\S]*stamp/);
});

test("commands of the app, its blueprints and plugins run in a scope, and are listed, suggested and explained", async () => {
  const { run } = project({
    "app.ts": `${APP}
import { blueprint } from "@athanor/web";
await db.createAll();
app.command("seed <count>", { description: "adds todos", options: { prefix: { type: "string", short: "e", default: "todo" } } },
  async ({ count, prefix }, { print }) => {
    for (let n = 1; n <= Number(count); n++) db.session.add(new Todo({ description: prefix + n }));
    await db.session.commit();
    print(\`\${await Todo.query().count()} todos, the last is \${(await Todo.query().all()).at(-1)}\`);
  });
app.command("fail", () => { throw new TypeError("broken command"); });
const admin = blueprint("admin");
admin.command("greet [name]", ({ name }, { print }) => { print("hello " + (name ?? "you")); return 3; });
app.registerBlueprint(admin);
`,
    "deploy.ts": `export default (commands) => { commands.add("deploy <where>", ({ where }, { print }) => print("to " + where)); };`,
    "package.json": '{ "type": "module", "private": true, "athanor": { "plugins": ["./deploy.ts"] } }',
  });
  // -e is the command's own behind its name, and the program's in front of it.
  const seeded = await run(["seed", "2", "-e", "x"]);
  expect([seeded.stderr, seeded.stdout, seeded.code]).toEqual(["", "2 todos, the last is <Todo 2 x2>\n", 0]);
  expect(await run(["admin", "greet", "amy"])).toEqual({ code: 3, stdout: "hello amy\n", stderr: "" });
  expect(await run(["deploy", "mars"])).toEqual({ code: 0, stdout: "to mars\n", stderr: "" });
  const failed = await run(["-A", "app.ts", "fail"]);
  expect([failed.code, failed.stderr]).toEqual([1, expect.stringMatching(/TypeError: broken command\n\s+at /)]);
  const wrong = await run(["seed"]);
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    expect.stringMatching(/<count> is missing[\s\S]*Usage: athanor seed/),
  ]);
  const help = await run(["--help"]);
  expect([help.code, help.stderr]).toEqual([0, ""]);
  expect(help.stdout).toMatch(/run[\s\S]*deploy <where>[\s\S]*seed <count> +adds todos[\s\S]*admin +commands: greet/);
  const typo = await run(["sead"]);
  expect([typo.code, typo.stderr]).toEqual([2, expect.stringMatching(/Did you mean seed\?/)]);
}, 240_000);

test("a broken app leaves the help and the suggestions; a plugin that is not there is named", async () => {
  const { run, write } = project({ "app.ts": 'throw new TypeError("broken module");' });
  const help = await run(["--help"]);
  expect([help.code, help.stdout, help.stderr]).toEqual([
    0,
    expect.stringContaining("routes"),
    expect.stringContaining("TypeError: broken module"),
  ]);
  write({ "app.ts": APP, "package.json": '{ "type": "module", "athanor": { "plugins": ["no-such-plugin"] } }' });
  const missing = await run(["seed"]);
  expect(missing.stderr).toMatch(/plugin 'no-such-plugin' .*npm install no-such-plugin/);
  expect(missing.code).toBe(2);
}, 240_000);
