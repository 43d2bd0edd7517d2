/** Statements of a test as the named tests tell them: verb, table and columns, the same for every database. */
import { createEngine, type Engine, type MetaData } from "@athanor/core";
import type { Target } from "@athanor/test-support";
import { afterAll, beforeAll, beforeEach } from "vitest";

/** `INSERT t(a, b)`, `UPDATE t(a)`, `DELETE t`; undefined for anything else. */
export function shorten(sql: string): string | undefined {
  const text = sql.replaceAll(/["`]/g, "").replaceAll(/\s+/g, " ");
  const insert = /\bINSERT INTO (\w+)(?: \(([^)]*)\))?/.exec(text);
  if (insert !== null) return `INSERT ${insert[1]}(${insert[2] ?? ""})`;
  const update = /^UPDATE (\w+)(?: AS \w+)? SET (.*?)(?: FROM | WHERE |$)/.exec(text);
  if (update !== null) {
    const columns = (update[2] as string).split(",").map((part) => part.split("=")[0]?.trim().split(".").at(-1));
    return `UPDATE ${update[1]}(${columns.join(", ")})`;
  }
  const gone = /^DELETE FROM (\w+)/.exec(text);
  return gone === null ? undefined : `DELETE ${gone[1]}`;
}

export interface Told {
  engine: Engine;
  /** What was written since the last call; equal ones in a row count once, as databases differ in how many rows fit. */
  writes(): string[];
  /** SELECTs since the last call. */
  reads(): number;
}
export function told(target: Target, metadata: MetaData): Told {
  let writes: string[] = [];
  let reads = 0;
  const it = {
    writes: () => writes.splice(0).filter((w, i, all) => w !== all[i - 1]),
    reads: () => {
      const n = reads;
      reads = 0;
      return n;
    },
  } as Told;
  beforeAll(async () => {
    it.engine = createEngine(await target.url());
    it.engine.on("statement", ({ sql }) => {
      const short = shorten(sql);
      if (short !== undefined) writes.push(short);
      else if (/^SELECT/.test(sql)) reads++;
    });
  });
  afterAll(() => it.engine.dispose());
  beforeEach(async () => {
    await metadata.dropAll(it.engine);
    await metadata.createAll(it.engine);
    writes = [];
    reads = 0;
  });
  return it;
}
