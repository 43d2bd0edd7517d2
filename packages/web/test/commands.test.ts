/** Commands of an app: what they take, what they print, what ends them. */
import { integer, string } from "@athanor/core";
import { blueprint, type CommandOutput, createApp, currentApp, Database } from "@athanor/web";
import { describe, expect, expectTypeOf, test } from "vitest";
import { makeApp } from "./database/app.js";

const nothing = () => {};
const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing };

test("words and options are read, converted and typed", async () => {
  const app = createApp({ logger: quiet });
  const seen: unknown[] = [];
  app.command(
    "copy <from> [to] ",
    {
      description: "Copies.",
      options: {
        dryRun: { type: "boolean", short: "n" },
        times: { type: "number", short: "t", default: 1, description: "how often" },
        label: { type: "string" },
        colour: { type: "boolean", default: true },
      },
    },
    (values, output) => {
      expectTypeOf(values.from).toEqualTypeOf<string>();
      expectTypeOf(values.to).toEqualTypeOf<string | undefined>();
      expectTypeOf(values.dryRun).toEqualTypeOf<boolean>();
      expectTypeOf(values.times).toEqualTypeOf<number>();
      expectTypeOf(values.label).toEqualTypeOf<string | undefined>();
      expectTypeOf(output).toEqualTypeOf<CommandOutput>();
      seen.push({ ...values });
    },
  );
  app.command("all <first> <others...>", ({ first, others }) => {
    expectTypeOf(others).toEqualTypeOf<readonly string[]>();
    seen.push([first, ...others]);
  });
  const cli = app.testCli();
  expect(await cli.invoke(["copy", "a"])).toEqual({ exitCode: 0, output: "", warnings: "", error: null });
  await cli.invoke(["copy", "a", "b", "-n", "--times=3", "--label", "x", "--no-colour"]);
  await cli.invoke(["copy", "-nt", "2", "--", "-a"]);
  await cli.invoke(["all", "1", "2", "3"]);
  expect(seen).toEqual([
    { from: "a", to: undefined, dryRun: false, times: 1, label: undefined, colour: true },
    { from: "a", to: "b", dryRun: true, times: 3, label: "x", colour: false },
    { from: "-a", to: undefined, dryRun: true, times: 2, label: undefined, colour: true },
    ["1", "2", "3"],
  ]);
  const wrong = async (...args: string[]) => {
    const { exitCode, warnings } = await cli.invoke(args);
    expect(exitCode).toBe(2);
    return warnings.split("\n")[0];
  };
  expect(await wrong("copy")).toBe("Error: The argument <from> is missing.");
  expect(await wrong("copy", "a", "b", "c")).toBe("Error: 'c' is one argument too many.");
  expect(await wrong("copy", "a", "--dry-rnu")).toBe("Error: There is no option '--dry-rnu'. Did you mean 'dry-run'?");
  expect(await wrong("copy", "a", "-t", "many")).toBe("Error: --t holds 'many', which is no number.");
  expect(await wrong("copy", "a", "--label")).toBe("Error: --label needs a value.");
  expect(await wrong("copy", "a", "--dry-run=yes")).toBe("Error: --dry-run takes no value; 'yes' was given.");
  expect(await wrong("coyp")).toBe("Error: There is no command 'coyp'. Did you mean 'copy'?");
  expect((await cli.invoke(["copy", "--help"])).output).toBe(`Usage: athanor copy [options] <from> [to]

Copies.

Options:
  -n, --dry-run
  -t, --times <number>  how often (default 1)
      --label <string>
      --colour          (default true)
  -h, --help            shows this
`);
});

test("a command runs in a scope of its own, and what it leaves uncommitted is rolled back; errors and exit codes show", async () => {
  const app = makeApp();
  const db = new Database(app);
  class Todo extends db.Model("Todo", { id: integer().primaryKey(), text: string(20) }) {}
  await db.createAll();
  const ended: unknown[] = [];
  app.scope.onEnd((error) => void ended.push(error));
  app.command("add <text>", { options: { keep: { type: "boolean" } } }, async ({ text, keep }, { print, warn }) => {
    expect(currentApp()).toBe(app);
    db.session.add(new Todo({ text }));
    await db.session.flush();
    print(`${await Todo.query().count()} todos`);
    if (keep) await db.session.commit();
    else warn("not kept");
    return keep ? 0 : 4;
  });
  app.command("fail", () => {
    throw new TypeError("broken");
  });
  const cli = app.testCli();
  await app.start();
  ended.length = 0;
  expect(await cli.invoke(["add", "a"])).toEqual({
    exitCode: 4,
    output: "1 todos\n",
    warnings: "not kept\n",
    error: null,
  });
  expect(await cli.invoke(["add", "a", "--keep"])).toMatchObject({ exitCode: 0, output: "1 todos\n" });
  expect(await cli.invoke(["fail"])).toEqual({ exitCode: 1, output: "", warnings: "", error: new TypeError("broken") });
  expect(ended).toEqual([null, null, new TypeError("broken")]);
  expect(() => app.command("late", nothing)).toThrow(/comes too late/);
  await db.dispose();
});

test("commands of a blueprint are a group, of its name, of another, or of none", async () => {
  const bp = () => {
    const made = blueprint("admin");
    made.command("greet", { description: "Says hello." }, (_values, { print }) => print("hello"));
    return made;
  };
  const app = createApp({ logger: quiet });
  app.registerBlueprint(bp());
  app.registerBlueprint(bp(), { name: "second" });
  app.registerBlueprint(bp(), { name: "third", commandGroup: null });
  const cli = app.testCli();
  for (const args of [["admin", "greet"], ["second", "greet"], ["greet"]])
    expect((await cli.invoke(args)).output).toBe("hello\n");
  expect((await cli.invoke(["admin"])).output).toBe("Commands of 'admin':\n\n  admin greet  Says hello.\n");
  expect((await cli.invoke(["admin", "gret"])).warnings).toBe(
    "Error: There is no command 'admin gret'. Did you mean 'greet'?\n",
  );
});

describe("mistakes in a command are told when it is added", () => {
  const adding =
    (words: string, options = {}) =>
    () =>
      createApp({ logger: quiet }).command(words, { options }, nothing);
  test.each([
    ["", {}, /'' cannot name a command/],
    ["seed count", {}, /'count', which is neither <needed>/],
    ["seed [a] <b>", {}, /needed 'b' comes after an optional/],
    ["seed <a...> <b>", {}, /only the last argument/],
    ["seed <a>", { a: { type: "string" } }, /'a' twice/],
    ["seed", { all: { type: "boolean", short: "h" } }, /'h' cannot be the short form of --all/],
  ])("%s", (words, options, message) => {
    expect(adding(words, options)).toThrow(message);
  });
  test("a name given twice", () => {
    const app = createApp({ logger: quiet }).command("seed", nothing);
    expect(() => app.command("seed <x>", nothing)).toThrow(/two commands 'seed'/);
  });
});
