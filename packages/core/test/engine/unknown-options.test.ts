/** A misspelled option is an error with the name that was meant; options of the program's own pass. */
import { describe, expect, it } from "vitest";
import { integer } from "../../src/api/columns.js";
import { literal } from "../../src/api/expressions.js";
import { select } from "../../src/api/statements.js";
import { table } from "../../src/api/tables.js";
import { createEngine } from "../../src/engine/engine.js";
import { MetaData } from "../../src/schema/metadata.js";

const t = table("t", { id: integer().primaryKey() }, { metadata: new MetaData() });

describe("options nobody knows", () => {
  it("are refused by createEngine, connect, begin and withOptions", async () => {
    expect(() => createEngine("sqlite://", { poolsize: 3 } as never)).toThrow(/'poolsize'. Did you mean 'poolSize'/);
    await using engine = createEngine("sqlite://");
    await expect(engine.connect({ isolationlevel: "SERIALIZABLE" } as never)).rejects.toMatchObject({
      code: "connect.option",
      message: "connect(): there is no option 'isolationlevel'. Did you mean 'isolationLevel'?",
    });
    await expect(engine.begin(() => 1, { timout: 30 } as never)).rejects.toThrow(/begin\(\).*Did you mean 'timeout'/);
    await expect(engine.runTransaction(() => 1, { retry: 2 } as never)).rejects.toThrow(/there is no option 'retry'/);
    expect(() => engine.withOptions({ loggingname: "x" } as never)).toThrow(/Did you mean 'loggingName'/);
    // Nothing is left in use: the only connection can be taken.
    await using conn = await engine.connect();
    expect(await conn.execute(select(literal(1, integer()))).scalar()).toBe(1);
  });
  it("are refused among execution options when they are nearly a known one", async () => {
    const wrong = /no execution option 'yield_per'. Did you mean 'yieldPer'\?.*'my.yield_per'/;
    expect(() => select(t.c.id).executionOptions({ yield_per: 3 })).toThrow(wrong);
    expect(() => createEngine("sqlite://", { executionOptions: { yield_per: 3 } })).toThrow(wrong);
    await using engine = createEngine("sqlite://");
    expect(() => engine.withOptions({ executionOptions: { yield_per: 3 } })).toThrow(wrong);
    await expect(engine.connect({ executionOptions: { yield_per: 3 } })).rejects.toThrow(wrong);
    expect(() => select(t.c.id).executionOptions({ timeOut: 3 })).toThrow(/Did you mean 'timeout'/);
  });
  it("may be added by the program under other names", async () => {
    const own = { tenant: 3, "my.timeouts": 1, "audit:signals": true };
    await using engine = createEngine("sqlite://", { executionOptions: own });
    await using conn = await engine.connect();
    expect(conn.executionOptions).toEqual(own);
    select(t.c.id).executionOptions(own).executionOptions({ maxRowBuffer: 5, loggingToken: "x" });
  });
});
