/** Enumerations that are types of the database's own: new ones, other values, new names of values, and unused ones. */
import {
  ArrayType,
  EnumType,
  type Inspector,
  type ReflectedTable,
  type SqlType,
  storedType,
  type Table,
} from "@athanor/core";
import {
  AddEnumValueOp,
  AlterEnumOp,
  CreateEnumOp,
  DropEnumOp,
  type EnumColumn,
  type MigrateOp,
} from "../ops/index.js";
import { type CompareScope, listed, qualified } from "./scope.js";

export interface EnumDifferences {
  /** Before tables and columns need them. */
  readonly before: readonly MigrateOp[];
  /** When nothing uses them any more. */
  readonly after: readonly MigrateOp[];
}

/** The enumeration of a column, also of its elements. */
export function namedEnum(given: SqlType): { readonly type: EnumType; readonly isArray: boolean } | undefined {
  let type = storedType(given);
  const isArray = type instanceof ArrayType;
  while (type instanceof ArrayType) type = storedType(type.element);
  return type instanceof EnumType && type.native && type.name !== undefined ? { type, isArray } : undefined;
}

export async function compareEnums(
  scope: CompareScope,
  inspector: Inspector,
  tables: readonly Table[],
  found: readonly ReflectedTable[],
  removed: readonly ReflectedTable[],
): Promise<EnumDifferences> {
  if (!scope.impl.hasNamedEnums() || !scope.plugins.has("athanor.enumerations")) return { before: [], after: [] };
  const before: MigrateOp[] = [];
  const after: MigrateOp[] = [];
  const seen = new Set<string>();
  for (const table of tables) {
    for (const column of table.columns) {
      const wanted = namedEnum(column.type)?.type;
      if (wanted?.name === undefined) continue;
      const schema = scope.schemaOf(table.schema);
      const key = qualified(schema, wanted.name);
      if (seen.has(key)) continue;
      seen.add(key);
      const there = (await inspector.enums({ schema })).find((e) => e.name === wanted.name);
      if (there === undefined) {
        scope.detected(`added enumeration '${key}'`);
        before.push(new CreateEnumOp(wanted, table.schema));
        continue;
      }
      const columns = columnsOf(scope, tables, found, key);
      const made = await compareValues(scope, key, wanted, there.values, table.schema, columns);
      before.push(...made.before);
      after.push(...made.after);
    }
  }
  // One that no model declares goes with the last column that used it.
  const kept = found.filter((t) => !removed.includes(t));
  for (const [key, { type, schema }] of enumsIn(found)) {
    if (seen.has(key)) continue;
    const isLeft = kept.some((t) => {
      const model = tables.find((m) => m.tableName === t.name && scope.schemaOf(m.schema) === t.schema);
      return t.columns.some((c) => {
        const one = namedEnum(c.type);
        if (one === undefined || qualified(t.schema, one.type.name as string) !== key) return false;
        return model === undefined || scope.keeps(model, c.name);
      });
    });
    const there = (await inspector.enums({ schema })).find((e) => e.name === type.name);
    if (isLeft || there?.extension !== undefined) continue;
    scope.detected(`removed enumeration '${key}'`);
    after.push(new DropEnumOp(type, schema));
  }
  return { before, after };
}

function enumsIn(tables: readonly ReflectedTable[]) {
  const found = new Map<string, { readonly type: EnumType; readonly schema: string | undefined }>();
  for (const table of tables) {
    for (const column of table.columns) {
      const one = namedEnum(column.type);
      if (one?.type.name === undefined) continue;
      found.set(qualified(table.schema, one.type.name), { type: one.type, schema: table.schema });
    }
  }
  return found;
}
/** The columns that have the type and keep it. */
function columnsOf(
  scope: CompareScope,
  models: readonly Table[],
  tables: readonly ReflectedTable[],
  key: string,
): EnumColumn[] {
  return tables.flatMap((table) => {
    const model = models.find((m) => m.tableName === table.name && scope.schemaOf(m.schema) === table.schema);
    return table.columns.flatMap((column) => {
      const one = namedEnum(column.type);
      const stays = model?.columns.find((c) => c.columnName === column.name);
      if (one === undefined || stays === undefined || namedEnum(stays.type) === undefined) return [];
      if (qualified(table.schema, one.type.name as string) !== key) return [];
      return [{ table: table.name, column: column.name, schema: table.schema, isArray: one.isArray || undefined }];
    });
  });
}

async function compareValues(
  scope: CompareScope,
  key: string,
  type: EnumType,
  existing: readonly string[],
  schema: string | undefined,
  columns: readonly EnumColumn[],
): Promise<EnumDifferences> {
  const name = type.name as string;
  const { values } = type;
  if (values.join("\u0000") === existing.join("\u0000")) return { before: [], after: [] };
  const renames = await renamedValues(scope, key, values, existing);
  const old = existing.map((v) => renames[v] ?? v);
  for (const [from, to] of Object.entries(renames))
    scope.detected(`renamed value '${from}' of enumeration '${key}' to '${to}'`);
  const added = values.filter((v) => !old.includes(v));
  const gone = old.filter((v) => !values.includes(v));
  for (const value of added) scope.detected(`added value '${value}' of enumeration '${key}'`);
  for (const value of gone) scope.detected(`removed value '${value}' of enumeration '${key}'`);
  const before: MigrateOp[] = [];
  if (Object.keys(renames).length > 0) before.push(new AlterEnumOp(name, old, { existing, renames, columns, schema }));
  // New values come before columns need them, others go when no column has them: so the way back works too.
  let now: readonly string[] = old;
  for (const value of added) {
    const next = values.slice(values.indexOf(value) + 1).find((v) => now.includes(v));
    const place = next === undefined ? {} : { before: next };
    before.push(new AddEnumValueOp(name, value, place, schema, { existing: now, columns }));
    now = next === undefined ? [...now, value] : now.toSpliced(now.indexOf(next), 0, value);
  }
  if (now.join("\u0000") === values.join("\u0000")) return { before, after: [] };
  const left = now.filter((v) => values.includes(v));
  if (left.join("\u0000") !== values.join("\u0000"))
    scope.detected(`changed order of enumeration '${key}': ${listed(existing)} to ${listed(values)}`);
  return { before, after: [new AlterEnumOp(name, values, { existing: now, columns, schema })] };
}

/** As told (`mood.sad:unhappy`), or as asked for. */
async function renamedValues(
  scope: CompareScope,
  key: string,
  values: readonly string[],
  existing: readonly string[],
): Promise<Record<string, string>> {
  const renames: Record<string, string> = {};
  const isNew = (v: string) => values.includes(v) && !existing.includes(v);
  const isLost = (v: string) => existing.includes(v) && !values.includes(v) && renames[v] === undefined;
  for (const rename of scope.options.renames ?? []) {
    const colon = rename.lastIndexOf(":");
    const [from, to] = [rename.slice(0, colon), rename.slice(colon + 1)];
    if (!from.startsWith(`${key}.`) || !isNew(to)) continue;
    const old = from.slice(key.length + 1);
    if (isLost(old)) renames[old] = to;
  }
  const ask = scope.options.askRename;
  for (const value of values) {
    if (ask === undefined || !isNew(value) || Object.values(renames).includes(value)) continue;
    const lost = existing.filter(isLost);
    if (lost.length === 0) break;
    const old = await ask({ table: key, column: value }, lost);
    if (old !== undefined) renames[old] = value;
  }
  return renames;
}
