/**
 * From a database to code: tables become models, foreign keys relationships. Source: SQLAlchemy "Automap", and the aims
 * of sqlacodegen.
 */
import { type Connection, inspect, type ReflectedTable } from "@athanor/core";
import { CommandError } from "../errors.js";
import { DEFAULT_VERSION_TABLE } from "../runtime/index.js";
import { planTables } from "./plan.js";
import { planRelationships } from "./relationships.js";
import { WriterScope } from "./scope.js";
import { lineComment } from "./source.js";
import { commonOptions, writeTable } from "./tables.js";
import { COLLATED_SOURCE, DATABASE_TYPE_SOURCE, SORTABLE_SOURCE } from "./types.js";

export interface PullOptions {
  /** Default: the connection's own schema, and then no table names one. */
  readonly schema?: string | undefined;
  /** Only these tables. */
  readonly only?: readonly string[] | ((table: string) => boolean) | undefined;
  /** Tables to leave out. Default: the table of applied revisions, ours and Alembic's. */
  readonly exclude?: readonly string[] | undefined;
  /** Import everything from "athanor" instead of "@athanor/core" and "@athanor/orm". */
  readonly umbrella?: boolean | undefined;
}
export interface PulledModels {
  /** One TypeScript file: the same database always gives the same text. */
  readonly source: string;
  /** What the file cannot say, one sentence each; most of them stand in it as comments too. */
  readonly warnings: readonly string[];
  /** Classes and constants by table. */
  readonly names: ReadonlyMap<string, string>;
}

/**
 * Reflects a database and writes its models.
 *
 * Tables with a primary key become models, tables that only tie two models together `table()` and a many-to-many
 * relationship. Foreign keys become relationships on both sides: a reference is named after its column without `_id`,
 * else after the table it leads to; a collection is the plural of the table that refers.
 *
 * @example
 * const { source, warnings } = await engine.begin((connection) => pullModels(connection));
 * @throws CommandError `migrate.pull-unknown-table` when `only` names a table that is not there,
 *   `migrate.pull-empty` when nothing is left to write
 */
export async function pullModels(connection: Connection, options: PullOptions = {}): Promise<PulledModels> {
  const place = { schema: options.schema };
  const inspector = inspect(connection);
  const all = await inspector.tables(place);
  const chosen = choose(all, options);
  const scope = new WriterScope(connection.dialect);
  const tables = planTables(chosen);
  const relationships = planRelationships(tables);

  const header: string[] = [
    "// Models of an existing database, written by `athanor db pull`. Yours to edit from here on.",
  ];
  const warn = (text: string) => {
    header.push(lineComment(`WARNING: ${text}`));
    scope.warn(text);
  };
  const views = options.only === undefined ? await inspector.views(place) : [];
  if (views.length > 0)
    warn(
      `Views are not written: ${views
        .map((v) => v.name)
        .sort()
        .join(", ")}.`,
    );
  const own = new Set(
    all.flatMap((t) =>
      t.columns.flatMap((c) => (c.ownedSequence === undefined ? [] : [c.ownedSequence.split(".").at(-1)])),
    ),
  );
  const sequences =
    options.only === undefined
      ? (await inspector.sequences(place)).filter((s) => s.ownedBy === undefined && !own.has(s.name))
      : [];
  if (sequences.length > 0)
    warn(
      `Sequences of their own are not written: ${sequences
        .map((s) => s.name)
        .sort()
        .join(", ")}.`,
    );

  const common = commonOptions(chosen);
  if (common.size > 0)
    header.push(
      lineComment(`Every table has ${[...common].sort().join(", ")}: the database's own choice, not repeated below.`),
    );
  // Link tables first: a class may be used before it is declared (in a getter), a constant at the top of a file may not.
  const written = [...tables.filter((t) => t.kind !== "model"), ...tables.filter((t) => t.kind === "model")].map((t) =>
    writeTable(
      scope,
      t,
      relationships.filter((r) => r.owner === t),
      common,
    ),
  );
  scope.imports.orm("declarativeBase");
  const helpers = [
    ...(scope.needsDatabaseType ? [DATABASE_TYPE_SOURCE] : []),
    ...(scope.needsCollated ? [COLLATED_SOURCE] : []),
    ...(scope.needsSortable ? [SORTABLE_SOURCE] : []),
  ];
  const parts = [
    [...header, ...scope.imports.lines(options.umbrella ?? false)].join("\n"),
    ...helpers,
    "export const Base = declarativeBase();",
    ...written,
  ];
  return {
    source: `${parts.join("\n\n")}\n`,
    warnings: scope.allWarnings(),
    names: new Map(tables.map((t) => [t.reflected.name, t.name])),
  };
}

function choose(all: readonly ReflectedTable[], options: PullOptions): readonly ReflectedTable[] {
  const tables = all.filter((t) => !t.isView);
  const { only } = options;
  const exclude = options.exclude ?? [DEFAULT_VERSION_TABLE, "alembic_version"];
  if (Array.isArray(only)) {
    const missing = (only as readonly string[]).find((name) => !tables.some((t) => t.name === name));
    if (missing !== undefined) {
      throw new CommandError("migrate.pull-unknown-table", `The database has no table '${missing}'`, {
        hint: `It has ${tables.map((t) => t.name).join(", ") || "none"}.`,
      });
    }
  }
  const wanted = (name: string) =>
    only === undefined ? !exclude.includes(name) : typeof only === "function" ? only(name) : only.includes(name);
  const chosen = tables.filter((t) => wanted(t.name));
  if (chosen.length > 0) return chosen;
  throw new CommandError("migrate.pull-empty", "There are no tables to write models for", {
    hint:
      options.schema === undefined
        ? "Look at the URL: is it the right database? A schema of another name is chosen with --schema."
        : `Look at the schema: is '${options.schema}' the right one?`,
  });
}
