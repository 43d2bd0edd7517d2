/**
 * Reading PostgreSQL's catalogue: one query per kind for all tables in scope. Lists travel as JSON text, which every
 * driver gives back alike. Source: PostgreSQL documentation, "System Catalogs".
 */

import type {
  PartOf,
  ReflectedAction,
  ReflectedCheck,
  ReflectedColumn,
  ReflectedEnum,
  ReflectedExclude,
  ReflectedForeignKey,
  ReflectedIndex,
  ReflectedIndexPart,
  ReflectedOptions,
  ReflectedPrimaryKey,
  ReflectedSequence,
  ReflectedTable,
  ReflectedTrigger,
  ReflectedUnique,
  ReflectedView,
  ReflectionQuery,
  ReflectionScope,
  Reflector,
} from "../../reflection/types.js";
import {
  flag,
  grouped,
  listOf,
  numberOf,
  textOf,
  textOrUndefined,
  withoutParentheses,
} from "../../reflection/values.js";
import { StoredObject } from "../../schema/stored-object.js";
import { sql, type TextClause } from "../../sql/text.js";
import { type DomainFacts, type EnumFacts, typeFromFormat } from "./reflection-types.js";

type Row = readonly unknown[];

/** What is in the schema, or visible without naming one. */
function inSchema(schema: string | undefined, visible: string): TextClause {
  if (schema !== undefined) return sql`n.nspname = ${schema}`;
  return sql.raw(
    `${visible} AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_t%'`,
  );
}
const TABLE_VISIBLE = "pg_catalog.pg_table_is_visible(c.oid)";
/** The name of the extension that made it, or NULL. `catalog`: the one that the id is of. */
function extensionOf(catalog: string, id: string): TextClause {
  return sql.raw(
    `(SELECT x.extname FROM pg_catalog.pg_depend AS xd JOIN pg_catalog.pg_extension AS x ON x.oid = xd.refobjid WHERE xd.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass AND xd.objid = ${id} AND xd.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND xd.deptype = 'e')`,
  );
}
/** Condition on `c` (pg_class) and `n` (pg_namespace). */
function inScope(scope: ReflectionScope): TextClause {
  const kinds = sql.raw(scope.views ? "c.relkind IN ('r', 'p', 'f', 'v', 'm')" : "c.relkind IN ('r', 'p', 'f')");
  const names =
    scope.tables === undefined ? sql`` : sql` AND c.relname IN (${sql.join(scope.tables.map((t) => sql`${t}`))})`;
  return sql`${kinds} AND ${inSchema(scope.schema, TABLE_VISIBLE)}${names}`;
}
const FROM_CLASS = sql.raw("pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace");

