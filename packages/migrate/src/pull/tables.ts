/** Tables as source: a model, or `table()` for what has no life of its own. */
import type { ReflectedForeignKey, ReflectedIndex, ReflectedTable, ReflectedUnique } from "@athanor/core";
import { type ColumnItems, referenceOptions, targetOf, writeColumn } from "./columns.js";
import type { PulledTable } from "./plan.js";
import type { PulledRelationship } from "./relationships.js";
import type { WriterScope } from "./scope.js";
import { isIdentifier, lineComment, literal, more, objectOf, propertyKey, quoted } from "./source.js";

/** Options that every table has alike, which then are the database's own: `mysql.engine`. */
export type CommonOptions = ReadonlySet<string>;
export function commonOptions(tables: readonly ReflectedTable[]): CommonOptions {
  const counts = new Map<string, number>();
  for (const t of tables) {
    for (const [dialect, options] of Object.entries(t.options)) {
      for (const [option, value] of Object.entries(options)) {
        if (typeof value !== "string") continue;
        const text = `${dialect}.${option}=${value}`;
        counts.set(text, (counts.get(text) ?? 0) + 1);
      }
    }
  }
  return new Set([...counts].filter(([, n]) => n === tables.length).map(([text]) => text));
}

/** A plain index over one column and nothing else. */
function isPlain(i: ReflectedIndex): boolean {
  const [only] = i.parts;
  return (
    i.parts.length === 1 &&
    only?.column !== undefined &&
    !only.descending &&
    only.nulls === undefined &&
    i.where === undefined &&
    Object.keys(i.dialectOptions).length === 0
  );
}
const isSimple = (u: ReflectedUnique) => u.columns.length === 1 && !u.nullsNotDistinct && !u.deferrable;

interface Items {
  readonly ofColumn: ReadonlyMap<string, ColumnItems>;
  readonly keys: readonly ReflectedForeignKey[];
  readonly uniques: readonly ReflectedUnique[];
  readonly indexes: readonly ReflectedIndex[];
}
/** What is said beside its column, and what is left for the list. */
function shareOut(table: PulledTable): Items {
  const { reflected } = table;
  const rich = (i: ReflectedIndex) => Object.keys(i.dialectOptions).length > 0 || i.parts.some((p) => p.descending);
  // One thing reported twice: the constraint is what was written, unless only the index can tell all of it.
  const twin = (u: ReflectedUnique) => reflected.indexes.find((i) => i.name === u.duplicatesIndex);
  const inIndex = new Set(
    reflected.uniqueConstraints.filter((u) => {
      const i = twin(u);
      return i !== undefined && u.name === i.name && rich(i) && !u.nullsNotDistinct && !u.deferrable;
    }),
  );
  const uniques = reflected.uniqueConstraints.filter((u) => !inIndex.has(u));
  const twins = new Set(uniques.map((u) => u.duplicatesIndex));
  const indexes = reflected.indexes.filter(
    (i) =>
      i.impliedByForeignKey === undefined &&
      !twins.has(i.name) &&
      (i.duplicatesConstraint === undefined || [...inIndex].some((u) => u.duplicatesIndex === i.name)),
  );
  const ofColumn = new Map<string, ColumnItems>();
  const said = new Set<object>();
  for (const { name } of reflected.columns) {
    const key = table.keys.find((k) => k.columns.length === 1 && k.columns[0] === name);
    const unique = uniques.find((u) => isSimple(u) && u.columns[0] === name);
    // A column that says both makes one unique index of them.
    const index = unique === undefined ? indexes.find((i) => isPlain(i) && i.parts[0]?.column === name) : undefined;
    for (const item of [key, unique, index]) if (item !== undefined) said.add(item);
    ofColumn.set(name, { key, unique, index });
  }
  const left = <T extends object>(list: readonly T[]) => list.filter((x) => !said.has(x));
  return { ofColumn, keys: left(table.keys), uniques: left(uniques), indexes: left(indexes) };
}

