/** Sequences that the metadata declares. Those that belong to a column come and go with it. */
import type { Inspector, MetaData } from "@athanor/core";
import { CreateSequenceOp, DropSequenceOp, type MigrateOp } from "../ops/index.js";
import { type CompareScope, qualified } from "./scope.js";

/** `before` the tables that may use them, `after` those that did. */
export async function compareSequences(
  scope: CompareScope,
  inspector: Inspector,
  metadata: readonly MetaData[],
): Promise<{ readonly before: readonly MigrateOp[]; readonly after: readonly MigrateOp[] }> {
  const wanted = metadata.flatMap((m) => [...m.sequences]);
  const none = { before: [], after: [] };
  const { compareObjects: compares, madeHere } = scope.options;
  if (!(compares ?? (wanted.length > 0 || madeHere !== undefined))) return none;
  if (!scope.dialect.capabilities.sequences || !scope.plugins.has("athanor.sequences")) return none;
  const inSchemas = [...wanted, ...metadata.flatMap((m) => [...m.tables.values()])];
  const before: MigrateOp[] = [];
  const after: MigrateOp[] = [];
  for (const schema of new Set([undefined, ...inSchemas.map((s) => scope.schemaOf(s.schema))])) {
    const here = wanted.filter((s) => scope.schemaOf(s.schema) === schema);
    const found = (await inspector.sequences({ schema })).filter(
      (s) => s.ownedBy === undefined && s.extension === undefined,
    );
    for (const sequence of here) {
      if (found.some((f) => f.name === sequence.name)) continue;
      scope.detected(`added sequence '${qualified(schema, sequence.name)}'`);
      before.push(new CreateSequenceOp(sequence));
    }
    for (const one of found) {
      if (here.some((s) => s.name === one.name) || !scope.isOurs("createSequence", one.name)) continue;
      scope.detected(`removed sequence '${qualified(schema, one.name)}'`);
      after.push(new DropSequenceOp({ name: one.name, schema, start: one.start, increment: one.increment }));
    }
  }
  return { before, after };
}
