/** Output for machines, edited files, the models' diagram. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createEngine, index, integer, MetaData, string, table } from "@athanor/core";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, expect, it } from "vitest";
import { command, erdMermaid } from "../../src/index.js";
import { type PullCommandOptions, pullCommand } from "../../src/pull/index.js";
import { type Project, project } from "./project.js";

let p: Project;
afterEach(() => p?.dispose());
const said = () => JSON.parse(p.printed.splice(0).join(""));

describeEachDatabase("output for machines", (target) => {
  it("history, current, heads and check as JSON; an edited file is a warning", async () => {
    const metadata = new MetaData();
    table("t", { id: integer().primaryKey(), name: string(40).nullable() }, { metadata });
    p = await project(await target.url(), metadata);
    await p.revision("aaaa", null, 'await op.createTable("t", core.integer("id").primaryKey());');
    await p.revision("bbbb", "aaaa", 'await op.execute("SELECT 1");');
    await command.upgrade(p.config);
    await command.history(p.config, { json: true, indicateCurrent: true });
    expect(said()).toMatchObject([
      { revision: "bbbb", downRevision: ["aaaa"], message: "bbbb", isHead: true, isCurrent: true },
      { revision: "aaaa", downRevision: [], isHead: false, isCurrent: false },
    ]);
    await command.heads(p.config, { json: true });
    expect(said()).toMatchObject([{ revision: "bbbb" }]);
    await command.current(p.config, { json: true });
    expect(said()).toMatchObject({ rows: ["bbbb"], heads: ["bbbb"], isAtHeads: true, halfDone: null, edited: [] });
    await expect(command.check(p.config, { json: true })).rejects.toMatchObject({ code: "migrate.differences" });
    expect(said()).toMatchObject({
      upToDate: false,
      differences: [
        {
          kind: "addColumn",
          what: "addColumn t.name",
          source: expect.stringContaining('op.addColumn("t", string("name", 40).nullable())'),
        },
      ],
    });

    const path = join(p.directory, "versions", "aaaa_.ts");
    const text = await readFile(path, "utf8");
    // Line ends are not an edit.
    await writeFile(path, text.replaceAll("\n", "\r\n"));
    p.logged.length = 0;
    await command.upgrade(p.config);
    expect(p.logged.join()).not.toContain("edited");
    await writeFile(path, text.replace("createTable", "createTable "));
    await command.upgrade(p.config);
    expect(p.logged.join("\n")).toContain(
      "WARNI [athanor.runtime.migration] Revision aaaa was edited after it had been applied",
    );
    await command.current(p.config, { json: true });
    expect(said()).toMatchObject({ edited: ["aaaa"] });
    // Undone and applied again, it is as it is.
    await command.downgrade({ ...p.config, log: () => {} }, "base").catch(() => undefined);
  });
});

it("the diagram and pulled models for machines", async () => {
  const metadata = new MetaData();
  table("author", { id: integer().primaryKey(), name: string(40) }, { metadata });
  p = await project("sqlite://", metadata);
  await command.erd(p.config, { json: true });
  const [drawn] = JSON.parse(p.printed.join(""));
  expect(drawn).toEqual({ database: null, mermaid: expect.stringContaining("author {") });
  const url = `sqlite:///${join(p.root, "some.db")}`;
  const engine = createEngine(url);
  await metadata.createAll(engine);
  await engine.dispose();
  const told = async (options: PullCommandOptions) => {
    p.printed.length = 0;
    await pullCommand(p.config, url, { json: true, ...options });
    return JSON.parse(p.printed.join(""));
  };
  expect(await told({})).toEqual({
    path: null,
    tables: { author: "Author" },
    warnings: [],
    source: expect.stringContaining("class Author"),
  });
  const out = join(p.root, "models.ts");
  expect(await told({ out })).toEqual({ path: out, tables: { author: "Author" }, warnings: [] });
});

it("the diagram marks keys and says how many partners a row has", () => {
  const metadata = new MetaData();
  table("author", { id: integer().primaryKey(), name: string(40).unique() }, { metadata });
  table(
    "post",
    {
      id: integer().primaryKey(),
      authorId: integer().references("author.id"),
      editorId: integer().nullable().references("author.id"),
    },
    { metadata },
  );
  table(
    "profile",
    { authorId: integer().primaryKey().references("author.id"), note: string(10).comment('a "note"') },
    { metadata, constraints: (t) => [index("ix", t.note)] },
  );
  p = undefined as unknown as Project;
  return import("@athanor/core").then(({ dialectNamed }) => {
    expect(erdMermaid([metadata], dialectNamed("postgresql")).split("\n")).toEqual([
      "erDiagram",
      "  author {",
      expect.stringMatching(/^ {4}(integer|serial) id PK$/),
      "    varchar(40) name UK",
      "  }",
      "  post {",
      expect.stringMatching(/^ {4}(integer|serial) id PK$/),
      "    integer author_id FK",
      '    integer editor_id FK "nullable"',
      "  }",
      "  profile {",
      "    integer author_id PK, FK",
      "    varchar(10) note \"a 'note'\"",
      "  }",
      '  author ||--o{ post : "author_id"',
      '  author |o--o{ post : "editor_id"',
      '  author ||--o| profile : "author_id"',
    ]);
  });
});
