/**
 * The operations that bring a database to what the models say. Tables come in the order of their foreign keys; those
 * that refer to each other get their keys afterwards. Source: Alembic "Auto Generating Migrations".
 */
import { type Constraint, inspect, type MetaData, type ReflectedTable, sortTables, type Table } from "@athanor/core";
import { CommandError } from "../errors.js";
import {
  AddConstraintOp,
  CreateTableOp,
  DropConstraintOp,
  DropTableOp,
  type MigrateOp,
  RenameTableOp,
  TableCommentOp,
} from "../ops/index.js";
import type { MigrationContext } from "../runtime/index.js";
import { compareColumns } from "./columns.js";
import { compareConstraints } from "./constraints.js";
import { compareEnums } from "./enums.js";
import { compareObjects } from "./objects.js";
import type { CompareOptions } from "./options.js";
import { CompareScope, listed, qualified, tableLike } from "./scope.js";
import { compareSequences } from "./sequences.js";

/**
 * Compares and gives the upgrade; `reversed()` of it is the downgrade. Empty when there is no difference.
 * @throws CommandError when two metadata declare one table
 */
export async function produceMigrations(
  context: MigrationContext,
  metadata: readonly MetaData[],
  options: CompareOptions = {},
): Promise<MigrateOp[]> {
  const { connection } = context;
  const inspector = inspect(connection);
  const defaultSchema = await inspector.defaultSchema();
  const scope = new CompareScope(connection, context.impl, context.log, options, defaultSchema);

  // ---- both sides
  const models = new Map<string, Table>();
  for (const one of metadata) {
    one.configure();
    for (const table of one.tables.values()) {
      const key = qualified(scope.schemaOf(table.schema), table.tableName);
      if (models.has(key))
        throw new CommandError(
          "migrate.duplicate-table",
          `Duplicate table keys across multiple MetaData objects: '${key}'`,
        );
      models.set(key, table);
    }
  }
  const schemas = new Set<string | undefined>([
    undefined,
    ...[...models.values()].map((t) => scope.schemaOf(t.schema)),
  ]);
  if (options.includeSchemas) for (const s of await inspector.schemas()) schemas.add(scope.schemaOf(s));
  const version = context.versionTable.table;
  const found = new Map<string, ReflectedTable>();
  for (const schema of schemas) {
    for (const table of await inspector.tables({ schema })) {
      if (table.isView || (context.ownTables.includes(table.name) && schema === scope.schemaOf(version.schema)))
        continue;
      if (options.includeName?.(table.name, schema) === false) continue;
      found.set(qualified(schema, table.name), table);
    }
  }
  const included = (name: string, schema: string | undefined, reflected: boolean, object: Table | ReflectedTable) =>
    scope.includes({ kind: "table", name, table: name, schema, reflected, object });

  // ---- renamed tables
  const renames: MigrateOp[] = [];
  for (const [from, to] of renamedTables(options.renames ?? [])) {
    const there = found.get(from);
    const wanted = models.get(to);
    if (there === undefined || wanted === undefined || models.has(from) || found.has(to)) continue;
    scope.detected(`renamed table '${from}' to '${to}'`);
    renames.push(new RenameTableOp(there.name, wanted.tableName, there.schema));
    found.delete(from);
    found.set(to, { ...there, name: wanted.tableName });
  }

  // ---- tables
  const all = sortTables([...models.values()].sort((a, b) => (a.fullName < b.fullName ? -1 : 1)));
  const keyOf = (t: Table) => qualified(scope.schemaOf(t.schema), t.tableName);
  const added = all.order.filter((t) => !found.has(keyOf(t)) && included(t.tableName, t.schema, false, t));
  const late = context.dialect.capabilities.alterTable ? all.late : new Set<Constraint>();
  const creations: MigrateOp[] = [];
  const afterwards: MigrateOp[] = [];
  for (const table of added) {
    scope.detected(`added table '${table.fullName}'`);
    for (const index of [...table.indexes].sort((a, b) =>
      (scope.nameOf(a) ?? "") < (scope.nameOf(b) ?? "") ? -1 : 1,
    )) {
      const columns = index.expressions.map((e) =>
        "columnName" in e ? String(e.columnName) : scope.impl.inlineSql(e),
      );
      scope.detected(`added index '${scope.nameOf(index)}' on '${listed(columns)}'`);
    }
    const own = new Set<Constraint>(table.constraints.filter((c) => (late as ReadonlySet<Constraint>).has(c)));
    creations.push(new CreateTableOp(table, { without: own }));
    for (const key of own) afterwards.push(new AddConstraintOp(table, key));
  }
  const changes: MigrateOp[] = [];
  const comments = context.dialect.capabilities.comments && scope.plugins.has("athanor.comments");
  const compared = {
    connection,
    dialect: context.dialect,
    metadata,
    detected: (text: string) => scope.detected(text),
  };
  for (const table of all.order) {
    const there = found.get(keyOf(table));
    if (there === undefined || !included(table.tableName, table.schema, false, table)) continue;
    noteSequences(scope, there);
    const columns = await compareColumns(scope, table, there);
    const constraints = await compareConstraints(scope, table, there, columns);
    const own: MigrateOp[] = [...constraints.dropped, ...columns.added, ...columns.altered, ...constraints.added];
    if (comments && (table.comment ?? "") !== (there.comment ?? "")) {
      scope.detected(
        `${there.comment === undefined ? "added" : table.comment === undefined ? "removed" : "changed"} table comment on '${table.fullName}'`,
      );
      own.push(new TableCommentOp(table.tableName, table.comment ?? null, there.comment ?? null, table.schema));
    }
    own.push(...columns.removed);
    changes.push(...(await scope.plugins.run("table", { ...compared, table, reflected: there }, own)));
  }
  const drops: MigrateOp[] = [];
  const removed = [...found].filter(
    ([key, t]) =>
      !models.has(key) &&
      goes(scope, found, models, t) &&
      included(t.name, t.schema, true, t) &&
      (options.includeSchemas || t.schema === undefined || schemaOfModels(metadata).has(t.schema)),
  );
  for (const op of dropsOf(
    removed.map(([, t]) => t),
    context.dialect.capabilities.alterTable,
  )) {
    if (op instanceof DropTableOp) scope.detected(`removed table '${qualified(op.schema, op.tableName)}'`);
    drops.push(op);
  }
  const enums = await compareEnums(
    scope,
    inspector,
    [...models.values()],
    [...found.values()],
    removed.map(([, t]) => t),
  );
  const sequences = await compareSequences(scope, inspector, metadata);
  const inPlace = [...renames, ...enums.before, ...changes, ...drops, ...enums.after];
  const objects = await compareObjects(scope, inspector, metadata, inPlace);
  const everything = [
    ...objects.before,
    ...renames,
    ...enums.before,
    ...sequences.before,
    ...creations,
    ...afterwards,
    ...changes,
    ...drops,
    ...enums.after,
    ...sequences.after,
    ...objects.after,
  ];
  return scope.plugins.run("schema", { ...compared, table: undefined, reflected: undefined }, everything);
}

