/** From reflected tables to what the file will hold: which are models, what everything is called. */
import { type ReflectedForeignKey, type ReflectedTable, snakeCaseNaming } from "@athanor/core";
import {
  camelCase,
  NameSpace,
  pascalCase,
  RESERVED_CLASSES,
  RESERVED_CONSTANTS,
  RESERVED_PROPERTIES,
  singularOf,
  wordsOf,
} from "./names.js";

/** A table as it will be written. */
export interface PulledTable {
  readonly reflected: ReflectedTable;
  /** A link table only ties two models together; a bare one has no primary key. Both become `table()`. */
  readonly kind: "model" | "link" | "bare";
  /** Class or constant. */
  readonly name: string;
  /** Properties by column. */
  readonly properties: ReadonlyMap<string, string>;
  /** All names on it, relationships to come. */
  readonly taken: NameSpace;
  /** The first argument of Model() or table() gives the table's name back. */
  readonly namedByStrategy: boolean;
  /** Foreign keys to tables that are written too, in the order of their columns. */
  readonly keys: readonly ReflectedForeignKey[];
  /** Foreign keys that cannot be written, each with the reason. */
  readonly lost: readonly { readonly key: ReflectedForeignKey; readonly why: string }[];
}
export const fullName = (schema: string | undefined, name: string): string =>
  schema === undefined ? name : `${schema}.${name}`;

/** Two foreign keys, all columns of them in the primary key, nothing else, and nobody refers to it. */
function isLink(table: ReflectedTable, keys: readonly ReflectedForeignKey[], referred: ReadonlySet<string>): boolean {
  const { primaryKey } = table;
  if (keys.length !== 2 || primaryKey === undefined || referred.has(fullName(table.schema, table.name))) return false;
  const inKeys = keys.flatMap((k) => k.columns);
  return (
    new Set(inKeys).size === inKeys.length &&
    inKeys.length === table.columns.length &&
    primaryKey.columns.length === inKeys.length &&
    inKeys.every((c) => primaryKey.columns.includes(c))
  );
}

/** The property of every column: unique in its table whatever the columns are called. */
function propertiesOf(table: ReflectedTable): { readonly properties: Map<string, string>; readonly taken: NameSpace } {
  const taken = new NameSpace(RESERVED_PROPERTIES);
  const properties = new Map<string, string>();
  for (const { name } of table.columns) {
    const property = camelCase(wordsOf(name));
    properties.set(name, taken.take(property, `${property}_`));
  }
  return { properties, taken };
}

export function planTables(all: readonly ReflectedTable[]): PulledTable[] {
  const tables = all
    .filter((t) => !t.isView)
    .sort((a, b) => (fullName(a.schema, a.name) < fullName(b.schema, b.name) ? -1 : 1));
  const present = new Map(tables.map((t) => [fullName(t.schema, t.name), t]));
  const referred = new Set(
    tables.flatMap((t) => t.foreignKeys.map((k) => fullName(k.referredSchema, k.referredTable))),
  );
  const position = (t: ReflectedTable, k: ReflectedForeignKey) => t.columns.findIndex((c) => c.name === k.columns[0]);
  const classes = new NameSpace(RESERVED_CLASSES);
  const constants = new NameSpace(RESERVED_CONSTANTS);
  // Classes and constants differ in their first letter's case, except in scripts that have none.
  const free = (names: NameSpace, other: NameSpace, ...candidates: readonly string[]) =>
    names.take(...candidates.filter((c) => !other.has(c)), `${candidates[candidates.length - 1]}_`);
  return tables.map((reflected) => {
    const target = (k: ReflectedForeignKey) => present.get(fullName(k.referredSchema, k.referredTable));
    const whyLost = (k: ReflectedForeignKey): string | undefined => {
      const to = target(k);
      if (to === undefined) return "that table is not in this file.";
      const gone = k.referredColumns.find((c) => !to.columns.some((x) => x.name === c));
      if (gone !== undefined) return `that table has no column '${gone}'.`;
      // A target is written "table.column" and taken apart at the last dot.
      return k.referredColumns.some((c) => c.includes("."))
        ? "a column with a dot in its name cannot be named as a target."
        : undefined;
    };
    const byPlace = [...reflected.foreignKeys].sort(
      (a, b) =>
        position(reflected, a) - position(reflected, b) ||
        (fullName(a.referredSchema, a.referredTable) < fullName(b.referredSchema, b.referredTable) ? -1 : 1),
    );
    const keys = byPlace.filter((k) => whyLost(k) === undefined);
    const lost = byPlace.flatMap((key) => {
      const why = whyLost(key);
      return why === undefined ? [] : [{ key, why }];
    });
    const links =
      lost.length === 0 && isLink(reflected, keys, referred) && keys.every((k) => target(k)?.primaryKey !== undefined);
    const kind = reflected.primaryKey === undefined ? "bare" : links ? "link" : "model";
    const words = wordsOf(reflected.name);
    const one = pascalCase(singularOf(words));
    const name =
      kind === "model"
        ? free(classes, constants, one, pascalCase(words), `${one}Model`)
        : free(constants, classes, camelCase(words), `${camelCase(words)}Table`);
    const namedByStrategy = kind === "model" ? snakeCaseNaming.table(name) === reflected.name : true;
    return { reflected, kind, name, ...propertiesOf(reflected), namedByStrategy, keys, lost };
  });
}
