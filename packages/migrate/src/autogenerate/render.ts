/** Operations as the TypeScript of a revision file. The same operations always give the same text. */
import {
  ColumnReference,
  type Constraint,
  type Dialect,
  type ExcludeConstraint,
  type Index,
  OrderingElement,
  type Sequence,
  type StoredObject,
  type Table,
} from "@athanor/core";
import { OperationError } from "../errors.js";
import { implFor } from "../impl/index.js";
import type {
  AddConstraintOp,
  AddEnumValueOp,
  AlterColumnOp,
  AlterEnumOp,
  ColumnChanges,
  CreateEnumOp,
  CreateIndexOp,
  CreateObjectOp,
  CreateSequenceOp,
  CreateTableOp,
  DropColumnOp,
  DropConstraintOp,
  DropEnumOp,
  DropIndexOp,
  DropObjectOp,
  DropSequenceOp,
  DropTableOp,
  ExecuteOp,
  MigrateOp,
  NoteOp,
  RenameTableOp,
  ReplaceObjectOp,
  TableCommentOp,
} from "../ops/index.js";
import { AddColumnOp, groupByTable, ModifyTableOps } from "../ops/index.js";
import { type ImportNeed, indented, wrapped } from "../script/index.js";
import { objectText, quoted, type RenderItem, Source, SourceWriter } from "./render-types.js";

export interface RenderOptions {
  readonly dialect: Dialect;
  readonly language?: "ts" | "js" | undefined;
  /** Changes of one table as one `op.batchAlterTable`. */
  readonly asBatch?: boolean | undefined;
  readonly renderItem?: RenderItem | undefined;
}
export interface RenderedOps {
  /** Statements without indentation; "" for none. */
  readonly text: string;
  readonly imports: readonly ImportNeed[];
}
/** Lines of 120 characters, of which the function takes two. */
const WIDTH = 118;
type Renderer = (op: never, writer: SourceWriter) => readonly string[];
const ownRenderers = new Map<string, Renderer>();
/** How an operation of one's own is written; gives lines of source. */
export function registerRenderer<O extends MigrateOp>(
  kind: string,
  render: (op: O, writer: SourceWriter) => readonly string[],
): void {
  ownRenderers.set(kind, render as Renderer);
}

/**
 * @example renderOps(ops, { dialect: engine.dialect }).text // 'await op.dropColumn("todo", "completed");'
 * @throws OperationError for what cannot be written
 */
export function renderOps(ops: readonly MigrateOp[], options: RenderOptions): RenderedOps {
  const impl = implFor(options.dialect);
  const writer = new SourceWriter(options.dialect, (value) => impl.inlineSql(value), options.renderItem);
  const write = (op: MigrateOp): readonly string[] => {
    const render =
      ownRenderers.get(op.kind) ?? (renderers as { readonly [kind: string]: Renderer | undefined })[op.kind];
    if (render === undefined) {
      throw new OperationError("migrate.render", `The operation '${op.kind}' cannot be written into a file`, {
        hint: "Register a renderer with registerRenderer().",
      });
    }
    return render(op as never, writer);
  };
  const writeAll = (list: readonly MigrateOp[]): readonly string[] =>
    list.flatMap((op) =>
      op instanceof ModifyTableOps ? (options.asBatch ? writeBatch(op, writer, write) : writeAll(op.ops)) : write(op),
    );
  const lines = writeAll(options.asBatch ? groupByTable(ops) : ops);
  return { text: lines.map((line) => wrapped(line, WIDTH)).join("\n"), imports: writer.imports };
}
/** What happens to one table as one batch; what is no change of the table stands between batches. */
function writeBatch(
  op: ModifyTableOps,
  writer: SourceWriter,
  write: (op: MigrateOp) => readonly string[],
): readonly string[] {
  const lines: string[] = [];
  let batch: string[] = [];
  const end = () => {
    if (batch.length === 0) return;
    const options = objectText(schemaOf(op));
    lines.push(
      `await op.batchAlterTable(${quoted(op.tableName)}, (batch) => {`,
      ...batch.map((line) => indented(wrapped(line, WIDTH - 2))),
      `}${options === "" ? "" : `, ${options}`});`,
    );
    batch = [];
  };
  for (const one of op.ops) {
    if (BATCHED.has(one.kind) && !(one instanceof AddColumnOp && needsValue(one))) {
      writer.inBatch = true;
      batch.push(...write(one));
      writer.inBatch = false;
      continue;
    }
    end();
    lines.push(...write(one));
  }
  end();
  return lines;
}
const BATCHED: ReadonlySet<string> = new Set([
  "addColumn",
  "dropColumn",
  "alterColumn",
  "createIndex",
  "dropIndex",
  "addConstraint",
  "dropConstraint",
  "tableComment",
]);

