/** What compiling costs: once a structure, whatever the number of rows. Rules: core-orm.md G1, G6, U10. */
import { describe, expect, it } from "vitest";
import {
  bindStatement,
  type Compiled,
  dialectNamed,
  insert,
  integer,
  MetaData,
  StatementCache,
  string,
  table,
} from "../../src/index.js";

const t = table("t", { id: integer().primaryKey(), name: string(20) }, { metadata: new MetaData() });

describe("what compiling costs", () => {
  it("rows of every number share one compilation, and pages of one size one text", () => {
    const dialect = dialectNamed("postgresql");
    const cache = new StatementCache<Compiled>();
    let compilations = 0;
    const texts = new Set<string>();
    for (const count of [1, 10, 1500, 3000, 1500]) {
      const rows = Array.from({ length: count }, (_, i) => ({ id: i, name: `n${i}` }));
      const { value, params } = cache.lookup(insert(t).values(rows) as never, (binds) => {
        compilations++;
        return dialect.createCompiler(binds).compile(insert(t).values(rows) as never);
      });
      for (const { sql } of bindStatement(value, params)) texts.add(sql);
    }
    expect(compilations).toBe(1);
    // 1, 10, a full page of 1000, and the rest of 500.
    expect(texts.size).toBe(4);
  });
});
