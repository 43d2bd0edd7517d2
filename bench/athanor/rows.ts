// W1, W2 and W3 at the level of rows: tables and a connection, no mapping.
import { createEngine, insert, select } from "@athanor/core";
import { type Contestant, type Context, contestant } from "../workloads/contestant.js";
import { type CustomerLike, checkCustomers, customerRows, keyOf, scaled } from "../workloads/data.js";
import { sizes } from "../workloads/index.js";
import { emptyCustomers, storedCustomers } from "./customers.js";
import { customers } from "./tables.js";

export async function insertRows(context: Context): Promise<Contestant> {
  const engine = createEngine(context.url);
  const n = scaled(sizes.newObjects, context.scale);
  return contestant({
    before: () => emptyCustomers(context),
    run: async () => {
      const rows = customerRows(n);
      await engine.begin(async (connection) => {
        await connection.execute(insert(customers).values(rows));
      });
    },
    check: async () => checkCustomers((await storedCustomers(context)).values()),
    close: () => engine.dispose(),
  });
}

export async function loadRows({ url }: Context): Promise<Contestant> {
  const engine = createEngine(url);
  return contestant({
    run: async () => {
      await using connection = await engine.connect();
      const { id, name, description } = customers.c;
      return await connection.execute(select(id, name, description).orderBy(id)).all();
    },
    check: checkCustomers,
    close: () => engine.dispose(),
  });
}

export async function lookUpRows({ url, scale }: Context): Promise<Contestant> {
  const engine = createEngine(url);
  const connection = await engine.connect();
  const [n, keys] = [scaled(sizes.lookups, scale), scaled(sizes.customers, scale)];
  const c = customers.c;
  return contestant({
    run: async () => {
      const found: CustomerLike[] = [];
      for (let i = 0; i < n; i++) {
        const statement = select(c.id, c.name, c.description).where(c.id.eq(keyOf(i, keys)));
        found.push(await connection.execute(statement).one());
      }
      return found;
    },
    check: checkCustomers,
    close: async () => {
      await connection.close();
      await engine.dispose();
    },
  });
}
