/** Revision files on disk: reading, writing, refusing. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatRevision, formatRevisionBlock, type Revision } from "../../src/graph/index.js";
import {
  initDirectory,
  type ModuleLoader,
  mergeMessage,
  runnable,
  ScriptDirectory,
  type ScriptDirectoryOptions,
  writeNewFile,
} from "../../src/script/index.js";

let root: string;
let printed: string[];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "athanor-scripts-"));
  printed = [];
});
afterEach(() => rm(root, { recursive: true }));

const refuseToLoad: ModuleLoader = async (path) => {
  throw new TypeError(`${path} must not be imported`);
};
const put = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
};
const header = (id: string, down: string | null) =>
  `/** about ${id} */\nexport const revision = "${id}", downRevision = ${JSON.stringify(down)};\nexport function upgrade() {}\n`;
const open = (options: Partial<ScriptDirectoryOptions> = {}): Promise<ScriptDirectory> =>
  ScriptDirectory.open({
    directory: root,
    load: refuseToLoad,
    print: (line) => printed.push(line),
    now: () => new Date("2026-03-04T05:06:07.089Z"),
    timezone: "UTC",
    ...options,
  });
const fresh = async (options: Partial<ScriptDirectoryOptions> = {}): Promise<ScriptDirectory> => {
  await mkdir(join(root, "versions"), { recursive: true });
  return open(options);
};
const names = (list: readonly Revision[]): string[] => list.map(String);

describe("init", () => {
  it("writes the environment and tells it as the course notes show", async () => {
    const directory = join(root, "migrations");
    const result = await initDirectory({ directory, print: (line) => printed.push(line) });
    expect(printed).toEqual([
      `  Creating directory ${directory} ...  done`,
      `  Creating directory ${directory}/versions ...  done`,
      `  Generating ${directory}/README ...  done`,
      `  Generating ${directory}/env.ts ...  done`,
      `  Please edit configuration/connection/logging settings in '${directory}/env.ts' before proceeding.`,
    ]);
    expect((await readdir(directory)).sort()).toEqual(["README", "env.ts", "versions"]);
    expect(await readFile(result.environment, "utf8")).toContain("export default async function environment(");
    expect((await ScriptDirectory.open({ directory })).list()).toEqual([]);
  });

  it("refuses a directory that holds something, takes an empty one", async () => {
    await initDirectory({ directory: root, language: "js" });
    expect((await readdir(root)).sort()).toEqual(["README", "env.js", "versions"]);
    await expect(initDirectory({ directory: root })).rejects.toThrow(
      `Directory ${root} already exists and is not empty`,
    );
  });
});

describe("reading", () => {
  it("takes headers from the text, in name order, without importing", async () => {
    await put("versions/b_second.ts", header("b", "a"));
    await put("versions/a_first.ts", header("a", null));
    for (const other of ["_helper.ts", ".draft.ts", "a.d.ts", "notes.md", "deep/c.ts"])
      await put(`versions/${other}`, "broken");
    const scripts = await open();
    expect(names(scripts.list())).toEqual(["a", "b"]);
    expect(scripts.get("head")?.doc).toBe("about b");
    expect(scripts.get("base")).toBeNull();
    expect(names(scripts.walk(":a"))).toEqual(["a"]);
  });

  it("imports only files that are not literal", async () => {
    await put(
      "versions/a.mjs",
      "const id = 'a'; export { id as revision }; export const downRevision = null; export const upgrade = () => 'up';",
    );
    await put("versions/b.ts", header("b", "a"));
    const loaded: string[] = [];
    const scripts = await open({
      load: (path) => {
        loaded.push(path);
        return import(/* @vite-ignore */ path);
      },
    });
    expect(loaded).toEqual([join(root, "versions/a.mjs")]);
    expect(names(scripts.walk())).toEqual(["b", "a"]);
    const module = runnable(await scripts.load<string>(scripts.get("a")!), undefined, scripts.get("a")!);
    expect(module.upgrade("op")).toBe("up");
    expect(module.downgrade).toBeUndefined();
  });

  it("finds files of several locations and of dated folders", async () => {
    await put("one/2026/03/a.ts", header("a", null));
    await put("two/b.ts", header("b", "a"));
    const scripts = await open({ versionLocations: ["one", "two"], recursive: true });
    expect(names(scripts.list())).toEqual(["a", "b"]);
  });

  it("prefers a source to what was compiled from it", async () => {
    await put("versions/a.ts", header("a", null));
    await put("versions/a.js", header("a", null));
    expect((await open()).list()[0]!.path).toBe(join(root, "versions/a.ts"));
  });

  it("names the culprits", async () => {
    await expect(open({ directory: join(root, "gone") })).rejects.toThrow(
      /Path doesn't exist: .*gone.* 'init' command/,
    );
    await expect(open()).rejects.toThrow("Can't read the version location");
    await put("versions/a_one.ts", header("a", null));
    await put("versions/a_two.ts", header("a", null));
    const both = `${join(root, "versions/a_one.ts")} and ${join(root, "versions/a_two.ts")}`;
    await expect(open()).rejects.toThrow(`Revision a is present more than once: in ${both}`);
    await put("versions/a_two.ts", header("b", "lost"));
    await expect(open()).rejects.toThrow(
      `Revision 'lost' referenced from 'b' (${join(root, "versions/a_two.ts")}) is not present`,
    );
    await put("versions/a_two.ts", "export const revision = 7;");
    await expect(open()).rejects.toThrow("'revision' in ");
    await put("versions/a_two.ts", "export function upgrade() {}");
    await expect(open({ load: async () => ({}) })).rejects.toThrow("Could not determine revision id from");
    await expect(open()).rejects.toThrow("must not be imported");
  });

  it("notices a module that is not what its text said", async () => {
    await put("versions/a.ts", header("a", null));
    const scripts = await open({ load: async () => ({ revision: "z" }) });
    await expect(scripts.load(scripts.get("a")!)).rejects.toThrow("but exports 'z'");
    const without = await open({ load: async () => ({ revision: "a" }) });
    await expect(without.load(without.get("a")!)).rejects.toThrow("must export a function 'upgrade(op)'");
  });
});

describe("generating", () => {
  it("writes what can be read back, and says so", async () => {
    const scripts = await fresh();
    const first = await scripts.generate({ revision: "8938cfaeed68" });
    const second = await scripts.generate({
      revision: "3966764ac5bd",
      message: "completed */ or not",
      branchLabels: "todo",
      dependsOn: "8938",
      imports: [
        { from: "@athanor/core", names: ["integer", "boolean"] },
        { from: "other", names: ["unused"] },
      ],
      upgrades: 'await op.addColumn("todo", boolean("completed").nullable());',
      downgrades: "",
    });
    expect(printed).toEqual([
      `  Generating ${root}/versions/8938cfaeed68_.ts ...  done`,
      `  Generating ${root}/versions/3966764ac5bd_completed_or_not.ts ...  done`,
    ]);
    expect(await readFile(first.path!, "utf8")).toBe(`/**
 * empty message
 *
 * Revision ID: 8938cfaeed68
 * Revises:
 * Create Date: 2026-03-04 05:06:07.089+00:00
 */
