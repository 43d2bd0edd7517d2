/** Thousands of revisions: listing is quick, and a run costs as much per revision as a short one. ATHANOR_MANY says how many. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describeEachDatabase } from "@athanor/test-support";
import { afterEach, expect, it } from "vitest";
import { command } from "../../src/index.js";
import { type Project, project } from "./project.js";

const many = Number(process.env.ATHANOR_MANY ?? 600);
let p: Project;
afterEach(() => p?.dispose());
const id = (n: number) => `r${String(n).padStart(6, "0")}`;

describeEachDatabase(`${many} revisions`, (target) => {
  it("heads, history and upgrade", async () => {
    // The function is the same for all: loading thousands of modules measures Node, not this package.
    p = await project(await target.url(), undefined, {
      load: async (path: string) => ({
        revision: /(r\d{6})_/.exec(path)?.[1],
        upgrade: (op: { execute(text: string): Promise<void> }) => op.execute("SELECT 1"),
        downgrade: () => {},
        default: () => ({}),
      }),
    });
    for (let n = 0; n < many; n++) {
      const header = `export const revision = "${id(n)}", downRevision = ${n === 0 ? "null" : `"${id(n - 1)}"`};\n`;
      await writeFile(
        join(p.directory, "versions", `${id(n)}_.ts`),
        `/** number ${n} */\n${header}export async function upgrade(op) {}\n`,
      );
    }
    const timed = async (work: () => Promise<unknown>) => {
      const begin = performance.now();
      await work();
      return performance.now() - begin;
    };
    const config = { ...p.config, log: () => {} };
    const heads = await timed(() => command.heads(config));
    const history = await timed(() => command.history(config));
    const first = await timed(() => command.upgrade(config, id(many / 2 - 1)));
    const second = await timed(() => command.upgrade(config, "head"));
    process.stderr.write(
      `${target.name}, ${many} revisions: heads ${heads.toFixed(0)} ms, history ${history.toFixed(0)} ms, upgrade ${first.toFixed(0)} + ${second.toFixed(0)} ms\n`,
    );
    // 5,000 take less than a second each.
    const most = Math.max(1000, many / 5);
    expect(heads).toBeLessThan(most);
    expect(history).toBeLessThan(most);
    // Linear: the second half costs what the first did. The factor is for a busy machine.
    expect(second).toBeLessThan(first * 4 + 2000);
  }, 600_000);
});
