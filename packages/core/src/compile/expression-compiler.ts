/** Renders expressions. Dialects override single methods; the order of parameters is read off the finished text. */
import type { Dialect } from "../dialects/dialect.js";
import { CompileError } from "../errors/errors.js";
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
  type Quantified,
  type RegexpReplace,
  TRUE,
  Tuple,
  type Unary,
} from "../sql/expression.js";
import { ColumnReference, type FromClause } from "../sql/from.js";
import type {
  Case,
  Cast,
  Exists,
  Filtered,
  FrameBound,
  FunctionCall,
  Grouping,
  LiteralColumn,
  Over,
  ScalarSubquery,
  TableStar,
  TextLiteral,
  WithinGroup,
} from "../sql/functions.js";
import type { Operator } from "../sql/operators.js";
import * as ops from "../sql/operators.js";
import type { IdentifierElement, TextClause, TextExpression } from "../sql/text.js";
import { NULL_TYPE, type SqlType, TupleType } from "../types/sql-type.js";
import type { BindSlot } from "./compiled.js";

export interface CompilerOptions {
  /** Values are written into the text. */
  readonly literalBinds?: boolean | undefined;
  /** Columns are not qualified: inside DDL. */
  readonly unqualified?: boolean | undefined;
}
export type BindIndex = ReadonlyMap<object, number>;

/** Stands for a placeholder until the text is finished; NUL cannot occur in SQL. */
const MARK = "\0";
export const MARKED = /\0(\d+)\0/;

/** Custom constructs: rendering by element kind, for one dialect or for all. Source: SQLAlchemy "@compiles". */
type CustomRender = (element: never, compiler: ExpressionCompiler) => string;
const customKinds = new Map<string, CustomRender>();
/** Says how elements of `kind` are rendered, for the named dialect or for all that have no rule of their own. */
export function registerCompilation(kind: string, render: CustomRender, dialect = "*"): void {
  customKinds.set(`${dialect}/${kind}`, render);
}

export abstract class ExpressionCompiler {
  readonly dialect: Dialect;
  readonly options: CompilerOptions;
  protected readonly binds: BindIndex;
  /** Columns are written without their tables. */
  protected bare: boolean;
  /** Values are written into the text. */
  protected literally: boolean;
  protected readonly slots: BindSlot[] = [];
  protected readonly aliasNames = new Map<FromClause, string>();
  readonly #aliasCounts = new Map<string, number>();

  constructor(dialect: Dialect, binds: BindIndex, options: CompilerOptions = {}) {
    this.dialect = dialect;
    this.binds = binds;
    this.options = options;
    this.literally = options.literalBinds ?? false;
    this.bare = options.unqualified ?? false;
  }

