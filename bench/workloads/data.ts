// The content of the databases, computed so that every contestant can know it without asking.
import { Checksum } from "./contestant.js";
import { sizes } from "./index.js";

export const scaled = (size: number, scale: number) => Math.max(1, Math.round(size * scale));

export const customerName = (i: number) => `customer name ${i}`;
export const customerDescription = (i: number) => `customer description ${i}`;

/** What "W1 rows" inserts: a program has its rows as objects, so every contestant starts from these and makes them anew. */
export function customerRows(n: number): { name: string; description: string }[] {
  const rows: { name: string; description: string }[] = [];
  for (let i = 0; i < n; i++) rows.push({ name: customerName(i), description: customerDescription(i) });
  return rows;
}

/** The keys that are looked up: as good as random (murmur's finalizer), so that neighbours do not share pages. */
export function keyOf(i: number, customers: number): number {
  let h = Math.imul(i ^ (i >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (((h ^ (h >>> 16)) >>> 0) % customers) + 1;
}

/** The tags of a post, three different ones, ascending. */
export function tagsOfPost(post: number, tags: number): number[] {
  const first = (post * 7) % tags;
  const found = new Set<number>();
  for (let k = 0; found.size < Math.min(sizes.tagsPerPost, tags); k++) found.add(((first + k * 31) % tags) + 1);
  return [...found].sort((a, b) => a - b);
}

export interface CustomerLike {
  id: number;
  name: string;
  description: string;
}

export interface UserLike {
  id: number;
  name: string;
  posts: Iterable<{ id: number; title: string; tags: Iterable<{ id: number; name: string }> }>;
}

export function checkCustomers(customers: Iterable<CustomerLike>): string {
  const sum = new Checksum();
  let count = 0;
  for (const { id, name, description } of customers) {
    sum.add(id).add(name).add(description);
    count++;
  }
  return `${count}:${sum}`;
}

/** Inserted objects may be keyed in any order, but each key must lead to its own object's row. */
export function checkInserted(objects: readonly CustomerLike[], stored: ReadonlyMap<number, CustomerLike>): string {
  const sum = new Checksum();
  let wrong = 0;
  for (const object of objects) {
    const row = stored.get(object.id);
    if (row?.name !== object.name || row.description !== object.description) wrong++;
    sum.add(object.name).add(object.description);
  }
  return `${objects.length}:${stored.size}:${sum}:${wrong} wrong keys`;
}

/** Posts and tags may come in any order inside their collections. */
export function checkGraph(users: Iterable<UserLike>): string {
  const sum = new Checksum();
  let count = 0;
  for (const user of [...users].sort((a, b) => a.id - b.id)) {
    sum.add(user.id).add(user.name);
    for (const post of [...user.posts].sort((a, b) => a.id - b.id)) {
      sum.add(post.id).add(post.title);
      for (const tag of [...post.tags].sort((a, b) => a.id - b.id)) {
        sum.add(tag.id).add(tag.name);
        count++;
      }
    }
  }
  return `${count}:${sum}`;
}

/** The values of the statement that is built in "building". */
export const buildingValues = (i: number) => ({
  id: i,
  name: `c%${i % 10}`,
  tag: `t${i % 7}`,
  low: i % 100,
  high: i % 1000,
});
