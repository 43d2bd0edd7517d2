/** Indexes and constraints of a table that is on both sides. Drops come first: a new one may take an old one's name. */
import {
  ColumnReference,
  type Constraint,
  type Element,
  type ExcludeConstraint,
  type ForeignKeyConstraint,
  type Index,
  OrderingElement,
  type ReflectedCheck,
  type ReflectedForeignKey,
  type ReflectedIndex,
  type ReflectedTable,
  type ReflectedUnique,
  type Table,
  TypeCheck,
  type UniqueConstraint,
} from "@athanor/core";
import { isList } from "../impl/base.js";
import { conditionOf } from "../impl/reflected.js";
import {
  AddColumnOp,
  AddConstraintOp,
  CreateIndexOp,
  DropConstraintOp,
  DropIndexOp,
  type MigrateOp,
} from "../ops/index.js";
import type { ColumnDifferences } from "./columns.js";
import { type CompareScope, listed, servesForeignKey, tableLike } from "./scope.js";

export interface ConstraintDifferences {
  readonly dropped: readonly MigrateOp[];
  readonly added: readonly MigrateOp[];
}
const PARTS = {
  index: "athanor.indexes",
  unique: "athanor.constraints",
  foreignKey: "athanor.foreign-keys",
  check: "athanor.checks",
} as const;
const byName =
  <T>(name: (item: T) => string | undefined) =>
  (a: T, b: T) =>
    (name(a) ?? "") < (name(b) ?? "") ? -1 : 1;

