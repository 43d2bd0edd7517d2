/** PostgreSQL's SQL. */

import type { Compiled } from "../../compile/compiled.js";
import { type NumberedRows, SqlCompiler } from "../../compile/compiler.js";
import type { NamedInSchema } from "../../compile/expression-compiler.js";
import { numberTest } from "../../compile/try-cast.js";
import { CompileError } from "../../errors/errors.js";
import type { TableColumn } from "../../schema/table.js";
import type { Element } from "../../sql/element.js";
import {
  type Binary,
  Bind,
  type Expression,
  type InArray,
  type JsonPath,
  NamedBind,
  type RegexpReplace,
} from "../../sql/expression.js";
import type { FunctionCall, TryCast } from "../../sql/functions.js";
import * as ops from "../../sql/operators.js";
import type { FetchClause, SelectStatement } from "../../sql/select.js";
import { ArrayType, type SqlType, STRING } from "../../types/sql-type.js";
import type { Dialect } from "../dialect.js";
import { tablesOfPlainRead } from "./plain-read.js";

export class PostgresqlCompiler extends SqlCompiler {
  override compile(statement: Element): Compiled {
    const compiled = super.compile(statement);
    const reads = tablesOfPlainRead(statement);
    return reads === undefined ? compiled : { ...compiled, hint: { ...compiled.hint, reads } };
  }
  /** Away from columns the server has to be told the type: `$1 || $2` alone is ambiguous. */
  protected override bindSuffix(type: SqlType): string {
    const own = this.dialect.bindSuffix(type);
    if (own !== "" || type.kind === "null") return own;
    const plain = this.dialect.plainType(type);
    if (plain.kind === "enum") return "";
    return `::${this.dialect.castType(plain.kind === "string" ? STRING : plain)}`;
  }
  protected override binaryOverride(node: Binary): string | undefined {
    if (node.oper === ops.ilike || node.oper === ops.notIlike) {
      const escape = node.escape === undefined ? "" : ` ESCAPE ${this.stringLiteral(node.escape)}`;
      return `${this.operand(node.left, node.oper)} ${node.oper.sql} ${this.operand(node.right, node.oper)}${escape}`;
    }
    if (node.oper === ops.match || node.oper === ops.notMatch) {
      const found = `${this.operand(node.left, ops.match)} @@ plainto_tsquery(${this.render(node.right)})`;
      return node.oper === ops.match ? found : `NOT ${found}`;
    }
    return super.binaryOverride(node);
  }
  protected override nextValue({ schema, name }: NamedInSchema): string {
    return `nextval('${this.schemaWords(schema, true)}${this.quote(name).replaceAll("'", "''")}')`;
  }
  override visitRegexpReplace(node: RegexpReplace): string {
    return `REGEXP_REPLACE(${this.render(node.subject)}, ${this.render(node.pattern)}, ${this.render(node.replacement)}, 'g')`;
  }
  protected override aggregateStrings(node: FunctionCall): string {
    const order = node.aggregateOrder.length === 0 ? "" : ` ORDER BY ${this.renderList(node.aggregateOrder)}`;
    return `string_agg(${node.isDistinct ? "DISTINCT " : ""}${this.renderList(node.args)}${order})`;
  }
  protected override readonly tableSampling = true;
  protected override readonly tableInheritance = true;
  protected override readonly rowTypes = true;
  protected override readonly regexpOperator = "~";
  /** From PostgreSQL 16 on the server says of any type whether a text is valid. */
  override visitTryCast(node: TryCast): string {
    const { type, expression } = node;
    const dialect = this.dialect as Dialect & { readonly major?: number };
    if (type.family === "text" || numberTest(type) !== undefined || (dialect.major ?? 0) < 16)
      return super.visitTryCast(node);
    const name = dialect.castType(type);
    const text = `CAST(${this.castOperand(expression)} AS ${dialect.castType(STRING)})`;
    // What is constant the planner casts before it looks at the condition; a subquery it does not.
    return `CASE WHEN pg_input_is_valid(${text}, ${this.stringLiteral(name)}) THEN CAST((SELECT ${text}) AS ${name}) END`;
  }
  protected override readonly distinctOn = true;
  protected override fetchClause(limit: Expression, offset: Expression | undefined, fetch: FetchClause): string {
    if (fetch.percent) throw new CompileError("PostgreSQL has no FETCH … PERCENT; use percent_rank() in a subquery.");
    const skip = offset === undefined ? "" : `OFFSET ${this.fetchCount(offset)} ROWS `;
    return `${skip}FETCH FIRST ${this.fetchCount(limit)} ROWS ${fetch.withTies ? "WITH TIES" : "ONLY"}`;
  }
  /** A parameter's cast, like any expression, needs parentheses here. */
  private fetchCount(value: Expression): string {
    return `(${value instanceof Bind || value instanceof NamedBind ? this.bind(value, "") : this.render(value)})`;
  }
  /** Keys from a sequence follow the order of the rows selected. Source: PostgreSQL's behaviour since 9.6, SQLAlchemy. */
  protected override numberedRows(columns: readonly TableColumn[]): NumberedRows {
    const suffixes = columns.map((c) => this.bindSuffix(c.type));
    const names = columns.map((_, i) => `p${i}`);
    // What has no cast of its own (an enum's label) gets the column's type here; VALUES alone would make it text.
    const read = names.map((n, i) =>
      suffixes[i] === "" ? `CAST(p.${n} AS ${this.dialect.ddlType((columns[i] as TableColumn).type)})` : `p.${n}`,
    );
    return {
      before: `SELECT ${read.join(", ")} FROM (VALUES `,
      after: `) AS p(${[...names, "n"].join(", ")}) ORDER BY p.n`,
      suffixes,
    };
  }
  protected override conflictConstraint(name: string): string {
    return ` ON CONSTRAINT ${this.quote(name)}`;
  }
  protected override trueDivision(left: Expression, right: Expression): string {
    return `${this.operand(left, ops.div)} / CAST(${this.render(right)} AS NUMERIC)`;
  }
  /** One array parameter for any number of keys. */
  override visitInArray(node: InArray): string {
    const { values } = node;
    const type = new ArrayType(values.type);
    const whole = this.dialect.bindProcessor(type);
    const process = (list: unknown) => (whole === null ? list : whole(list));
    const source = this.binds.get(values) ?? -1;
    const slot = this.addSlot({
      source,
      constant: source < 0 ? process(values.value) : undefined,
      process,
      suffix: `::${this.dialect.castType(type)}`,
      name: values instanceof NamedBind ? values.parameter : undefined,
    });
    return `${this.operand(node.subject, ops.eq)} = ANY (${slot})`;
  }
  override visitJsonPath(node: JsonPath): string {
    const document = this.render(node.document);
    const text = node.as_ !== "json";
    const keys = node.path.map((p) => (typeof p === "number" ? String(p) : this.stringLiteral(p)));
    let sql: string;
    if (keys.length === 0) sql = text ? `${document} #>> '{}'` : document;
    else if (keys.length === 1) sql = `${document} ${text ? "->>" : "->"} ${keys[0]}`;
    else
      sql = `${document} ${text ? "#>>" : "#>"} ARRAY[${node.path.map((p) => this.stringLiteral(String(p))).join(", ")}]`;
    if (node.as_ === "number") return `CAST((${sql}) AS DOUBLE PRECISION)`;
    if (node.as_ === "boolean") return `CAST((${sql}) AS BOOLEAN)`;
    return `(${sql})`;
  }
  protected override castOperand(node: Expression): string {
    return node instanceof Bind && node.value !== null ? this.render(node) : super.castOperand(node);
  }
  protected override forUpdate(statement: SelectStatement): string {
    const lock = statement.forUpdate;
    if (lock === undefined) return "";
    const strength = lock.read
      ? lock.keyShare
        ? "FOR KEY SHARE"
        : "FOR SHARE"
      : lock.keyShare
        ? "FOR NO KEY UPDATE"
        : "FOR UPDATE";
    const of = lock.of.length === 0 ? "" : ` OF ${lock.of.map((f) => this.fromQualifier(f)).join(", ")}`;
    return `${strength}${of}${lock.nowait ? " NOWAIT" : ""}${lock.skipLocked ? " SKIP LOCKED" : ""}`;
  }
}
