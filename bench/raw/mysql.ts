// The raw contestant on MariaDB and MySQL: mysql2 as an expert uses it. Lookups are prepared (but in "W3 row", whose
// point is a statement made each time), many rows travel as text in pages, classes are filled by hand.
import mysql from "mysql2";
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

/** Promises by hand: those of `mysql2/promise` take a stack trace with every statement. */
class Client {
  readonly #connection: mysql.Connection;

  constructor(connection: mysql.Connection) {
    this.#connection = connection;
  }
  /** Text protocol: the driver writes the values into the statement. */
  query<Row>(sql: string, values: unknown[] = [], rowsAsArray = false): Promise<Row[]> {
    return new Promise((resolve, reject) =>
      this.#connection.query({ sql, rowsAsArray, values }, (error, result) =>
        error ? reject(error) : resolve(result as Row[]),
      ),
    );
  }
  /** Prepared, and kept prepared by the driver. */
  execute<Row>(sql: string, values: mysql.ExecuteValues[], rowsAsArray = false): Promise<Row[]> {
    return new Promise((resolve, reject) =>
      this.#connection.execute({ sql, rowsAsArray, values }, (error, result) =>
        error ? reject(error) : resolve(result as Row[]),
      ),
    );
  }
  async write(sql: string, values: unknown[]): Promise<mysql.ResultSetHeader> {
    return (await this.query(sql, values)) as unknown as mysql.ResultSetHeader;
  }
  end(): Promise<void> {
    return new Promise((resolve, reject) => this.#connection.end((error) => (error ? reject(error) : resolve())));
  }
}

export async function openMysql(url: string): Promise<Client> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const connection = mysql.createConnection({
    host: hostname,
    port: Number(port || 3306),
    user: username,
    password: decodeURIComponent(password),
    database: pathname.slice(1),
  });
  await new Promise<void>((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve())));
  return new Client(connection);
}

export async function storedMysql(client: Client): Promise<Map<number, CustomerLike>> {
  const rows = await client.query<CustomerLike>("select id, name, description from customer order by id");
  return new Map(rows.map((row) => [row.id, row]));
}

export const emptyMysql = async (client: Client): Promise<void> => void (await client.query("truncate customer"));

/** Of 250 to 50,000 rows to a statement, the fastest. */
const page = 1000;
const insertPage = "insert into customer (name, description) values ?";

async function insertObjects({ url, scale }: Context): Promise<Contestant> {
  const client = await openMysql(url);
  const n = scaled(sizes.newObjects, scale);
  return contestant({
    before: () => emptyMysql(client),
    run: async () => {
      const customers: Customer[] = [];
      for (let i = 0; i < n; i++) customers.push(new Customer(0, customerName(i), customerDescription(i)));
      await client.query("begin");
      for (let i = 0; i < n; i += page) {
        const some = customers.slice(i, i + page);
        const rows = some.map((customer) => [customer.name, customer.description]);
        const { insertId } = await client.write(insertPage, [rows]);
        // One statement of VALUES gets consecutive numbers; the first is reported.
        for (let k = 0; k < some.length; k++) some[k]!.id = insertId + k;
      }
      await client.query("commit");
      return customers;
    },
    check: async (customers) => checkInserted(customers, await storedMysql(client)),
    close: () => client.end(),
  });
}

async function insertRows({ url, scale }: Context): Promise<Contestant> {
  const client = await openMysql(url);
  const n = scaled(sizes.newObjects, scale);
  return contestant({
    before: () => emptyMysql(client),
    run: async () => {
      const rows = customerRows(n);
      await client.query("begin");
      for (let i = 0; i < n; i += page)
        await client.write(insertPage, [rows.slice(i, i + page).map((row) => [row.name, row.description])]);
      await client.query("commit");
    },
    check: async () => checkCustomers((await storedMysql(client)).values()),
    close: () => client.end(),
  });
}

const selectAll = "select id, name, description from customer order by id";

async function loadEntities({ url }: Context): Promise<Contestant> {
  const client = await openMysql(url);
  return contestant({
    run: async () => {
      const rows = await client.query<[number, string, string]>(selectAll, [], true);
      return rows.map((row) => new Customer(row[0], row[1], row[2]));
    },
    check: checkCustomers,
    close: () => client.end(),
  });
}

