// MikroORM as its manual says for each workload: an EntityManager fork per unit of work, metadata without reflection.
// Plain JavaScript: its types are installed with it, and nothing but the bench may need them.
import { EntitySchema } from "@mikro-orm/core";

class Customer {}
class User {}
class Post {}
class Tag {}
const key = { type: "integer", primary: true };
const text = (length) => ({ type: "string", length });

const entities = [
  new EntitySchema({
    class: Customer,
    tableName: "customer",
    properties: { id: key, name: text(64), description: text(128) },
  }),
  new EntitySchema({
    class: User,
    tableName: "user",
    properties: { id: key, name: text(64), posts: { kind: "1:m", entity: () => Post, mappedBy: "author" } },
  }),
  new EntitySchema({
    class: Post,
    tableName: "post",
    properties: {
      id: key,
      title: text(128),
      author: { kind: "m:1", entity: () => User, joinColumn: "user_id", inversedBy: "posts" },
      tags: {
        kind: "m:n",
        entity: () => Tag,
        owner: true,
        pivotTable: "post_tag",
        joinColumn: "post_id",
        inverseJoinColumn: "tag_id",
      },
    },
  }),
  new EntitySchema({ class: Tag, tableName: "tag", properties: { id: key, name: text(64) } }),
];

async function open({ database, url }) {
  if (database === "sqlite") {
    const { MikroORM } = await import("@mikro-orm/sqlite");
    return MikroORM.init({ entities, dbName: url.slice("sqlite:///".length), debug: false });
  }
  const { MikroORM } = await import("@mikro-orm/postgresql");
  return MikroORM.init({ entities, clientUrl: url, debug: false, pool: { min: 1, max: 1 } });
}

/** What it does in each workload; `data` is the bench's own module, so that all contestants do the same. */
export function mikro(data, customers, sizes) {
  const { checkCustomers, checkGraph, checkInserted, customerDescription, customerName, keyOf, scaled } = data;
  const { emptyCustomers, storedCustomers } = customers;
  return {
    "W1 objects": async (context) => {
      const orm = await open(context);
      const n = scaled(sizes.newObjects, context.scale);
      return {
        before: () => emptyCustomers(context),
        run: async () => {
          const em = orm.em.fork();
          const made = [];
          for (let i = 0; i < n; i++)
            made.push(em.create(Customer, { name: customerName(i), description: customerDescription(i) }));
          em.persist(made);
          await em.flush();
          return made;
        },
        check: async (made) => checkInserted(made, await storedCustomers(context)),
        close: () => orm.close(true),
      };
    },
    "W2 entities": async (context) => {
      const orm = await open(context);
      return {
        run: () => orm.em.fork().find(Customer, {}, { orderBy: { id: "asc" } }),
        check: checkCustomers,
        close: () => orm.close(true),
      };
    },
    "W3 entity": async (context) => {
      const orm = await open(context);
      const [n, all] = [scaled(sizes.lookups, context.scale), scaled(sizes.customers, context.scale)];
      return {
        run: async () => {
          const found = [];
          for (let i = 0; i < n; i++) found.push(await orm.em.fork().findOne(Customer, keyOf(i, all)));
          return found;
        },
        check: checkCustomers,
        close: () => orm.close(true),
      };
    },
    W4: async (context) => {
      const orm = await open(context);
      return {
        run: () =>
          orm.em.fork().find(User, {}, { populate: ["posts.tags"], orderBy: { id: "asc" }, strategy: "select-in" }),
        check: checkGraph,
        close: () => orm.close(true),
      };
    },
    W5: async (context) => {
      const orm = await open(context);
      const n = scaled(sizes.updates, context.scale);
      return {
        run: async (round) => {
          const em = orm.em.fork();
          const loaded = await em.find(Customer, { id: { $lte: n } }, { orderBy: { id: "asc" } });
          for (const customer of loaded) customer.name = `changed ${customer.id} in round ${round}`;
          await em.flush();
        },
        check: async () => {
          const stored = await storedCustomers(context);
          return checkCustomers(Array.from({ length: n }, (_, i) => stored.get(i + 1)));
        },
        close: () => orm.close(true),
      };
    },
  };
}