export async function compareConstraints(
  scope: CompareScope,
  model: Table,
  reflected: ReflectedTable,
  columns: ColumnDifferences,
): Promise<ConstraintDifferences> {
  const dropped: MigrateOp[] = [];
  const added: MigrateOp[] = [];
  const like = tableLike(reflected);
  const { tableName, schema } = model;
  const includes = (
    kind: "index" | "unique" | "foreignKey" | "check",
    name: string | undefined,
    isReflected: boolean,
    object: Index | Constraint | undefined,
  ) =>
    scope.plugins.has(PARTS[kind]) &&
    scope.includes({ kind, name, table: tableName, schema, reflected: isReflected, object });
  const now = (column: string) => columns.renamed.get(column) ?? column;

  // ---- one object reported twice counts as what the model calls it
  const modelIndexes = new Map(model.indexes.map((i) => [scope.nameOf(i) ?? "", i]));
  let indexes = reflected.indexes.filter((i) => i.impliedByForeignKey === undefined || modelIndexes.has(i.name));
  let uniques = [...reflected.uniqueConstraints];
  for (const u of [...uniques]) {
    const twin =
      u.duplicatesIndex ??
      indexes.find((i) => i.duplicatesConstraint !== undefined && i.duplicatesConstraint === u.name)?.name;
    if (twin === undefined) continue;
    if (modelIndexes.has(twin)) uniques = uniques.filter((x) => x !== u);
    else indexes = indexes.filter((i) => i.name !== twin);
  }
  indexes = indexes.filter((i) => i.duplicatesConstraint === undefined || modelIndexes.has(i.name));

  // ---- indexes
  const foundIndexes = new Map(indexes.map((i) => [i.name, i]));
  /** Also of one that the database reports as a constraint too. */
  const originalIndex = (name: string) =>
    like.indexes.find((i) => i.name === name) ??
    tableLike({
      ...reflected,
      uniqueConstraints: [],
      indexes: reflected.indexes.map((i) => ({
        ...i,
        duplicatesConstraint: undefined,
        impliedByForeignKey: undefined,
      })),
    }).indexes.find((i) => i.name === name);
  const dropIndex = (name: string) =>
    new DropIndexOp(name, { table: { tableName, schema }, original: originalIndex(name) });
  for (const found of [...indexes].sort(byName((i) => i.name))) {
    if (modelIndexes.has(found.name) || !includes("index", found.name, true, originalIndex(found.name))) continue;
    scope.detected(`removed index '${found.name}' on '${tableName}'`);
    dropped.push(dropIndex(found.name));
  }
  for (const index of [...model.indexes].sort(byName((i) => scope.nameOf(i)))) {
    const name = scope.nameOf(index);
    if (name === undefined || !includes("index", name, false, index)) continue;
    const found = foundIndexes.get(name);
    if (found === undefined) {
      scope.detected(`added index '${name}' on '${listed(indexColumns(scope, index))}'`);
      added.push(new CreateIndexOp(index));
      continue;
    }
    const why = indexDifference(scope, index, found, now);
    if (why === undefined) continue;
    scope.detected(`changed index '${name}' on '${tableName}': ${why}`);
    dropped.push(dropIndex(name));
    added.push(new CreateIndexOp(index));
  }

  // ---- unique constraints: by name, or by columns where there is none
  const modelUniques = model.constraints.filter((c): c is UniqueConstraint => c.kind === "unique");
  const signature = (u: ReflectedUnique) => u.columns.map(now).join();
  const matched = new Set<ReflectedUnique>();
  for (const constraint of modelUniques) {
    const name = scope.nameOf(constraint);
    const wanted = constraint.columns.map((c) => c.columnName).join();
    const named = uniques.find((u) => name !== undefined && u.name === name);
    const match =
      named ??
      uniques.find((u) => !matched.has(u) && signature(u) === wanted && (name === undefined || u.name === undefined));
    if (match !== undefined) matched.add(match);
    if (!includes("unique", name, false, constraint)) continue;
    if (match !== undefined && signature(match) === wanted) continue;
    const single = constraint.columns.length === 1 ? constraint.columns[0]?.columnName : undefined;
    if (match !== undefined) {
      scope.detected(
        `changed unique constraint '${name}' on '${tableName}': columns ${listed(match.columns)} to ${listed(wanted.split(","))}`,
      );
      dropped.push(dropUnique(match));
    } else {
      scope.detected(
        `added unique constraint ${name === undefined ? "None" : `'${name}'`} on '${listed(wanted.split(","))}'`,
      );
      if (single !== undefined && columns.inline.has(single) && isOfColumn(model, single, "unique")) continue;
    }
    added.push(new AddConstraintOp({ tableName, schema }, constraint));
  }
  function dropUnique(found: ReflectedUnique): DropConstraintOp {
    const original = like.constraints.find(
      (c) =>
        c.kind === "unique" &&
        (c.name ?? undefined) === found.name &&
        c.columns.map((x) => x.columnName).join() === found.columns.join(),
    );
    return new DropConstraintOp({ tableName, schema }, found.name ?? null, "unique", {
      original,
      columns: found.columns,
    });
  }
  for (const found of [...uniques].sort(byName((u) => u.name))) {
    if (matched.has(found) || !includes("unique", found.name, true, undefined)) continue;
    scope.detected(
      `removed unique constraint ${found.name === undefined ? "None" : `'${found.name}'`} on '${tableName}'`,
    );
    dropped.push(dropUnique(found));
  }

  // ---- foreign keys, by what they say
  const keyOf = (k: ReflectedForeignKey) =>
    foreignKeySignature(scope, k.columns.map(now), k.referredSchema, k.referredTable, k.referredColumns, k);
  const foundKeys = new Map(reflected.foreignKeys.map((k) => [keyOf(k), k]));
  const modelKeys = model.constraints.filter((c): c is ForeignKeyConstraint => c.kind === "foreignKey");
  const wantedKeys = new Set<string>();
  const onTable = `on table ${schema === undefined ? "" : `${schema}.`}${tableName}`;
  const newKeys: ForeignKeyConstraint[] = [];
  for (const key of modelKeys) {
    const target = key.targets[0] as string;
    const referred = target.slice(0, target.lastIndexOf("."));
    const dot = referred.lastIndexOf(".");
    const sign = foreignKeySignature(
      scope,
      key.columns.map((c) => c.columnName),
      dot < 0 ? (key.referredTable.schema ?? undefined) : referred.slice(0, dot),
      referred.slice(dot + 1),
      key.targets.map((t) => t.slice(t.lastIndexOf(".") + 1)),
      key.options,
    );
    wantedKeys.add(sign);
    if (!foundKeys.has(sign)) newKeys.push(key);
  }
  for (const [sign, found] of foundKeys) {
    if (wantedKeys.has(sign) || !includes("foreignKey", found.name, true, undefined)) continue;
    const original = like.constraints.find(
      (c) =>
        c.kind === "foreignKey" &&
        c.columns.map((x) => x.columnName).join() === found.columns.join() &&
        (c.name ?? undefined) === found.name,
    );
    scope.detected(`removed foreign key (${found.columns.join(", ")})(${found.referredColumns.join(", ")}) ${onTable}`);
    dropped.unshift(
      new DropConstraintOp({ tableName, schema }, found.name ?? null, "foreignKey", {
        original,
        columns: found.columns,
      }),
    );
  }
  for (const key of newKeys) {
    if (!includes("foreignKey", scope.nameOf(key), false, key)) continue;
    const names = key.columns.map((c) => c.columnName);
    const targets = key.targets.map((t) => t.slice(t.lastIndexOf(".") + 1));
    scope.detected(`added foreign key (${names.join(", ")})(${targets.join(", ")}) ${onTable}`);
    if (
      names.length === 1 &&
      columns.inline.has(names[0] as string) &&
      isOfColumn(model, names[0] as string, "references")
    )
      continue;
    added.push(new AddConstraintOp({ tableName, schema }, key));
  }

  await compareChecks();
  compareExcludes();
  if (scope.plugins.has("athanor.constraints")) comparePrimaryKey();
  return { dropped, added };

  /** By name, then by what they say. */
  function compareExcludes(): void {
    if (!scope.plugins.has("athanor.constraints")) return;
    const there = new Map((reflected.excludes ?? []).map((x) => [x.name, x]));
    const own = model.constraints.filter((c): c is ExcludeConstraint => c.kind === "exclude");
    const drop = (name: string) => {
      const original = like.constraints.find((c) => c.kind === "exclude" && c.name === name);
      dropped.push(new DropConstraintOp({ tableName, schema }, name, "exclude", { original }));
    };
    const text = (e: Element) => (e instanceof ColumnReference ? e.columnName : scope.impl.inlineSql(e));
    for (const constraint of own) {
      const name = scope.nameOf(constraint);
      const found = name === undefined ? undefined : there.get(name);
      if (name !== undefined) there.delete(name);
      if (found !== undefined) {
        const same =
          found.using === constraint.using &&
          found.elements.length === constraint.elements.length &&
          constraint.elements.every((e, i) => {
            const x = found.elements[i];
            return x?.operator === e.operator && scope.impl.sameExpression(text(e.expression), now(x.column ?? x.sql));
          }) &&
          scope.impl.sameExpression(
            constraint.where === undefined ? "" : scope.impl.inlineSql(constraint.where),
            found.where ?? "",
          ) &&
          (constraint.deferrable ?? false) === (found.deferrable ?? false);
        if (same) continue;
        drop(found.name);
      }
      scope.detected(`${found === undefined ? "added" : "changed"} exclude constraint '${name}' on '${tableName}'`);
      added.push(new AddConstraintOp({ tableName, schema }, constraint));
    }
    for (const name of there.keys()) {
      scope.detected(`removed exclude constraint '${name}' on '${tableName}'`);
      drop(name);
    }
  }
  function comparePrimaryKey(): void {
    const wanted = model.constraints.find((c) => c.kind === "primaryKey");
    const found = reflected.primaryKey;
    const mine = wanted?.columns.map((c) => c.columnName) ?? [];
    const theirs = found?.columns ?? [];
    if (mine.join("\u0000") === theirs.map(now).join("\u0000")) return;
    scope.detected(`changed primary key of '${tableName}': ${listed(theirs)} to ${listed(mine)}`);
    if (found !== undefined && theirs.length > 0) {
      const original = like.constraints.find((c) => c.kind === "primaryKey");
      dropped.push(
        new DropConstraintOp({ tableName, schema }, found.name ?? null, "primaryKey", { original, columns: theirs }),
      );
    }
    if (wanted !== undefined && mine.length > 0) added.unshift(new AddConstraintOp({ tableName, schema }, wanted));
  }
  /** The same condition, as the database would put it. */
  async function sameCheck(mine: string, theirs: string, fresh: readonly (string | undefined)[]): Promise<boolean> {
    if (scope.impl.sameExpression(mine, theirs)) return true;
    // What speaks of a column under a name that is not there yet cannot be asked for.
    if ([...fresh, ...columns.renamed.values()].some((c) => c !== undefined && mentionsColumn(mine, c))) return false;
    const given = await scope.impl.givenBack(scope.connection, { tableName, schema }, mine);
    if (given === null) return false;
    if (given !== undefined) return scope.impl.sameExpression(given, theirs);
    // Where texts come back as written they have been compared; elsewhere nobody knows.
    return !scope.impl.keepsText;
  }
  /** The checks of booleans and enumerations, which list values; those that were looked at. */
  async function compareTypeChecks(others: ReadonlyMap<string, Constraint>): Promise<ReadonlySet<ReflectedCheck>> {
    const seen = new Set<ReflectedCheck>();
    const compares = scope.options.compareChecks !== false && scope.options.compareType !== false;
    for (const constraint of model.constraints) {
      if (constraint.kind !== "check" || !(constraint.sql instanceof TypeCheck)) continue;
      const text = conditionOf(scope.dialect, (value) => scope.impl.inlineSql(value), constraint.sql);
      const { column } = constraint.sql;
      const name = scope.nameOf(constraint);
      if (text === undefined || !includes("check", name, false, constraint)) continue;
      const old = [...columns.renamed].find(([, to]) => to === column.columnName)?.[0] ?? column.columnName;
      const isIt = (c: ReflectedCheck) =>
        name === undefined
          ? !others.has(c.name ?? "") && (isList(c.sql, old) || scope.impl.sameExpression(c.sql, text))
          : c.name === name;
      const there = reflected.checks.find((c) => !seen.has(c) && isIt(c));
      if (there !== undefined) seen.add(there);
      // A new column brings its check along.
      if (!reflected.columns.some((c) => c.name === old) || !compares) continue;
      if (there !== undefined && (scope.impl.isCheck(there.sql, text) || columns.renamed.size > 0)) continue;
      const named = name === undefined ? `of '${tableName}.${column.columnName}'` : `'${name}' on '${tableName}'`;
      scope.detected(`${there === undefined ? "added" : "changed"} check constraint ${named}`);
      if (there !== undefined) {
        const original = like.constraints.find((c) => c.kind === "check" && c.sql === there.sql);
        dropped.push(
          new DropConstraintOp({ tableName, schema }, there.name ?? null, "check", { original, condition: there.sql }),
        );
      }
      added.push(new AddConstraintOp({ tableName, schema }, constraint, text));
    }
    return seen;
  }
  /** A renamed column is still under its old name in there. */
  function renamedIn(text: string): string {
    return [...columns.renamed].reduce((made, [from, to]) => made.replaceAll(wordOf(from), () => to), text);
  }
  /** By name, then by text; what has no name in the model is taken to be one of those the database named by itself. */
  async function compareChecks(): Promise<void> {
    const own = model.constraints.filter((c) => c.kind === "check" && !(c.sql instanceof TypeCheck));
    const named = new Map(own.flatMap((c) => (scope.nameOf(c) === undefined ? [] : [[scope.nameOf(c) as string, c]])));
    let unnamed = own.filter((c) => scope.nameOf(c) === undefined).length;
    const ofTypes = await compareTypeChecks(named);
    const found = reflected.checks.filter((c) => !c.impliedByType && c.name !== undefined && !ofTypes.has(c));
    const added_ = columns.added.map((op) => (op instanceof AddColumnOp ? op.columnName : undefined));
    for (const [name, constraint] of named) {
      if (!includes("check", name, false, constraint)) continue;
      const there = found.find((c) => c.name === name);
      if (there !== undefined) {
        if (constraint.kind !== "check" || scope.options.compareChecks === false) continue;
        const text = scope.impl.inlineSql(constraint.sql);
        if (await sameCheck(text, renamedIn(there.sql), added_)) continue;
        scope.detected(`changed check constraint '${name}' on '${tableName}'`);
        const original = like.constraints.find((c) => c.kind === "check" && c.name === name);
        dropped.push(new DropConstraintOp({ tableName, schema }, name, "check", { original }));
        added.push(new AddConstraintOp({ tableName, schema }, constraint));
        continue;
      }
      // A check of a new column is written beside it.
      if (
        constraint.kind === "check" &&
        constraint.column !== undefined &&
        added_.includes(constraint.column.columnName)
      )
        continue;
      scope.detected(`added check constraint '${name}' on '${tableName}'`);
      added.push(new AddConstraintOp({ tableName, schema }, constraint));
    }
    for (const check of found) {
      if (named.has(check.name as string) || !includes("check", check.name, true, undefined)) continue;
      if (unnamed > 0) {
        unnamed -= 1;
        continue;
      }
      scope.detected(`removed check constraint '${check.name}' on '${tableName}'`);
      const original = like.constraints.find((c) => c.kind === "check" && c.name === check.name);
      dropped.push(new DropConstraintOp({ tableName, schema }, check.name as string, "check", { original }));
    }
  }
}

