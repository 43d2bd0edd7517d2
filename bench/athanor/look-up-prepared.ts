// W3 prepared: by key, with a statement prepared once.
import { createEngine, integer, select } from "@athanor/core";
import { prepare } from "@athanor/orm";
import { type Contestant, type Context, contestant } from "../workloads/contestant.js";
import { type CustomerLike, checkCustomers, keyOf, scaled } from "../workloads/data.js";
import { sizes } from "../workloads/index.js";
import { customers } from "./tables.js";

const byKey = prepare({ id: integer() }, (p) =>
  select(customers.c.id, customers.c.name, customers.c.description).where(customers.c.id.eq(p.id)),
);

export async function lookUpPrepared({ url, scale }: Context): Promise<Contestant> {
  const engine = createEngine(url);
  const connection = await engine.connect();
  const [n, keys] = [scaled(sizes.lookups, scale), scaled(sizes.customers, scale)];
  return contestant({
    run: async () => {
      const found: CustomerLike[] = [];
      for (let i = 0; i < n; i++) found.push(await byKey.execute(connection, { id: keyOf(i, keys) }).one());
      return found;
    },
    check: checkCustomers,
    close: async () => {
      await connection.close();
      await engine.dispose();
    },
  });
}