function writeConstraints(scope: WriterScope, table: PulledTable, items: Items): string[] {
  const { imports } = scope;
  const { reflected } = table;
  const property = (column: string) => table.properties.get(column) as string;
  // Names rather than `t.name`: a callback whose parameter has to be inferred ties models that refer to each other in a
  // knot the compiler cannot undo. Only what is ordered needs the column itself, and says its type.
  const column = (name: string) => quoted(property(name));
  const sortable = new Set<string>();
  const sorted = (name: string) => {
    sortable.add(property(name));
    return isIdentifier(property(name)) ? `t.${property(name)}` : `t[${quoted(property(name))}]`;
  };
  const lines: string[] = [];
  const { primaryKey } = reflected;
  // `album_pkey` is what PostgreSQL calls a key that nobody named.
  if (primaryKey?.name !== undefined && primaryKey.name !== `${reflected.name}_pkey`) {
    lines.push(
      `${imports.core("primaryKeyConstraint")}(${[quoted(primaryKey.name), ...primaryKey.columns.map(column)].join(", ")})`,
    );
  }
  for (const u of items.uniques) {
    let source = `${imports.core("unique")}(${[u.name === undefined ? "null" : quoted(u.name), ...u.columns.map(column)].join(", ")})`;
    if (u.nullsNotDistinct) source += ".withNullsNotDistinct()";
    if (u.deferrable) source += `.deferred(${quoted(u.initially ?? "IMMEDIATE")})`;
    lines.push(source);
  }
  for (const k of items.keys) {
    const targets = k.columns.map((_, i) => targetOf(k, i));
    lines.push(
      `${imports.core("foreignKey")}([${k.columns.map(column).join(", ")}], ${literal(targets)}${more(referenceOptions(k))})`,
    );
  }
  for (const c of reflected.checks) {
    if (!c.impliedByType)
      lines.push(`${imports.core("check")}(${quoted(c.sql)}${c.name === undefined ? "" : `, ${quoted(c.name)}`})`);
  }
  for (const x of reflected.excludes ?? []) {
    const elements = x.elements.map((e) => {
      const what = e.column === undefined ? `${imports.core("sql")}.raw(${quoted(e.sql)})` : column(e.column);
      return `[${what}, ${quoted(e.operator)}]`;
    });
    const options = objectOf([
      ["using", x.using === "gist" ? undefined : quoted(x.using)],
      ["where", x.where === undefined ? undefined : quoted(x.where)],
      ["deferrable", x.deferrable ? "true" : undefined],
      ["initially", x.initially === undefined ? undefined : quoted(x.initially)],
    ]);
    lines.push(`${imports.core("pg")}.exclude(${quoted(x.name)}, [${elements.join(", ")}]${more(options)})`);
  }
  for (const i of items.indexes) {
    const parts = i.parts.map((p) => {
      const nulls = p.nulls === undefined ? "" : ` NULLS ${p.nulls}`;
      if (p.column === undefined)
        return `${imports.core("sql")}.raw(${quoted(`${p.sql}${p.descending ? " DESC" : ""}${nulls}`)})`;
      if (!p.descending && p.nulls === undefined) return column(p.column);
      const order = p.descending ? ".desc()" : ".asc()";
      return `${sorted(p.column)}${order}${p.nulls === undefined ? "" : p.nulls === "FIRST" ? ".nullsFirst()" : ".nullsLast()"}`;
    });
    let source = `${imports.core("index")}(${[quoted(i.name), ...parts].join(", ")})`;
    if (i.unique) source += ".unique()";
    if (i.where !== undefined) source += `.where(${quoted(i.where)})`;
    for (const [dialect, options] of Object.entries(i.dialectOptions))
      source += `.with(${quoted(dialect)}, ${literal(options)})`;
    lines.push(source);
  }
  if (lines.length === 0) return [];
  if (sortable.size > 0) {
    scope.needsSortable = true;
    imports.type("TextExpr");
  }
  const parameter = sortable.size === 0 ? "" : `t: Record<${[...sortable].map(quoted).join(" | ")}, Sortable>`;
  return [`constraints: (${parameter}) => [`, ...lines.map((l) => `  ${l},`), "],"];
}

