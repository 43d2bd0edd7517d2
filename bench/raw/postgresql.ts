// The raw contestant on PostgreSQL: pg as an expert uses it. Statements are named (but in "W3 row", whose point is a
// statement made each time), many rows travel as arrays through unnest, classes are filled by hand.
import pg from "pg";
import { type Contestant, type Context, contestant, type Factory } from "../workloads/contestant.js";
import {
  buildingValues,
  type CustomerLike,
  checkCustomers,
  checkGraph,
  checkInserted,
  customerDescription,
  customerName,
  customerRows,
  keyOf,
  scaled,
} from "../workloads/data.js";
import { sizes } from "../workloads/index.js";
import { buildText } from "./building.js";
import { Customer, Post, Tag, User } from "./classes.js";

export async function openPostgres(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

export async function storedPostgres(client: pg.Client): Promise<Map<number, CustomerLike>> {
  const { rows } = await client.query<CustomerLike>("select id, name, description from customer order by id");
  return new Map(rows.map((row) => [row.id, row]));
}

export const emptyPostgres = async (client: pg.Client): Promise<void> =>
  void (await client.query("truncate customer restart identity"));

async function insertObjects({ url, scale }: Context): Promise<Contestant> {
  const client = await openPostgres(url);
  const n = scaled(sizes.newObjects, scale);
  return contestant({
    before: () => emptyPostgres(client),
    run: async () => {
      const customers: Customer[] = [];
      for (let i = 0; i < n; i++) customers.push(new Customer(0, customerName(i), customerDescription(i)));
      const names: string[] = [];
      const descriptions: string[] = [];
      for (const customer of customers) {
        names.push(customer.name);
        descriptions.push(customer.description);
      }
      await client.query("begin");
      const { rows } = await client.query<[number]>({
        name: "insert objects",
        text: `insert into customer (name, description)
          select name, description from unnest($1::varchar[], $2::varchar[]) with ordinality as v (name, description, place)
          order by place returning id`,
        values: [names, descriptions],
        rowMode: "array",
      });
      await client.query("commit");
      // RETURNING promises no order, the sequence does: it is drawn in the order of the rows.
      const ids = rows.map((row) => row[0]).sort((a, b) => a - b);
      for (let i = 0; i < n; i++) customers[i]!.id = ids[i]!;
      return customers;
    },
    check: async (customers) => checkInserted(customers, await storedPostgres(client)),
    close: () => client.end(),
  });
}

async function insertRows({ url, scale }: Context): Promise<Contestant> {
  const client = await openPostgres(url);
  const n = scaled(sizes.newObjects, scale);
  return contestant({
    before: () => emptyPostgres(client),
    run: async () => {
      const names: string[] = [];
      const descriptions: string[] = [];
      for (const row of customerRows(n)) {
        names.push(row.name);
        descriptions.push(row.description);
      }
      await client.query("begin");
      await client.query({
        name: "insert rows",
        text: "insert into customer (name, description) select * from unnest($1::varchar[], $2::varchar[])",
        values: [names, descriptions],
      });
      await client.query("commit");
    },
    check: async () => checkCustomers((await storedPostgres(client)).values()),
    close: () => client.end(),
  });
}

const selectAll = "select id, name, description from customer order by id";

async function loadEntities({ url }: Context): Promise<Contestant> {
  const client = await openPostgres(url);
  return contestant({
    run: async () => {
      const { rows } = await client.query<[number, string, string]>({ name: "all", text: selectAll, rowMode: "array" });
      return rows.map((row) => new Customer(row[0], row[1], row[2]));
    },
    check: checkCustomers,
    close: () => client.end(),
  });
}

async function loadRows({ url }: Context): Promise<Contestant> {
  const client = await openPostgres(url);
  return contestant({
    run: async () => (await client.query<CustomerLike>({ name: "all", text: selectAll })).rows,
    check: checkCustomers,
    close: () => client.end(),
  });
}

const byKey = "select id, name, description from customer where id = $1";

async function lookUpEntities({ url, scale }: Context): Promise<Contestant> {
  const client = await openPostgres(url);
  const [n, customers] = [scaled(sizes.lookups, scale), scaled(sizes.customers, scale)];
  return contestant({
    run: async () => {
      const found: Customer[] = [];
      for (let i = 0; i < n; i++) {
        const values = [keyOf(i, customers)];
        const { rows } = await client.query<[number, string, string]>({
          name: "key",
          text: byKey,
          values,
          rowMode: "array",
        });
        const row = rows[0]!;
        found.push(new Customer(row[0], row[1], row[2]));
      }
      return found;
    },
    check: checkCustomers,
    close: () => client.end(),
  });
}

function lookUpRows(prepared: boolean): Factory {
  return async ({ url, scale }) => {
    const client = await openPostgres(url);
    const [n, customers] = [scaled(sizes.lookups, scale), scaled(sizes.customers, scale)];
    return contestant({
      run: async () => {
        const found: CustomerLike[] = [];
        for (let i = 0; i < n; i++) {
          const values = [keyOf(i, customers)];
          const query = prepared ? { name: "key", text: byKey, values } : { text: byKey, values };
          found.push((await client.query<CustomerLike>(query)).rows[0]!);
        }
        return found;
      },
      check: checkCustomers,
      close: () => client.end(),
    });
  };
}

async function loadGraph({ url }: Context): Promise<Contestant> {
  const client = await openPostgres(url);
  const select = async <Row extends unknown[]>(name: string, text: string, values: unknown[] = []) =>
    (await client.query<Row>({ name, text, values, rowMode: "array" })).rows;
  return contestant({
    run: async () => {
      const users = new Map<number, User>();
      for (const [id, name] of await select<[number, string]>("users", 'select id, name from "user" order by id')) {
        users.set(id, new User(id, name));
      }
      const posts = new Map<number, Post>();
      const postRows = await select<[number, string, number]>(
        "posts",
        "select id, title, user_id from post where user_id = any($1) order by user_id, id",
        [[...users.keys()]],
      );
      for (const [id, title, userId] of postRows) {
        const post = new Post(id, title);
        posts.set(id, post);
        users.get(userId)!.posts.push(post);
      }
      const links = await select<[number, number]>(
        "links",
        "select post_id, tag_id from post_tag where post_id = any($1) order by post_id, tag_id",
        [[...posts.keys()]],
      );
      const wanted = new Set<number>();
      for (const link of links) wanted.add(link[1]);
      const tags = new Map<number, Tag>();
      const tagRows = await select<[number, string]>("tags", "select id, name from tag where id = any($1)", [
        [...wanted],
      ]);
      for (const [id, name] of tagRows) tags.set(id, new Tag(id, name));
      for (const [post, tag] of links) posts.get(post)!.tags.push(tags.get(tag)!);
      return [...users.values()];
    },
    check: checkGraph,
    close: () => client.end(),
  });
}

async function update({ url, scale }: Context): Promise<Contestant> {
  const client = await openPostgres(url);
  const n = scaled(sizes.updates, scale);
  const load = async () => {
    const { rows } = await client.query<[number, string, string]>({
      name: "first",
      text: "select id, name, description from customer where id <= $1 order by id",
      values: [n],
      rowMode: "array",
    });
    return rows.map((row) => new Customer(row[0], row[1], row[2]));
  };
  return contestant({
    run: async (round) => {
      await client.query("begin");
      const customers = await load();
      for (const customer of customers) customer.name = `changed ${customer.id} in round ${round}`;
      await client.query({
        name: "update",
        text: `update customer set name = v.name from unnest($1::integer[], $2::varchar[]) as v (id, name)
          where customer.id = v.id`,
        values: [customers.map((customer) => customer.id), customers.map((customer) => customer.name)],
      });
      await client.query("commit");
    },
    check: async () => checkCustomers(await load()),
    close: () => client.end(),
  });
}

async function building({ scale }: Context): Promise<Contestant> {
  const n = scaled(sizes.statements, scale);
  return contestant({
    run: () => {
      let parameters = 0;
      for (let i = 0; i < n; i++)
        parameters += buildText(buildingValues(i), (position) => `$${position}`).values.length;
      return parameters;
    },
    check: (parameters) => String(parameters),
    close: () => {},
  });
}

export const raw: Record<string, Factory> = {
  "W1 objects": insertObjects,
  "W1 rows": insertRows,
  "W2 entities": loadEntities,
  "W2 rows": loadRows,
  "W3 entity": lookUpEntities,
  "W3 row": lookUpRows(false),
  "W3 prepared": lookUpRows(true),
  W4: loadGraph,
  W5: update,
  building,
};