/** `await op.name(lead, "table", …rest, { … })`, or `batch.name(lead, …rest, { … })` inside a batch. */
function tableCall(
  writer: SourceWriter,
  op: { readonly tableName: string; readonly schema?: string | undefined },
  method: string,
  parts: {
    readonly lead?: string;
    readonly rest?: readonly string[];
    readonly options?: { readonly [key: string]: unknown };
  },
): string {
  const { lead, rest = [], options = {} } = parts;
  if (writer.inBatch) {
    const args = [lead, ...rest, objectText(options)].filter((a) => a !== undefined && a !== "");
    return `batch.${method}(${args.join(", ")});`;
  }
  return call(method, lead, quoted(op.tableName), ...rest, objectText({ ...options, ...schemaOf(op) }));
}
/** `await op.name("a", { … });`, without empty options. */
function call(method: string, ...args: readonly (string | undefined)[]): string {
  return `await op.${method}(${args.filter((a) => a !== undefined && a !== "").join(", ")});`;
}
const schemaOf = (op: { readonly schema?: string | undefined }) =>
  op.schema === undefined ? {} : { schema: op.schema };
const list = (names: readonly string[]) => `[${names.map(quoted).join(", ")}]`;

/** A name that a convention made is finished: `op.f("…")`. */
function nameText(
  writer: SourceWriter,
  item: { readonly name?: string | null | undefined; readonly nameIsGenerated?: boolean | undefined },
): string {
  if (item.name === null || item.name === undefined) return "null";
  return item.nameIsGenerated ? `${writer.inBatch ? "batch" : "op"}.f(${quoted(item.name)})` : quoted(item.name);
}