import type { Operations } from "@athanor/migrate";

export const revision = "8938cfaeed68", downRevision = null;

export async function upgrade(op: Operations): Promise<void> {
}

export async function downgrade(op: Operations): Promise<void> {
}
`);
    expect(await readFile(second.path!, "utf8")).toBe(`/**
 * completed * / or not
 *
 * Revision ID: 3966764ac5bd
 * Revises: 8938cfaeed68
 * Create Date: 2026-03-04 05:06:07.089+00:00
 */
import type { Operations } from "@athanor/migrate";
import { boolean } from "@athanor/core";

export const revision = "3966764ac5bd", downRevision = "8938cfaeed68";
export const branchLabels = ["todo"];
export const dependsOn = ["8938cfaeed68"];

export async function upgrade(op: Operations): Promise<void> {
  // ### commands auto generated by Athanor - please adjust! ###
  await op.addColumn("todo", boolean("completed").nullable());
  // ### end Athanor commands ###
}

export async function downgrade(op: Operations): Promise<void> {
  // ### commands auto generated by Athanor - please adjust! ###
  // ### end Athanor commands ###
}
`);
    const again = await open();
    expect(again.get("head")).toMatchObject({
      doc: "completed * / or not",
      createDate: "2026-03-04 05:06:07.089+00:00",
    });
    expect(again.walk().map((r) => formatRevision(r, { parents: true, labels: true, doc: true }))).toEqual([
      "8938cfaeed68 (8938cfaeed68) -> 3966764ac5bd (todo) (head), completed * / or not",
      "<base> -> 8938cfaeed68 (todo), empty message",
    ]);
    expect(formatRevisionBlock(again.get("8938")!)).toContain(
      `Rev: 8938cfaeed68\nParent: <base>\nBranch names: todo\nPath: ${first.path}\n`,
    );
  });

  it("forks with splice, merges, begins new lines, writes JavaScript and dated folders", async () => {
    const scripts = await fresh({ language: "js", recursive: true, fileTemplate: "{year}/{month}/{rev}" });
    await scripts.generate({ revision: "a" });
    await scripts.generate({ revision: "b1", message: "one" });
    await expect(scripts.generate({ revision: "b2", head: "a" })).rejects.toThrow(
      "Revision a is not a head revision; please specify --splice to create a new branch from this revision",
    );
    await scripts.generate({ revision: "b2", head: "a", splice: true });
    await expect(scripts.generate()).rejects.toThrow(
      "Multiple heads are present; please specify the head revision on which the new revision should be based, or perform a merge.",
    );
    await expect(scripts.generate({ head: ["b1", "b1"] })).rejects.toThrow("Duplicate head revisions specified");
    expect(mergeMessage(scripts.map.heads)).toBe("merge b1 and b2");
    const merge = await scripts.generate({ revision: "c", head: "heads" });
    expect(merge.path).toBe(join(root, "versions/2026/03/c.js"));
    expect(await readFile(merge.path!, "utf8")).toContain('downRevision = ["b1", "b2"];');
    await scripts.generate({ revision: "z", head: "base", branchLabels: ["other", "more"], dependsOn: ["a"] });
    await scripts.generate({ revision: "y", head: "other@head", dependsOn: ["b1"] });
    const again = await open({ recursive: true });
    expect(names(again.walk())).toEqual(names(scripts.walk()));
    expect(names(again.map.bases)).toEqual(["a", "z"]);
    expect(again.map.get("y")!.links.labels).toEqual(["more", "other"]);
    expect(printed[0]).toBe(`  Creating directory ${root}/versions/2026/03 ...  done`);
  });

  it("keeps a label as dependency", async () => {
    const scripts = await fresh();
    await scripts.generate({ revision: "abcdef", branchLabels: "shop" });
    const next = await scripts.generate({ head: "base", dependsOn: "shop" });
    expect(next.dependsOn).toEqual(["shop"]);
  });

  it("refuses names before anything is written", async () => {
    const scripts = await fresh();
    await scripts.generate({ revision: "abcd", branchLabels: "shop" });
    const refused: [Parameters<ScriptDirectory["generate"]>[0], string][] = [
      [{ revision: "a@b" }, "Character(s) '@' not allowed in revision identifier 'a@b'"],
      [{ revision: "abcd" }, "Revision 'abcd' is already used by revision abcd"],
      [{ revision: "shop" }, "Revision 'shop' is already used by revision abcd"],
      [{ revision: "x".repeat(33) }, "is longer than 32 characters"],
      [{ revision: "../x" }, "must be one word"],
      [{ branchLabels: "head" }, "'head' cannot be a branch label"],
      [{ branchLabels: "abcd" }, "Branch name 'abcd' is already used by revision abcd"],
      [{ branchLabels: ["n", "n"] }, "Branch name 'n' is given twice"],
      [{ revision: "n", branchLabels: "n" }, "Branch name 'n' is given twice"],
      [{ branchLabels: "a-b" }, "Character(s) '-' not allowed in branch label 'a-b'"],
      [{ dependsOn: "nothing" }, "Can't locate revision identified by 'nothing'"],
      [{ dependsOn: "base" }, "A revision can't depend on 'base'"],
      [{ head: "nothing" }, "Can't locate revision identified by 'nothing'"],
      [{ versionPath: "/elsewhere" }, "Path /elsewhere is not represented in current version locations"],
    ];
    for (const [request, message] of refused) await expect(scripts.generate(request)).rejects.toThrow(message);
    expect(await readdir(join(root, "versions"))).toEqual(["abcd_.ts"]);
    expect(scripts.map.size).toBe(1);
  });

  it("refuses a template that loses what it was given", async () => {
    const scripts = await fresh({ template: (c) => `export const revision = "${c.revision}", downRevision = null;` });
    await scripts.generate({ revision: "a" });
    await expect(scripts.generate({ revision: "b" })).rejects.toThrow("does not export 'downRevision'");
    await expect(scripts.generate({ head: "base", branchLabels: "x" })).rejects.toThrow(
      "does not export 'branchLabels'",
    );
    await expect(scripts.generate({ head: "base", dependsOn: "a" })).rejects.toThrow("does not export 'dependsOn'");
    expect(await readdir(join(root, "versions"))).toHaveLength(1);
  });

  it("chooses among several locations by the parent, or asks", async () => {
    await mkdir(join(root, "one"));
    await mkdir(join(root, "two"));
    const scripts = await open({ versionLocations: ["one", "two"] });
    await expect(scripts.generate()).rejects.toThrow(
      "Multiple version locations present, please specify --version-path",
    );
    await scripts.generate({ revision: "a", versionPath: join(root, "two") });
    expect((await scripts.generate()).path).toContain(join(root, "two"));
    expect((await scripts.generate({ head: "base", versionPath: "one" })).path).toContain(join(root, "one"));
  });

  it("refuses folders it would not read back", async () => {
    const scripts = await fresh({ fileTemplate: "{year}/{rev}" });
    await expect(scripts.generate()).rejects.toThrow("makes sub-directories");
  });

  it("runs afterWrite with the file in place", async () => {
    let seen = "";
    const scripts = await fresh({ afterWrite: async (path) => void (seen = await readFile(path, "utf8")) });
    await scripts.generate({ revision: "a" });
    expect(seen).toContain('revision = "a"');
  });
});

describe("writeNewFile", () => {
  it("never writes over a file, and leaves no draft", async () => {
    const path = join(root, "x.ts");
    await writeNewFile(path, "first");
    await expect(writeNewFile(path, "second")).rejects.toThrow(`File ${path} already exists`);
    expect(await readFile(path, "utf8")).toBe("first");
    const race = await Promise.allSettled(["a", "b", "c"].map((text) => writeNewFile(join(root, "y.ts"), text)));
    expect(race.filter((r) => r.status === "fulfilled")).toHaveLength(1);
    expect((await readdir(root)).sort()).toEqual(["x.ts", "y.ts"]);
  });
});

describe("many files", () => {
  it("lists 3,000 without importing one", async () => {
    await mkdir(join(root, "versions"));
    const id = (n: number) => `rev${String(n).padStart(5, "0")}`;
    for (let n = 0; n < 3000; n++)
      await writeFile(join(root, "versions", `${id(n)}_.ts`), header(id(n), n === 0 ? null : id(n - 1)));
    const scripts = await open();
    expect(scripts.walk()).toHaveLength(3000);
    expect(String(scripts.get("head"))).toBe(id(2999));
  });
});
