/** SQLite's SQL. */

import type { Compiled } from "../../compile/compiled.js";
import { SqlCompiler } from "../../compile/compiler.js";
import { CompileError } from "../../errors/errors.js";
import type { ColumnValued } from "../../sql/composites.js";
import type { InsertSource, InsertStatement } from "../../sql/dml.js";
import type { Element } from "../../sql/element.js";
import {
  type AnyAll,
  type Binary,
  Bind,
  type Expression,
  type Extract,
  type InArray,
  type JsonPath,
  TRUE,
} from "../../sql/expression.js";
import { ColumnReference, type TableFunction, type ValuesClause } from "../../sql/from.js";
import type { Grouping, WithinGroup } from "../../sql/functions.js";
import { type FunctionCall, KNOWN_FUNCTIONS, type LiteralColumn, type TableStar } from "../../sql/functions.js";
import * as ops from "../../sql/operators.js";
import { QueryStatement, SelectStatement } from "../../sql/select.js";
import type { TextClause } from "../../sql/text.js";
import type { SqlType } from "../../types/sql-type.js";
import { packedText } from "./packed.js";

const STRFTIME: { readonly [field: string]: string } = {
  year: "%Y",
  month: "%m",
  day: "%d",
  hour: "%H",
  minute: "%M",
  second: "%S",
  dow: "%w",
  doy: "%j",
  week: "%V",
  epoch: "%s",
};

export class SqliteCompiler extends SqlCompiler {
  protected override readonly insertPageSize = 100;
  /** Cleared by what must not run twice, or whose result JSON could change. */
  #packable = true;

  override compile(statement: Element): Compiled {
    const compiled = super.compile(statement);
    const { columns, pieces } = compiled;
    if (
      !this.#packable ||
      compiled.kind !== "select" ||
      columns === undefined ||
      pieces !== undefined ||
      !(statement instanceof QueryStatement)
    )
      return compiled;
    const names = statement.exportedColumns.map((c) => c.columnName);
    // Packed rows are read by name: with a name met twice there is no telling which column is meant.
    if (new Set(names.map((name) => name.toLowerCase())).size < names.length) return compiled;
    // The text names it otherwise.
    if (names.some((name) => this.fitName(name) !== name)) return compiled;
    const packed = packedText(compiled.sql, columns, names, (name) => this.quote(name));
    return packed === undefined ? compiled : { ...compiled, hint: { ...compiled.hint, packed } };
  }
  override visitCall(node: FunctionCall): string {
    if (!(node.functionName.toLowerCase() in KNOWN_FUNCTIONS)) this.#packable = false;
    return super.visitCall(node);
  }
  override visitText(node: TextClause): string {
    this.#packable = false;
    return super.visitText(node);
  }
  override visitLiteralColumn(node: LiteralColumn): string {
    this.#packable = false;
    return super.visitLiteralColumn(node);
  }
  override visitTableStar(node: TableStar): string {
    this.#packable = false;
    return super.visitTableStar(node);
  }

  protected override customRendered(): void {
    this.#packable = false;
  }

  protected override readonly unlimited = "-1";
  protected override readonly rowsPrefix = "VALUES ";
  protected override readonly setOperatorsAll = false;

