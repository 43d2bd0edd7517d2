// What `athanor db pull URL` calls: a file that is never written over unasked, warnings beside it, and names for
// everything whatever a database calls its tables.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine, sql } from "@athanor/core";
import {
  camelCase,
  NameSpace,
  pascalCase,
  pluralOf,
  pullCommand,
  pullModels,
  singularOf,
  withoutKeySuffix,
  wordsOf,
} from "@athanor/migrate";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { differences, PulledFiles } from "./pulled-file.js";

describe("pullCommand", () => {
  let folder = "";
  let url = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "athanor-pull-"));
    url = `sqlite:///${join(folder, "shop.db")}`;
    const engine = createEngine(url);
    const connection = await engine.connect();
    await connection.executeScript(
      "create table cars (id integer primary key, make text not null); create table notes (body text); create table my_version (version_num varchar(32) primary key);",
    );
    await connection.commit();
    await connection.close();
    await engine.dispose();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("writes a file, tells where, and warns on the log", async () => {
    const said: string[] = [];
    const logged: string[] = [];
    const config = {
      stdout: (t: string) => void said.push(t),
      log: (l: string) => void logged.push(l),
      versionTable: { name: "my_version" },
    };
    const out = join(folder, "src/models.ts");
    const pulled = await pullCommand(config, url, { out });
    expect(pulled.path).toBe(out);
    expect(await readFile(out, "utf8")).toBe(pulled.source);
    expect(said).toEqual([`  Generating ${out} (2 tables) ...  done\n`]);
    expect(logged).toEqual(["WARNING: notes: the table has no primary key, so it is no model."]);
    await expect(pullCommand(config, url, { out })).rejects.toMatchObject({ code: "migrate.file-exists" });
    await pullCommand(config, url, { out, force: true, only: ["cars"] });
    expect(await readFile(out, "utf8")).not.toContain("notes");
  });
  it("prints the source when no file is named", async () => {
    const said: string[] = [];
    const { path } = await pullCommand({ stdout: (t) => void said.push(t), log: () => {} }, url);
    expect(path).toBeUndefined();
    expect(said.join("")).toContain('export class Car extends Base(\n  "Car",');
  });
});

describe("names", () => {
  it("takes names apart and puts them together", () => {
    expect(wordsOf("InvoiceLineID")).toEqual(["invoice", "line", "id"]);
    expect(wordsOf("HTTP2Request")).toEqual(["http2", "request"]);
    expect(camelCase(wordsOf("ALBUM_ID"))).toBe("albumId");
    expect(pascalCase(wordsOf("order details"))).toBe("OrderDetails");
    expect(camelCase(wordsOf("2nd"))).toBe("_2nd");
    expect(camelCase(wordsOf("%"))).toBe("unnamed");
    expect(withoutKeySuffix(["artist", "id"])).toEqual(["artist"]);
    expect(withoutKeySuffix(["id"])).toBeUndefined();
  });
  it.each([
    ["album", "albums"],
    ["category", "categories"],
    ["box", "boxes"],
    ["address", "addresses"],
    ["status", "statuses"],
    ["person", "people"],
    ["child", "children"],
    ["day", "days"],
    ["match", "matches"],
    ["movie", "movies"],
    ["series", "series"],
    ["bus", "buses"],
    ["house", "houses"],
    ["shelf", "shelves"],
    ["news", "news"],
  ])("%s, %s", (one, many) => {
    expect(pluralOf([one])).toEqual([many]);
    expect(pluralOf([many])).toEqual([many]);
    expect(singularOf([many])).toEqual([one]);
    expect(singularOf([one])).toEqual([one]);
  });
  it("never gives a name twice", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b", "a2", "then", "b2")), (wanted) => {
        const space = new NameSpace(["then"]);
        const given = wanted.map((name) => space.take(name, `${name}_`));
        expect(new Set([...given, "then"]).size).toBe(given.length + 1);
      }),
    );
  });
});

describe("any schema", () => {
  const files = new PulledFiles();
  afterAll(() => files.remove());
  const name = fc.oneof(
    fc.constantFrom(
      "user",
      "users",
      "User",
      "order",
      "class",
      "Date",
      "then",
      "id",
      "user_id",
      "userId",
      "a b",
      "a_b",
      "it's",
      'quo"te',
      "*/ x",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the name of a column
      "`${x}`",
      "naïve",
      "名前",
      "1st",
      "%",
      "constructor",
      "Base",
      "index",
      "\\n",
      "line\nbreak",
    ),
    fc.string({ minLength: 1, maxLength: 8 }).filter((s) => !s.includes("\0") && !/^sqlite_/i.test(s)),
  );
  const schema = fc.uniqueArray(
    // A dot in a table's name is a schema's to autogenerate.
    fc.record({
      name: name.filter((n) => !n.includes(".")),
      columns: fc.uniqueArray(name, { minLength: 1, maxLength: 4, selector: (n) => n.toLowerCase() }),
      composite: fc.boolean(),
      targets: fc.array(fc.nat(3), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 4, selector: (t) => t.name.toLowerCase() },
  );
  it("gives a file that compiles, configures and leaves autogenerate silent", async () => {
    const paths: string[] = [];
    await fc.assert(
      fc.asyncProperty(schema, async (tables) => {
        const engine = createEngine("sqlite://");
        const connection = await engine.connect();
        for (const t of tables) {
          const id = t.columns[0] as string;
          const columns = t.columns.map((c, i) => {
            const to = i === 0 ? undefined : tables[(t.targets[i - 1] ?? 9) as number];
            const reference =
              to === undefined || (to.composite && to.columns.length > 1)
                ? sql``
                : sql` references ${sql.identifier(to.name)} (${sql.identifier(to.columns[0] as string)})`;
            return sql`${sql.identifier(c)} integer not null${reference}`;
          });
          const key = t.composite ? t.columns : [id];
          await connection.execute(
            sql`create table ${sql.identifier(t.name)} (${sql.join([...columns, sql`primary key (${sql.join(key.map((k) => sql.identifier(k)))})`])})`,
          );
        }
        await connection.commit();
        const pulled = await pullModels(connection, { exclude: [] });
        await connection.close();
        const path = await files.write(pulled.source);
        paths.push(path);
        const models = await files.load(path);
        models.Base.registry.configure();
        const found = await differences(engine, models.Base.metadata);
        // What was left out aloud is missed in silence by nobody.
        const lost = pulled.warnings.filter((w) => w.includes("is left out")).length;
        expect(
          found.filter((d) => !(lost > 0 && d.startsWith("dropConstraint"))),
          pulled.source,
        ).toEqual([]);
        await engine.dispose();
      }),
      { numRuns: 40 },
    );
    // One run of the compiler for all of them.
    const all = await files.write(
      paths.map((p, i) => `import * as m${i} from "./${p.split("/").at(-1)}";\nvoid m${i};`).join("\n"),
    );
    expect(await files.diagnostics(all)).toBe("");
  }, 120_000);
});
