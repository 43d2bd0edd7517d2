// W5: load 10k, change one column of each, flush; and a flush that has nothing to do.
import { createEngine, select } from "@athanor/core";
import { Session } from "@athanor/orm";
import { type Contestant, type Context, contestant } from "../workloads/contestant.js";
import { checkCustomers, scaled } from "../workloads/data.js";
import { sizes } from "../workloads/index.js";
import { storedCustomers } from "./customers.js";
import { Customer } from "./models.js";

const first = (n: number) => select(Customer).where(Customer.c.id.le(n)).orderBy(Customer.c.id);

export async function update(context: Context): Promise<Contestant> {
  const engine = createEngine(context.url);
  const n = scaled(sizes.updates, context.scale);
  return contestant({
    run: async (round) => {
      const session = new Session(engine);
      const customers = await session.scalars(first(n)).all();
      for (const customer of customers) customer.name = `changed ${customer.id} in round ${round}`;
      await session.commit();
      await session.close();
    },
    check: async () => {
      const stored = await storedCustomers(context);
      return checkCustomers(Array.from({ length: n }, (_, i) => stored.get(i + 1)!));
    },
    close: () => engine.dispose(),
  });
}

export async function cleanFlush({ url, scale }: Context): Promise<Contestant> {
  const engine = createEngine(url);
  const n = scaled(sizes.updates, scale);
  const session = new Session(engine);
  const customers = await session.scalars(first(n)).all();
  return contestant({
    run: () => session.flush(),
    check: () => String(customers.length),
    close: async () => {
      await session.close();
      await engine.dispose();
    },
  });
}
