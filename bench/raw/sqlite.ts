// The raw contestant on SQLite: better-sqlite3 as an expert uses it. Statements are prepared once (but in "W3 row",
// whose point is a statement made each time), writes share one transaction, classes are filled by hand.
import Sqlite from "better-sqlite3";
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

export const openSqlite = (url: string): Sqlite.Database => new Sqlite(url.slice("sqlite:///".length));

export function emptySqlite(db: Sqlite.Database): void {
  db.exec("delete from customer");
  db.pragma("wal_checkpoint(truncate)");
}

export function storedSqlite(db: Sqlite.Database): Map<number, CustomerLike> {
  const rows = db.prepare<[], CustomerLike>("select id, name, description from customer").all();
  return new Map(rows.map((row) => [row.id, row]));
}

async function insertObjects({ url, scale }: Context): Promise<Contestant> {
  const db = openSqlite(url);
  const n = scaled(sizes.newObjects, scale);
  const insert = db.prepare("insert into customer (name, description) values (?, ?)");
  const save = db.transaction((customers: Customer[]) => {
    for (const customer of customers) {
      customer.id = insert.run(customer.name, customer.description).lastInsertRowid as number;
    }
  });
  return contestant({
    before: () => emptySqlite(db),
    run: () => {
      const customers: Customer[] = [];
      for (let i = 0; i < n; i++) customers.push(new Customer(0, customerName(i), customerDescription(i)));
      save(customers);
      return customers;
    },
    check: (customers) => checkInserted(customers, storedSqlite(db)),
    close: () => void db.close(),
  });
}

async function insertRows({ url, scale }: Context): Promise<Contestant> {
  const db = openSqlite(url);
  const n = scaled(sizes.newObjects, scale);
  const page = 100;
  const statement = (rows: number) =>
    db.prepare(`insert into customer (name, description) values ${Array(rows).fill("(?, ?)").join(", ")}`);
  const full = statement(page);
  const save = db.transaction((rows: ReturnType<typeof customerRows>) => {
    let i = 0;
    for (; i + page <= n; i += page) {
      const values: string[] = [];
      for (let k = i; k < i + page; k++) values.push(rows[k]!.name, rows[k]!.description);
      full.run(values);
    }
    if (i === n) return;
    const values: string[] = [];
    for (let k = i; k < n; k++) values.push(rows[k]!.name, rows[k]!.description);
    statement(n - i).run(values);
  });
  return contestant({
    before: () => emptySqlite(db),
    run: () => save(customerRows(n)),
    check: () => checkCustomers(storedSqlite(db).values()),
    close: () => void db.close(),
  });
}

async function loadEntities({ url }: Context): Promise<Contestant> {
  const db = openSqlite(url);
  const all = db.prepare<[], [number, string, string]>("select id, name, description from customer order by id").raw();
  return contestant({
    run: () => all.all().map((row) => new Customer(row[0], row[1], row[2])),
    check: checkCustomers,
    close: () => void db.close(),
  });
}

async function loadRows({ url }: Context): Promise<Contestant> {
  const db = openSqlite(url);
  const all = db.prepare<[], CustomerLike>("select id, name, description from customer order by id");
  return contestant({ run: () => all.all(), check: checkCustomers, close: () => void db.close() });
}

const byKey = "select id, name, description from customer where id = ?";

async function lookUpEntities({ url, scale }: Context): Promise<Contestant> {
  const db = openSqlite(url);
  const [n, customers] = [scaled(sizes.lookups, scale), scaled(sizes.customers, scale)];
  const one = db.prepare<[number], [number, string, string]>(byKey).raw();
  return contestant({
    run: () => {
      const found: Customer[] = [];
      for (let i = 0; i < n; i++) {
        const row = one.get(keyOf(i, customers))!;
        found.push(new Customer(row[0], row[1], row[2]));
      }
      return found;
    },
    check: checkCustomers,
    close: () => void db.close(),
  });
}

function lookUpRows(prepared: boolean): Factory {
  return async ({ url, scale }) => {
    const db = openSqlite(url);
    const [n, customers] = [scaled(sizes.lookups, scale), scaled(sizes.customers, scale)];
    const one = db.prepare<[number], CustomerLike>(byKey);
    return contestant({
      run: () => {
        const found: CustomerLike[] = [];
        for (let i = 0; i < n; i++) {
          const statement = prepared ? one : db.prepare<[number], CustomerLike>(byKey);
          found.push(statement.get(keyOf(i, customers))!);
        }
        return found;
      },
      check: checkCustomers,
      close: () => void db.close(),
    });
  };
}

async function loadGraph({ url }: Context): Promise<Contestant> {
  const db = openSqlite(url);
  const selectUsers = db.prepare<[], [number, string]>('select id, name from "user" order by id').raw();
  const selectPosts = db
    .prepare<[string], [number, string, number]>(
      "select id, title, user_id from post where user_id in (select value from json_each(?)) order by user_id, id",
    )
    .raw();
  const selectLinks = db
    .prepare<[string], [number, number]>(
      "select post_id, tag_id from post_tag where post_id in (select value from json_each(?)) order by post_id, tag_id",
    )
    .raw();
  const selectTags = db
    .prepare<[string], [number, string]>("select id, name from tag where id in (select value from json_each(?))")
    .raw();
  return contestant({
    run: () => {
      const users = new Map<number, User>();
      for (const [id, name] of selectUsers.all()) users.set(id, new User(id, name));
      const posts = new Map<number, Post>();
      for (const [id, title, userId] of selectPosts.all(JSON.stringify([...users.keys()]))) {
        const post = new Post(id, title);
        posts.set(id, post);
        users.get(userId)!.posts.push(post);
      }
      const links = selectLinks.all(JSON.stringify([...posts.keys()]));
      const tags = new Map<number, Tag>();
      const wanted = new Set<number>();
      for (const link of links) wanted.add(link[1]);
      for (const [id, name] of selectTags.all(JSON.stringify([...wanted]))) tags.set(id, new Tag(id, name));
      for (const [post, tag] of links) posts.get(post)!.tags.push(tags.get(tag)!);
      return [...users.values()];
    },
    check: checkGraph,
    close: () => void db.close(),
  });
}

async function update({ url, scale }: Context): Promise<Contestant> {
  const db = openSqlite(url);
  const n = scaled(sizes.updates, scale);
  const select = db
    .prepare<[number], [number, string, string]>("select id, name, description from customer where id <= ? order by id")
    .raw();
  const statement = db.prepare("update customer set name = ? where id = ?");
  const work = db.transaction((round: number) => {
    const customers = select.all(n).map((row) => new Customer(row[0], row[1], row[2]));
    for (const customer of customers) customer.name = `changed ${customer.id} in round ${round}`;
    for (const customer of customers) statement.run(customer.name, customer.id);
  });
  return contestant({
    before: () => void db.pragma("wal_checkpoint(truncate)"),
    run: (round) => work(round),
    check: () => checkCustomers(select.all(n).map((row) => new Customer(row[0], row[1], row[2]))),
    close: () => void db.close(),
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