  /** Renders any node by its kind. */
  render(node: Element): string {
    const custom = customKinds.get(`${this.dialect.name}/${node.kind}`) ?? customKinds.get(`*/${node.kind}`);
    if (custom !== undefined) return custom(node as never, this);
    const method = (this as unknown as { readonly [name: string]: ((n: Element) => string) | undefined })[
      `visit${node.kind[0]?.toUpperCase()}${node.kind.slice(1)}`
    ];
    if (method === undefined) throw new CompileError(`${this.dialect.name} cannot render a '${node.kind}' here.`);
    return method.call(this, node);
  }
  /** A fragment alone, with values in the text: for DDL. */
  renderInline(node: Element): string {
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

  // ---- parameters

  protected addSlot(slot: Partial<BindSlot>): string {
    const n = this.slots.length;
    this.slots.push({
      source: -1,
      constant: undefined,
      process: null,
      expanding: false,
      negated: false,
      tuple: undefined,
      listPrefix: "",
      suffix: "",
      name: undefined,
      compute: undefined,
      ...slot,
    });
    return `${MARK}${n}${MARK}`;
  }
  visitBind(bind: Bind): string {
    return this.bind(bind, this.bindSuffix(bind.type));
  }
  visitNamedBind(bind: NamedBind): string {
    return this.bind(bind, this.bindSuffix(bind.type));
  }
  /** What follows a placeholder where nothing beside it tells the server its type. */
  protected bindSuffix(type: SqlType): string {
    return this.dialect.bindSuffix(type);
  }
  /** What follows a placeholder beside a column, whose type the server takes. */
  protected bindSuffixBesideColumn(type: SqlType): string {
    return this.dialect.bindSuffix(type);
  }
  protected bind(bind: Bind | NamedBind, suffix: string, expanding = false, negated = false): string {
    if (this.literally) return this.literalBind(bind, expanding, negated);
    const name = bind instanceof NamedBind ? bind.parameter : undefined;
    const source = this.binds.get(bind) ?? -1;
    if (bind.type instanceof TupleType) return this.tupleList(bind, bind.type, source, negated, name);
    const process = bind.type === NULL_TYPE ? undeclaredBind(this.dialect) : this.dialect.bindProcessor(bind.type);
    if (source < 0 && name === undefined) {
      const value = bind.value;
      if (!expanding)
        return this.addSlot({ constant: value === null || process === null ? value : process(value), suffix });
      return this.addSlot({ constant: value, process, suffix, expanding, negated });
    }
    return this.addSlot({ source, process, suffix, expanding, negated, name });
  }
  /** The list behind `(a, b) IN`: each position has its own type. */
  private tupleList(
    bind: Bind | NamedBind,
    type: TupleType,
    source: number,
    negated: boolean,
    name: string | undefined,
  ): string {
    const by = type.elements.map((t) =>
      t === NULL_TYPE ? undeclaredBind(this.dialect) : this.dialect.bindProcessor(t),
    );
    const process = (row: unknown) =>
      (row as readonly unknown[]).map((v, i) => (v === null || v === undefined ? null : (by[i]?.(v) ?? v)));
    const constant = source < 0 && name === undefined ? bind.value : undefined;
    return this.addSlot({
      source,
      constant,
      process,
      expanding: true,
      negated,
      name,
      tuple: type.elements.map((t) => this.dialect.bindSuffix(t)),
      listPrefix: this.rowsPrefix,
    });
  }
  /** What stands before the row values of `(a, b) IN (…)`. */
  protected readonly rowsPrefix: string = "";
  protected literalBind(bind: Bind | NamedBind, expanding: boolean, negated: boolean): string {
    if (bind.value === undefined && bind instanceof NamedBind) {
      throw new CompileError(
        `The parameter ':${bind.parameter}' has no value to write into the text.`,
        "parameter.missing",
      );
    }
    if (!expanding) return this.literal(bind.value, bind.type);
    const list = bind.value as readonly unknown[];
    const { type } = bind;
    if (list.length === 0) return this.emptyList(negated, type instanceof TupleType ? type.elements.length : 1);
    if (!(type instanceof TupleType)) return list.map((v) => this.literal(v, type)).join(", ");
    return (
      this.rowsPrefix +
      list
        .map((row) => `(${type.elements.map((t, i) => this.literal((row as readonly unknown[])[i], t)).join(", ")})`)
        .join(", ")
    );
  }
  protected stringLiteral(value: string): string {
    return withoutNul(this.dialect.stringLiteral(value), "A text to be written into SQL");
  }
  /** A value written into the text. */
  protected literal(value: unknown, type: SqlType): string {
    return withoutNul(this.dialect.literal(value, type), "A value to be written into SQL");
  }
  emptyList(negated: boolean, width = 1): string {
    const nothing = width === 1 ? "NULL" : `(${Array(width).fill("NULL").join(", ")})`;
    return negated ? `${nothing}) OR (1 = 1` : `${nothing}) AND (1 != 1`;
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
      name = this.fitName(`${hint}_${n}`);
      this.aliasNames.set(from, name);
    }
    return name;
  }
  /** A label or made-up name that the server would cut off: cut here, with a hash so that two of them stay apart. */
  protected fitName(name: string): string {
    const most = this.dialect.capabilities.maxIdentifierLength;
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
      const bound = (b: FrameBound, start: boolean): string =>
        b === null
          ? start
            ? "UNBOUNDED PRECEDING"
            : "UNBOUNDED FOLLOWING"
          : b === 0
            ? "CURRENT ROW"
            : b < 0
              ? `${-b} PRECEDING`
              : `${b} FOLLOWING`;
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
    return `CAST(${this.castOperand(node.expression)} AS ${this.dialect.castType(node.type)})`;
  }
  protected castOperand(node: Expression): string {
    return node instanceof Bind ? this.bind(node, "") : this.render(node);
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
      if (part !== undefined) sql += this.textPart(part);
    });
    return sql;
  }
  protected textPart(part: Element): string {
    if (part instanceof Bind && Array.isArray(part.value) && part.type.family === "json")
      return this.bind(part, this.bindSuffix(part.type));
    return this.render(part);
  }
}

/** No database takes NUL inside SQL, and the places of parameters are marked with it until the text is finished. */
function withoutNul(text: string, what: string): string {
  if (text.includes(MARK))
    throw new CompileError(`${what} holds a NUL character; send it as a parameter.`, "value.nul");
  return text;
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
/** A parameter without a declared type: dates, booleans and bytes still need the dialect's form. */
function undeclaredBind(dialect: Dialect): (value: unknown) => unknown {
  return (value) => dialect.bindUndeclared(value);
}
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