function wordOf(name: string): RegExp {
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<![\\p{L}\\p{N}_$'])${escaped}(?![\\p{L}\\p{N}_$'])`, "giu");
}
function mentionsColumn(text: string, name: string): boolean {
  return wordOf(name).test(text);
}
/** The column itself asks for it, so ADD COLUMN brings it along. */
function isOfColumn(model: Table, column: string, what: "unique" | "references"): boolean {
  const found = model.columns.find((c) => c.columnName === column);
  const fields = found?.fields;
  if (found !== undefined && what === "references") return fields?.references !== undefined && !servesForeignKey(found);
  return fields !== undefined && fields.unique !== false && fields.index === false;
}

function foreignKeySignature(
  scope: CompareScope,
  columns: readonly string[],
  schema: string | undefined,
  table: string,
  referred: readonly string[],
  options: {
    readonly onDelete?: string | undefined;
    readonly onUpdate?: string | undefined;
    readonly deferrable?: boolean | undefined;
    readonly initially?: string | undefined;
  },
): string {
  // NO ACTION is what happens anyway, and so is RESTRICT where the two are one.
  const action = (a: string | undefined) =>
    a === undefined || a === "NO ACTION" || scope.impl.isDefaultAction(a) ? null : a;
  const deferral = options.initially === "DEFERRED" ? 2 : options.deferrable ? 1 : 0;
  return JSON.stringify([
    columns,
    scope.schemaOf(schema) ?? null,
    table,
    referred,
    action(options.onDelete),
    action(options.onUpdate),
    deferral,
  ]);
}

interface Part {
  readonly text: string;
  readonly isColumn: boolean;
  readonly descending: boolean;
}
function partsOf(scope: CompareScope, index: Index): Part[] {
  return index.expressions.map((e) => {
    const inner = e instanceof OrderingElement ? e.expression : e;
    const descending = e instanceof OrderingElement && e.direction === "DESC";
    if (inner instanceof ColumnReference) return { text: inner.columnName, isColumn: true, descending };
    return { text: scope.impl.inlineSql(inner), isColumn: false, descending };
  });
}
function indexColumns(scope: CompareScope, index: Index): string[] {
  return partsOf(scope, index).map((p) => p.text);
}
function indexDifference(
  scope: CompareScope,
  index: Index,
  found: ReflectedIndex,
  now: (column: string) => string,
): string | undefined {
  const why: string[] = [];
  if (index.unique !== found.unique) why.push(`unique=${found.unique} to unique=${index.unique}`);
  const mine = partsOf(scope, index);
  const same =
    mine.length === found.parts.length &&
    mine.every((p, i) => {
      const theirs = found.parts[i] as ReflectedIndex["parts"][number];
      if (p.descending !== theirs.descending) return false;
      if (p.isColumn !== (theirs.column !== undefined)) return false;
      return p.isColumn ? p.text === now(theirs.column as string) : scope.impl.sameExpression(p.text, theirs.sql);
    });
  if (!same) why.push(`expressions ${listed(found.parts.map((p) => p.sql))} to ${listed(mine.map((p) => p.text))}`);
  return why.length === 0 ? undefined : why.join(", ");
}