/** `old:new` without a dot in front of the colon is about a table. */
function renamedTables(renames: readonly string[]): [string, string][] {
  return renames
    .map((r) => r.split(":"))
    .flatMap(([from, to]) => (from === undefined || to === undefined ? [] : [[from, to]]));
}

/**
 * What came with an extension or from another server is not the models' to declare; a partition goes with its table, or
 * where a revision of ours made it.
 */
function goes(
  scope: CompareScope,
  found: ReadonlyMap<string, ReflectedTable>,
  models: ReadonlyMap<string, Table>,
  { name, partOf }: ReflectedTable,
): boolean {
  if (partOf === undefined) return true;
  if (partOf.kind !== "table") return false;
  const parent = found.get(partOf.name);
  if (scope.options.madeHere?.("createTable", name)) return true;
  return parent !== undefined && !models.has(partOf.name) && goes(scope, found, models, parent);
}
function schemaOfModels(metadata: readonly MetaData[]): Set<string> {
  return new Set(metadata.flatMap((m) => (m.schema === undefined ? [] : [m.schema])));
}

/** A SERIAL column's sequence is part of the column, and said so once. */
function noteSequences(scope: CompareScope, table: ReflectedTable): void {
  for (const column of table.columns) {
    if (column.ownedSequence === undefined) continue;
    const sequence = column.ownedSequence.slice(column.ownedSequence.lastIndexOf(".") + 1).replaceAll('"', "");
    scope.note(
      `Detected sequence named '${sequence}' as owned by integer column '${table.name}(${column.name})', assuming SERIAL and omitting`,
      "ddl.postgresql",
    );
  }
}

/** Those that are referred to go last; where tables refer to each other, the keys go first. */
function dropsOf(tables: readonly ReflectedTable[], alterTable: boolean): MigrateOp[] {
  const byName = new Map(tables.map((t) => [qualified(t.schema, t.name), t]));
  const state = new Map<ReflectedTable, "open" | "done">();
  const order: ReflectedTable[] = [];
  const circular: MigrateOp[] = [];
  const without = new Map<ReflectedTable, Set<Constraint>>();
  const like = new Map(tables.map((t) => [t, tableLike(t)]));
  const visit = (table: ReflectedTable): void => {
    state.set(table, "open");
    const parent = table.partOf?.kind === "table" ? byName.get(table.partOf.name) : undefined;
    if (parent !== undefined && !state.has(parent)) visit(parent);
    for (const key of table.foreignKeys) {
      const target = byName.get(qualified(key.referredSchema, key.referredTable));
      if (target === undefined || target === table) continue;
      if (state.get(target) === "open" && alterTable && key.name !== undefined) {
        const original = like.get(table)?.constraints.find((c) => c.kind === "foreignKey" && c.name === key.name);
        circular.push(
          new DropConstraintOp({ tableName: table.name, schema: table.schema }, key.name, "foreignKey", { original }),
        );
        if (original !== undefined) without.set(table, (without.get(table) ?? new Set()).add(original));
      } else if (!state.has(target)) visit(target);
    }
    state.set(table, "done");
    order.push(table);
  };
  for (const table of [...tables].sort((a, b) => (a.name < b.name ? -1 : 1))) if (!state.has(table)) visit(table);
  return [
    ...circular,
    ...order
      .reverse()
      .map(
        (t) =>
          new DropTableOp(t.name, { schema: t.schema, original: like.get(t), without: without.get(t) ?? new Set() }),
      ),
  ];
}
