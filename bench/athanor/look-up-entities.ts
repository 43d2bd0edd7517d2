// W3 entity: by key, in a fresh session each.
import { createEngine } from "@athanor/core";
import { Session } from "@athanor/orm";
import { type Contestant, type Context, contestant } from "../workloads/contestant.js";
import { checkCustomers, keyOf, scaled } from "../workloads/data.js";
import { sizes } from "../workloads/index.js";
import { Customer } from "./models.js";

export async function lookUpEntities({ url, scale }: Context): Promise<Contestant> {
  const engine = createEngine(url);
  const [n, customers] = [scaled(sizes.lookups, scale), scaled(sizes.customers, scale)];
  return contestant({
    run: async () => {
      const found: Customer[] = [];
      for (let i = 0; i < n; i++) {
        const session = new Session(engine);
        found.push((await session.get(Customer, keyOf(i, customers)))!);
        await session.close();
      }
      return found;
    },
    check: checkCustomers,
    close: () => engine.dispose(),
  });
}
