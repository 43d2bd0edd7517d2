/** Rows of many-to-many tables: one per pair, written once even when both sides are mapped. */
import {
  bindStatement,
  DeleteStatement,
  type Expression,
  InsertStatement,
  NamedBind,
  type TableColumn,
} from "@athanor/core";
import { FlushError, StaleDataError } from "../../errors.js";
import { describeInstance } from "../../mapping/collection.js";
import type { RelationshipProperty, Secondary, SecondaryPair } from "../../mapping/mapper.js";
import { type Managed, UNLOADED } from "../../mapping/state.js";
import { among, CHUNK } from "../../query/keys.js";
import { byKey } from "./delete.js";
import type { FlushHost } from "./host.js";
import { committedValue } from "./values.js";

interface Pair {
  readonly owner: Managed;
  readonly item: Managed;
}
/** Changes of one secondary table, seen from one of its sides. */
class SecondaryWork {
  readonly property: RelationshipProperty;
  readonly added: Pair[] = [];
  readonly removed: Pair[] = [];
  readonly owners: Managed[] = [];
  readonly seen = new Map<Managed, Set<Managed>>();
  constructor(property: RelationshipProperty) {
    this.property = property;
  }
}

export class SecondaryPlan {
  readonly #works: SecondaryWork[] = [];

  #work(property: RelationshipProperty): { work: SecondaryWork; flipped: boolean } {
    for (const work of this.#works) {
      if (work.property === property) return { work, flipped: false };
      if (work.property.backPopulates === property || property.backPopulates === work.property)
        return { work, flipped: true };
    }
    const work = new SecondaryWork(property);
    this.#works.push(work);
    return { work, flipped: false };
  }
  #once(work: SecondaryWork, owner: Managed, item: Managed): boolean {
    const set = work.seen.get(owner);
    if (set === undefined) work.seen.set(owner, new Set([item]));
    else if (set.has(item)) return false;
    else set.add(item);
    return true;
  }
  add(property: RelationshipProperty, owner: Managed, item: Managed): void {
    const { work, flipped } = this.#work(property);
    const pair = flipped ? { owner: item, item: owner } : { owner, item };
    if (this.#once(work, pair.owner, pair.item)) work.added.push(pair);
  }
  remove(property: RelationshipProperty, owner: Managed, item: Managed): void {
    const { work, flipped } = this.#work(property);
    const pair = flipped ? { owner: item, item: owner } : { owner, item };
    if (this.#once(work, pair.owner, pair.item)) work.removed.push(pair);
  }
  /** All rows of an owner that is deleted. */
  clear(property: RelationshipProperty, owner: Managed): void {
    let work = this.#works.find((w) => w.property === property);
    if (work === undefined) this.#works.push((work = new SecondaryWork(property)));
    work.owners.push(owner);
  }

  get isEmpty(): boolean {
    return this.#works.length === 0;
  }
  /** Whose rows there are: they stand where their owners are. */
  get owners(): readonly Managed[] {
    const all = this.#works.flatMap((w) => [
      ...w.owners,
      ...w.added.map((p) => p.owner),
      ...w.removed.map((p) => p.owner),
    ]);
    return [...new Set(all)];
  }

  /** Deletions first: a pair may leave and come back under another owner. */
  async run(
    host: FlushHost,
    isDeleted: (instance: Managed) => boolean,
    isHere: (owner: Managed) => boolean = () => true,
  ): Promise<void> {
    for (const work of this.#works) {
      const secondary = work.property.secondary as Secondary;
      const owners = work.owners.filter(isHere);
      if (owners.length > 0) await deleteRows(host, work.property, secondary.localPairs, owners);
      const removed = work.removed.filter((p) => isHere(p.owner) && !isDeleted(p.owner) && !isDeleted(p.item));
      if (removed.length > 0) await deletePairs(host, work.property, secondary, removed);
    }
    for (const work of this.#works) {
      const secondary = work.property.secondary as Secondary;
      const added = work.added.filter((p) => isHere(p.owner) && !isDeleted(p.owner) && !isDeleted(p.item));
      if (added.length === 0) continue;
      const engine = host.engineFor(work.property.parent);
      const connection = await host.connectionFor(work.property.parent);
      const rows = added.map((pair) => rowOf(secondary, pair));
      const statement = new InsertStatement(secondary.table).values(rows);
      const { value: compiled, params } = engine.cache.lookup(statement, (binds) =>
        engine.dialect.createCompiler(binds).compile(statement),
      );
      await connection.run(compiled, params);
    }
  }
}

