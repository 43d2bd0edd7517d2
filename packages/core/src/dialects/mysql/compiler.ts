/** MySQL's and MariaDB's SQL. */
import type { Compiled } from "../../compile/compiled.js";
import { SqlCompiler } from "../../compile/compiler.js";
import { MARKED } from "../../compile/parameter-compiler.js";
import { CompileError } from "../../errors/errors.js";
import type { Table, TableColumn } from "../../schema/table.js";
import type { DeleteStatement, Excluded, InsertStatement, UpdateStatement } from "../../sql/dml.js";
import type { Element } from "../../sql/element.js";
import {
  type AnyAll,
  type Binary,
  type Collate,
  conjunction,
  type Expression,
  type Extract,
  type InArray,
  type JsonPath,
  NamedBind,
  STAR,
  type Unary,
} from "../../sql/expression.js";
import { ColumnReference, type FromClause, type TableFunction, type ValuesClause } from "../../sql/from.js";
import {
  Case,
  type Filtered,
  FunctionCall,
  type Grouping,
  LiteralColumn,
  type Over,
  type WithinGroup,
} from "../../sql/functions.js";
import * as ops from "../../sql/operators.js";
import type { FetchClause, SelectStatement } from "../../sql/select.js";
import { TextExpression } from "../../sql/text.js";
import { INTEGER, type SqlType } from "../../types/sql-type.js";
import type { MysqlCapabilities } from "./capabilities.js";
import { inBothModes } from "./texts.js";

const LITERAL_ONE = new LiteralColumn("1", INTEGER);

const WHOLE: ReadonlySet<string> = new Set(["integer", "smallInteger", "bigInteger"]);
/** Fields that EXTRACT does not know here. */
const EXTRACTS: { readonly [field: string]: (of: string) => string } = {
  dow: (of) => `(dayofweek(${of}) - 1)`,
  doy: (of) => `dayofyear(${of})`,
  week: (of) => `weekofyear(${of})`,
  // unix_timestamp() would read the value in the session's time zone.
  epoch: (of) => `timestampdiff(SECOND, '1970-01-01', ${of})`,
  millisecond: (of) => `(second(${of}) * 1000 + microsecond(${of}) DIV 1000)`,
  microsecond: (of) => `(second(${of}) * 1000000 + microsecond(${of}))`,
};

