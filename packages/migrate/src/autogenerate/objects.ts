/**
 * Views, functions and triggers that the metadata declares. A database puts their SQL in words of its own, so what is
 * declared is made once under another name and read back; nothing of that stays.
 */
import type { Inspector, MetaData, StoredObject } from "@athanor/core";
import { mentions } from "../impl/mentions.js";
import {
  AlterColumnOp,
  CreateObjectOp,
  DropColumnOp,
  DropObjectOp,
  DropTableOp,
  type MigrateOp,
  ReplaceObjectOp,
} from "../ops/index.js";
import { OBJECT_FACTORIES } from "./render.js";
import { type CompareScope, qualified } from "./scope.js";

export interface ObjectDifferences {
  /** Before tables change. */
  readonly before: readonly MigrateOp[];
  /** After that. */
  readonly after: readonly MigrateOp[];
}
type Written = StoredObject<string>;
const keyOf = (scope: CompareScope, o: StoredObject) =>
  JSON.stringify([o.kind, scope.schemaOf(o.schema) ?? null, o.name, o.kind === "trigger" ? o.table : null]);

/** `changes`: what happens to tables in between. */
export async function compareObjects(
  scope: CompareScope,
  inspector: Inspector,
  metadata: readonly MetaData[],
  changes: readonly MigrateOp[],
): Promise<ObjectDifferences> {
  const wanted = metadata.flatMap((m) => m.objects.map((o) => o.on(scope.dialect)));
  const { compareObjects: compares, madeHere } = scope.options;
  if (!(compares ?? (wanted.length > 0 || madeHere !== undefined)) || !scope.plugins.has("athanor.objects"))
    return { before: [], after: [] };
  const inSchemas = [...wanted, ...metadata.flatMap((m) => [...m.tables.values()])];
  const schemas = new Set<string | undefined>([undefined, ...inSchemas.map((o) => scope.schemaOf(o.schema))]);
  const found: Written[] = [];
  for (const schema of schemas) found.push(...(await inspector.storedObjects({ schema })));
  const includes = (o: StoredObject, reflected: boolean) =>
    scope.includes({ kind: o.kind, name: o.name, table: o.table ?? o.name, schema: o.schema, reflected, object: o });
  const there = new Map(found.map((o) => [keyOf(scope, o), o]));
  const declared = new Map(wanted.map((o) => [keyOf(scope, o), o]));
  const title = (o: StoredObject) => `${WORDS[o.kind]} '${qualified(scope.schemaOf(o.schema), o.name)}'`;

  const added: Written[] = [];
  const changed = new Set<string>();
  const removed = new Set<string>();
  for (const [key, object] of declared) {
    const old = there.get(key);
    if (!includes(object, false)) continue;
    if (old === undefined) {
      scope.detected(`added ${title(object)}`);
      added.push(object);
    } else if (!(await same(scope, object, old))) {
      scope.detected(`changed ${title(object)}`);
      changed.add(key);
    }
  }
  for (const [key, object] of there) {
    if (declared.has(key) || !scope.isOurs(OBJECT_FACTORIES[object.kind], object.name) || !includes(object, true))
      continue;
    scope.detected(`removed ${title(object)}`);
    removed.add(key);
  }

  // What stands on something that goes has to make room too, and comes back as it is declared.
  const moved = new Set([...changed, ...removed]);
  const shaken = new Set([...changesOfColumns(changes)]);
  for (let size = -1; size !== moved.size; ) {
    size = moved.size;
    for (const key of moved) shaken.add((there.get(key) as Written).name);
    for (const [key, object] of there) {
      const standsOn = [...shaken].some((name) => name !== object.name && mentions(object.definition, name));
      if (standsOn && declared.has(key) && object.kind !== "procedure") moved.add(key);
    }
  }
  if (changes.length === 0 && [...moved].every((key) => changed.has(key)) && moved.size === 1 && removed.size === 0) {
    const [key] = moved as Set<string>;
    const op = new ReplaceObjectOp(
      declared.get(key as string) as StoredObject,
      there.get(key as string) as StoredObject,
    );
    return { before: [], after: [op, ...added.map((o) => new CreateObjectOp(o))] };
  }
  return {
    // What was made last goes first.
    before: [...there].reverse().flatMap(([key, o]) => (moved.has(key) ? [new DropObjectOp(o)] : [])),
    after: [...declared].flatMap(([key, o]) =>
      (moved.has(key) && !removed.has(key)) || added.includes(o) ? [new CreateObjectOp(o)] : [],
    ),
  };
}
/** Tables whose columns change so that a view could stand in the way. */
function changesOfColumns(changes: readonly MigrateOp[]): string[] {
  return changes.flatMap((op) => {
    if (op instanceof DropColumnOp || op instanceof DropTableOp) return [op.tableName];
    return op instanceof AlterColumnOp && op.changes.type !== undefined ? [op.tableName] : [];
  });
}
const WORDS = {
  view: "view",
  materializedView: "materialized view",
  function: "function",
  procedure: "procedure",
  trigger: "trigger",
} as const;

async function same(scope: CompareScope, model: Written, there: Written): Promise<boolean> {
  if (sameWords(model, there)) return true;
  const given = await scope.impl.storedBack(scope.connection, model);
  return given !== undefined && sameWords(given, there);
}
function sameWords(a: Written, b: Written): boolean {
  const plain = (o: Written) =>
    [o.parameters, o.timing ?? "", (o.columns ?? []).join(), o.definition]
      .map((t) => t.replaceAll(/\s+/g, " ").trim())
      .join("\u0000");
  return plain(a) === plain(b);
}
