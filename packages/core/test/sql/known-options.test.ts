/** Options that say nothing to anybody are slips: each function that takes options names the one it does not know. */
import { describe, expect, it } from "vitest";
import { func, insert, integer, MetaData, select, sql, string, table, tableSample } from "../../src/index.js";

const t = table("t", { id: integer().primaryKey(), name: string(10) }, { metadata: new MetaData() });
const slip = (options: object) => options as never;

describe("an unknown option", () => {
  it.each<[string, () => unknown, string]>([
    ["withForUpdate()", () => select(t).withForUpdate(slip({ noWait: true })), "Did you mean 'nowait'?"],
    ["over()", () => func.rowNumber().over(slip({ orderby: t.c.id })), "Did you mean 'orderBy'?"],
    ["cte()", () => select(t).cte("x", slip({ recursiv: true })), "Did you mean 'recursive'?"],
    ["fetch()", () => select(t).fetch(1, slip({ withTie: true })), "Did you mean 'withTies'?"],
    ["withHint()", () => select(t).withHint(t, sql`x`, slip({ dialects: "mysql" })), "Did you mean 'dialect'?"],
    ["prefixWith()", () => select(t).prefixWith(sql`x`, slip({ dialects: "mysql" })), "Did you mean 'dialect'?"],
    ["tableSample()", () => tableSample(t, 10, slip({ methode: "system" })), "Did you mean 'method'?"],
    [
      "onConflictDoNothing()",
      () =>
        insert(t)
          .values({ id: 1, name: "a" })
          .onConflictDoNothing(slip({ targets: ["id"] })),
      "target",
    ],
    [
      "onConflictDoUpdate()",
      () =>
        insert(t)
          .values({ id: 1, name: "a" })
          .onConflictDoUpdate(slip({ target: ["id"], set: { name: "a" }, wher: 1 })),
      "Did you mean 'where'?",
    ],
  ])("of %s is refused by name", (where, call, hint) => {
    expect(call).toThrow(`${where}: there is no option`);
    expect(call).toThrow(hint);
  });
  it.each([0, -1, 1.5, "10"])("a number of rows that is none, %s, is refused", async (n) => {
    expect(() => select(t).executionOptions(slip({ yieldPer: n }))).toThrow("yieldPer: a whole number of rows from 1");
  });
});
