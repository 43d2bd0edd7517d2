/** PostgreSQL's DDL; PGlite's too. Source: PostgreSQL documentation, "SQL Commands". */
import { BaseDdlCompiler, oneOf, wholeNumber } from "../../compile/ddl-compiler.js";
import { CompileError } from "../../errors/errors.js";
import type {
  Constraint,
  ExcludeConstraint,
  Index,
  PrimaryKeyConstraint,
  UniqueConstraint,
} from "../../schema/constraint.js";
import type * as ddl from "../../schema/ddl.js";
import { SetColumnComment, SetTableComment } from "../../schema/ddl.js";
import type { StoredObject } from "../../schema/stored-object.js";
import type { Table, TableColumn } from "../../schema/table.js";
import type { Element } from "../../sql/element.js";
import { Ordering } from "../../sql/expression.js";
import { ColumnReference } from "../../sql/from.js";
import { ArrayType, EnumType, type SqlType } from "../../types/sql-type.js";
import { PostgresqlReflector } from "./reflection.js";

const SERIAL: { readonly [kind: string]: string } = {
  integer: "SERIAL",
  bigInteger: "BIGSERIAL",
  smallInteger: "SMALLSERIAL",
};

export class PostgresqlDdlCompiler extends BaseDdlCompiler {
  createReflector(): PostgresqlReflector {
    return new PostgresqlReflector();
  }
  protected readonly optionsName: string = "postgresql";
  protected readonly tableOptions: readonly string[] = [
    "inherits",
    "partitionBy",
    "using",
    "with",
    "onCommit",
    "tablespace",
    "unlogged",
    "temporary",
    "partitionOf",
    "bound",
  ];
  protected readonly indexOptions: readonly string[] = [
    "using",
    "ops",
    "include",
    "nullsNotDistinct",
    "with",
    "tablespace",
    "concurrently",
  ];
  protected override readonly constraintOptions: readonly string[] = ["notValid", "noInherit", "include"];
  protected override readonly hasIdentity: boolean = true;

