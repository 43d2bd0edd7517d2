/** An engine per database whose write statements are kept, shortened to what tests assert. */
import { createEngine, type Engine, type MetaData } from "@athanor/core";
import type { Target } from "@athanor/test-support";
import { afterAll, beforeAll, beforeEach } from "vitest";

export interface Recorded {
  engine: Engine;
  /** INSERT, UPDATE, DELETE and savepoints, with their table; `×n` for n rows or sets. */
  writes: string[];
}
/** Fresh tables before each test; statements recorded from then on. */
export function recording(target: Target, metadata: MetaData): Recorded {
  const recorded = { writes: [] as string[] } as Recorded;
  beforeAll(async () => {
    recorded.engine = createEngine(await target.url());
    recorded.engine.on("statement", ({ sql }) => {
      const found =
        /\b(INSERT INTO|UPDATE|DELETE FROM) ["`]?(\w+)/.exec(sql) ?? /^(SAVEPOINT|ROLLBACK TO|RELEASE)/.exec(sql);
      if (found && !/^SELECT/.test(sql))
        recorded.writes.push(`${(found[1] as string).split(" ")[0]}${found[2] === undefined ? "" : ` ${found[2]}`}`);
    });
  });
  afterAll(() => recorded.engine.dispose());
  beforeEach(async () => {
    await metadata.dropAll(recorded.engine);
    await metadata.createAll(recorded.engine);
    recorded.writes.length = 0;
  });
  return recorded;
}
/** The writes since the last call, runs of equal ones as one. */
export function taken(recorded: Recorded): string[] {
  return recorded.writes.splice(0).filter((w, i, all) => w !== all[i - 1]);
}
