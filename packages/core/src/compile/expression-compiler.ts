/** Renders expressions. Dialects override single methods; the order of parameters is read off the finished text. */
import type { Dialect } from "../dialects/dialect.js";
import { CompileError } from "../errors/errors.js";
import type { NextValue } from "../schema/sequence.js";
import type { DefinedCall } from "../sql/custom-function.js";
import type { Element } from "../sql/element.js";
import {
  type AnyAll,
  type Between,
  type Binary,
  Bind,
  type BooleanList,
  type Collate,
  type Constant,
  type Expression,
  type Extract,
  FALSE,
  type InArray,
  type InList,
  type JsonPath,
  type Label,
  NamedBind,
  type Ordering,
  operand,
  type Quantified,
  type RegexpReplace,
  TRUE,
  Tuple,
  type Unary,
} from "../sql/expression.js";
import { ColumnReference, type FromClause } from "../sql/from.js";
import {
  type Case,
  type Cast,
  type Exists,
  type Filtered,
  type FrameEdge,
  FunctionCall,
  type Grouping,
  type LiteralColumn,
  type NullOf,
  type Over,
  type ScalarSubquery,
  type TableStar,
  type TextLiteral,
  type TryCast,
  type WithinGroup,
} from "../sql/functions.js";
import type { Operator } from "../sql/operators.js";
import * as ops from "../sql/operators.js";
import type { IdentifierElement, TextClause, TextExpression } from "../sql/text.js";
import { DATETIME, type SqlType, STRING, TupleType } from "../types/sql-type.js";
import type { SchemaMap } from "./compiled.js";
import { type BindIndex, type CompilerOptions, ParameterCompiler, withoutNul } from "./parameter-compiler.js";
import { numberTest } from "./try-cast.js";

/** Custom constructs: rendering by element kind, for one dialect or for all. Source: SQLAlchemy "@compiles". */
type CustomRender<E> = (element: E, compiler: ExpressionCompiler) => string;
const customKinds = new Map<string, CustomRender<never>>();
/**
 * Says how elements of `kind` are rendered, for the named dialect or for all that have no rule of their own. Gives the
 * function that takes the rule back.
 *
 * @example registerCompilation<Utcnow>("utcnow", () => "TIMEZONE('utc', CURRENT_TIMESTAMP)", "postgresql");
 */
export function registerCompilation<E extends Element = never>(
  kind: string,
  render: CustomRender<E>,
  dialect = "*",
): () => void {
  const key = `${dialect}/${kind}`;
  customKinds.set(key, render as CustomRender<never>);
  return () => {
    if (customKinds.get(key) === render) customKinds.delete(key);
  };
}

export interface NamedInSchema {
  readonly name: string;
  readonly schema: string | undefined;
}
export abstract class ExpressionCompiler extends ParameterCompiler {
  /** Columns are written without their tables. */
  protected bare: boolean;
  protected readonly aliasNames = new Map<FromClause, string>();
  readonly #aliasCounts = new Map<string, number>();

  constructor(dialect: Dialect, binds: BindIndex, options: CompilerOptions = {}) {
    super(dialect, binds, options);
    this.bare = options.unqualified ?? false;
  }

  /** Renders any node by its kind. */
  render(node: Element): string {
    if (customKinds.size > 0) {
      const custom = this.dialect.names.map((n) => customKinds.get(`${n}/${node.kind}`)).find((c) => c !== undefined);
      const render = custom ?? customKinds.get(`*/${node.kind}`);
      if (render !== undefined) {
        this.customRendered();
        return render(node as never, this);
      }
    }
    const method = (this as unknown as { readonly [name: string]: ((n: Element) => string) | undefined })[
      `visit${node.kind[0]?.toUpperCase()}${node.kind.slice(1)}`
    ];
    if (method === undefined) throw new CompileError(`${this.dialect.name} cannot render a '${node.kind}' here.`);
    return method.call(this, node);
  }
  /** Called when a rule of the program's own wrote a part. */
  protected customRendered(): void {}
  /** A fragment alone, with values in the text: for DDL. */
  renderInline(node: Element, _schemas?: SchemaMap): string {
    return this.render(node);
  }
  renderList(nodes: readonly Element[], separator = ", "): string {
    return nodes.map((n) => this.render(n)).join(separator);
  }
  /** An operand, in parentheses when its operator binds no tighter than the one around it. */
  protected operand(node: Expression, around: Operator): string {
    const inner = node.operator;
    const text = this.render(node);
    if (inner === undefined || (inner === around && around.associative)) return text;
    return inner.precedence <= around.precedence ? `(${text})` : text;
  }
  quote(name: string): string {
    return this.dialect.quote(name);
  }