function createTable(op: CreateTableOp, writer: SourceWriter): readonly string[] {
  const { table } = op;
  const key = table.constraints.find((c) => c.kind === "primaryKey");
  // A key of one column without a name is said beside the column.
  const beside = key !== undefined && key.columns.length === 1 && (key.name === null || key.name === undefined);
  const items = table.columns.map((column) => {
    const isKey = beside && key.columns[0] === column;
    const said = {
      type: column.type,
      primaryKey: isKey,
      nullable: column.nullable,
      unique: false,
      index: false,
      references: undefined,
      checks: [],
    } as const;
    // Of a key of several columns none numbers itself, unless it was asked to.
    const auto =
      key !== undefined && key.columns.length > 1 && column.fields.autoincrement === false
        ? "auto"
        : column.fields.autoincrement;
    const own = writer.own("column", column);
    if (own !== false) return own;
    return writer.column(
      column.columnName,
      { ...column.fields, ...said, autoincrement: auto },
      { inKey: column.primaryKey },
    );
  });
  for (const constraint of table.constraints) {
    if (op.without.has(constraint) || (constraint === key && beside)) continue;
    const text = tableConstraint(constraint, writer);
    if (text !== undefined) items.push(text);
  }
  const options = objectText({
    ...schemaOf(table),
    ifNotExists: op.ifNotExists || undefined,
    comment: table.comment,
    dialectOptions: optionsOf(table),
  });
  if (options !== "") items.push(options);
  return [
    "await op.createTable(",
    `  ${quoted(table.tableName)},`,
    ...items.filter((item) => item !== null).map((item) => `  ${item},`),
    ");",
    ...[...table.indexes]
      .sort((a, b) => ((a.name ?? "") < (b.name ?? "") ? -1 : 1))
      .map((index) => createIndex(index, op.ifNotExists, writer)),
  ];
}
/** What a reflected table says of engine and collation is the server's choice, not the program's. */
function optionsOf(table: Table): Table["dialectOptions"] | undefined {
  const isReflected = table.metadata?.tableNames.length === 0;
  const kept = Object.entries(table.dialectOptions).flatMap(([name, own]) => {
    const entries = Object.entries(own).filter(
      ([key, value]) => value !== undefined && !(isReflected && /^(engine|collate|charset)$/.test(key)),
    );
    return entries.length === 0 ? [] : [[name, Object.fromEntries(entries)]];
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
function tableConstraint(constraint: Constraint, writer: SourceWriter): string | undefined {
  const own = writer.own("constraint", constraint);
  if (own !== false) return own ?? undefined;
  const name = nameText(writer, constraint);
  switch (constraint.kind) {
    case "primaryKey":
      return `${writer.core("primaryKeyConstraint")}(${[name, ...constraint.columns.map((c) => quoted(c.columnName))].join(", ")})`;
    case "unique": {
      let text = `${writer.core("unique")}(${[name, ...constraint.columns.map((c) => quoted(c.columnName))].join(", ")})`;
      if (constraint.nullsNotDistinct) text += ".withNullsNotDistinct()";
      if (constraint.deferrable)
        text += `.deferred(${constraint.initially === undefined ? "" : quoted(constraint.initially)})`;
      return text;
    }
    case "check":
      // Where the database has the type it needs no check.
      if (writer.condition(constraint.sql) === '""') return undefined;
      return `${writer.core("check")}(${writer.condition(constraint.sql)}, ${name})`;
    case "exclude": {
      const { elements, options } = excludeParts(constraint, writer);
      return `${writer.core("pg")}.exclude(${[name, elements, objectText(options)].filter((t) => t !== "").join(", ")})`;
    }
    case "foreignKey": {
      const { useAlter: _late, name: _name, ...rest } = constraint.options;
      const options = objectText({
        ...(typeof constraint.name === "string" ? { name: constraint.name } : {}),
        ...rest,
      });
      return `${writer.core("foreignKey")}(${list(constraint.columns.map((c) => c.columnName))}, ${list(constraint.targets)}${options === "" ? "" : `, ${options}`})`;
    }
  }
}

function createIndex(index: Index, ifNotExists: boolean, writer: SourceWriter): string {
  const columns = index.expressions.map((e) => {
    const inner = e instanceof OrderingElement ? e.expression : e;
    if (e === inner && inner instanceof ColumnReference) return quoted(inner.columnName);
    if (e === inner) return `${writer.core("sql")}.raw(${writer.sql(inner)})`;
    const order = e instanceof OrderingElement ? { order: e.direction, nulls: e.nulls } : {};
    return objectText({
      ...(inner instanceof ColumnReference ? { column: inner.columnName } : { sql: new Source(writer.sql(inner)) }),
      ...order,
    });
  });
  const options = {
    unique: index.unique || undefined,
    where: index.where === undefined ? undefined : new Source(writer.sql(index.where)),
    ifNotExists: ifNotExists || undefined,
    dialectOptions: Object.keys(index.dialectOptions).length === 0 ? undefined : index.dialectOptions,
  };
  const table = { tableName: index.table.tableName, schema: index.table.schema };
  return tableCall(writer, table, "createIndex", {
    lead: nameText(writer, index),
    rest: [`[${columns.join(", ")}]`],
    options,
  });
}

/** The rows that are there need a value before the column can be NOT NULL. */
export function needsValue({ definition: { fields } }: AddColumnOp): boolean {
  return (
    !fields.nullable &&
    fields.serverDefault === undefined &&
    fields.computed === undefined &&
    fields.identity === undefined &&
    !fields.primaryKey
  );
}
function addColumn(op: AddColumnOp, writer: SourceWriter): readonly string[] {
  const { fields } = op.definition;
  const table = quoted(op.tableName);
  const { before: insertBefore, after: insertAfter } = op.place ?? {};
  const options = { ifNotExists: op.ifNotExists || undefined, insertBefore, insertAfter };
  if (!needsValue(op))
    return [
      tableCall(writer, op, "addColumn", {
        rest: [writer.column(op.columnName, fields, { withCheck: true })],
        options,
      }),
    ];
  // Rows that are there have no value: the column is filled before it can be NOT NULL.
  const { default: source } = fields;
  const value = source !== undefined && "value" in source ? source.value : undefined;
  const isPlain = ["string", "number", "boolean"].includes(typeof value);
  const name = writer.dialect.quote(op.columnName);
  const target =
    op.schema === undefined
      ? writer.dialect.quote(op.tableName)
      : `${writer.dialect.quote(op.schema)}.${writer.dialect.quote(op.tableName)}`;
  const fill = isPlain
    ? `await op.execute(${writer.core("sql")}\`UPDATE ${template(target)} SET ${template(name)} = \${${JSON.stringify(value)}} WHERE ${template(name)} IS NULL\`);`
    : `// await op.execute(${quoted(`UPDATE ${target} SET ${name} = … WHERE ${name} IS NULL`)});`;
  return [
    `// ${quoted(op.columnName)} is NOT NULL and has no server default: rows that exist need a value before it can be.`,
    tableCall(writer, op, "addColumn", {
      rest: [writer.column(op.columnName, { ...fields, nullable: true }, { withCheck: true })],
      options,
    }),
    fill,
    call(
      "alterColumn",
      table,
      quoted(op.columnName),
      objectText({ nullable: false, existingType: new Source(writer.type(fields.type)), ...schemaOf(op) }),
    ),
  ];
}
function template(text: string): string {
  return text.replaceAll(/[\\`]|\$\{/g, "\\$&");
}

function alterColumn(op: AlterColumnOp, writer: SourceWriter): readonly string[] {
  const { changes, existing } = op;
  const part = (from: ColumnChanges, key: keyof ColumnChanges): unknown => {
    const value = from[key];
    if (value === undefined || value === null) return value;
    if (key === "type") return new Source(writer.type(value as NonNullable<ColumnChanges["type"]>));
    if (key === "serverDefault") return new Source(writer.sql(value as string));
    return value;
  };
  const options: { [key: string]: unknown } = {};
  for (const key of ["nullable", "type", "serverDefault", "comment", "identity", "newName"] as const)
    options[key] = part(changes, key);
  const before = {
    type: "existingType",
    nullable: "existingNullable",
    serverDefault: "existingServerDefault",
    comment: "existingComment",
    identity: "existingIdentity",
  } as const;
  if (changes.newName === undefined || implFor(writer.dialect).restatesColumns) {
    for (const [key, word] of Object.entries(before) as [keyof typeof before, string][]) {
      const value = part(existing, key);
      // What there never was needs no word, unless it is what changes.
      if (value !== undefined && (value !== null || changes[key] !== undefined)) options[word] = value;
    }
  }
  return [
    tableCall(writer, op, "alterColumn", { rest: [quoted(op.columnName)], options: { ...options, using: op.using } }),
  ];
}

function excludeParts(constraint: ExcludeConstraint, writer: SourceWriter) {
  const elements = constraint.elements.map(({ expression, operator }) => {
    const column = expression as { readonly columnName?: string };
    const what =
      column.columnName === undefined
        ? `${writer.core("sql")}.raw(${writer.sql(expression)})`
        : quoted(column.columnName);
    return `[${what}, ${quoted(operator)}]`;
  });
  const { using, where, deferrable, initially } = constraint;
  const options = {
    using: using === "gist" ? undefined : using,
    where: where === undefined ? undefined : new Source(writer.sql(where)),
    deferrable: deferrable || undefined,
    initially,
  };
  return { elements: `[${elements.join(", ")}]`, options };
}

function addConstraint(op: AddConstraintOp, writer: SourceWriter): readonly string[] {
  const { constraint } = op;
  const lead = nameText(writer, constraint);
  const columns = () =>
    constraint.kind === "check" || constraint.kind === "exclude" ? [] : constraint.columns.map((c) => c.columnName);
  const made = (method: string, rest: readonly string[], options = {}) => [
    tableCall(writer, op, method, { lead, rest, options }),
  ];
  switch (constraint.kind) {
    case "primaryKey":
      return made("createPrimaryKey", [list(columns())]);
    case "unique": {
      const { nullsNotDistinct, deferrable, initially } = constraint;
      return made("createUniqueConstraint", [list(columns())], {
        nullsNotDistinct: nullsNotDistinct || undefined,
        deferrable: deferrable || undefined,
        initially,
      });
    }
    case "check":
      return made("createCheckConstraint", [writer.condition(constraint.sql)]);
    case "exclude": {
      const { elements, options } = excludeParts(constraint, writer);
      return made("createExcludeConstraint", [elements], options);
    }
    case "foreignKey": {
      const { useAlter: _late, name: _name, ...rest } = constraint.options;
      const target = constraint.targets[0] as string;
      const referred = target.slice(0, target.lastIndexOf("."));
      const dot = referred.lastIndexOf(".");
      const targets = constraint.targets.map((t) => t.slice(t.lastIndexOf(".") + 1));
      return made("createForeignKey", [quoted(referred.slice(dot + 1)), list(columns()), list(targets)], {
        ...rest,
        referredSchema: dot < 0 ? undefined : referred.slice(0, dot),
      });
    }
  }
}

function sequenceCall(method: string, sequence: Sequence, more: { readonly ifExists?: true | undefined }): string {
  const numbers = Object.entries(sequence.options).map(([key, value]) => [
    key,
    typeof value === "bigint" ? (BigInt(Number(value)) === value ? Number(value) : new Source(`${value}n`)) : value,
  ]);
  const options = method === "createSequence" ? Object.fromEntries(numbers) : schemaOf(sequence);
  return call(method, quoted(sequence.name), objectText({ ...options, ...more }));
}
function objectWord({ kind }: StoredObject): string {
  return kind === "trigger" ? "Trigger" : kind === "function" || kind === "procedure" ? "Function" : "View";
}
/** What makes an object of each kind. */
export const OBJECT_FACTORIES = {
  view: "view",
  materializedView: "materializedView",
  function: "storedFunction",
  procedure: "storedProcedure",
  trigger: "trigger",
} as const;
/** SQL of several lines reads best as it is. */
function textOf(text: string): string {
  return text.includes("\n") ? `\`${template(text)}\`` : quoted(text);
}
function storedObject(given: StoredObject, writer: SourceWriter): string {
  const object = given.on(writer.dialect);
  const { kind, name, definition, parameters, table, timing, columns } = object;
  const between =
    kind === "trigger"
      ? [quoted(table ?? ""), quoted(timing ?? "")]
      : kind === "function" || kind === "procedure"
        ? [textOf(parameters)]
        : [];
  const options = objectText({ ...schemaOf(object), columns });
  const parts = [quoted(name), ...between, textOf(definition), ...(options === "" ? [] : [options])];
  return `${writer.core(OBJECT_FACTORIES[kind])}(${parts.join(", ")})`;
}

/** The renderers by kind of operation. */
const renderers = {
  createTable,
  dropTable: (op: DropTableOp) => [
    call("dropTable", quoted(op.tableName), objectText({ ...schemaOf(op), ifExists: op.ifExists || undefined })),
  ],
  renameTable: (op: RenameTableOp) => [
    call("renameTable", quoted(op.tableName), quoted(op.to), objectText(schemaOf(op))),
  ],
  tableComment: (op: TableCommentOp, writer: SourceWriter) => {
    const options = { existingComment: op.existing ?? undefined };
    if (op.comment === null) return [tableCall(writer, op, "dropTableComment", { options })];
    return [tableCall(writer, op, "createTableComment", { rest: [quoted(op.comment)], options })];
  },
  addColumn,
  dropColumn: (op: DropColumnOp, writer: SourceWriter) => [
    tableCall(writer, op, "dropColumn", {
      rest: [quoted(op.columnName)],
      options: { ifExists: op.ifExists || undefined },
    }),
  ],
  alterColumn,
  createIndex: (op: CreateIndexOp, writer: SourceWriter) => [createIndex(op.index, op.ifNotExists, writer)],
  dropIndex: (op: DropIndexOp, writer: SourceWriter) => {
    const name = op.original === undefined ? quoted(op.name) : nameText(writer, op.original);
    const ifExists = op.ifExists || undefined;
    if (writer.inBatch)
      return [`batch.dropIndex(${[name, objectText({ ifExists })].filter((t) => t !== "").join(", ")});`];
    const options = objectText({
      table: op.tableName,
      ...schemaOf(op),
      ifExists,
      concurrently: op.concurrently || undefined,
    });
    return [call("dropIndex", name, options)];
  },
  addConstraint,
  dropConstraint: (op: DropConstraintOp, writer: SourceWriter) => {
    const options = {
      columns: op.name === null ? op.columns : undefined,
      condition: op.name === null ? op.condition : undefined,
      ifExists: op.ifExists || undefined,
    };
    return [
      tableCall(writer, op, "dropConstraint", {
        lead: nameText(writer, op),
        rest: [quoted(op.constraintKind)],
        options,
      }),
    ];
  },
  execute: (op: ExecuteOp, writer: SourceWriter) => [call("execute", writer.sql(op.statement))],
  createEnum: (op: CreateEnumOp) => [
    call("createEnum", quoted(op.type.name ?? ""), list(op.type.values), objectText(schemaOf(op))),
  ],
  dropEnum: (op: DropEnumOp) => [call("dropEnum", quoted(op.type.name ?? ""), objectText(schemaOf(op)))],
  addEnumValue: (op: AddEnumValueOp) => [
    "// A new value cannot be used in the transaction that adds it.",
    "await op.autocommitBlock(async () => {",
    `  ${call("addEnumValue", quoted(op.name), quoted(op.value), objectText({ ...op.place, ...schemaOf(op) }))}`,
    "});",
  ],
  alterEnum: (op: AlterEnumOp) => {
    const some = (record: Readonly<Record<string, string>>) => (Object.keys(record).length === 0 ? undefined : record);
    const { existing, columns } = op;
    const options = { existing, renames: some(op.renames), replace: some(op.replace), columns, ...schemaOf(op) };
    return [call("alterEnum", quoted(op.name), list(op.values), objectText(options))];
  },
  createSequence: (op: CreateSequenceOp) => [sequenceCall("createSequence", op.sequence, {})],
  dropSequence: (op: DropSequenceOp) => [
    sequenceCall("dropSequence", op.sequence, { ifExists: op.ifExists || undefined }),
  ],
  createObject: (op: CreateObjectOp, writer: SourceWriter) => [
    call(`create${objectWord(op.object)}`, storedObject(op.object, writer)),
  ],
  dropObject: (op: DropObjectOp, writer: SourceWriter) => [
    call(
      `drop${objectWord(op.object)}`,
      storedObject(op.object, writer),
      objectText({ ifExists: op.ifExists || undefined }),
    ),
  ],
  replaceObject: (op: ReplaceObjectOp, writer: SourceWriter) => [
    call(`replace${objectWord(op.object)}`, storedObject(op.object, writer)),
  ],
  note: (op: NoteOp) => [`// ${op.text.replaceAll(/\s+/g, " ")}`],
};
