/** Generated operations are changed before, files after they are written. */
import { integer, MetaData, string, table } from "@athanor/core";
import { afterEach, expect, it } from "vitest";
import {
  AddColumnOp,
  CreateTableOp,
  command,
  DropTableOp,
  ExecuteOp,
  type MigrateOp,
  Rewriter,
} from "../../src/index.js";
import { type Project, project } from "./project.js";

let p: Project;
afterEach(() => p?.dispose());
const kinds = (ops: readonly MigrateOp[]) => ops.map((o) => o.kind);
const column = (name: string) => new AddColumnOp("t", { name, definition: integer(name) as never });

it("a rewriter does not see its own output again; a chain does; null leaves out", async () => {
  const first = new Rewriter().rewrites(AddColumnOp, (op) => [op, column("more")]).rewrites(DropTableOp, () => null);
  expect(kinds(await first.process([column("a"), new DropTableOp("t")]))).toEqual(["addColumn", "addColumn"]);
  const made = await first.process([column("a")]);
  expect(kinds(await first.process(made))).toEqual(["addColumn", "addColumn"]);
  const second = new Rewriter().rewrites(AddColumnOp, async (op) => [op, new ExecuteOp("x")]);
  expect(kinds(await first.chain(second).process([column("a")]))).toEqual([
    "addColumn",
    "execute",
    "addColumn",
    "execute",
  ]);
});

it("goes into processRevisionDirectives; hooks run on the file, and one that fails is told", async () => {
  const metadata = new MetaData();
  table("t", { id: integer().primaryKey(), name: string(10) }, { metadata });
  p = await project("sqlite://", metadata);
  const rewriter = new Rewriter().rewrites(CreateTableOp, () => null);
  expect(await command.migrate({ ...p.config, processRevisionDirectives: rewriter.process })).toBeNull();
  const postWriteHooks = [
    { command: "sh", args: ["-c", 'echo "// formatted" >> "$0"'] },
    { command: "false" },
    { command: "no-such-program-here" },
    { command: "sh", args: ["-c", 'echo "// again" >> "{file}"'] },
  ];
  await command.migrate({ ...p.config, postWriteHooks });
  const [text] = [...(await p.versions()).values()];
  expect(text).toMatch(/\/\/ formatted\n\/\/ again\n$/);
  const told = p.logged.filter((l) => l.includes("Post-write hook"));
  expect(told).toHaveLength(2);
  expect(told[0]).toContain("exit code 1");
});