async function loadRows({ url }: Context): Promise<Contestant> {
  const client = await openMysql(url);
  return contestant({
    run: () => client.query<CustomerLike>(selectAll),
    check: checkCustomers,
    close: () => client.end(),
  });
}

const byKey = "select id, name, description from customer where id = ?";

async function lookUpEntities({ url, scale }: Context): Promise<Contestant> {
  const client = await openMysql(url);
  const [n, customers] = [scaled(sizes.lookups, scale), scaled(sizes.customers, scale)];
  return contestant({
    run: async () => {
      const found: Customer[] = [];
      for (let i = 0; i < n; i++) {
        const [row] = await client.execute<[number, string, string]>(byKey, [keyOf(i, customers)], true);
        found.push(new Customer(row![0], row![1], row![2]));
      }
      return found;
    },
    check: checkCustomers,
    close: () => client.end(),
  });
}

function lookUpRows(prepared: boolean): Factory {
  return async ({ url, scale }) => {
    const client = await openMysql(url);
    const [n, customers] = [scaled(sizes.lookups, scale), scaled(sizes.customers, scale)];
    return contestant({
      run: async () => {
        const found: CustomerLike[] = [];
        for (let i = 0; i < n; i++) {
          const key = [keyOf(i, customers)];
          const rows = await (prepared
            ? client.execute<CustomerLike>(byKey, key)
            : client.query<CustomerLike>(byKey, key));
          found.push(rows[0]!);
        }
        return found;
      },
      check: checkCustomers,
      close: () => client.end(),
    });
  };
}

async function loadGraph({ url }: Context): Promise<Contestant> {
  const client = await openMysql(url);
  const select = <Row extends unknown[]>(text: string, keys?: Iterable<number>) =>
    client.query<Row>(text, keys === undefined ? [] : [[...keys]], true);
  return contestant({
    run: async () => {
      const users = new Map<number, User>();
      for (const [id, name] of await select<[number, string]>("select id, name from user order by id"))
        users.set(id, new User(id, name));
      const posts = new Map<number, Post>();
      const postRows = await select<[number, string, number]>(
        "select id, title, user_id from post where user_id in (?) order by user_id, id",
        users.keys(),
      );
      for (const [id, title, userId] of postRows) {
        const post = new Post(id, title);
        posts.set(id, post);
        users.get(userId)!.posts.push(post);
      }
      const links = await select<[number, number]>(
        "select post_id, tag_id from post_tag where post_id in (?) order by post_id, tag_id",
        posts.keys(),
      );
      const wanted = new Set<number>();
      for (const link of links) wanted.add(link[1]);
      const tags = new Map<number, Tag>();
      const tagRows = await select<[number, string]>("select id, name from tag where id in (?)", wanted);
      for (const [id, name] of tagRows) tags.set(id, new Tag(id, name));
      for (const [post, tag] of links) posts.get(post)!.tags.push(tags.get(tag)!);
      return [...users.values()];
    },
    check: checkGraph,
    close: () => client.end(),
  });
}

async function update({ url, scale }: Context): Promise<Contestant> {
  const client = await openMysql(url);
  const n = scaled(sizes.updates, scale);
  const load = async () => {
    const rows = await client.execute<[number, string, string]>(
      "select id, name, description from customer where id <= ? order by id",
      [n],
      true,
    );
    return rows.map((row) => new Customer(row[0], row[1], row[2]));
  };
  // Of 100 to 1000 rows to a statement, the fastest; values joined to the table take as long.
  const rowsOfUpdate = 250;
  return contestant({
    run: async (round) => {
      await client.query("begin");
      const customers = await load();
      for (const customer of customers) customer.name = `changed ${customer.id} in round ${round}`;
      for (let i = 0; i < customers.length; i += rowsOfUpdate) {
        const some = customers.slice(i, i + rowsOfUpdate);
        const cases = "when ? then ? ".repeat(some.length);
        const keys = some.map((customer) => customer.id);
        const values = some.flatMap((customer) => [customer.id, customer.name]);
        await client.write(`update customer set name = case id ${cases} end where id in (?)`, [...values, keys]);
      }
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
      for (let i = 0; i < n; i++) parameters += buildText(buildingValues(i), () => "?").values.length;
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