  protected override createTableWords(table: Table): string {
    const { unlogged, temporary } = this.#options(table);
    return temporary ? "CREATE TEMPORARY TABLE " : unlogged ? "CREATE UNLOGGED TABLE " : "CREATE TABLE ";
  }
  #options(table: Table): { readonly [option: string]: unknown } {
    return this.optionsOf(`Table '${table.fullName}'`, table.dialectOptions, this.tableOptions);
  }
  /** Option values other than names are SQL as written: they come from the program's own declarations. */
  protected override tableSuffix(table: Table): string {
    const o = this.#options(table);
    let sql = "";
    if (o.inherits !== undefined)
      sql += `\n INHERITS ( ${[o.inherits]
        .flat()
        .map((t) => this.#relation(t))
        .join(", ")} )`;
    if (o.partitionBy !== undefined) sql += `\n PARTITION BY ${o.partitionBy}`;
    if (o.using !== undefined) sql += `\n USING ${this.quote(String(o.using))}`;
    if (o.with !== undefined) sql += `\n WITH (${storage(o.with)})`;
    if (o.onCommit !== undefined)
      sql += `\n ON COMMIT ${oneOf(String(o.onCommit).replaceAll("_", " "), ["PRESERVE ROWS", "DELETE ROWS", "DROP"], "onCommit")}`;
    if (o.tablespace !== undefined) sql += `\n TABLESPACE ${this.quote(String(o.tablespace))}`;
    return sql;
  }
  /** `schema.table` as two names. */
  #relation(name: unknown): string {
    return String(name)
      .split(".")
      .map((part) => this.quote(part))
      .join(".");
  }
  override visitCreateTable(element: ddl.CreateTable): readonly string[] {
    const { table } = element;
    const comments: ddl.DdlElement[] = [];
    if (table.comment !== undefined) comments.push(new SetTableComment(table, table.comment));
    for (const c of table.columns) {
      if (c.fields.comment !== undefined) comments.push(new SetColumnComment(table, c.columnName, c.fields.comment));
    }
    const { partitionOf, bound } = this.#options(table);
    const create =
      partitionOf === undefined
        ? super.visitCreateTable(element)
        : `${this.createTableWords(table)}${element.ifNotExists ? "IF NOT EXISTS " : ""}${this.tableName(table)} PARTITION OF ${this.#relation(partitionOf)} ${bound ?? "DEFAULT"}${this.tableSuffix(table)}`;
    return [create, ...comments.map((c) => this.statements(c))].flat();
  }
  protected override columnSpec(column: TableColumn): string {
    const { fields } = column;
    // Beside the key only when it is said: the key alone is numbered by itself.
    const numbered =
      column.table.autoincrementColumn === column || (fields.autoincrement === true && !column.primaryKey);
    const serial =
      numbered && fields.identity === undefined ? SERIAL[this.dialect.plainType(column.type).kind] : undefined;
    if (serial === undefined || fields.serverDefault !== undefined) return super.columnSpec(column);
    return `${this.quote(column.columnName)} ${serial} NOT NULL`;
  }
  protected override computedStorage(persisted: boolean | undefined, column: TableColumn): string {
    if (persisted !== false) return " STORED";
    throw this.unsupported(`virtual computed columns ('${column}')`, "Leave out { persisted: false }.");
  }
  /** A type of the MetaData's own lives in the schema of its table. */
  protected override type(type: SqlType, where: string, table?: Table): string {
    const inner = this.dialect.plainType(type);
    if (inner instanceof ArrayType) return `${this.type(inner.element, where, table)}[]`;
    if (!(inner instanceof EnumType) || !inner.native) return super.type(type, where, table);
    return this.qualified(this.#enumName(inner, where), table?.schema);
  }
  #enumName(type: EnumType, where: string): string {
    if (type.name !== undefined) return type.name;
    throw new CompileError(
      `The native enumeration of ${where} needs a name, as PostgreSQL keeps it as a type: enumeration([…], { name: "…", native: true }).`,
      "ddl.enum-name",
    );
  }
  protected override unique(constraint: UniqueConstraint): string {
    const nulls = constraint.nullsNotDistinct ? "NULLS NOT DISTINCT " : "";
    return `UNIQUE ${nulls}(${this.names(constraint.columns)})${this.#include(constraint)}${this.deferrability(constraint)}`;
  }
  protected override primaryKey(constraint: PrimaryKeyConstraint): string {
    return super.primaryKey(constraint) + this.#include(constraint);
  }
  #include(constraint: UniqueConstraint | PrimaryKeyConstraint): string {
    const { include } = this.optionsOfConstraint(constraint);
    if (include === undefined) return "";
    const table = constraint.columns[0]?.table;
    const names = [include].flat().map((c) => this.#nameIn(table?.columns ?? [], c));
    return ` INCLUDE (${names.join(", ")})`;
  }
  protected override constraintTail(constraint: Constraint): string {
    const { notValid, noInherit } = this.optionsOfConstraint(constraint);
    const { kind } = constraint;
    return (
      (noInherit && kind === "check" ? " NO INHERIT" : "") +
      (notValid && (kind === "foreignKey" || kind === "check") ? " NOT VALID" : "")
    );
  }
  protected override exclude(constraint: ExcludeConstraint): string {
    const elements = constraint.elements.map((e) => `${this.inParentheses(e.expression)} WITH ${e.operator}`);
    const where = constraint.where === undefined ? "" : ` WHERE (${this.inline(constraint.where)})`;
    return `EXCLUDE USING ${this.quote(constraint.using)} (${elements.join(", ")})${where}${this.deferrability(constraint)}`;
  }

  // ---- indexes

  protected override indexWords(index: Index): string {
    return `${super.indexWords(index)}${this.#indexOptions(index).concurrently ? "CONCURRENTLY " : ""}`;
  }
  #indexOptions(index: Index): { readonly [option: string]: unknown } {
    return this.optionsOf(`Index '${index.name}'`, index.dialectOptions, this.indexOptions);
  }
  protected override indexTail(index: Index): string {
    const o = this.#indexOptions(index);
    let sql = o.using === undefined ? "" : ` USING ${this.quote(String(o.using))}`;
    sql += ` (${this.indexParts(index)})`;
    if (o.include !== undefined)
      sql += ` INCLUDE (${[o.include]
        .flat()
        .map((c) => this.#columnName(index, c))
        .join(", ")})`;
    if (o.nullsNotDistinct) sql += " NULLS NOT DISTINCT";
    if (o.with !== undefined) sql += ` WITH (${storage(o.with)})`;
    if (o.tablespace !== undefined) sql += ` TABLESPACE ${this.quote(String(o.tablespace))}`;
    return sql + this.indexWhere(index);
  }
  #columnName(index: Index, given: unknown): string {
    return this.#nameIn(index.table.columns, given);
  }
  #nameIn(columns: readonly { readonly key: string; readonly columnName: string }[], given: unknown): string {
    if (given instanceof ColumnReference) return this.quote(given.columnName);
    const name = String(given);
    return this.quote(columns.find((c) => c.key === name)?.columnName ?? name);
  }
  protected override indexPart(part: Element, index: Index): string {
    const ops = this.#indexOptions(index).ops as { readonly [column: string]: string } | undefined;
    if (ops === undefined) return super.indexPart(part, index);
    const inner = part instanceof Ordering ? part.expression : part;
    const key = inner instanceof ColumnReference ? inner : undefined;
    const op = key === undefined ? undefined : (ops[key.key] ?? ops[key.columnName]);
    if (op === undefined) return super.indexPart(part, index);
    if (!/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?$/.test(op))
      throw new CompileError(`Index '${index.name}': '${op}' is no operator class.`, "ddl.option");
    const bare = this.indexExpression(inner);
    return `${bare} ${op}${super.indexPart(part, index).slice(bare.length)}`;
  }
  protected override indexExpression(expression: Element): string {
    return this.inParentheses(expression);
  }
  override visitDropIndex(element: ddl.DropIndex): string {
    const sql = String(super.visitDropIndex(element));
    return element.concurrently ? sql.replace("DROP INDEX ", "DROP INDEX CONCURRENTLY ") : sql;
  }

  // ---- ALTER

  override visitAddColumn(element: ddl.AddColumn): readonly string[] {
    const { comment } = element.column.fields;
    const added = [super.visitAddColumn(element)].flat();
    if (comment === undefined) return added;
    return [...added, ...this.statements(new SetColumnComment(element.table, element.column.columnName, comment))];
  }
  override visitRenameColumn(element: ddl.RenameColumn): string {
    return `ALTER TABLE ${this.tableName(element.table)} RENAME ${this.quote(element.columnName)} TO ${this.quote(element.to)}`;
  }
  override visitAlterColumnIdentity(element: ddl.AlterColumnIdentity): string {
    const { identity } = element;
    if (identity === null) return this.alterColumn(element, "DROP IDENTITY");
    if (!element.existing) return this.alterColumn(element, `ADD ${this.identity(identity)}`);
    const words: string[] = [];
    if (identity.always !== undefined) words.push(`SET GENERATED ${identity.always ? "ALWAYS" : "BY DEFAULT"}`);
    if (identity.start !== undefined) words.push(`SET START WITH ${wholeNumber(identity.start)}`);
    if (identity.increment !== undefined) words.push(`SET INCREMENT BY ${wholeNumber(identity.increment)}`);
    if (words.length === 0)
      throw new CompileError(`Identity of column '${element.columnName}': nothing to change was given.`);
    return this.alterColumn(element, words.join(" "));
  }

  // ---- types and views

  override visitCreateType({ type, schema }: ddl.CreateType): string {
    const values = type.values.map((v) => this.literal(v)).join(", ");
    return `CREATE TYPE ${this.qualified(this.#enumName(type, "a CreateType"), schema)} AS ENUM (${values})`;
  }
  override visitDropType({ type, schema, ifExists }: ddl.DropType): string {
    return `DROP TYPE ${ifExists ? "IF EXISTS " : ""}${this.qualified(this.#enumName(type, "a DropType"), schema)}`;
  }
  override visitAddEnumValue({ type, value, before, after }: ddl.AddEnumValue): string {
    const place =
      before !== undefined
        ? ` BEFORE ${this.literal(before)}`
        : after !== undefined
          ? ` AFTER ${this.literal(after)}`
          : "";
    return `ALTER TYPE ${this.qualified(type.name, type.schema)} ADD VALUE ${this.literal(value)}${place}`;
  }
  override visitCreateView(element: ddl.CreateView): string {
    const { options } = element;
    if (!options.materialized) return String(super.visitCreateView(element));
    return `CREATE MATERIALIZED VIEW ${options.ifNotExists ? "IF NOT EXISTS " : ""}${this.viewNameAndQuery(element)}`;
  }
  protected override createViewWords({ options }: ddl.CreateView): string {
    if (options.ifNotExists) throw this.unsupported("CREATE VIEW IF NOT EXISTS", "Use { orReplace: true }.");
    return `CREATE ${options.orReplace ? "OR REPLACE " : ""}${options.temporary ? "TEMPORARY " : ""}VIEW `;
  }
  protected override storedWords({ kind }: StoredObject): string {
    return kind === "materializedView" ? "MATERIALIZED VIEW" : kind.toUpperCase();
  }
  /** A trigger belongs to its table and has no schema of its own; functions are told apart by their parameters. */
  protected override storedName(object: StoredObject): string {
    return object.kind === "trigger" ? this.quote(object.name) : super.storedName(object);
  }
  protected override droppedStoredTail(object: StoredObject): string {
    if (object.kind === "trigger") return ` ON ${this.qualified(object.table ?? "", object.schema)}`;
    if (object.kind !== "function" && object.kind !== "procedure") return "";
    return `(${object.parameters.replaceAll(/\s+(?:DEFAULT\b|=)(?:'(?:[^']|'')*'|\([^)]*\)|[^,'(])*/gi, "")})`;
  }
  override visitDropView(element: ddl.DropView): string {
    const kind = element.materialized ? "MATERIALIZED VIEW" : "VIEW";
    return `DROP ${kind} ${element.ifExists ? "IF EXISTS " : ""}${this.qualified(element.name, element.schema)}`;
  }
}

/** `{ fillfactor: 70 }` → `fillfactor = 70`. */
function storage(options: unknown): string {
  return Object.entries(options as object)
    .map(([name, value]) => {
      if (!/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?$/.test(name) || !/^[\w.+-]+$/.test(String(value)))
        throw new CompileError(
          `'${name} = ${value}' is no storage parameter: a name and a number or word.`,
          "ddl.option",
        );
      return `${name} = ${value}`;
    })
    .join(", ");
}