export class PostgresqlReflector implements Reflector {
  async schemas(query: ReflectionQuery): Promise<readonly string[]> {
    const rows = await query(
      sql`SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname NOT LIKE ${sql.raw("'pg\\_%'")} AND nspname != 'information_schema' ORDER BY nspname`,
    );
    return rows.map((r) => textOf(r[0]));
  }
  async defaultSchema(query: ReflectionQuery): Promise<string | undefined> {
    const [row] = await query(sql`SELECT current_schema()`);
    return textOrUndefined(row?.[0]);
  }
  async tableNames(query: ReflectionQuery, schema?: string): Promise<readonly string[]> {
    const rows = await query(sql`SELECT c.relname FROM ${FROM_CLASS} WHERE ${inScope({ schema })} ORDER BY c.relname`);
    return rows.map((r) => textOf(r[0]));
  }
  async views(query: ReflectionQuery, schema?: string): Promise<readonly ReflectedView[]> {
    const rows = await query(
      sql`SELECT c.relname, pg_catalog.pg_get_viewdef(c.oid, true), c.relkind = 'm' FROM ${FROM_CLASS} WHERE c.relkind IN ('v', 'm') AND ${inSchema(schema, TABLE_VISIBLE)} ORDER BY c.relname`,
    );
    return rows.map((r) => ({ name: textOf(r[0]), schema, definition: textOf(r[1]), materialized: flag(r[2]) }));
  }
  async storedObjects(query: ReflectionQuery, schema?: string): Promise<readonly StoredObject<string>[]> {
    const inside = (catalog: string, id: string) =>
      sql`n.nspname = COALESCE(${schema ?? null}::text, current_schema()) AND ${extensionOf(catalog, id)} IS NULL`;
    const views = await query(
      sql`SELECT c.oid::bigint, c.relkind = 'm', c.relname, pg_catalog.pg_get_viewdef(c.oid, true) FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND ${inside("pg_class", "c.oid")}`,
    );
    const functions = await query(
      sql`SELECT p.oid::bigint, p.prokind = 'p', p.proname, pg_catalog.pg_get_function_arguments(p.oid), pg_catalog.pg_get_functiondef(p.oid) FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace WHERE p.prokind IN ('f', 'p') AND ${inside("pg_proc", "p.oid")}`,
    );
    const triggers = await query(
      sql`SELECT t.oid::bigint, t.tgname, c.relname, pg_catalog.pg_get_triggerdef(t.oid) FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND ${inside("pg_trigger", "t.oid")}`,
    );
    const place = { schema };
    const found: [bigint, StoredObject<string>][] = [];
    for (const r of views) {
      const kind = flag(r[1]) ? "materializedView" : "view";
      found.push([BigInt(textOf(r[0])), new StoredObject(kind, textOf(r[2]), { definition: textOf(r[3]) }, place)]);
    }
    for (const r of functions) {
      const kind = flag(r[1]) ? "procedure" : "function";
      const [name, parameters, text] = [textOf(r[2]), textOf(r[3]), textOf(r[4])];
      // Behind the name, which may hold anything, stand the parameters as they are given.
      const definition = text.slice(text.indexOf(`(${parameters})`) + parameters.length + 2);
      found.push([BigInt(textOf(r[0])), new StoredObject(kind, name, { definition, parameters }, place)]);
    }
    for (const r of triggers) {
      const [name, table, text] = [textOf(r[1]), textOf(r[2]), textOf(r[3])];
      const parts =
        /^CREATE (?:CONSTRAINT )?TRIGGER (?:"(?:[^"]|"")*"|\S+) (.*?) ON (?:(?:"(?:[^"]|"")*"|[^\s".]+)\.)?(?:"(?:[^"]|"")*"|[^\s"]+) (.*)$/s.exec(
          text,
        );
      if (parts === null) continue;
      const made = { timing: parts[1], table, definition: parts[2] as string };
      found.push([BigInt(textOf(r[0])), new StoredObject("trigger", name, made, place)]);
    }
    return found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }
  async temporary(query: ReflectionQuery) {
    const rows = await query(
      sql`SELECT c.relname, c.relkind IN ('v', 'm') FROM ${FROM_CLASS} WHERE n.oid = pg_catalog.pg_my_temp_schema() AND c.relkind IN ('r', 'p', 'v') ORDER BY c.relname`,
    );
    const of = (views: boolean) => rows.filter((r) => flag(r[1]) === views).map((r) => textOf(r[0]));
    return { tables: of(false), views: of(true) };
  }
  async sequences(query: ReflectionQuery, schema?: string): Promise<readonly ReflectedSequence[]> {
    const rows = await query(
      sql`SELECT c.relname, s.seqstart::text, s.seqincrement::text, t.relname, a.attname, ${extensionOf("pg_class", "c.oid")} FROM ${FROM_CLASS} JOIN pg_catalog.pg_sequence AS s ON s.seqrelid = c.oid LEFT JOIN pg_catalog.pg_depend AS d ON d.objid = c.oid AND d.classid = ${REGCLASS} AND d.refclassid = ${REGCLASS} AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0 LEFT JOIN pg_catalog.pg_class AS t ON t.oid = d.refobjid LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid WHERE c.relkind = 'S' AND ${inSchema(schema, TABLE_VISIBLE)} ORDER BY c.relname`,
    );
    return rows.map((r) => ({
      name: textOf(r[0]),
      schema,
      start: BigInt(textOf(r[1])),
      increment: BigInt(textOf(r[2])),
      ownedBy: r[3] === null ? undefined : `${textOf(r[3])}.${textOf(r[4])}`,
      extension: textOrUndefined(r[5]),
    }));
  }
  async enums(query: ReflectionQuery, schema?: string): Promise<readonly ReflectedEnum[]> {
    const rows = await query(
      sql`SELECT t.typname, (${LABELS}), ${extensionOf("pg_type", "t.oid")} FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace WHERE t.typtype = 'e' AND ${inSchema(schema, "pg_catalog.pg_type_is_visible(t.oid)")} ORDER BY t.typname`,
    );
    return rows.map((r) => ({
      name: textOf(r[0]),
      schema,
      values: listOf<string>(r[1]),
      extension: textOrUndefined(r[2]),
    }));
  }

  async tables(query: ReflectionQuery, scope: ReflectionScope): Promise<readonly ReflectedTable[]> {
    if (scope.tables?.length === 0) return [];
    const where = inScope(scope);
    const tables = await query(
      sql`SELECT c.oid::text, c.relname, c.relkind IN ('v', 'm'), pg_catalog.obj_description(c.oid, 'pg_class'), c.relpersistence = 'u', pg_catalog.array_to_json(c.reloptions)::text, pg_catalog.pg_get_partkeydef(c.oid), (SELECT pg_catalog.json_agg(CASE WHEN pg_catalog.pg_table_is_visible(pc.oid) THEN pc.relname ELSE pn.nspname || '.' || pc.relname END ORDER BY h.inhseqno)::text FROM pg_catalog.pg_inherits AS h JOIN pg_catalog.pg_class AS pc ON pc.oid = h.inhparent JOIN pg_catalog.pg_namespace AS pn ON pn.oid = pc.relnamespace WHERE h.inhrelid = c.oid), pg_catalog.pg_get_expr(c.relpartbound, c.oid), ts.spcname, ${extensionOf("pg_class", "c.oid")}, (SELECT fs.srvname FROM pg_catalog.pg_foreign_table AS ft JOIN pg_catalog.pg_foreign_server AS fs ON fs.oid = ft.ftserver WHERE ft.ftrelid = c.oid) FROM ${FROM_CLASS} LEFT JOIN pg_catalog.pg_tablespace AS ts ON ts.oid = c.reltablespace WHERE ${where} ORDER BY c.relname`,
    );
    if (tables.length === 0) return [];
    const columns = grouped(await query(columnsQuery(where)), 0);
    const constraints = grouped(await query(constraintsQuery(where)), 0);
    const indexes = grouped(await query(indexesQuery(where)), 0);
    const triggers = grouped(
      await query(
        sql`SELECT c.oid::text, t.tgname, pg_catalog.pg_get_triggerdef(t.oid) FROM pg_catalog.pg_trigger AS t JOIN ${FROM_CLASS} ON c.oid = t.tgrelid WHERE NOT t.tgisinternal AND ${where} ORDER BY t.tgname`,
      ),
      0,
    );
    return tables.map((row) => {
      const oid = textOf(row[0]);
      const name = textOf(row[1]);
      const own = constraints.get(oid) ?? [];
      const ofType = (type: string) => own.filter((c) => textOf(c[2]) === type);
      const options = tableOptions(row);
      return {
        name,
        schema: scope.schema,
        isView: flag(row[2]),
        columns: (columns.get(oid) ?? []).map(column),
        primaryKey: ofType("p").map(primaryKey)[0],
        foreignKeys: ofType("f").map((c) => foreignKey(c, scope.schema)),
        uniqueConstraints: ofType("u").map(uniqueConstraint),
        indexes: (indexes.get(oid) ?? []).map(index),
        checks: ofType("c").map(check),
        excludes: ofType("x").map(exclude),
        comment: textOrUndefined(row[3]),
        options: Object.keys(options).length === 0 ? {} : { postgresql: options },
        triggers: (triggers.get(oid) ?? []).map(
          (t): ReflectedTrigger => ({ table: name, name: textOf(t[1]), source: textOf(t[2]) }),
        ),
        source: undefined,
        partOf: partOf(row),
      };
    });
  }
}

const REGCLASS = sql.raw("'pg_catalog.pg_class'::pg_catalog.regclass");
const LABELS = sql.raw(
  "SELECT pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder)::text FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = t.oid",
);

function columnsQuery(where: TextClause): TextClause {
  return sql`SELECT c.oid::text, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attidentity::text, a.attgenerated::text, pg_catalog.col_description(c.oid, a.attnum), CASE WHEN a.attcollation != t0.typcollation THEN co.collname END, t.typname, (${LABELS}), q.sequence, q.seqstart::text, q.seqincrement::text, CASE WHEN pg_catalog.pg_type_is_visible(dm.oid) THEN dm.typname ELSE dn.nspname || '.' || dm.typname END, pg_catalog.format_type(dm.typbasetype, dm.typtypmod)
FROM ${FROM_CLASS}
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type AS t0 ON t0.oid = a.atttypid
LEFT JOIN pg_catalog.pg_type AS t ON t.oid = CASE WHEN t0.typcategory = 'A' AND t0.typtype = 'b' THEN t0.typelem ELSE t0.oid END AND t.typtype = 'e'
LEFT JOIN pg_catalog.pg_type AS dm ON dm.oid = CASE WHEN t0.typcategory = 'A' AND t0.typtype = 'b' THEN t0.typelem ELSE t0.oid END AND dm.typtype = 'd'
LEFT JOIN pg_catalog.pg_namespace AS dn ON dn.oid = dm.typnamespace
LEFT JOIN pg_catalog.pg_collation AS co ON co.oid = a.attcollation
LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
LEFT JOIN LATERAL (SELECT s.relname AS sequence, ps.seqstart, ps.seqincrement FROM pg_catalog.pg_depend AS dep JOIN pg_catalog.pg_class AS s ON s.oid = dep.objid AND s.relkind = 'S' JOIN pg_catalog.pg_sequence AS ps ON ps.seqrelid = s.oid WHERE dep.classid = ${REGCLASS} AND dep.refclassid = ${REGCLASS} AND dep.refobjid = c.oid AND dep.refobjsubid = a.attnum AND dep.deptype IN ('a', 'i') LIMIT 1) AS q ON true
WHERE ${where} ORDER BY c.relname, a.attnum`;
}
function column(row: Row): ReflectedColumn {
  const databaseType = textOf(row[2]);
  const default_ = textOrUndefined(row[4]);
  const identity = textOrUndefined(row[5]) ?? "";
  const generated = textOrUndefined(row[6]) ?? "";
  const sequence = textOrUndefined(row[11]);
  const values = textOrUndefined(row[10]);
  const enumeration: EnumFacts | undefined =
    values === undefined ? undefined : { name: textOf(row[9]), values: listOf<string>(values) };
  const domainName = textOrUndefined(row[14]);
  const domain: DomainFacts | undefined =
    domainName === undefined ? undefined : { name: domainName, base: textOf(row[15]) };
  const serial = identity === "" && sequence !== undefined && default_?.startsWith("nextval(") === true;
  return {
    name: textOf(row[1]),
    type: typeFromFormat(databaseType, { enumeration, domain }),
    databaseType,
    nullable: !flag(row[3]),
    default: generated === "" ? default_ : undefined,
    autoincrement: identity !== "" || serial,
    ownedSequence: serial ? sequence : undefined,
    identity:
      identity === ""
        ? undefined
        : { always: identity === "a", start: numberOf(row[12]), increment: numberOf(row[13]) },
    computed: generated === "" ? undefined : { sql: withoutParentheses(default_ ?? ""), persisted: generated === "s" },
    onUpdate: undefined,
    collation: textOrUndefined(row[8]),
    comment: textOrUndefined(row[7]),
  };
}

function constraintsQuery(where: TextClause): TextClause {
  const columns = (keys: string, relation: string) =>
    sql.raw(
      `(SELECT pg_catalog.json_agg(a.attname ORDER BY k.ord)::text FROM pg_catalog.unnest(con.${keys}) WITH ORDINALITY AS k(attnum, ord) JOIN pg_catalog.pg_attribute AS a ON a.attrelid = con.${relation} AND a.attnum = k.attnum)`,
    );
  return sql`SELECT c.oid::text, con.conname, con.contype::text, ${columns("conkey", "conrelid")}, con.condeferrable, con.condeferred, fn.nspname, fc.relname, ${columns("confkey", "confrelid")}, con.confupdtype::text, con.confdeltype::text, con.confmatchtype::text, pg_catalog.pg_get_expr(con.conbin, con.conrelid), pg_catalog.pg_get_constraintdef(con.oid), pg_catalog.obj_description(con.oid, 'pg_constraint'), pg_catalog.pg_table_is_visible(fc.oid), ic.relname, am.amname, pg_catalog.pg_get_expr(ix.indpred, ix.indrelid), (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, pg_catalog.pg_get_indexdef(con.conindid, k.ord::integer, true), op.oprname) ORDER BY k.ord)::text FROM pg_catalog.unnest(con.conexclop) WITH ORDINALITY AS k(op, ord) JOIN pg_catalog.pg_operator AS op ON op.oid = k.op LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = con.conrelid AND a.attnum = ix.indkey[k.ord - 1] AND a.attnum > 0), NOT con.convalidated, (SELECT pg_catalog.json_agg(a.attname ORDER BY k.n)::text FROM pg_catalog.generate_series(ix.indnkeyatts + 1, ix.indnatts::integer) AS k(n) JOIN pg_catalog.pg_attribute AS a ON a.attrelid = con.conrelid AND a.attnum = ix.indkey[k.n - 1] WHERE con.contype IN ('p', 'u')), con.contype = 'c' AND con.connoinherit
FROM pg_catalog.pg_constraint AS con JOIN ${FROM_CLASS} ON c.oid = con.conrelid
LEFT JOIN pg_catalog.pg_class AS fc ON fc.oid = con.confrelid LEFT JOIN pg_catalog.pg_namespace AS fn ON fn.oid = fc.relnamespace
LEFT JOIN pg_catalog.pg_class AS ic ON ic.oid = con.conindid LEFT JOIN pg_catalog.pg_am AS am ON am.oid = ic.relam LEFT JOIN pg_catalog.pg_index AS ix ON ix.indexrelid = con.conindid
WHERE con.contype IN ('p', 'u', 'f', 'c', 'x') AND ${where} ORDER BY c.relname, con.oid`;
}
function primaryKey(row: Row): ReflectedPrimaryKey {
  return { name: textOf(row[1]), columns: listOf<string>(row[3]), comment: textOrUndefined(row[14]), ...included(row) };
}
/** Columns kept beside the key. */
function included(row: Row): ReflectedOptions {
  const include = listOf<string>(row[21]);
  return include.length === 0 ? {} : { dialectOptions: { postgresql: { include } } };
}
function validity(row: Row): ReflectedOptions {
  const options = {
    ...(flag(row[20]) ? { notValid: true } : undefined),
    ...(flag(row[22]) ? { noInherit: true } : undefined),
  };
  return Object.keys(options).length === 0 ? {} : { dialectOptions: { postgresql: options } };
}
function deferrability(row: Row): Pick<ReflectedUnique, "deferrable" | "initially"> {
  if (!flag(row[4])) return { deferrable: undefined, initially: undefined };
  return { deferrable: true, initially: flag(row[5]) ? "DEFERRED" : undefined };
}
function uniqueConstraint(row: Row): ReflectedUnique {
  return {
    name: textOf(row[1]),
    columns: listOf<string>(row[3]),
    duplicatesIndex: textOrUndefined(row[16]),
    nullsNotDistinct: /^UNIQUE NULLS NOT DISTINCT/.test(textOf(row[13])),
    ...deferrability(row),
    ...included(row),
  };
}
const ACTIONS: { readonly [code: string]: ReflectedAction | undefined } = {
  r: "RESTRICT",
  c: "CASCADE",
  n: "SET NULL",
  d: "SET DEFAULT",
};
function foreignKey(row: Row, schema: string | undefined): ReflectedForeignKey {
  const referred = textOf(row[6]);
  const match = textOf(row[11]);
  return {
    name: textOf(row[1]),
    columns: listOf<string>(row[3]),
    referredSchema: referred === schema || !flag(row[15]) ? referred : undefined,
    referredTable: textOf(row[7]),
    referredColumns: listOf<string>(row[8]),
    onUpdate: ACTIONS[textOf(row[9])],
    onDelete: ACTIONS[textOf(row[10])],
    match: match === "f" ? "FULL" : match === "p" ? "PARTIAL" : undefined,
    ...deferrability(row),
    ...validity(row),
  };
}
function exclude(row: Row): ReflectedExclude {
  const where = textOrUndefined(row[18]);
  return {
    name: textOf(row[1]),
    using: textOf(row[17]),
    elements: listOf<readonly [string | null, string, string]>(row[19]).map(([column, expression, operator]) => ({
      column: column ?? undefined,
      sql: column ?? expression,
      operator,
    })),
    where: where === undefined ? undefined : withoutParentheses(where),
    ...deferrability(row),
  };
}
function check(row: Row): ReflectedCheck {
  return { name: textOf(row[1]), sql: withoutParentheses(textOf(row[12])), impliedByType: false, ...validity(row) };
}

function indexesQuery(where: TextClause): TextClause {
  return sql`SELECT c.oid::text, ic.relname, i.indisunique, am.amname, pg_catalog.pg_get_expr(i.indpred, i.indrelid), i.indnkeyatts, (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, pg_catalog.pg_get_indexdef(i.indexrelid, k.n, true), CASE WHEN k.n <= i.indnkeyatts THEN i.indoption[k.n - 1] END, CASE WHEN NOT oc.opcdefault THEN oc.opcname END, CASE WHEN k.n <= i.indnkeyatts AND co.oid != COALESCE(a.attcollation, 100) THEN CASE WHEN pg_catalog.pg_collation_is_visible(co.oid) THEN pg_catalog.quote_ident(co.collname) ELSE pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname) END END, pg_catalog.quote_ident(a.attname)) ORDER BY k.n)::text FROM pg_catalog.generate_series(1, i.indnatts::integer) AS k(n) LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.n - 1] AND a.attnum > 0 LEFT JOIN pg_catalog.pg_opclass AS oc ON k.n <= i.indnkeyatts AND oc.oid = i.indclass[k.n - 1] LEFT JOIN pg_catalog.pg_collation AS co ON k.n <= i.indnkeyatts AND co.oid = i.indcollation[k.n - 1] LEFT JOIN pg_catalog.pg_namespace AS cn ON cn.oid = co.collnamespace), con.conname, pg_catalog.array_to_json(ic.reloptions)::text, pg_catalog.pg_get_indexdef(i.indexrelid)
FROM pg_catalog.pg_index AS i JOIN ${FROM_CLASS} ON c.oid = i.indrelid JOIN pg_catalog.pg_class AS ic ON ic.oid = i.indexrelid JOIN pg_catalog.pg_am AS am ON am.oid = ic.relam
LEFT JOIN pg_catalog.pg_constraint AS con ON con.conindid = i.indexrelid AND con.conrelid = i.indrelid AND con.contype IN ('u', 'x')
WHERE NOT i.indisprimary AND ${where} ORDER BY c.relname, ic.relname`;
}
type PartFacts = readonly [
  column: string | null,
  sql: string,
  option: number | null,
  operatorClass: string | null,
  /** Where it is not the column's own, or the database's for an expression. */
  collation: string | null,
  quoted: string | null,
];
function index(row: Row): ReflectedIndex {
  const parts = listOf<PartFacts>(row[6]);
  const keys = parts.slice(0, numberOf(row[5]));
  const include = parts.slice(keys.length).map((p) => p[0] as string);
  const method = textOf(row[3]);
  const source = textOf(row[9]);
  const ops = Object.fromEntries(
    keys.flatMap(([name, , , op, collation]) =>
      name === null || op === null || collation !== null ? [] : [[name, op]],
    ),
  );
  const nullsNotDistinct = / NULLS NOT DISTINCT/.test(source);
  const storage = storageOptions(row[8]);
  const options = {
    ...(method !== "btree" && { using: method }),
    ...(Object.keys(ops).length > 0 && { ops }),
    ...(include.length > 0 && { include }),
    ...(storage !== undefined && { with: storage }),
    ...(nullsNotDistinct && { nullsNotDistinct }),
  };
  const condition = textOrUndefined(row[4]);
  return {
    name: textOf(row[1]),
    unique: flag(row[2]),
    parts: keys.map(indexPart),
    where: condition === undefined ? undefined : withoutParentheses(condition),
    duplicatesConstraint: textOrUndefined(row[7]),
    impliedByForeignKey: undefined,
    nullsNotDistinct,
    dialectOptions: Object.keys(options).length === 0 ? {} : { postgresql: options },
    source,
  };
}
/** Bit 1 of the option says descending, bit 2 nulls first; what is the default of its direction is not said. */
function indexPart([name, expression, option, operatorClass, collation, quoted]: PartFacts): ReflectedIndexPart {
  const descending = ((option ?? 0) & 1) === 1;
  const nullsFirst = ((option ?? 0) & 2) === 2;
  // A column with a collation of its own is more than its name.
  const column = collation === null ? name : null;
  // An operator class that is not the default's is part of an expression's text: there is no column to hang it on.
  const words = [collation === null ? null : `COLLATE ${collation}`, operatorClass].filter((word) => word !== null);
  const spelled =
    column === null && words.length > 0
      ? [name === null ? parenthesized(expression) : quoted, ...words].join(" ")
      : expression;
  return {
    column: column ?? undefined,
    sql: column ?? spelled,
    descending,
    nulls: nullsFirst === descending ? undefined : nullsFirst ? "FIRST" : "LAST",
  };
}
function parenthesized(sql: string): string {
  return sql.startsWith("(") || /^[\w."]+\(.*\)$/.test(sql) ? sql : `(${sql})`;
}
/** `{fillfactor=70}` → `{ fillfactor: "70" }`. */
function storageOptions(value: unknown): { readonly [name: string]: string } | undefined {
  const list = listOf<string>(value);
  if (list.length === 0) return undefined;
  return Object.fromEntries(list.map((o) => [o.slice(0, o.indexOf("=")), o.slice(o.indexOf("=") + 1)]));
}
function partOf(row: Row): PartOf | undefined {
  const [extension, server] = [textOrUndefined(row[10]), textOrUndefined(row[11])];
  if (extension !== undefined) return { kind: "extension", name: extension };
  if (server !== undefined) return { kind: "server", name: server };
  const parent = listOf<string>(row[7])[0];
  return textOrUndefined(row[8]) === undefined || parent === undefined ? undefined : { kind: "table", name: parent };
}
function tableOptions(row: Row): { readonly [option: string]: unknown } {
  const storage = storageOptions(row[5]);
  const partitionBy = textOrUndefined(row[6]);
  const parents = listOf<string>(row[7]);
  const bound = textOrUndefined(row[8]);
  const tablespace = textOrUndefined(row[9]);
  return {
    ...(flag(row[4]) && { unlogged: true }),
    ...(storage !== undefined && { with: storage }),
    ...(partitionBy !== undefined && { partitionBy }),
    ...(bound !== undefined && { partitionOf: parents[0], bound }),
    ...(bound === undefined && parents.length > 0 && { inherits: parents }),
    ...(tablespace !== undefined && { tablespace }),
  };
}
