// W1 objects: 50k new objects through a session.
import { createEngine } from "@athanor/core";
import { Session } from "@athanor/orm";
import { type Contestant, type Context, contestant } from "../workloads/contestant.js";
import { checkInserted, customerDescription, customerName, scaled } from "../workloads/data.js";
import { sizes } from "../workloads/index.js";
import { emptyCustomers, storedCustomers } from "./customers.js";
import { Customer } from "./models.js";

export async function insertObjects(context: Context): Promise<Contestant> {
  const engine = createEngine(context.url);
  const n = scaled(sizes.newObjects, context.scale);
  return contestant({
    before: () => emptyCustomers(context),
    run: async () => {
      const session = new Session(engine);
      const customers: Customer[] = [];
      for (let i = 0; i < n; i++)
        customers.push(new Customer({ name: customerName(i), description: customerDescription(i) }));
      session.addAll(customers);
      await session.commit();
      await session.close();
      return customers;
    },
    check: async (customers) => checkInserted(customers, await storedCustomers(context)),
    close: () => engine.dispose(),
  });
}
