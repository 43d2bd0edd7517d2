/** Renders whole statements: INSERT, UPDATE, DELETE, and the finished form of any statement. */

import type { Dialect, StatementCompiler } from "../dialects/dialect.js";
import { CompileError } from "../errors/errors.js";
import type { Table, TableColumn } from "../schema/table.js";
import {
  DeleteStatement,
  type DmlColumn,
  type DmlPrefix,
  type Excluded,
  type InsertSource,
  InsertStatement,
  UpdateStatement,
} from "../sql/dml.js";
import type { Element } from "../sql/element.js";
import { Bind, Expression, NamedBind } from "../sql/expression.js";
import { ColumnReference, type FromClause, ItemElement, Subquery } from "../sql/from.js";
import * as ops from "../sql/operators.js";
import { FromStatement, QueryStatement, type SelectItem, SelectStatement } from "../sql/select.js";
import { TextClause } from "../sql/text.js";
import { referencedFroms } from "../sql/traverse.js";
import { converted } from "../types/adapter.js";
import { NULL_TYPE } from "../types/sql-type.js";
import type { BindSlot, Compiled, InsertPlan, ResultColumn, ResultItem } from "./compiled.js";
import { MARKED, withoutNul } from "./parameter-compiler.js";
import { QueryCompiler } from "./query-compiler.js";
import { TokenisedForms, withWriter, writeSchemas } from "./schema-map.js";

/** What stands around rows that carry their number. */
export interface NumberedRows {
  readonly before: string;
  readonly after: string;
  /** Behind each placeholder. */
  readonly suffixes: readonly string[];
}
/** The name a table `excluded` has inside its own upsert. */
const TARGET = "excluded_target";
/** The base of every dialect's compiler. */
export abstract class SqlCompiler extends QueryCompiler implements StatementCompiler {
  /** Rows per statement of a batched INSERT. */
  protected readonly insertPageSize: number = 1000;

  compile(statement: Element): Compiled {
    if (statement instanceof FromStatement) return this.compile(statement.source);
    const started = performance.now();
    this.schemaTokens = true;
    if (statement instanceof InsertStatement) return this.compileInsert(statement, started);
    if (statement instanceof QueryStatement) this.giveOut(statement);
    const body = this.render(statement);
    let columns: readonly ResultColumn[] | undefined = [];
    let items: readonly ResultItem[] | undefined;
    let kind: Compiled["kind"] = "text";
    if (statement instanceof QueryStatement) {
      kind = "select";
      ({ columns, items } = this.resultOf(statement.selected, statement.exportedColumns));
    } else if (statement instanceof UpdateStatement || statement instanceof DeleteStatement) {
      kind = statement.kind;
      ({ columns, items } = this.resultOf(statement.returningItems));
    } else if (statement instanceof TextClause) {
      columns = statement.resultColumns?.map((c) => ({
        key: c.name,
        type: c.type,
        process: this.dialect.resultProcessor(c.type),
      }));
    } else
      throw new CompileError(
        `A '${statement.kind}' cannot be executed${statement instanceof Expression ? ": it is an expression; execute select() of it" : ""}.`,
      );
    return this.finish(kind, this.withClause() + body, columns, items, started);
  }

  /** The server compares expressions of prepared statements by their parameters and takes two places for two values. */
  protected readonly agreesByValues: boolean = false;

