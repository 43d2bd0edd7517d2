// The models against the schema as each dump makes it, with its own names and types: nothing was lost or made up when
// the tables were given one spelling. On PostgreSQL the spelling is the same, so there the questions are asked of the
// dump itself, DDL and rows as they come.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describeEachDatabase } from "@athanor/test-support";
import { createEngine, DateTimeType, type Engine, inspect } from "athanor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask } from "../ask.js";
import { dataFolder, dumpFile, loadChinook, missingData } from "../load.js";
import { questions } from "../questions.js";

const missing = missingData();
if (missing === undefined) ownSchema();
else describe.skip(`the dumps' own schema [SKIPPED: ${missing}]`, () => it("needs the dumps", () => {}));

/** The dump without the lines that make or choose a database; the test has one already. */
function script(dialect: string): string {
  const text = readFileSync(join(dataFolder, dumpFile(dialect)), "utf8").replace(/^\uFEFF/, "");
  return text.replace(/^(?:(?:DROP|CREATE) DATABASE|USE|\\c)\b.*$/gm, "");
}

/**
 * The schema without spelling: `InvoiceLine.TrackId` and `invoice_line.track_id` are the same. How many digits stand behind
 * the second is left out: MySQL's dump says DATETIME, which keeps none, and the models leave it open, for which a new
 * table has all there are. What that means is asked on its own.
 */
const withoutDigits = (type: unknown) => (type instanceof DateTimeType ? new DateTimeType(type.timezone) : type);
async function digitsOf(engine: Engine) {
  await using connection = await engine.connect();
  const types = (await inspect(connection).tables()).flatMap((table) => table.columns.map((column) => column.type));
  return types.flatMap((type) => (type instanceof DateTimeType ? [type.precision] : []));
}

async function schemaOf(engine: Engine) {
  const flat = (name: string) => name.replaceAll("_", "").toLowerCase();
  await using connection = await engine.connect();
  const tables = await inspect(connection).tables();
  return Object.fromEntries(
    tables.map((table) => [
      flat(table.name),
      {
        columns: table.columns
          .map((column) => `${flat(column.name)} ${withoutDigits(column.type)}${column.nullable ? "?" : ""}`)
          .sort(),
        key: table.primaryKey?.columns.map(flat).sort(),
        references: table.foreignKeys.map((key) => `${key.columns.map(flat)} -> ${flat(key.referredTable)}`).sort(),
        indexed: table.indexes.map((index) => index.parts.map((part) => flat(part.column ?? part.sql)).join()).sort(),
      },
    ]),
  );
}

function ownSchema() {
  describeEachDatabase("the dump's own schema", (target) => {
    let own: Engine;
    let ours: Engine;
    beforeAll(async () => {
      own = createEngine(await target.url());
      ours = createEngine(await target.url());
      const [ddl = ""] = script(own.dialect.name).split(/^INSERT INTO/m);
      await own.begin((connection) => connection.executeScript(ddl));
      await loadChinook(ours);
    });
    afterAll(async () => {
      await own.dispose();
      await ours.dispose();
    });
    it("is the schema of the models", async () => {
      expect(await schemaOf(ours)).toEqual(await schemaOf(own));
    });
    it("keeps whole seconds where MySQL's dump says so, and everything where the models do", async () => {
      const kept = own.dialect.name === "mysql" || own.dialect.name === "mariadb" ? 0 : undefined;
      expect(await digitsOf(own)).toEqual([kept, kept, kept]);
      expect(await digitsOf(ours)).toEqual([undefined, undefined, undefined]);
    });
  });

  describeEachDatabase(
    "PostgreSQL's dump as it is",
    (target) => {
      let own: Engine;
      let ours: Engine;
      beforeAll(async () => {
        own = createEngine(await target.url());
        ours = createEngine(await target.url());
        await own.begin((connection) => connection.executeScript(script(own.dialect.name)));
        await loadChinook(ours);
      });
      afterAll(async () => {
        await own.dispose();
        await ours.dispose();
      });
      it("gives the same answers through the same models", async () => {
        for (const question of questions) {
          expect(await ask(own, question), question.title).toEqual(await ask(ours, question));
        }
      });
    },
    { only: ["postgresql"] },
  );
}