  visitNextValue(node: NextValue): string {
    const { name } = node.sequence;
    if (!this.dialect.capabilities.sequences)
      throw new CompileError(
        `${this.dialect.name} has no sequences, so '${name}' has no next value.`,
        "sequence.unsupported",
      );
    return this.nextValue(node.sequence);
  }
  /** The function that draws a number. */
  protected nextValue({ schema, name }: NamedInSchema): string {
    return `nextval(${this.schemaWords(schema)}${this.quote(name)})`;
  }
  /** A schema and the point behind it; `quoted`: inside of a string. */
  protected schemaWords(schema: string | undefined, quoted = false): string {
    if (schema === undefined) return "";
    const words = `${this.quote(schema)}.`;
    return quoted ? words.replaceAll("'", "''") : words;
  }
  visitConstant(node: Constant): string {
    if (node === TRUE) return this.dialect.capabilities.nativeBoolean ? "true" : "1";
    if (node === FALSE) return this.dialect.capabilities.nativeBoolean ? "false" : "0";
    return node.constant;
  }

  // ---- names

  visitColumn(column: ColumnReference): string {
    const name = column.from.kind === "table" ? this.quote(column.columnName) : this.quoteLabel(column.columnName);
    if (this.bare) return name;
    const qualifier = this.fromQualifier(column.from);
    return qualifier === undefined ? name : `${qualifier}.${name}`;
  }
  visitTableStar(star: TableStar): string {
    const qualifier = this.fromQualifier(star.from);
    return qualifier === undefined ? "*" : `${qualifier}.*`;
  }
  /** How columns of a FROM clause are qualified. */
  protected abstract fromQualifier(from: FromClause): string | undefined;
  /** table_1, anon_1: numbered per statement in order of appearance. */
  protected anonymousName(from: FromClause, hint: string): string {
    let name = this.aliasNames.get(from);
    if (name === undefined) {
      const n = (this.#aliasCounts.get(hint) ?? 0) + 1;
      this.#aliasCounts.set(hint, n);
      name = this.fitName(`${hint}_${n}`, this.dialect.labelLength);
      this.aliasNames.set(from, name);
    }
    return name;
  }
  /** A label or made-up name that the server would cut off: cut here, with a hash so that two of them stay apart. */
  protected fitName(name: string, most = this.dialect.maxIdentifierLength): string {
    if (name.length * 4 <= most || Buffer.byteLength(name) <= most) return name;
    const tail = `_${hashOf(name).toString(16)}`;
    let head = name.slice(0, most - tail.length);
    while (Buffer.byteLength(head) > most - tail.length) head = head.slice(0, -1);
    return head + tail;
  }
  quoteLabel(name: string): string {
    return this.quote(this.fitName(name));
  }
  visitIdentifier(node: IdentifierElement): string {
    return node.names.map((n) => this.dialect.quoteAlways(n)).join(".");
  }

  // ---- operators

  visitBinary(node: Binary): string {
    const override = this.binaryOverride(node);
    if (override !== undefined) return override;
    const op = node.oper;
    const left = this.side(node.left, node.right, op);
    const right = this.side(node.right, node.left, op, node.right.operator === op && !op.associative);
    const escape = node.escape === undefined ? "" : ` ESCAPE ${this.stringLiteral(node.escape)}`;
    return `${left} ${op.sql} ${right}${escape}`;
  }
  private side(node: Expression, other: Expression, op: Operator, force = false): string {
    if ((node instanceof Bind || node instanceof NamedBind) && op.comparison && typedSide(other)) {
      return this.bind(node, this.bindSuffixBesideColumn(node.type));
    }
    return force ? `(${this.render(node)})` : this.operand(node, op);
  }
  /** A dialect's own form of a binary operator. */
  protected binaryOverride(node: Binary): string | undefined {
    const { oper: op, left, right } = node;
    switch (op) {
      case ops.ilike:
      case ops.notIlike: {
        const word = op === ops.ilike ? "LIKE" : "NOT LIKE";
        const escape = node.escape === undefined ? "" : ` ESCAPE ${this.stringLiteral(node.escape)}`;
        return `lower(${this.render(left)}) ${word} lower(${this.render(right)})${escape}`;
      }
      case ops.dateAdd:
      case ops.dateSub:
        return this.movedDate(left, right, op === ops.dateAdd ? "+" : "-");
      case ops.dateDiff:
        return this.dateDifference(left, right);
      case ops.div:
        return integral(left.type) && integral(right.type) ? this.trueDivision(left, right) : undefined;
      case ops.floorDiv:
        return integral(left.type) && integral(right.type)
          ? this.integerDivision(left, right)
          : `FLOOR(${this.operand(left, ops.div)} / ${this.divisor(right)})`;
      default:
        return undefined;
    }
  }
  /** A date or time plus or minus an interval, of the type it had. */
  protected movedDate(of: Expression, by: Expression, sign: "+" | "-"): string {
    const moved = `${this.operand(of, ops.sub)} ${sign} ${this.operand(by, ops.mul)}`;
    // A date plus an interval is a timestamp in SQL.
    return of.type.kind === "date" ? `CAST(${moved} AS ${this.dialect.castType(of.type)})` : moved;
  }
  /** The interval between two dates, times or timestamps. */
  protected dateDifference(left: Expression, right: Expression): string {
    const point = (e: Expression) =>
      e.type.kind === "date"
        ? `CAST(${this.render(e)} AS ${this.dialect.castType(DATETIME)})`
        : this.operand(e, ops.mul);
    return `${point(left)} - ${point(right)}`;
  }
  protected divisor(right: Expression): string {
    return right.operator !== undefined && right.operator.precedence <= ops.div.precedence
      ? `(${this.render(right)})`
      : this.render(right);
  }
  protected trueDivision(left: Expression, right: Expression): string {
    return `${this.operand(left, ops.div)} / (${this.operand(right, ops.add)} + 0.0)`;
  }
  protected integerDivision(left: Expression, right: Expression): string {
    return `${this.operand(left, ops.div)} / ${this.divisor(right)}`;
  }
  visitUnary(node: Unary): string {
    switch (node.oper) {
      case ops.is:
        return `${this.operand(node.operand, ops.is)} IS NULL`;
      case ops.isNot:
        return `${this.operand(node.operand, ops.is)} IS NOT NULL`;
      case ops.not:
        return this.negation(node.operand);
      default:
        return `${node.oper.sql}${this.operand(node.operand, node.oper)}`;
    }
  }
  protected negation(node: Expression): string {
    if (
      node.operator === undefined &&
      node.type.family === "boolean" &&
      !this.dialect.capabilities.nativeBoolean &&
      isValue(node)
    ) {
      return `${this.render(node)} = 0`;
    }
    if (node.kind === "exists") return `NOT (${this.render(node)})`;
    return `NOT ${this.operand(node, ops.not)}`;
  }
  /** An expression where a criterion is expected. */
  criterion(node: Expression, around: Operator = ops.OUTERMOST): string {
    if (!this.dialect.capabilities.nativeBoolean) {
      if (node === TRUE) return "1 = 1";
      if (node === FALSE) return "0 = 1";
      if (node.operator === undefined && isValue(node)) return `${this.render(node)} = 1`;
    }
    return this.operand(node, around);
  }
  visitBooleanList(node: BooleanList): string {
    return node.items.map((item) => this.criterion(item, node.oper)).join(` ${node.oper.sql} `);
  }
  visitBetween(node: Between): string {
    const word = node.negated ? "NOT BETWEEN" : "BETWEEN";
    const bound = (e: Expression) => this.side(e, node.subject, ops.between);
    return `${this.operand(node.subject, ops.between)} ${word} ${bound(node.low)} AND ${bound(node.high)}`;
  }
  visitInList(node: InList): string {
    const word = node.negated ? "NOT IN" : "IN";
    const subject = this.operand(node.subject, ops.inOp);
    const list = node.list;
    if (list instanceof Bind || list instanceof NamedBind) {
      const suffix =
        list.type instanceof TupleType
          ? ""
          : typedSide(node.subject)
            ? this.bindSuffixBesideColumn(list.type)
            : this.bindSuffix(list.type);
      const text = `${subject} ${word} (${this.bind(list, suffix, true, node.negated)})`;
      // An empty list puts OR behind NOT IN's parenthesis and AND behind IN's: only the first may lose its place.
      return node.negated ? `(${text})` : text;
    }
    if (list instanceof Tuple) {
      const rows = list.items.some((item) => item instanceof Tuple) ? this.rowsPrefix : "";
      return `${subject} ${word} (${rows}${this.renderList(list.items)})`;
    }
    return `${subject} ${word} (${"exportedColumns" in list ? this.enclosed(list) : this.render(list)})`;
  }
  visitInArray(node: InArray): string {
    return `${this.operand(node.subject, ops.inOp)} IN (${this.bind(node.values, this.bindSuffixBesideColumn(node.values.type), true)})`;
  }
  visitAnyAll(node: AnyAll): string {
    const inner = "exportedColumns" in node.over ? this.nested(node.over) : this.render(node.over);
    return `${node.quantifier} (${inner})`;
  }
  /** Every match replaced, as `regexp_replace(…, 'g')` on PostgreSQL. */
  visitRegexpReplace(node: RegexpReplace): string {
    return `REGEXP_REPLACE(${this.render(node.subject)}, ${this.render(node.pattern)}, ${this.render(node.replacement)})`;
  }
  visitGrouping(node: Grouping): string {
    const set = (items: readonly Expression[], alone: boolean) =>
      items.length === 1 && alone ? this.render(items[0] as Expression) : `(${this.renderList(items)})`;
    if (node.how === "GROUPING SETS") return `GROUPING SETS(${node.sets.map((s) => set(s, false)).join(", ")})`;
    return `${node.how}(${node.sets.map((s) => set(s, true)).join(", ")})`;
  }
  visitTuple(node: Tuple): string {
    return `(${this.renderList(node.items)})`;
  }
  visitQuantified(node: Quantified): string {
    return `${this.operand(node.subject, node.oper)} ${node.oper.sql} ${node.quantifier} (${this.render(node.over)})`;
  }
  visitLabel(node: Label): string {
    return this.render(node.expression);
  }
  visitOrdering(node: Ordering): string {
    return this.orderingText(this.render(node.expression), node);
  }
  /** `text` with direction and null placement. */
  orderingText(text: string, node: Ordering): string {
    const direction = node.direction === undefined ? "" : ` ${node.direction}`;
    if (node.nulls === undefined) return text + direction;
    if (this.dialect.capabilities.nullsOrdering) return `${text}${direction} NULLS ${node.nulls}`;
    return `${text} IS NULL${node.nulls === "FIRST" ? " DESC" : ""}, ${text}${direction}`;
  }
  visitCollate(node: Collate): string {
    return `${this.operand(node.expression, ops.collate)} COLLATE ${this.dialect.quoteAlways(node.collation)}`;
  }

  // ---- calls

  visitCall(node: FunctionCall): string {
    if (node.functionName === "aggregate_strings") return this.aggregateStrings(node);
    const name = this.functionName(node.functionName);
    if (/^current_(timestamp|date|time)$/i.test(name)) return name.toUpperCase();
    if (name.endsWith(")")) return name;
    const args = node.args.length === 0 ? "" : this.renderList(node.args);
    const order = node.aggregateOrder.length === 0 ? "" : ` ORDER BY ${this.renderList(node.aggregateOrder)}`;
    return `${name}(${node.isDistinct ? "DISTINCT " : ""}${args}${order})`;
  }
  /** `func.aggregateStrings(x, separator)`: one text of many, in the given order. */
  protected aggregateStrings(node: FunctionCall): string {
    const order = node.aggregateOrder.length === 0 ? "" : ` ORDER BY ${this.renderList(node.aggregateOrder)}`;
    return `group_concat(${node.isDistinct ? "DISTINCT " : ""}${this.renderList(node.args)}${order})`;
  }
  /** A dialect's spelling; with parentheses where it takes no arguments. */
  protected functionName(name: string): string {
    return name;
  }
  visitFiltered(node: Filtered): string {
    return `${this.render(node.call)} FILTER (WHERE ${node.criteria.map((c) => this.criterion(c, ops.and)).join(" AND ")})`;
  }
  visitWithinGroup(node: WithinGroup): string {
    return `${this.render(node.call)} WITHIN GROUP (ORDER BY ${this.renderList(node.by)})`;
  }
  visitOver(node: Over): string {
    const parts: string[] = [];
    if (node.partitionBy.length > 0) parts.push(`PARTITION BY ${this.renderList(node.partitionBy)}`);
    if (node.orderBy.length > 0) parts.push(`ORDER BY ${this.renderList(node.orderBy)}`);
    if (node.frame !== undefined) {
      const bound = (b: FrameEdge, start: boolean): string => {
        if (b === null) return start ? "UNBOUNDED PRECEDING" : "UNBOUNDED FOLLOWING";
        if (typeof b === "object") return `${this.render(b.by)} ${b.direction}`;
        return b === 0 ? "CURRENT ROW" : b < 0 ? `${-b} PRECEDING` : `${b} FOLLOWING`;
      };
      parts.push(`${node.frame.unit} BETWEEN ${bound(node.frame.start, true)} AND ${bound(node.frame.end, false)}`);
      if (node.exclude !== undefined) parts.push(`EXCLUDE ${node.exclude}`);
    }
    return `${this.render(node.call)} OVER (${parts.join(" ")})`;
  }
  visitCase(node: Case): string {
    const branches = node.branches.map(
      ([test, result]) =>
        ` WHEN ${node.subject ? this.render(test) : this.criterion(test)} THEN ${this.render(result)}`,
    );
    const otherwise = node.otherwise === undefined ? "" : ` ELSE ${this.render(node.otherwise)}`;
    return `CASE${node.subject ? ` ${this.render(node.subject)}` : ""}${branches.join("")}${otherwise} END`;
  }
  visitCast(node: Cast): string {
    if (node.coerceOnly) return this.render(node.expression);
    return this.castText(node.expression, node.type);
  }
  protected castText(of: Expression, type: SqlType): string {
    return `CAST(${this.castOperand(of)} AS ${this.dialect.castType(type)})`;
  }
  visitNullOf(node: NullOf): string {
    return `CAST(NULL AS ${this.dialect.castType(node.type)})`;
  }
  protected castOperand(node: Expression): string {
    return node instanceof Bind ? this.bind(node, "") : this.render(node);
  }
  visitTryCast(node: TryCast): string {
    const text = this.castText(node.expression, node.type);
    const test = this.castTest(node.expression, node.type);
    return test === "" ? text : `CASE WHEN ${test} THEN ${text} END`;
  }
  /** The condition under which a cast succeeds; "" when it always does. @throws CompileError where none can be said */
  protected castTest(of: Expression, type: SqlType): string {
    const test = numberTest(type);
    if (test === undefined) {
      if (type.family === "text") return "";
      throw new CompileError(
        `${this.dialect.name} has no test for what can be cast to ${type}; tryCast() gives numbers and text here.`,
      );
    }
    const text = `CAST(${this.castOperand(of)} AS ${this.dialect.castType(STRING)})`;
    const fits = `${text} ${this.regexpOperator} ${this.stringLiteral(test.pattern)}`;
    if (test.range === undefined) return fits;
    const exact = `CAST(${this.castOperand(of)} AS ${this.comparableNumber(test.wide)})`;
    return `CASE WHEN ${fits} THEN ${exact} BETWEEN ${test.range[0]} AND ${test.range[1]} END`;
  }
  /** A type whose values compare as numbers. */
  protected comparableNumber(type: SqlType): string {
    return this.dialect.castType(type);
  }
  /** What stands between a text and a regular expression. */
  protected readonly regexpOperator: string = "REGEXP";
  visitDefinedCall(node: DefinedCall): string {
    const { spellings } = node.definition;
    const name = this.dialect.names.find((n) => Object.hasOwn(spellings, n));
    const own = name === undefined ? undefined : spellings[name];
    if (typeof own === "string")
      return this.visitCall(new FunctionCall(own, node.args, node.type, node.isDistinct, node.aggregateOrder));
    return own === undefined ? this.visitCall(node) : `(${this.render(operand(own(...node.args)))})`;
  }
  visitExtract(node: Extract): string {
    return `EXTRACT(${node.field} FROM ${this.render(node.expression)})`;
  }
  visitJsonPath(_node: JsonPath): string {
    throw new CompileError(`${this.dialect.name} has no JSON path operators.`);
  }
  visitScalarSubquery(node: ScalarSubquery): string {
    return `(${this.enclosed(node.query)})`;
  }
  visitExists(node: Exists): string {
    return `EXISTS (${this.enclosed(node.query)})`;
  }
  /** `nested`, for a query in parentheses: it may carry a WITH of its own. */
  protected abstract enclosed(query: Element): string;
  /** A query inside an expression: it may see the FROM list around it. */
  protected abstract nested(query: Element): string;
  visitTextLiteral(node: TextLiteral): string {
    return this.stringLiteral(node.value);
  }
  visitLiteralColumn(node: LiteralColumn): string {
    return withoutNul(node.sql, "literalColumn()");
  }
  visitTextExpression(node: TextExpression): string {
    return `(${this.render(node.clause)})`;
  }
  visitText(node: TextClause): string {
    let sql = "";
    node.pieces.forEach((piece, i) => {
      sql += withoutNul(piece, "The SQL text");
      const part = node.parts[i];
      if (part !== undefined) sql += isList(part) ? this.textList(part, piece) : this.textPart(part);
    });
    return sql;
  }
  /** A list in raw SQL, in parentheses where the text has none. */
  private textList(list: Bind | NamedBind, before: string): string {
    this.inText = true;
    const text = this.bind(list, "", true);
    this.inText = false;
    return /[(,]\s*$/.test(before) ? text : `(${text})`;
  }
  protected textPart(part: Element): string {
    if (part instanceof Bind && Array.isArray(part.value) && part.type.family === "json")
      return this.bind(part, this.bindSuffix(part.type));
    return this.render(part);
  }
}

function isList(part: Element): part is Bind | NamedBind {
  return (part instanceof Bind || part instanceof NamedBind) && part.expanding;
}
/** Whether the server learns a parameter's type from what stands beside it. */
function typedSide(node: Expression): boolean {
  return node instanceof ColumnReference;
}
function integral(type: SqlType): boolean {
  return type.kind === "integer" || type.kind === "smallInteger" || type.kind === "bigInteger";
}
/** Columns, calls and subqueries have values; operators already are criteria. */
function isValue(node: Expression): boolean {
  return (
    node.kind !== "exists" &&
    node.kind !== "textExpression" &&
    node.kind !== "text" &&
    node.kind !== "call" &&
    node.kind !== "literalColumn" &&
    node.kind !== "inArray"
  );
}
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
