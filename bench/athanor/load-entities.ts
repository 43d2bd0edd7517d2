// W2 entities and W4: loading a table as entities, and a graph of three levels.
import { createEngine, select } from "@athanor/core";
import { Session, selectinLoad } from "@athanor/orm";
import { type Contestant, type Context, contestant } from "../workloads/contestant.js";
import { checkCustomers, checkGraph } from "../workloads/data.js";
import { Customer, Post, User } from "./models.js";

export async function loadEntities({ url }: Context): Promise<Contestant> {
  const engine = createEngine(url);
  return contestant({
    run: async () => {
      const session = new Session(engine);
      const customers = await session.scalars(select(Customer).orderBy(Customer.c.id)).all();
      await session.close();
      return customers;
    },
    check: checkCustomers,
    close: () => engine.dispose(),
  });
}

export async function loadGraph({ url }: Context): Promise<Contestant> {
  const engine = createEngine(url);
  return contestant({
    run: async () => {
      const session = new Session(engine);
      const users = await session
        .scalars(select(User).orderBy(User.c.id).options(selectinLoad(User.c.posts).selectinLoad(Post.c.tags)))
        .all();
      await session.close();
      return users;
    },
    check: checkGraph,
    close: () => engine.dispose(),
  });
}