  protected override binaryOverride(node: Binary): string | undefined {
    switch (node.oper) {
      case ops.isDistinctFrom:
        return `${this.operand(node.left, ops.is)} IS NOT ${this.operand(node.right, ops.is)}`;
      case ops.isNotDistinctFrom:
        return `${this.operand(node.left, ops.is)} IS ${this.operand(node.right, ops.is)}`;
      case ops.regexpMatch:
        return `${this.operand(node.left, node.oper)} REGEXP ${this.operand(node.right, node.oper)}`;
      case ops.notRegexpMatch:
        return `${this.operand(node.left, node.oper)} NOT REGEXP ${this.operand(node.right, node.oper)}`;
      case ops.regexpMatchIgnoringCase:
      case ops.notRegexpMatchIgnoringCase: {
        const word = node.oper === ops.regexpMatchIgnoringCase ? "REGEXP" : "NOT REGEXP";
        return `lower(${this.render(node.left)}) ${word} lower(${this.render(node.right)})`;
      }
      case ops.bitXor: {
        // Operands of the same precedence need their parentheses here: the text is another operator's.
        const [a, b] = [this.operand(node.left, ops.mul), this.operand(node.right, ops.mul)];
        return `(${a} | ${b}) - (${a} & ${b})`;
      }
      case ops.arrayContains: {
        const [all, some] = [this.render(node.left), this.render(node.right)];
        const missing = `SELECT 1 FROM json_each(${this.render(node.right)}) AS b WHERE b.value NOT IN (SELECT value FROM json_each(${this.render(node.left)}))`;
        return `CASE WHEN ${all} IS NOT NULL AND ${some} IS NOT NULL THEN NOT EXISTS (${missing}) END`;
      }
      case ops.arrayOverlaps: {
        const [one, other] = [this.render(node.left), this.render(node.right)];
        const shared = `SELECT 1 FROM json_each(${this.render(node.left)}) AS a JOIN json_each(${this.render(node.right)}) AS b ON a.value = b.value`;
        return `CASE WHEN ${one} IS NOT NULL AND ${other} IS NOT NULL THEN EXISTS (${shared}) END`;
      }
      default:
        return super.binaryOverride(node);
    }
  }
  /** Points in time are text, intervals whole microseconds; the date functions keep milliseconds. */
  protected override movedDate(of: Expression, by: Expression, sign: "+" | "-"): string {
    const seconds = `(${sign === "-" ? "-" : ""}${this.operand(by, ops.neg)} / 1000000.0) || ' seconds'`;
    const args = `${this.render(of)}, ${seconds}`;
    if (of.type.kind === "date") return `DATE(${args})`;
    // A time as it is stored: without needless zeros.
    if (of.type.kind === "time") return `RTRIM(RTRIM(STRFTIME('%H:%M:%f', ${args}), '0'), '.')`;
    return `STRFTIME('%Y-%m-%d %H:%M:%f', ${args})`;
  }
  protected override dateDifference(left: Expression, right: Expression): string {
    const micros = (e: Expression) =>
      `CAST(STRFTIME('%s', ${this.render(e)}) AS INTEGER) * 1000000 + CAST(SUBSTR(STRFTIME('%f', ${this.render(e)}), 4) AS INTEGER) * 1000`;
    return `(${micros(left)}) - (${micros(right)})`;
  }
  /** Points in time are text: a day or a time is a part of it. */
  protected override castText(of: Expression, type: SqlType): string {
    const [from, to] = [of.type.kind, type.kind];
    if (to === "date" && from === "dateTime") return `DATE(${this.castOperand(of)})`;
    if (to === "dateTime" && from === "date") return `DATE(${this.castOperand(of)}) || ' 00:00:00.000000'`;
    if (to === "time" && from === "dateTime")
      return `RTRIM(RTRIM(STRFTIME('%H:%M:%f', ${this.castOperand(of)}), '0'), '.')`;
    return super.castText(of, type);
  }
  protected override castTest(of: Expression, type: SqlType): string {
    if (type.family !== "date") return super.castTest(of, type);
    const check = type.kind === "date" ? "DATE" : type.kind === "time" ? "TIME" : "DATETIME";
    return `${check}(${this.castOperand(of)}) IS NOT NULL`;
  }
  /** Exact decimals are cast to text here. */
  protected override comparableNumber(type: SqlType): string {
    return type.kind === "numeric" ? "NUMERIC" : super.comparableNumber(type);
  }
  /** Table functions name the column of their values. */
  override visitColumnValued(column: ColumnValued): string {
    return `${super.visitColumnValued(column)}.value`;
  }
  protected override selected(expression: Expression, name: string, givesOut: boolean): string {
    const text = super.selected(expression, name, givesOut);
    return expression.kind === "columnValued" ? `${text} AS ${this.quoteLabel(name)}` : text;
  }
  override visitQuantified(node: Parameters<SqlCompiler["visitQuantified"]>[0]): string {
    if (node.quantifier !== "ANY" || node.oper !== ops.eq) return super.visitQuantified(node);
    // An array that is NULL has neither the value nor not.
    const there = `${this.operand(node.over, ops.is)} IS NOT NULL`;
    return `CASE WHEN ${there} THEN ${this.operand(node.subject, ops.inOp)} IN (SELECT value FROM json_each(${this.render(node.over)})) END`;
  }
  override emptyList(_negated: boolean, width = 1): string {
    const ones = Array(width).fill("1").join(", ");
    return `SELECT ${ones} FROM (SELECT ${ones}) WHERE 1!=1`;
  }
  protected override values(from: ValuesClause): string {
    const rows = from.rows.map((row) => `(${this.renderList(row)})`).join(", ");
    const names = from.declared.map((c, i) => `column${i + 1} AS ${this.quoteLabel(c.columnName)}`).join(", ");
    return `(SELECT ${names} FROM (VALUES ${rows})) AS ${this.quoteLabel(this.nameOf(from))}`;
  }
  protected override tableFunction(from: TableFunction): string {
    if (from.options.ordinality !== undefined)
      throw new CompileError("SQLite has no WITH ORDINALITY; json_each has a column 'key'.");
    // Its table functions name their own columns and see what stands before them.
    return `${this.render(from.call)} AS ${this.quoteLabel(this.nameOf(from))}`;
  }
  /** Without WHERE the ON of ON CONFLICT would be read as that of a join. */
  protected override insertSource(statement: InsertStatement, source: InsertSource): string {
    const { query } = source;
    if (statement.conflict === undefined || !(query instanceof SelectStatement) || query.criteria.length > 0)
      return super.insertSource(statement, source);
    return super.insertSource(statement, { ...source, query: query.where(TRUE) });
  }
  override visitGrouping(node: Grouping): string {
    throw new CompileError(`SQLite has no ${node.how}; use a union of several groupings.`);
  }
  override visitWithinGroup(node: WithinGroup): string {
    throw new CompileError(
      `SQLite has no ordered-set aggregates such as ${node.call.functionName}(…) WITHIN GROUP; use a window function.`,
    );
  }
  override visitAnyAll(node: AnyAll): string {
    throw new CompileError(`SQLite has no ${node.quantifier} (…); use in() or exists().`);
  }
  override visitRegexpReplace(): string {
    throw new CompileError(
      "SQLite has no REGEXP_REPLACE; register a function of that name on the connection and call it with func.call().",
    );
  }
  /** One parameter for any number of keys: the list travels as JSON text. */
  override visitInArray(node: InArray): string {
    const { values } = node;
    const kind = values.type.kind;
    if (kind === "binary" || kind === "decorated") return super.visitInArray(node);
    const element = this.dialect.bindProcessor(values.type);
    const big = kind === "bigInteger";
    const process = (list: unknown) =>
      JSON.stringify(
        (list as readonly unknown[]).map((v) => {
          const bound = v === null || element === null ? v : element(v);
          return typeof bound === "bigint" ? String(bound) : bound;
        }),
      );
    const source = this.binds.get(values) ?? -1;
    const slot = this.addSlot({
      source,
      constant: source < 0 ? process(values.value) : undefined,
      process,
      name: values instanceof Bind ? undefined : values.parameter,
    });
    return `${this.operand(node.subject, ops.inOp)} IN (SELECT ${big ? "CAST(value AS INTEGER)" : "value"} FROM json_each(${slot}))`;
  }
  override visitExtract(node: Extract): string {
    const format = STRFTIME[node.field];
    if (format === undefined) throw new CompileError(`extract(): SQLite has no field '${node.field}'.`);
    return `CAST(STRFTIME('${format}', ${this.render(node.expression)}) AS INTEGER)`;
  }
  protected override functionName(name: string): string {
    switch (name.toLowerCase()) {
      case "now":
        return "STRFTIME('%Y-%m-%d %H:%M:%f', 'now')";
      case "char_length":
        return "length";
      default:
        return name;
    }
  }
  override visitJsonPath(node: JsonPath): string {
    const path = this.stringLiteral(
      `$${node.path.map((p) => (typeof p === "number" ? (p < 0 ? `[#${p}]` : `[${p}]`) : `.${JSON.stringify(p)}`)).join("")}`,
    );
    const value = `JSON_EXTRACT(${this.render(node.document)}, ${path})`;
    switch (node.as_) {
      // What is not there is NULL and no document `null`, so that it can be asked for.
      case "json":
        return `(${this.operand(node.document, ops.concat)} -> ${path})`;
      case "number":
        return `CAST(${value} AS REAL)`;
      default:
        return value;
    }
  }
  protected override returnedValue(expression: Expression): string {
    // RETURNING, the last clause, calls the table by its own name.
    this.renamed = undefined;
    return expression instanceof ColumnReference ? this.quote(expression.columnName) : this.render(expression);
  }
}