  /** Orders the parameters as their places stand in the text. */
  protected finish(
    kind: Compiled["kind"],
    text: string,
    columns: readonly ResultColumn[] | undefined,
    items: readonly ResultItem[] | undefined,
    started: number,
    insert?: InsertPlan,
    fixedSlots?: readonly BindSlot[],
  ): Compiled {
    // An INSERT of rows numbers its own placeholders; the text is finished.
    const { pieces: tokenised, slots } = fixedSlots === undefined ? this.split(text) : { pieces: [text], slots: [] };
    const expanding = slots.some((s) => s.expanding || s.literal !== undefined);
    const dialect: Dialect = this.dialect;
    const returnsRows = columns === undefined ? undefined : columns.length > 0;
    const quote = (name: string) => dialect.quote(name);
    const distinct = [...new Set(slots)];
    const repeats = dialect.numbersPlaceholders && distinct.length < slots.length;
    const tokens = {
      sql: this.assemble(tokenised, slots, expanding, 1, repeats ? distinct : undefined),
      pieces: expanding ? tokenised : undefined,
      insert,
    };
    const write = (part: string) => writeSchemas(part, quote);
    const sql = write(tokens.sql);
    const compiled: Compiled = {
      kind,
      sql,
      pieces: tokens.pieces?.map(write),
      slots: fixedSlots ?? (repeats && !expanding ? distinct : slots),
      repeats: repeats && expanding,
      maxParameters: dialect.capabilities.maxParameters,
      columns,
      items,
      insert: insert === undefined ? undefined : withWriter(insert, write),
      warnings: this.warnings,
      schemas: sql === tokens.sql ? undefined : new TokenisedForms(() => compiled, tokens, quote),
      placeholder: (n) => dialect.placeholder(n),
      emptyList: (negated, width) => this.emptyList(negated, width),
      hint: {
        prepare: kind !== "text" && !(this.repeatsAgreeing && this.agreesByValues),
        returnsRows,
        exactIntegers: columns === undefined || columns.some((c) => needsExactIntegers(c.type.kind)),
        columns: returnsRows ? columns : undefined,
      },
      hits: 0,
      generatedAt: started,
    };
    return compiled;
  }
  protected split(text: string): { pieces: string[]; slots: BindSlot[] } {
    const parts = text.split(MARKED);
    const pieces: string[] = [];
    const slots: BindSlot[] = [];
    parts.forEach((part, i) => {
      if (i % 2 === 0) pieces.push(part);
      else slots.push(this.slots[Number(part)] as BindSlot);
    });
    return { pieces, slots };
  }
  /** `distinct`: where a slot stands in several places, each of them once; places of one slot get one number. */
  protected assemble(
    pieces: readonly string[],
    slots: readonly BindSlot[],
    expanding: boolean,
    first = 1,
    distinct?: readonly BindSlot[],
  ): string {
    let sql = pieces[0] as string;
    slots.forEach((slot, i) => {
      // A list has no length here: this form is for reading; bindStatement writes the real one.
      if (slot.literal !== undefined) sql += expanding ? "…" : "";
      else
        sql += slot.expanding
          ? expanding
            ? "…"
            : ""
          : this.dialect.placeholder(first + (distinct?.indexOf(slot) ?? i)) + slot.suffix;
      sql += pieces[i + 1] as string;
    });
    return sql;
  }

  // ---- INSERT