export class MysqlCompiler extends SqlCompiler {
  /** Types of the parameters that stand beside no column, in order. */
  readonly #loose: string[] = [];
  /**
   * MySQL keeps the types such parameters had when a text was first sent, and makes numbers of later texts: `CASE … THEN ?`
   * with 'old' after one with 1 would be 0.
   */
  override compile(statement: Element): Compiled {
    const compiled = super.compile(statement);
    if (this.server.mariadb || this.#loose.length === 0 || !compiled.hint.prepare) return compiled;
    return { ...compiled, hint: { ...compiled.hint, kinds: ` /* ${this.#loose.join(" ")} */` } };
  }
  protected override bindSuffix(type: SqlType): string {
    this.#loose.push(this.dialect.plainType(type).kind);
    return super.bindSuffix(type);
  }
  protected override readonly insertPageSize = 1000;
  protected override readonly unlimited = "18446744073709551615";
  protected override readonly defaultValues = "() VALUES ()";
  protected override readonly dummyFrom = "DUAL";
  protected override readonly innerJoin = "INNER JOIN";
  protected override readonly cteFollowsInsert = true;
  protected override readonly cteHints = false;
  protected override readonly assignsInTurn = true;
  /** ONLY_FULL_GROUP_BY, which MySQL has on by itself: `n DIV ?` selected is not the `n DIV ?` grouped by. */
  protected override readonly agreesByValues = true;

  /** What the server can do; known by its version once a connection was made. */
  private get server(): MysqlCapabilities {
    return this.dialect.capabilities as MysqlCapabilities;
  }
  protected override literal(value: unknown, type: SqlType): string {
    return this.written(super.literal(value, type));
  }
  protected override stringLiteral(value: string): string {
    return this.written(super.stringLiteral(value));
  }
  /** See `texts.ts`. In tables the usual mode has plain literals, which read back as they were written. */
  private written(literal: string): string {
    return this.options.unqualified && !this.server.plainBackslashes ? literal : inBothModes(literal);
  }
  /** MariaDB 10.6 has WITH TIES. */
  protected override fetchClause(limit: Expression, offset: Expression | undefined, fetch: FetchClause): string {
    if (!fetch.withTies || fetch.percent || !this.server.fetchWithTies) return super.fetchClause(limit, offset, fetch);
    const skip = offset === undefined ? "" : `OFFSET ${this.limitValue(offset)} ROWS `;
    return `${skip}FETCH FIRST ${this.limitValue(limit)} ROWS WITH TIES`;
  }
  /** A number or a parameter, no expression; what stands in the program's own SQL is its own affair. */
  protected override limitValue(value: Expression): string {
    // Without the parentheses an expression would have.
    if (value instanceof TextExpression) return this.render(value.clause);
    const text = super.limitValue(value);
    if (value instanceof LiteralColumn || /^\d*$/.test(text.replace(MARKED, ""))) return text;
    throw new CompileError(
      "MySQL and MariaDB take only a number or a parameter in LIMIT and OFFSET, no expression and no subquery: ask for the number first and give it, or number the rows with func.rowNumber().over(…) in a subquery and compare.",
      "limit.expression",
    );
  }
  protected override binaryOverride(node: Binary): string | undefined {
    const sides = () => [this.operand(node.left, node.oper), this.operand(node.right, node.oper)] as const;
    switch (node.oper) {
      case ops.concat: {
        const parts: string[] = [];
        const flatten = (e: Expression): void => {
          if ("oper" in e && (e as Binary).oper === ops.concat) {
            flatten((e as Binary).left);
            flatten((e as Binary).right);
          } else parts.push(this.render(e));
        };
        flatten(node);
        return `concat(${parts.join(", ")})`;
      }
      case ops.isDistinctFrom: {
        const [a, b] = sides();
        return `NOT (${a} <=> ${b})`;
      }
      case ops.isNotDistinctFrom: {
        const [a, b] = sides();
        return `${a} <=> ${b}`;
      }
      case ops.regexpMatch:
      case ops.notRegexpMatch: {
        const [a, b] = sides();
        return `${a} ${node.oper === ops.regexpMatch ? "REGEXP" : "NOT REGEXP"} ${b}`;
      }
      case ops.regexpMatchIgnoringCase:
      case ops.notRegexpMatchIgnoringCase: {
        const [a, b] = sides();
        // The text's own collation decides; a pattern may say so itself, on both MySQL and MariaDB.
        return `${a} ${node.oper === ops.regexpMatchIgnoringCase ? "REGEXP" : "NOT REGEXP"} concat('(?i)', ${b})`;
      }
      case ops.notMatch:
        return `NOT MATCH (${this.render(node.left)}) AGAINST (${this.render(node.right)} IN BOOLEAN MODE)`;
      case ops.match:
        return `MATCH (${this.render(node.left)}) AGAINST (${this.render(node.right)} IN BOOLEAN MODE)`;
      case ops.bitXor: {
        const [a, b] = sides();
        return `${a} ^ ${b}`;
      }
      case ops.arrayContains:
        return `JSON_CONTAINS(${this.render(node.left)}, ${this.render(node.right)})`;
      case ops.arrayOverlaps:
        return `JSON_OVERLAPS(${this.render(node.left)}, ${this.render(node.right)})`;
      default:
        return super.binaryOverride(node);
    }
  }
  /**
   * Whole-number keys as one parameter: 500 of them take a fifth of the time that 500 placeholders take (MariaDB 10.11,
   * indexed column), and one text serves any number. Text stays a list: its collation would not be the column's.
   */
  override visitInArray(node: InArray): string {
    const { values } = node;
    if (!WHOLE.has(values.type.kind) || !this.server.jsonTable) return super.visitInArray(node);
    const process = (list: unknown) => JSON.stringify(list, (_, v: unknown) => (typeof v === "bigint" ? String(v) : v));
    const source = this.binds.get(values) ?? -1;
    const name = values instanceof NamedBind ? values.parameter : undefined;
    const slot = this.addSlot({ source, constant: source < 0 ? process(values.value) : undefined, process, name });
    return `${this.operand(node.subject, ops.inOp)} IN (SELECT v FROM JSON_TABLE(${slot}, '$[*]' COLUMNS (v BIGINT PATH '$')) AS j)`;
  }
  /** Intervals are whole microseconds. */
  protected override movedDate(of: Expression, by: Expression, sign: "+" | "-"): string {
    const moved = `${this.operand(of, ops.sub)} ${sign} INTERVAL ${this.operand(by, ops.mul)} MICROSECOND`;
    return of.type.kind === "date" ? `CAST(${moved} AS DATE)` : `CAST(${moved} AS ${this.dialect.castType(of.type)})`;
  }
  protected override dateDifference(left: Expression, right: Expression): string {
    // Times alone have no TIMESTAMPDIFF.
    if (left.type.kind === "time")
      return `CAST(ROUND(TIME_TO_SEC(TIMEDIFF(${this.render(left)}, ${this.render(right)})) * 1000000) AS SIGNED)`;
    return `TIMESTAMPDIFF(MICROSECOND, ${this.render(right)}, ${this.render(left)})`;
  }
  /** A cast of what is no date gives NULL here by itself. */
  protected override castTest(of: Expression, type: SqlType): string {
    return type.family === "date" ? "" : super.castTest(of, type);
  }
  /** A cast text has a collation, which the columns of the other members need not have; a bare NULL takes theirs. */
  override visitNullOf(): string {
    return "NULL";
  }
  override visitUnary(node: Unary): string {
    // Bit operations give unsigned numbers here: ~1 would be 18446744073709551614.
    return node.oper === ops.bitNot ? `CAST(${super.visitUnary(node)} AS SIGNED)` : super.visitUnary(node);
  }
  /** No FILTER: what does not count becomes NULL, which aggregates pass over. */
  override visitFiltered(node: Filtered): string {
    const { call, criteria } = node;
    if (!(call instanceof FunctionCall)) throw new CompileError("MySQL has no FILTER on ordered-set aggregates.");
    const [first, ...rest] = call.args;
    const counted = first === undefined || first === STAR ? LITERAL_ONE : first;
    const kept = new Case(undefined, [[conjunction(ops.and, criteria), counted]], undefined);
    return this.render(call.rebuilt([kept, ...rest], call.isDistinct, call.aggregateOrder));
  }
  protected override aggregateStrings(node: FunctionCall): string {
    const [text, separator] = node.args as readonly [Expression, Expression];
    const order = node.aggregateOrder.length === 0 ? "" : ` ORDER BY ${this.renderList(node.aggregateOrder)}`;
    return `group_concat(${node.isDistinct ? "DISTINCT " : ""}${this.render(text)}${order} SEPARATOR ${this.render(separator)})`;
  }
  override visitExtract(node: Extract): string {
    const make = EXTRACTS[node.field];
    return make === undefined ? super.visitExtract(node) : make(this.render(node.expression));
  }
  protected override values(from: ValuesClause): string {
    return this.valuesAsSelects(from);
  }
  protected override tableFunction(from: TableFunction): string {
    throw new CompileError(
      `MySQL has no functions in FROM but JSON_TABLE; write that with sql\`…\`. (${this.nameOf(from)})`,
    );
  }
  override visitGrouping(node: Grouping): string {
    throw new CompileError(
      `MySQL has no ${node.how}(…) in GROUP BY; use a union of several groupings, or suffixWith("WITH ROLLUP").`,
    );
  }
  override visitWithinGroup(node: WithinGroup): string {
    if (!this.inWindow)
      throw new CompileError(
        "MySQL has no ordered-set aggregates; MariaDB has percentile_cont() and median() as window functions: add over().",
      );
    return super.visitWithinGroup(node);
  }
  private inWindow = false;
  override visitOver(node: Over): string {
    if (node.frame?.unit === "GROUPS" || node.exclude !== undefined) {
      const what = node.exclude === undefined ? "GROUPS frames" : "EXCLUDE in frames";
      throw new CompileError(`MySQL has no ${what}; use ROWS or RANGE.`);
    }
    const { call } = node;
    if (
      call instanceof FunctionCall &&
      /^(lag|lead)$/.test(call.functionName) &&
      call.args.length > 2 &&
      this.server.mariadb
    )
      throw new CompileError(
        `MariaDB has no third argument of ${call.functionName}(), the value where there is no row; use func.coalesce() around it.`,
      );
    this.inWindow = true;
    const text = super.visitOver(node);
    this.inWindow = false;
    return text;
  }
  override visitAnyAll(node: AnyAll): string {
    if (!("exportedColumns" in node.over)) throw new CompileError(`MySQL has ${node.quantifier} only over a query.`);
    return super.visitAnyAll(node);
  }
  override visitQuantified(node: Parameters<SqlCompiler["visitQuantified"]>[0]): string {
    if (node.quantifier !== "ANY" || node.oper !== ops.eq || node.over.type.family !== "array")
      return super.visitQuantified(node);
    const quoted =
      node.subject.type.family === "text"
        ? `JSON_QUOTE(${this.render(node.subject)})`
        : `CAST(${this.render(node.subject)} AS CHAR)`;
    return `JSON_CONTAINS(${this.render(node.over)}, ${quoted})`;
  }
  /** `/` divides truly here already. */
  protected override trueDivision(left: Expression, right: Expression): string {
    return `${this.operand(left, ops.div)} / ${this.divisor(right)}`;
  }
  protected override integerDivision(left: Expression, right: Expression): string {
    return `${this.operand(left, ops.div)} DIV ${this.divisor(right)}`;
  }
  override visitCollate(node: Collate): string {
    return `${this.operand(node.expression, ops.collate)} COLLATE ${this.quote(node.collation)}`;
  }
  protected override functionName(name: string): string {
    return name.toLowerCase() === "now" ? "now(6)" : name.toLowerCase() === "random" ? "rand" : name;
  }
  override visitCall(node: Parameters<SqlCompiler["visitCall"]>[0]): string {
    // length() counts bytes here; everywhere else, and in what users mean, characters.
    const text = super.visitCall(node);
    return node.functionName.toLowerCase() === "length" ? text.replace(/^length/i, "char_length") : text;
  }
  override visitJsonPath(node: JsonPath): string {
    const path = this.stringLiteral(
      `$${node.path.map((p) => (typeof p === "number" ? position(p) : `.${JSON.stringify(p)}`)).join("")}`,
    );
    const value = `JSON_EXTRACT(${this.render(node.document)}, ${path})`;
    switch (node.as_) {
      case "text":
        return `JSON_UNQUOTE(${value})`;
      case "number":
        return `(JSON_UNQUOTE(${value}) + 0.0e0)`;
      case "boolean":
        return `${value} = true`;
      default:
        return value;
    }
  }
  protected override forUpdate(statement: SelectStatement): string {
    const lock = statement.forUpdate;
    if (lock === undefined) return "";
    const words = `${lock.nowait ? " NOWAIT" : ""}${lock.skipLocked ? " SKIP LOCKED" : ""}`;
    // MariaDB has neither FOR SHARE nor OF; MySQL's older LOCK IN SHARE MODE takes no further words.
    const own = this.server.lockOf;
    const of = lock.of.length === 0 || !own ? "" : ` OF ${lock.of.map((f) => this.fromQualifier(f)).join(", ")}`;
    if (!lock.read) return `FOR UPDATE${of}${words}`;
    return own && (words !== "" || of !== "") ? `FOR SHARE${of}${words}` : `LOCK IN SHARE MODE${words}`;
  }

  // ---- DML

  protected override conflict(statement: InsertStatement): string {
    const clause = statement.conflict;
    if (clause === undefined) return "";
    if (clause.action === "nothing") {
      // A no-op assignment keeps other errors (unlike INSERT IGNORE).
      const column = statement.table.primaryKey[0] ?? statement.table.columns[0];
      const name = this.quote((column as TableColumn).columnName);
      return ` ON DUPLICATE KEY UPDATE ${name} = ${this.tableName(statement.table)}.${name}`;
    }
    if (clause.where !== undefined)
      throw new CompileError("MySQL's ON DUPLICATE KEY UPDATE takes no WHERE; use a CASE in set.");
    // VALUES() is on its way out of MySQL; the name cannot stand behind INSERT … SELECT.
    this.newRow =
      this.server.insertedRowName && statement.source === undefined ? this.newRowName(statement) : undefined;
    this.readsNewRow = false;
    const set = clause.set
      .map(({ column, value }) => `${this.quote(column.columnName)} = ${this.assigned(value, column)}`)
      .join(", ");
    return `${this.readsNewRow && this.newRow !== undefined ? ` AS ${this.newRow}` : ""} ON DUPLICATE KEY UPDATE ${set}`;
  }
  private newRowName({ table }: InsertStatement): string {
    return table.tableName.toLowerCase() === "excluded" ? "excluded_row" : "excluded";
  }
  /** The name of the row to be inserted, where it has one: MySQL. */
  private newRow: string | undefined;
  private readsNewRow = false;
  override visitColumn(column: ColumnReference): string {
    if (column.from.kind !== "excluded") return super.visitColumn(column);
    this.readsNewRow = true;
    const name = this.quote(column.columnName);
    if (this.newRow !== undefined) {
      this.requireVisible(column.from);
      return `${this.newRow}.${name}`;
    }
    if (this.scopes.length > 0)
      throw new CompileError(
        `The row to be inserted cannot be read in a subquery here ('${column.columnName}'): VALUES(…) is no part of one. Write the value itself into the subquery, or read what is there before.`,
        "upsert.subquery",
      );
    return `VALUES(${name})`;
  }
  override visitExcluded(_excluded: Excluded): string {
    throw new CompileError("MySQL's inserted row is read column by column.");
  }
  protected override setTarget(column: TableColumn, several: boolean): string {
    return several ? this.visitColumn(column) : this.quote(column.columnName);
  }
  protected override updateText(
    statement: UpdateStatement,
    table: Table,
    others: readonly FromClause[],
    set: string,
  ): string {
    if (others.length === 0) return super.updateText(statement, table, others, set);
    if (statement.orderByList.length > 0 || statement.limitValue !== undefined) throw this.severalWithLimit();
    const tables = [table, ...others].map((f) => this.from(f)).join(", ");
    return `UPDATE ${this.prefixes(statement)}${tables} SET ${set}${this.where(statement.criteria)}${this.afterCriteria(statement)}`;
  }
  protected override firstRows(statement: UpdateStatement | DeleteStatement): string {
    const { orderByList: by, limitValue } = statement;
    const order = by.length === 0 ? "" : ` ORDER BY ${by.map((o) => this.ordering(o)).join(", ")}`;
    return limitValue === undefined ? order : `${order} LIMIT ${this.limitValue(limitValue)}`;
  }
  private severalWithLimit(): CompileError {
    return new CompileError(
      "MySQL takes no ORDER BY or LIMIT where UPDATE or DELETE name several tables; choose rows in a subquery.",
    );
  }
  protected override deleteText(statement: DeleteStatement, table: Table, others: readonly FromClause[]): string {
    if (others.length === 0) return super.deleteText(statement, table, others);
    if (statement.returningItems.length > 0)
      throw new CompileError(
        `MariaDB has no RETURNING when it deletes from '${table.fullName}' by other tables; use exists() or a subquery.`,
        "returning.unsupported",
      );
    if (statement.orderByList.length > 0 || statement.limitValue !== undefined) throw this.severalWithLimit();
    const name = this.tableName(table);
    return `DELETE ${this.prefixes(statement)}FROM ${name} USING ${[name, ...others.map((f) => this.from(f))].join(", ")}${this.where(statement.criteria)}${this.afterCriteria(statement)}`;
  }
  protected override returnedValue(expression: Expression): string {
    return expression instanceof ColumnReference ? this.quote(expression.columnName) : this.render(expression);
  }
}
/** In a JSON path; counted from the end, -1 is the last. */
function position(at: number): string {
  if (at >= 0) return `[${at}]`;
  return at === -1 ? "[last]" : `[last${at + 1}]`;
}
