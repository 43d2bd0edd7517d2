// W3: rows by key, as entities in a fresh session each, by a statement built each time, and by a prepared one.
import { createEngine, integer, select } from "@athanor/core";
import { prepare, Session } from "@athanor/orm";
import { type Contestant, type Context, contestant } from "../workloads/contestant.js";
import { type CustomerLike, checkCustomers, keyOf, scaled } from "../workloads/data.js";
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

export async function lookUpRows({ url, scale }: Context): Promise<Contestant> {
  const engine = createEngine(url);
  const connection = await engine.connect();
  const [n, customers] = [scaled(sizes.lookups, scale), scaled(sizes.customers, scale)];
  const c = Customer.c;
  return contestant({
    run: async () => {
      const found: CustomerLike[] = [];
      for (let i = 0; i < n; i++) {
        const statement = select(c.id, c.name, c.description).where(c.id.eq(keyOf(i, customers)));
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

const byKey = prepare({ id: integer() }, (p) =>
  select(Customer.c.id, Customer.c.name, Customer.c.description).where(Customer.c.id.eq(p.id)),
);

export async function lookUpPrepared({ url, scale }: Context): Promise<Contestant> {
  const engine = createEngine(url);
  const connection = await engine.connect();
  const [n, customers] = [scaled(sizes.lookups, scale), scaled(sizes.customers, scale)];
  return contestant({
    run: async () => {
      const found: CustomerLike[] = [];
      for (let i = 0; i < n; i++) found.push(await byKey.execute(connection, { id: keyOf(i, customers) }).one());
      return found;
    },
    check: checkCustomers,
    close: async () => {
      await connection.close();
      await engine.dispose();
    },
  });
}