  protected compileInsert(statement: InsertStatement, started: number): Compiled {
    statement.requireOneTable();
    for (const cte of statement.ctes) this.hoist(cte);
    const { columns, items } = this.resultOf(statement.returningItems);
    const { layout } = statement;
    const into = `INSERT ${this.prefixes(statement)}INTO ${this.target(statement)}`;
    if (layout !== undefined && layout.inline === undefined && !this.options.literalBinds && this.cteTexts.size === 0) {
      const plan = this.rowsPlan(
        statement,
        `${into} (${layout.columns.map((c) => this.quote(c.columnName)).join(", ")}) VALUES `,
      );
      return this.finish("insert", plan.render(1), columns, items, started, plan, plan.fixedSlots);
    }
    const text = this.insertText(statement);
    return this.finish("insert", this.cteFollowsInsert ? text : this.withClause() + text, columns, items, started);
  }
  /** MySQL writes WITH behind INSERT INTO. */
  protected readonly cteFollowsInsert: boolean = false;
  protected insertText(statement: InsertStatement): string {
    const { layout, source, table } = statement;
    const into = `INSERT ${this.prefixes(statement)}INTO ${this.target(statement)}`;
    let body: string;
    if (source !== undefined) {
      const names = [...source.columns, ...source.defaults.map((d) => d.column)]
        .map((c) => this.quote(c.columnName))
        .join(", ");
      const query = this.insertSource(statement, source);
      body = `${into} (${names}) ${this.cteFollowsInsert && this.cteLevels.length === 1 ? this.withClause() : ""}${query}`;
    } else if (layout === undefined || layout.columns.length === 0) {
      body = `${into} ${this.defaultValues}`;
    } else {
      const rows = layout.inline ?? this.inlineRows(statement);
      body = `${into} (${layout.columns.map((c) => this.quote(c.columnName)).join(", ")}) VALUES ${rows
        .map((row) => {
          this.given = new Map(layout.columns.map((c, i) => [c, row[i] as Expression]));
          return `(${row.map((value, i) => this.assigned(value, layout.columns[i])).join(", ")})`;
        })
        .join(", ")}`;
      this.given = undefined;
    }
    return body + this.rowsTail(statement) + this.returning(statement.returningItems, table, "insert");
  }
  /** The query of INSERT … SELECT, with the defaults of columns it does not give. */
  protected insertSource(_statement: InsertStatement, source: InsertSource): string {
    if (source.defaults.length === 0) return this.alone(source.query);
    const defaults = source.defaults.map((d) => d.value);
    if (source.query instanceof SelectStatement) return this.alone(source.query.addColumns(...defaults));
    const all = new Subquery(source.query, undefined);
    return this.alone(new SelectStatement([...all.columns, ...defaults]));
  }
  private inlineRows(statement: InsertStatement): readonly (readonly Expression[])[] {
    const layout = statement.layout as NonNullable<InsertStatement["layout"]>;
    return (statement.rows ?? []).map((row) =>
      layout.columns.map((c) => {
        const given = row[c.key];
        const source = c.fields.default;
        const value =
          given !== undefined
            ? given
            : source === undefined
              ? null
              : "call" in source
                ? source.call(row as never)
                : "value" in source
                  ? source.value
                  : null;
        return new Bind(value, c.type);
      }),
    );
  }
  protected readonly defaultValues: string = "DEFAULT VALUES";
  private rowsPlan(
    statement: InsertStatement,
    head: string,
  ): InsertPlan & { readonly fixedSlots: readonly BindSlot[] } {
    const layout = statement.layout as NonNullable<InsertStatement["layout"]>;
    const tail = this.rowsTail(statement) + this.returning(statement.returningItems, statement.table, "insert");
    const { pieces, slots: fixedSlots } = this.split(tail);
    const { dialect } = this;
    const width = layout.columns.length;
    const rowOrder = statement.numbersRows ? this.numberedRows(layout.columns) : undefined;
    const suffixes = layout.columns.map((c, i) => rowOrder?.suffixes[i] ?? this.bindSuffixBesideColumn(c.type));
    const wraps = layout.columns.map((c) => this.bindWrap(c.type));
    const wrapped = wraps.some((w) => w !== undefined);
    const empty = width === 0;
    const numbered = dialect.numbersPlaceholders;
    const cell = (first: number) => (s: string, i: number) => {
      const text = dialect.placeholder(first + i) + s;
      return wrapped ? (wraps[i]?.(text) ?? text) : text;
    };
    const group = (first: number, row: number) =>
      `(${suffixes.map(cell(first)).join(", ")}${rowOrder === undefined ? "" : `, ${row}`})`;
    const constant = numbered ? "" : group(1, 0);
    const start = rowOrder === undefined ? head : head.replace(/VALUES $/, rowOrder.before);
    const end = rowOrder?.after ?? "";
    const render = (rows: number): string => {
      if (empty)
        return head.replace(/ \(\) VALUES $/, ` ${this.defaultValues}`) + this.assemble(pieces, fixedSlots, false);
      let sql = start;
      for (let r = 0; r < rows; r++) sql += (r === 0 ? "" : ", ") + (numbered ? group(1 + r * width, r) : constant);
      return sql + end + this.assemble(pieces, fixedSlots, false, 1 + rows * width);
    };
    return {
      columns: layout.columns.map((c) => ({
        key: c.key,
        process: dialect.bindProcessor(c.type),
        default: c.fields.default,
      })),
      rowsSource: this.binds.get(layout.rowsBind) ?? 0,
      pageSize: empty ? 1 : this.insertPageSize,
      maxParameters: dialect.capabilities.maxParameters,
      fixedFirst: false,
      fixedSlots,
      render,
      texts: new Map(),
    };
  }
  private rowsTail(statement: InsertStatement): string {
    const clause = this.extended(statement, "postValues");
    return (clause === "" ? "" : ` ${clause}`) + this.conflict(statement);
  }
  /** Words behind INSERT, UPDATE and DELETE. */
  protected prefixes(statement: { readonly prefixes: readonly DmlPrefix[] }): string {
    return statement.prefixes
      .filter((p) => p.dialect === undefined || this.answersTo(p.dialect))
      .map((p) => `${withoutNul(p.words, "prefixWith()")} `)
      .join("");
  }
  /** What the row being written gives each column. */
  private given: ReadonlyMap<Expression, Expression> | undefined;
  /** UPDATE assigns from left to right: what was set before already reads as its new value. */
  protected readonly assignsInTurn: boolean = false;
  private readonly givenBefore = new Set<Expression>();
  visitDmlColumn(node: DmlColumn): string {
    const given = this.given?.get(node.column);
    if (this.given === undefined)
      throw new CompileError("fromDmlColumn() stands for a value of the INSERT or UPDATE it is part of.");
    if (given === node) throw new CompileError(`fromDmlColumn(): '${node.column.name}' is set to itself.`);
    if (given === undefined || this.givenBefore.has(node.column)) return this.render(node.column);
    // The value again, as it would stand there by itself: a parameter is sent twice.
    return this.operand(given, ops.mul);
  }
  /** The rows as a SELECT in the order of their numbers, where generated keys follow that. */
  protected numberedRows(_columns: readonly TableColumn[]): NumberedRows {
    throw new CompileError(`${this.dialect.name} does not number the rows of an INSERT.`);
  }
  visitInsert(statement: InsertStatement): string {
    statement.requireOneTable();
    for (const cte of statement.ctes) this.hoist(cte);
    return this.insertText(statement);
  }
  /** A value in VALUES or SET, beside its column. */
  protected assigned(value: Expression, column: TableColumn | undefined): string {
    // An automatic key draws its number from elsewhere: NULL asks for it.
    if (value.kind === "nextValue" && !this.dialect.capabilities.sequences) return "NULL";
    if (!(value instanceof Bind || value instanceof NamedBind)) return this.render(value);
    this.writing = column?.key;
    const text = this.bind(value, this.bindSuffixBesideColumn(value.type));
    this.writing = undefined;
    return text;
  }
  protected conflict(statement: InsertStatement): string {
    const clause = statement.conflict;
    if (clause === undefined) return "";
    if (clause.action === "duplicateKey") {
      throw new CompileError(`${this.dialect.name} has no ON DUPLICATE KEY UPDATE; use onConflictDoUpdate().`);
    }
    const columns =
      clause.target.length === 0 ? "" : ` (${clause.target.map((c) => this.quote(c.columnName)).join(", ")})`;
    const partial = clause.targetWhere === undefined ? "" : ` WHERE ${this.indexCondition(clause.targetWhere)}`;
    const target = clause.constraint === undefined ? columns + partial : this.conflictConstraint(clause.constraint);
    if (clause.action === "nothing") return ` ON CONFLICT${target} DO NOTHING`;
    const set = clause.set
      .map(({ column, value }) => `${this.quote(column.columnName)} = ${this.assigned(value, column)}`)
      .join(", ");
    const where = clause.where === undefined ? "" : ` WHERE ${this.criterion(clause.where)}`;
    return ` ON CONFLICT${target} DO UPDATE SET ${set}${where}`;
  }
  protected conflictConstraint(_name: string): string {
    throw new CompileError(`${this.dialect.name} has no ON CONFLICT ON CONSTRAINT; name the columns with target.`);
  }
  /** Columns without their table and values written out: the server has to match it with that of an index. */
  private indexCondition(condition: Expression): string {
    this.bare = true;
    this.literally = true;
    const text = this.criterion(condition);
    this.bare = false;
    this.literally = this.options.literalBinds ?? false;
    return text;
  }
  /** @throws CompileError where something in a subquery has the name by which the row to be inserted is read */
  protected requireVisible(excluded: FromClause): void {
    const name = excluded.fromName as string;
    const hides = this.scopes.some((s) => [...s.froms].some((f) => f.fromName?.toLowerCase() === name));
    if (hides)
      throw new CompileError(
        `Something in a subquery is named '${name}', which hides the row to be inserted; give it another name, such as alias(t, "other").`,
        "upsert.name",
      );
  }
  /** A table of this very name takes another one where the row to be inserted is read. */
  protected override fromQualifier(from: FromClause): string | undefined {
    if (from.kind === "excluded") this.requireVisible(from);
    if (from === this.renamed && !this.scopes.some((s) => s.froms.has(from))) return TARGET;
    return super.fromQualifier(from);
  }
  protected renamed: FromClause | undefined;
  /** The table of an INSERT, with another name where ON CONFLICT would call the row to be inserted the same. */
  private target(statement: InsertStatement): string {
    const { table, conflict } = statement;
    const clashes = conflict?.action === "update" && table.tableName.toLowerCase() === "excluded";
    this.renamed = clashes && this.dialect.capabilities.onConflict === "conflict" ? table : undefined;
    return this.tableName(table) + (this.renamed === undefined ? "" : ` AS ${TARGET}`);
  }
  visitExcluded(excluded: Excluded): string {
    return excluded.fromName as string;
  }

