/** A query for a base class brings base columns; what its subclasses keep in tables of their own is read here, per class. */
import { type Expression, SelectStatement } from "@athanor/core";
import { type Mapper, mapperOfInstance } from "../mapping/mapper.js";
import { type Managed, UNLOADED } from "../mapping/state.js";
import type { SessionInternals } from "../session/internals.js";
import { among, type RowsRunner } from "./relations.js";
import { mappedSource } from "./source.js";

/** Fills the columns of subclasses in one statement per class. */
export async function loadSubclassColumns(run: RowsRunner, session: SessionInternals, base: Mapper, instances: readonly Managed[]): Promise<void> {
  const byClass = new Map<Mapper, Managed[]>();
  for (const instance of instances) {
    const mapper = mapperOfInstance(instance);
    if (mapper === base) continue;
    const list = byClass.get(mapper);
    if (list === undefined) byClass.set(mapper, [instance]);
    else list.push(instance);
  }
  for (const [mapper, list] of byClass) {
    const missing = mapper.attributes.filter((a) => !a.deferred && base.attribute(a.key) === undefined);
    const lacking = list.filter((i) => missing.some((a) => i[a.slot] === UNLOADED));
    if (missing.length === 0 || lacking.length === 0) continue;
    const source = mappedSource(mapper);
    const keys = mapper.primaryKey.map((pk) => source.column(pk));
    const columns: Expression[] = [...keys, ...missing.map((a) => source.column(a))];
    for (let at = 0; at < lacking.length; at += 500) {
      const chunk = lacking.slice(at, at + 500);
      const statement = new SelectStatement(columns).selectFrom(source.from).where(among(keys, chunk.map((i) => mapper.primaryKey.map((pk) => i[pk.slot]))));
      for (const row of await run(session, statement)) {
        const key = mapper.identityKey(row.slice(0, keys.length));
        const instance = key === undefined ? undefined : session.identity.get(mapper, key);
        if (instance === undefined) continue;
        missing.forEach((a, i) => {
          if (instance[a.slot] === UNLOADED) instance[a.slot] = row[keys.length + i];
        });
      }
    }
  }
}