function writeRelationship(scope: WriterScope, r: PulledRelationship): string[] {
  const keys = (list: readonly string[] | undefined) =>
    list === undefined ? undefined : list.length === 1 ? quoted(list[0] as string) : literal(list);
  const options = objectOf([
    ["secondary", r.secondary?.name],
    ["backPopulates", quoted(r.backPopulates)],
    ["nullable", (r.kind === "manyToOne" || r.kind === "oneToOne") && !r.nullable ? "false" : undefined],
    ["foreignKeys", keys(r.foreignKeys)],
    ["remoteSide", keys(r.remoteSide)],
  ]);
  return [
    `get ${propertyKey(r.property)}() {`,
    `  return ${scope.imports.orm(r.kind)}(${r.target.name}${more(options)});`,
    "},",
  ];
}

function dialectOptions(table: ReflectedTable, common: CommonOptions): string | undefined {
  const own = Object.entries(table.options)
    .map(
      ([dialect, options]) =>
        [
          dialect,
          Object.fromEntries(Object.entries(options).filter(([o, v]) => !common.has(`${dialect}.${o}=${v}`))),
        ] as const,
    )
    .filter(([, options]) => Object.keys(options).length > 0);
  return own.length === 0 ? undefined : literal(Object.fromEntries(own));
}

/** The statement that declares the table, with what must be said about it above. */
export function writeTable(
  scope: WriterScope,
  table: PulledTable,
  relationships: readonly PulledRelationship[],
  common: CommonOptions,
): string {
  const { reflected, kind } = table;
  const indent = (lines: readonly string[], by: string) => lines.map((l) => by + l);
  const notes: string[] = [];
  const warn = (text: string) => {
    notes.push(lineComment(`WARNING: ${text}`));
    scope.warn(`${reflected.name}: ${text}`);
  };
  if (kind === "bare") warn("the table has no primary key, so it is no model.");
  for (const { key: k, why } of table.lost) {
    const name = k.name === undefined ? "" : `${k.name} `;
    warn(
      `the foreign key ${name}(${k.columns.join(", ")}) to ${k.referredTable} (${k.referredColumns.join(", ")}) is left out: ${why}`,
    );
  }
  for (const t of reflected.triggers) warn(`the trigger '${t.name}' is not written; a table made from here has none.`);

  const items = shareOut(table);
  const body = reflected.columns.flatMap((c) =>
    writeColumn(scope, table, c, items.ofColumn.get(c.name) as ColumnItems),
  );
  for (const r of relationships) body.push(...writeRelationship(scope, r));
  const constraints = writeConstraints(scope, table, items);
  const key = reflected.primaryKey?.columns ?? [];
  const options: string[] = [];
  const option = (name: string, source: string | undefined) => {
    if (source !== undefined) options.push(`${name}: ${source},`);
  };
  if (kind === "model") option("tableName", table.namedByStrategy ? undefined : quoted(reflected.name));
  else option("metadata", "Base.metadata");
  option("schema", reflected.schema === undefined ? undefined : quoted(reflected.schema));
  option("primaryKey", key.length > 1 ? literal(key.map((c) => table.properties.get(c))) : undefined);
  option("comment", reflected.comment === undefined ? undefined : quoted(reflected.comment));
  option("dialectOptions", dialectOptions(reflected, common));
  options.push(...constraints);

  const first = quoted(kind === "model" ? table.name : reflected.name);
  const lines: string[] = [...notes];
  if (kind === "model" && options.length === 0) {
    lines.push(`export class ${table.name} extends Base(${first}, {`, ...indent(body, "  "), "}) {}");
  } else {
    const [open, close] =
      kind === "model"
        ? [`export class ${table.name} extends Base(`, ") {}"]
        : [`export const ${table.name} = ${scope.imports.core("table")}(`, ");"];
    lines.push(
      open,
      `  ${first},`,
      "  {",
      ...indent(body, "    "),
      "  },",
      "  {",
      ...indent(options, "    "),
      "  },",
      close,
    );
  }
  return lines.join("\n");
}