function rowOf(secondary: Secondary, pair: Pair): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (const { mapped, column } of secondary.localPairs) row[column.key] = valueOf(pair.owner, mapped.slot);
  for (const { mapped, column } of secondary.remotePairs) row[column.key] = valueOf(pair.item, mapped.slot);
  return row;
}
function valueOf(instance: Managed, slot: `$${string}`): unknown {
  const value = instance[slot];
  if (value !== UNLOADED && value !== null && value !== undefined) return value;
  throw new FlushError(
    `${describeInstance(instance)} has no key yet and cannot stand in a many-to-many row: add it to the session.`,
    "orm.no-key",
  );
}
async function deletePairs(
  host: FlushHost,
  property: RelationshipProperty,
  secondary: Secondary,
  pairs: readonly Pair[],
): Promise<void> {
  const engine = host.engineFor(property.parent);
  const connection = await host.connectionFor(property.parent);
  const columns = [...secondary.localPairs, ...secondary.remotePairs].map((p) => p.column);
  const statement = new DeleteStatement(secondary.table).where(
    ...columns.map((c) => c.eq(new NamedBind(`key_${c.key}`, c.type))),
  );
  const { value, params } = engine.cache.lookup(statement, (binds) =>
    engine.dialect.createCompiler(binds).compile(statement),
  );
  const compiled = connection.underSchemas(value);
  const bound = pairs.flatMap((pair) => {
    const named: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(rowOf(secondary, pair))) named[`key_${key}`] = value;
    return bindStatement(compiled, params, named);
  });
  const first = bound[0] as (typeof bound)[number];
  const raw =
    bound.length === 1
      ? await connection.send(first.sql, first.params, compiled.hint)
      : await connection.sendMany(
          first.sql,
          bound.map((b) => b.params),
          compiled.hint,
        );
  if (raw.rowCount >= 0 && raw.rowCount !== pairs.length) {
    throw new StaleDataError(
      `${property}: DELETE from '${secondary.table.fullName}' matched ${raw.rowCount} of ${pairs.length} rows: somebody else removed them.`,
    );
  }
}
/** All rows of these owners. */
async function deleteRows(
  host: FlushHost,
  property: RelationshipProperty,
  pairs: readonly SecondaryPair[],
  owners: readonly Managed[],
): Promise<void> {
  const engine = host.engineFor(property.parent);
  const connection = await host.connectionFor(property.parent);
  const { table } = property.secondary as Secondary;
  const sorted = [...owners].sort(byKey);
  for (let from = 0; from < sorted.length; from += CHUNK) {
    const keys = sorted.slice(from, from + CHUNK).map((owner) => pairs.map((p) => committedValue(owner, p.mapped)));
    const statement = new DeleteStatement(table).where(
      ...amongValues(
        pairs.map((p) => p.column),
        keys,
      ),
    );
    const { value: compiled, params } = engine.cache.lookup(statement, (binds) =>
      engine.dialect.createCompiler(binds).compile(statement),
    );
    await connection.run(compiled, params);
  }
}
function amongValues(columns: readonly TableColumn[], keys: readonly (readonly unknown[])[]): Expression[] {
  const [first, ...more] = keys as readonly [readonly unknown[]];
  if (more.length === 0) return columns.map((c, i) => c.eq(first[i]));
  const [only, ...others] = columns as readonly [TableColumn];
  return [others.length === 0 ? only.in(keys.map((k) => k[0])) : among(columns, keys)];
}