  // ---- UPDATE and DELETE

  visitUpdate(statement: UpdateStatement): string {
    statement.requireOneTable();
    this.ctesInside = !this.dialect.capabilities.cteInDml;
    for (const cte of statement.ctes) this.hoist(cte);
    if (statement.assignments.length === 0)
      throw new CompileError(`update(): nothing is set on '${statement.table.fullName}'; call set().`);
    const { table } = statement;
    const others = this.otherFroms(table, [...statement.criteria, ...statement.assignments.map((a) => a.value)]);
    this.scopes.push({ froms: new Set<FromClause>([table, ...others]), labels: new Map() });
    this.given = new Map(statement.assignments.map((a) => [a.column, a.value]));
    const set = [
      ...statement.assignments.map(({ column, value }) => {
        const text = `${this.setTarget(column, others.length > 0)} = ${this.assigned(value, column)}`;
        if (this.assignsInTurn && others.length === 0) this.givenBefore.add(column);
        return text;
      }),
      ...this.onUpdate(statement),
    ].join(", ");
    this.given = undefined;
    this.givenBefore.clear();
    const text =
      this.updateText(statement, table, others, set) + this.returning(statement.returningItems, table, "update");
    this.scopes.pop();
    return text;
  }
  protected updateText(statement: UpdateStatement, table: Table, others: readonly FromClause[], set: string): string {
    if (others.length > 0 && this.dialect.capabilities.multiTableUpdate === false) {
      throw new CompileError(
        `${this.dialect.name} cannot update '${table.fullName}' from other tables; use a subquery.`,
      );
    }
    const from = others.length === 0 ? "" : ` FROM ${others.map((f) => this.from(f)).join(", ")}`;
    return `UPDATE ${this.prefixes(statement)}${this.onlyWord(table, statement.onlyTable)}${this.tableName(table)} SET ${set}${from}${this.where(statement.criteria)}${this.afterCriteria(statement)}${this.firstRows(statement)}`;
  }
  protected setTarget(column: TableColumn, _several: boolean): string {
    return this.quote(column.columnName);
  }
  private onUpdate(statement: UpdateStatement): string[] {
    const out: string[] = [];
    /** What is set to plain values, for functions that look at it. */
    const givenRow = (params: readonly unknown[]) => {
      const row: { [key: string]: unknown } = {};
      for (const { column, value } of statement.assignments) {
        if (!(value instanceof Bind)) continue;
        const at = this.binds.get(value);
        row[column.key] = at === undefined || at >= params.length ? value.value : params[at];
      }
      return row;
    };
    for (const column of statement.table.columns) {
      const source = column.fields.onUpdate;
      if (source === undefined || statement.assignments.some((a) => a.column === column)) continue;
      const process = this.dialect.bindProcessor(column.type);
      const convert = (v: unknown) => converted(v ?? null, process);
      let text: string;
      if ("expression" in source) text = this.render(source.expression);
      else if (this.options.literalBinds)
        text = this.dialect.literal("call" in source ? source.call(givenRow([]) as never) : source.value, column.type);
      else if ("call" in source)
        text = this.addSlot({ compute: (params) => convert(source.call(givenRow(params) as never)) });
      else text = this.addSlot({ constant: convert(source.value) });
      const wrap = "expression" in source ? undefined : this.bindWrap(column.type);
      out.push(`${this.quote(column.columnName)} = ${wrap === undefined ? text : wrap(text)}`);
    }
    return out;
  }
  visitDelete(statement: DeleteStatement): string {
    statement.requireOneTable();
    this.ctesInside = !this.dialect.capabilities.cteInDml;
    for (const cte of statement.ctes) this.hoist(cte);
    const { table } = statement;
    const others = this.otherFroms(table, statement.criteria);
    this.scopes.push({ froms: new Set<FromClause>([table, ...others]), labels: new Map() });
    const text = this.deleteText(statement, table, others) + this.returning(statement.returningItems, table, "delete");
    this.scopes.pop();
    return text;
  }
  protected deleteText(statement: DeleteStatement, table: Table, others: readonly FromClause[]): string {
    if (others.length > 0 && this.dialect.capabilities.multiTableDelete === false) {
      throw new CompileError(
        `${this.dialect.name} cannot delete from '${table.fullName}' by other tables; use exists() or a subquery.`,
      );
    }
    const using = others.length === 0 ? "" : ` USING ${others.map((f) => this.from(f)).join(", ")}`;
    return `DELETE ${this.prefixes(statement)}FROM ${this.onlyWord(table, statement.onlyTable)}${this.tableName(table)}${using}${this.where(statement.criteria)}${this.afterCriteria(statement)}${this.firstRows(statement)}`;
  }
  protected afterCriteria(statement: UpdateStatement | DeleteStatement): string {
    const clause = this.extended(statement, "postCriteria");
    return clause === "" ? "" : ` ${clause}`;
  }
  /** ORDER BY and LIMIT of UPDATE and DELETE. */
  protected firstRows(statement: UpdateStatement | DeleteStatement): string {
    if (statement.orderByList.length === 0 && statement.limitValue === undefined) return "";
    throw new CompileError(
      `${this.dialect.name} has no ${statement.kind.toUpperCase()} with ORDER BY or LIMIT; choose the rows of '${statement.table.fullName}' by key in a subquery.`,
    );
  }
  protected where(criteria: readonly Expression[]): string {
    return criteria.length === 0 ? "" : ` WHERE ${this.criteria(criteria)}`;
  }
  private otherFroms(table: Table, expressions: readonly Expression[]): FromClause[] {
    const read = new Set<FromClause>();
    for (const e of expressions) referencedFroms(e, read);
    read.delete(table);
    return [...read];
  }
  protected returning(items: readonly SelectItem[], table: Table, kind: "insert" | "update" | "delete"): string {
    if (items.length === 0) return "";
    this.requireReturning(table, kind);
    const columns = exportedNames(items).map(({ expression, name }) => {
      const wrap = this.columnWrap(expression.type);
      const value = this.returnedValue(expression);
      const text = wrap === undefined ? value : wrap(value);
      return wrap === undefined && expression instanceof ColumnReference && expression.columnName === name
        ? text
        : `${text} AS ${this.quote(name)}`;
    });
    return ` RETURNING ${columns.join(", ")}`;
  }
  protected requireReturning(table: Table, kind: "insert" | "update" | "delete"): void {
    if (this.dialect.capabilities.returning[kind]) return;
    throw new CompileError(
      `${this.dialect.name} has no ${kind.toUpperCase()} … RETURNING; read '${table.fullName}' by its key.`,
      "returning.unsupported",
    );
  }
  protected returnedValue(expression: Expression): string {
    return this.render(expression);
  }
}

function exportedNames(items: readonly SelectItem[]): { expression: Expression; name: string }[] {
  const out: { expression: Expression; name: string }[] = [];
  let anonymous = 0;
  for (const item of items) {
    if (item instanceof ItemElement) for (const c of item.itemColumns) out.push({ expression: c, name: c.columnName });
    else
      out.push({
        expression: item,
        name: item instanceof ColumnReference ? item.columnName : (item.name ?? `anon_${++anonymous}`),
      });
  }
  return out;
}
/** Types that may hold whole numbers a double does not. */
const EXACT = new Set([
  "bigInteger",
  NULL_TYPE.kind,
  "decorated",
  "variant",
  "spelled",
  "userDefined",
  "numeric",
  "mysql.unsignedBig",
  // SQLite keeps a document that is one number as that number.
  "json",
]);
export function needsExactIntegers(kind: string): boolean {
  return EXACT.has(kind);
}
