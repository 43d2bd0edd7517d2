/**
 * Expressions and the nodes their operators make. Long because an operator method constructs the node
 * that extends the class the method belongs to: apart, the files would import each other.
 *
 * Typing is laid over these classes in `typing/`: which methods an expression shows depends on its family.
 */
import { ArgumentError, showParameter } from "../errors/errors.js";
import { requireKnownOptions } from "../errors/known-options.js";
import { IntervalType } from "../types/native-types.js";
import {
  BIG_INTEGER,
  BOOLEAN,
  DOUBLE,
  INTEGER,
  JSON_TYPE,
  NULL_TYPE,
  NUMERIC,
  type SqlType,
  STRING,
  TupleType,
  typeOfValue,
} from "../types/sql-type.js";
import { Element, innerStatement, sqlExpression } from "./element.js";
import { type KeyedBind, type KeyedNamedBind, type KeyWriter, OP } from "./key.js";
import { requireValue } from "./no-value.js";
import type { Operator } from "./operators.js";
import * as ops from "./operators.js";

/** What `in()` takes besides a list: a select, a subquery. */
export interface SelectsRows extends Element {
  /** As an expression of one column. */
  asScalar(): Expression;
}

/** Any SQL expression: it has a type and, maybe, a name in a row. */
export abstract class Expression extends Element {
  abstract readonly type: SqlType;
  /** The key it has in a row, if any. */
  get name(): string | undefined {
    return undefined;
  }
  /** Operator of the outermost node: decides about parentheses. */
  get operator(): Operator | undefined {
    return undefined;
  }

  eq(other: unknown): Expression {
    return isNullish(other) ? new Unary(ops.is, this) : compare(ops.eq, this, other);
  }
  ne(other: unknown): Expression {
    return isNullish(other) ? new Unary(ops.isNot, this) : compare(ops.ne, this, other);
  }
  lt(other: unknown): Expression {
    return compare(ops.lt, this, other);
  }
  le(other: unknown): Expression {
    return compare(ops.le, this, other);
  }
  gt(other: unknown): Expression {
    return compare(ops.gt, this, other);
  }
  ge(other: unknown): Expression {
    return compare(ops.ge, this, other);
  }
  isNull(): Expression {
    return new Unary(ops.is, this);
  }
  isNotNull(): Expression {
    return new Unary(ops.isNot, this);
  }
  isDistinctFrom(other: unknown): Expression {
    return compare(ops.isDistinctFrom, this, other);
  }
  isNotDistinctFrom(other: unknown): Expression {
    return compare(ops.isNotDistinctFrom, this, other);
  }
  in(other: unknown): Expression {
    return new InList(this, inOperand(this, other), false);
  }
  notIn(other: unknown): Expression {
    return new InList(this, inOperand(this, other), true);
  }
  between(low: unknown, high: unknown): Expression {
    return between(this, low, high, false);
  }
  notBetween(low: unknown, high: unknown): Expression {
    return between(this, low, high, true);
  }
  asc(): Ordering {
    return new Ordering(this, "ASC");
  }
  desc(): Ordering {
    return new Ordering(this, "DESC");
  }
  /** Keeps the database's direction and says where nulls stand. */
  nullsFirst(): Ordering {
    return new Ordering(this, undefined, "FIRST");
  }
  nullsLast(): Ordering {
    return new Ordering(this, undefined, "LAST");
  }
  as(label: string): Label {
    return new Label(this, label);
  }
  collate(name: string): Expression {
    return new Collate(this, name);
  }
  /** `custom("@@", other)`: an operator the library does not name; its text goes into the SQL as written. */
  op(
    sql: string,
    other: unknown,
    options: { precedence?: number; comparison?: boolean; type?: SqlType } = {},
  ): Expression {
    requireKnownOptions(options, ["precedence", "comparison", "type"], "op()", "operator.option");
    if (!(ops.isSymbol(sql) || ops.WORDS.has(String(sql).toUpperCase()))) {
      throw new ArgumentError(
        `op(): '${sql}' is not an operator: use symbols such as '@@' or one of the words ${[...ops.WORDS].join(", ")}; others go into sql\`…\`.`,
        "operator.unknown",
      );
    }
    const op = ops.customOperator(sql, options.precedence ?? 0, options.comparison ?? false);
    const type = options.comparison ? BOOLEAN : (options.type ?? this.type);
    return new Binary(op, this, operand(other, this.type.comparedWith(sql, other)), type);
  }
  boolOp(sql: string, other: unknown): Expression {
    return this.op(sql, other, { precedence: 5, comparison: true });
  }

  // text
  like(pattern: unknown, options?: { escape?: string }): Expression {
    return compare(ops.like, this, pattern, escapeOf(options, "like"));
  }
  notLike(pattern: unknown, options?: { escape?: string }): Expression {
    return compare(ops.notLike, this, pattern, escapeOf(options, "notLike"));
  }
  ilike(pattern: unknown, options?: { escape?: string }): Expression {
    return compare(ops.ilike, this, pattern, escapeOf(options, "ilike"));
  }
  notIlike(pattern: unknown, options?: { escape?: string }): Expression {
    return compare(ops.notIlike, this, pattern, escapeOf(options, "notIlike"));
  }
  startsWith(prefix: unknown, options?: LikeOptions): Expression {
    return affix("startsWith", this, "", prefix, "%", options);
  }
  endsWith(suffix: unknown, options?: LikeOptions): Expression {
    return affix("endsWith", this, "%", suffix, "", options);
  }
  /** On text: LIKE '%part%'. On arrays: holds all of these elements. */
  contains(part: unknown, options?: LikeOptions): Expression {
    if (this.type.family === "array") return new Binary(ops.arrayContains, this, operand(part, this.type), BOOLEAN);
    return affix("contains", this, "%", part, "%", options);
  }
  /** Case is ignored in these three. */
  iStartsWith(prefix: unknown, options?: LikeOptions): Expression {
    return affix("iStartsWith", this, "", prefix, "%", options, ops.ilike);
  }
  iEndsWith(suffix: unknown, options?: LikeOptions): Expression {
    return affix("iEndsWith", this, "%", suffix, "", options, ops.ilike);
  }
  iContains(part: unknown, options?: LikeOptions): Expression {
    return affix("iContains", this, "%", part, "%", options, ops.ilike);
  }
  /** `ignoreCase` uses the database's own way; the pattern's syntax is the database's. */
  regexpMatch(pattern: unknown, options: { readonly ignoreCase?: boolean } = {}): Expression {
    requireKnownOptions(options, ["ignoreCase"], "regexpMatch()", "regexp.option");
    return compare(options.ignoreCase ? ops.regexpMatchIgnoringCase : ops.regexpMatch, this, pattern);
  }
  /** Every match replaced. */
  regexpReplace(pattern: unknown, replacement: unknown): Expression {
    return new RegexpReplace(this, operand(pattern, STRING), operand(replacement, STRING));
  }
  match(pattern: unknown): Expression {
    return compare(ops.match, this, pattern);
  }
  concat(other: unknown): Expression {
    return new Binary(ops.concat, this, operand(other, this.type.family === "text" ? this.type : STRING), this.type);
  }

  // numbers
  add(other: unknown): Expression {
    return arithmetic(ops.add, this, other);
  }
  sub(other: unknown): Expression {
    return arithmetic(ops.sub, this, other);
  }
  mul(other: unknown): Expression {
    return arithmetic(ops.mul, this, other);
  }
  /** True division on every database: 3 / 2 is 1.5. */
  div(other: unknown): Expression {
    return arithmetic(ops.div, this, other);
  }
  /** Division without the fraction: 7 by 2 is 3. Of integers -7 by 2 is -3, as every database here divides them. */
  floorDiv(other: unknown): Expression {
    return arithmetic(ops.floorDiv, this, other);
  }
  mod(other: unknown): Expression {
    return arithmetic(ops.mod, this, other);
  }
  neg(): Expression {
    return new Unary(ops.neg, this, this.type);
  }
  bitAnd(other: unknown): Expression {
    return arithmetic(ops.bitAnd, this, other);
  }
  bitOr(other: unknown): Expression {
    return arithmetic(ops.bitOr, this, other);
  }
  bitXor(other: unknown): Expression {
    return arithmetic(ops.bitXor, this, other);
  }

  bitNot(): Expression {
    return new Unary(ops.bitNot, this, this.type);
  }
  shiftLeft(by: unknown): Expression {
    return arithmetic(ops.shiftLeft, this, by);
  }
  shiftRight(by: unknown): Expression {
    return arithmetic(ops.shiftRight, this, by);
  }

  // booleans
  and(...others: unknown[]): Expression {
    return conjunction(ops.and, [this, ...others.map(criterion)]);
  }
  or(...others: unknown[]): Expression {
    return conjunction(ops.or, [this, ...others.map(criterion)]);
  }
  not(): Expression {
    return negate(this);
  }

  // dates
  extract(field: string): Expression {
    return new Extract(field, this);
  }
  /** The interval from `other` to this. */
  diff(other: unknown): Expression {
    return new Binary(ops.dateDiff, this, operand(other, this.type), INTERVAL);
  }

  // documents
  get(key: string | number): Expression {
    if (typeof key !== "string" && !Number.isSafeInteger(key)) {
      throw new ArgumentError(
        `get(): a step into a document is a key or a position, not ${String(key)}.`,
        key === undefined ? "argument.undefined" : "argument",
      );
    }
    return new JsonPath(this, [key], "json");
  }
  asText(): Expression {
    return jsonScalar(this, "text", STRING);
  }
  asNumber(): Expression {
    return jsonScalar(this, "number", DOUBLE);
  }
  asBoolean(): Expression {
    return jsonScalar(this, "boolean", BOOLEAN);
  }

  // arrays
  overlaps(other: unknown): Expression {
    return new Binary(ops.arrayOverlaps, this, operand(other, this.type), BOOLEAN);
  }
  has(element: unknown): Expression {
    return new Quantified(operand(element, elementType(this.type)), "ANY", this);
  }
}

const INTERVAL = new IntervalType();

interface LikeOptions {
  /** Escapes `%`, `_` and the escape character in the given text. */
  readonly autoescape?: boolean;
  readonly escape?: string;
}

function elementType(type: SqlType): SqlType {
  return "element" in type ? (type.element as SqlType) : NULL_TYPE;
}
function isNullish(value: unknown): boolean {
  return value === null || (value instanceof Constant && value.constant === "NULL");
}

/** A value of the user's, sent as a parameter; never part of the SQL text. */
export class Bind extends Expression implements KeyedBind {
  readonly kind = "bind";
  readonly value: unknown;
  readonly type: SqlType;
  /** A list whose length is rendered after compilation. */
  readonly expanding: boolean;
  constructor(value: unknown, type: SqlType, expanding = false) {
    super();
    this.value = value;
    this.type = type;
    this.expanding = expanding;
  }
  walk(key: KeyWriter): void {
    key.id(this.expanding ? -OP.bind : OP.bind);
    key.param(this, this.type.id);
  }
}

export interface BindOptions {
  /** A list whose length is rendered after compilation. */
  readonly expanding?: boolean | undefined;
  /** Makes the value at each execution. */
  readonly callable?: (() => unknown) | undefined;
  /** The value is written into the text, at each execution: for places where a database takes no parameter. */
  readonly literalExecute?: boolean | undefined;
}
/** A parameter that gets its value at each execution: what `prepare()` and `bindparam()` make. */
export class NamedBind extends Expression implements KeyedNamedBind {
  readonly kind = "namedBind";
  readonly parameter: string;
  readonly type: SqlType;
  readonly value: unknown;
  readonly expanding: boolean;
  readonly callable: (() => unknown) | undefined;
  readonly literalExecute: boolean;
  constructor(parameter: string, type: SqlType, value?: unknown, options: BindOptions = {}) {
    super();
    this.parameter = parameter;
    this.type = type;
    this.value = value;
    this.expanding = options.expanding ?? false;
    this.callable = options.callable;
    this.literalExecute = options.literalExecute ?? false;
  }
  walk(key: KeyWriter): void {
    key.id(this.literalExecute ? -OP.namedBind : OP.namedBind);
    key.id(this.expanding ? 1 : 0);
    key.text(this.parameter);
    key.namedParam(this, this.type.id);
  }
}

/** A default whose value is made when the statement is executed, each time. */
export function madeLate(column: string, type: SqlType, callable: () => unknown): NamedBind {
  return new NamedBind(`default_${column}`, type, undefined, { callable });
}

/** All rows of an INSERT as one parameter; `columns` are read in this order. */
export interface KeyedRows {
  readonly rows: readonly { readonly [key: string]: unknown }[];
  readonly columns: readonly Expression[];
}
export class RowsBind extends Element implements KeyedBind {
  readonly kind = "rowsBind";
  readonly value: KeyedRows;
  constructor(value: KeyedRows) {
    super();
    this.value = value;
  }
  walk(key: KeyWriter): void {
    key.id(OP.values);
    key.param(this, 0);
  }
}

/** NULL, TRUE, FALSE and other words of SQL without parameters. */
export class Constant extends Expression {
  readonly kind = "constant";
  readonly constant:
    | "NULL"
    | "TRUE"
    | "FALSE"
    | "DEFAULT"
    | "*"
    | "CURRENT_TIMESTAMP"
    | "CURRENT_DATE"
    | "CURRENT_TIME";
  readonly type: SqlType;
  constructor(constant: Constant["constant"], type: SqlType) {
    super();
    this.constant = constant;
    this.type = type;
  }
  walk(key: KeyWriter): void {
    key.id(OP.constant);
    key.text(this.constant);
  }
}
export const NULL = new Constant("NULL", NULL_TYPE);
export const TRUE = new Constant("TRUE", BOOLEAN);
export const FALSE = new Constant("FALSE", BOOLEAN);
export const STAR = new Constant("*", NULL_TYPE);

export class Binary extends Expression {
  readonly kind = "binary";
  readonly left: Expression;
  readonly right: Expression;
  readonly oper: Operator;
  readonly type: SqlType;
  readonly escape: string | undefined;
  constructor(op: Operator, left: Expression, right: Expression, type: SqlType, escape?: string) {
    super();
    this.oper = op;
    this.left = left;
    this.right = right;
    this.type = type;
    this.escape = escape;
  }
  override get operator(): Operator {
    return this.oper;
  }
  walk(key: KeyWriter): void {
    key.id(this.escape === undefined ? OP.binary : -OP.binary);
    key.id(this.oper.id);
    if (this.escape !== undefined) key.text(this.escape);
    this.left.walk(key);
    this.right.walk(key);
  }
}
/** Prefix and postfix operators; `is` and `isNot` mean IS NULL and IS NOT NULL here. */
export class Unary extends Expression {
  readonly kind = "unary";
  readonly oper: Operator;
  readonly operand: Expression;
  readonly type: SqlType;
  constructor(op: Operator, on: Expression, type: SqlType = BOOLEAN) {
    super();
    this.oper = op;
    this.operand = on;
    this.type = type;
  }
  override get operator(): Operator {
    return this.oper;
  }
  walk(key: KeyWriter): void {
    key.id(OP.unary);
    key.id(this.oper.id);
    this.operand.walk(key);
  }
}
/** AND and OR over any number of criteria. */
export class BooleanList extends Expression {
  readonly kind = "booleanList";
  readonly oper: Operator;
  readonly items: readonly Expression[];
  readonly type = BOOLEAN;
  constructor(op: Operator, items: readonly Expression[]) {
    super();
    this.oper = op;
    this.items = items;
  }
  override get operator(): Operator {
    return this.oper;
  }
  walk(key: KeyWriter): void {
    key.id(OP.list);
    key.id(this.oper.id);
    key.id(this.items.length);
    for (const item of this.items) item.walk(key);
  }
}
export class Between extends Expression {
  readonly kind = "between";
  readonly subject: Expression;
  readonly low: Expression;
  readonly high: Expression;
  readonly negated: boolean;
  readonly type = BOOLEAN;
  constructor(subject: Expression, low: Expression, high: Expression, negated: boolean) {
    super();
    this.subject = subject;
    this.low = low;
    this.high = high;
    this.negated = negated;
  }
  override get operator(): Operator {
    return ops.between;
  }
  walk(key: KeyWriter): void {
    key.id(this.negated ? -OP.between : OP.between);
    this.subject.walk(key);
    this.low.walk(key);
    this.high.walk(key);
  }
}
/** `x IN (…)`: the right side is an expanding bind, a list of expressions or a query. */
export class InList extends Expression {
  readonly kind = "inList";
  readonly subject: Expression;
  readonly list: Element;
  readonly negated: boolean;
  readonly type = BOOLEAN;
  constructor(subject: Expression, list: Element, negated: boolean) {
    super();
    this.subject = subject;
    this.list = list;
    this.negated = negated;
  }
  override get operator(): Operator {
    return ops.inOp;
  }
  walk(key: KeyWriter): void {
    key.id(this.negated ? -OP.inList : OP.inList);
    this.subject.walk(key);
    this.list.walk(key);
  }
}
/** Membership in one array parameter: one text for any length (`= ANY($1)`, `json_each(?)`); loaders use it. */
export class InArray extends Expression {
  readonly kind = "inArray";
  readonly subject: Expression;
  readonly values: Bind | NamedBind;
  readonly type = BOOLEAN;
  constructor(subject: Expression, values: Bind | NamedBind) {
    super();
    this.subject = subject;
    this.values = values;
  }
  override get operator(): Operator {
    return ops.inOp;
  }
  walk(key: KeyWriter): void {
    key.id(OP.inArray);
    this.subject.walk(key);
    this.values.walk(key);
  }
}
/** Every match of a pattern replaced by text. */
export class RegexpReplace extends Expression {
  readonly kind = "regexpReplace";
  readonly subject: Expression;
  readonly pattern: Expression;
  readonly replacement: Expression;
  constructor(subject: Expression, pattern: Expression, replacement: Expression) {
    super();
    this.subject = subject;
    this.pattern = pattern;
    this.replacement = replacement;
  }
  get type(): SqlType {
    return this.subject.type;
  }
  walk(key: KeyWriter): void {
    key.id(OP.regexpReplace);
    this.subject.walk(key);
    this.pattern.walk(key);
    this.replacement.walk(key);
  }
}
/** A fixed list of expressions: `(a, b)`; the right side of IN, a row value. */
export class Tuple extends Expression {
  readonly kind = "tuple";
  readonly items: readonly Expression[];
  readonly type = NULL_TYPE;
  constructor(items: readonly Expression[]) {
    super();
    this.items = items;
  }
  walk(key: KeyWriter): void {
    key.id(OP.tuple);
    key.id(this.items.length);
    for (const item of this.items) item.walk(key);
  }
}
export class Label extends Expression {
  readonly kind = "label";
  readonly label: string;
  readonly expression: Expression;
  constructor(expression: Expression, label: string) {
    super();
    if (typeof label !== "string" || label === "") throw new ArgumentError("as(): a label is a non-empty string.");
    this.expression = expression instanceof Label ? expression.expression : expression;
    this.label = label;
  }
  get type(): SqlType {
    return this.expression.type;
  }
  override get name(): string {
    return this.label;
  }
  override get operator(): Operator | undefined {
    return this.expression.operator;
  }
  walk(key: KeyWriter): void {
    key.id(OP.label);
    key.text(this.label);
    this.expression.walk(key);
  }
}
/** `expr ASC NULLS LAST`. */
export class Ordering extends Element {
  readonly kind = "ordering";
  readonly ordering = true;
  readonly expression: Expression;
  readonly direction: "ASC" | "DESC" | undefined;
  readonly nulls: "FIRST" | "LAST" | undefined;
  constructor(expression: Expression, direction: "ASC" | "DESC" | undefined, nulls?: "FIRST" | "LAST") {
    super();
    this.expression = expression;
    this.direction = direction;
    this.nulls = nulls;
  }
  nullsFirst(): Ordering {
    return new Ordering(this.expression, this.direction, "FIRST");
  }
  nullsLast(): Ordering {
    return new Ordering(this.expression, this.direction, "LAST");
  }
  asc(): Ordering {
    return new Ordering(this.expression, "ASC", this.nulls);
  }
  desc(): Ordering {
    return new Ordering(this.expression, "DESC", this.nulls);
  }
  walk(key: KeyWriter): void {
    key.id(OP.ordering);
    key.id(
      (this.direction === "DESC" ? 1 : this.direction === "ASC" ? 2 : 0) +
        (this.nulls === "FIRST" ? 10 : this.nulls === "LAST" ? 20 : 0),
    );
    this.expression.walk(key);
  }
}
export class Collate extends Expression {
  readonly kind = "collate";
  readonly expression: Expression;
  readonly collation: string;
  constructor(expression: Expression, collation: string) {
    super();
    if (typeof collation !== "string" || collation === "")
      throw new ArgumentError("collate(): the name of a collation is needed.", "argument.undefined");
    this.expression = expression;
    this.collation = collation;
  }
  get type(): SqlType {
    return this.expression.type;
  }
  override get operator(): Operator {
    return ops.collate;
  }
  walk(key: KeyWriter): void {
    key.id(OP.collate);
    key.text(this.collation);
    this.expression.walk(key);
  }
}
export class Extract extends Expression {
  readonly kind = "extract";
  readonly field: string;
  readonly expression: Expression;
  readonly type = INTEGER;
  static readonly fields: readonly string[] = [
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "dow",
    "doy",
    "week",
    "quarter",
    "epoch",
    "millisecond",
    "microsecond",
  ];
  constructor(field: string, expression: Expression) {
    super();
    if (!Extract.fields.includes(field)) {
      throw new ArgumentError(`extract(): '${field}' is not one of ${Extract.fields.join(", ")}.`);
    }
    this.field = field;
    this.expression = expression;
  }
  walk(key: KeyWriter): void {
    key.id(OP.extract);
    key.text(this.field);
    this.expression.walk(key);
  }
}
/** Steps into a JSON document; `as` says what comes out. */
export class JsonPath extends Expression {
  readonly kind = "jsonPath";
  readonly document: Expression;
  readonly path: readonly (string | number)[];
  readonly as_: "json" | "text" | "number" | "boolean";
  readonly type: SqlType;
  constructor(
    document: Expression,
    path: readonly (string | number)[],
    as_: JsonPath["as_"],
    type: SqlType = JSON_TYPE,
  ) {
    super();
    this.document = document instanceof JsonPath ? document.document : document;
    this.path = document instanceof JsonPath ? [...document.path, ...path] : path;
    this.as_ = as_;
    this.type = type;
  }
  walk(key: KeyWriter): void {
    key.id(OP.jsonPath);
    key.text(this.as_);
    key.id(this.type.id);
    key.text(JSON.stringify(this.path));
    this.document.walk(key);
  }
}
function jsonScalar(of: Expression, as_: JsonPath["as_"], type: SqlType): Expression {
  return new JsonPath(of, [], as_, type);
}
/** `ANY (…)` or `ALL (…)` as the right side of a comparison. */
export class AnyAll extends Expression {
  readonly kind = "anyAll";
  readonly quantifier: "ANY" | "ALL";
  /** A query, or an expression of an array type. */
  readonly over: Element;
  readonly type: SqlType;
  constructor(quantifier: "ANY" | "ALL", over: Element, type: SqlType) {
    super();
    this.quantifier = quantifier;
    this.over = over;
    this.type = type;
  }
  walk(key: KeyWriter): void {
    key.id(this.quantifier === "ANY" ? OP.anyAll : -OP.anyAll);
    this.over.walk(key);
  }
}
/** `x = ANY (array)`. */
export class Quantified extends Expression {
  readonly kind = "quantified";
  readonly subject: Expression;
  readonly quantifier: "ANY" | "ALL";
  readonly over: Expression;
  readonly oper: Operator;
  readonly type = BOOLEAN;
  constructor(subject: Expression, quantifier: "ANY" | "ALL", over: Expression, op: Operator = ops.eq) {
    super();
    this.subject = subject;
    this.quantifier = quantifier;
    this.over = over;
    this.oper = op;
  }
  override get operator(): Operator {
    return this.oper;
  }
  walk(key: KeyWriter): void {
    key.id(OP.quantified);
    key.id(this.quantifier === "ANY" ? 1 : 2);
    key.id(this.oper.id);
    this.subject.walk(key);
    this.over.walk(key);
  }
}

// ---- building

/** A value or node as an expression. `undefined` is refused: it never means "no filter". */
export function operand(value: unknown, type?: SqlType): Expression {
  if (value instanceof Expression) return value;
  if (value === undefined) {
    throw new ArgumentError(
      "undefined was given where a value or an expression belongs. Pass null for SQL NULL, or leave the criterion out.",
      "argument.undefined",
    );
  }
  if (value === null) return NULL;
  if (typeof value === "object") {
    const protocol = value as {
      readonly [sqlExpression]?: Expression;
      readonly [innerStatement]?: Element;
      asScalar?: () => Expression;
    };
    const own = protocol[sqlExpression];
    if (own !== undefined) return own;
    if (value instanceof Element && typeof protocol.asScalar === "function") return protocol.asScalar();
    if (value instanceof Element) {
      throw new ArgumentError(`A ${value.kind} cannot stand where a value or an expression belongs.`);
    }
    const inner = protocol[innerStatement];
    if (inner !== undefined) return operand(inner, type);
    requireValue(value, type);
  } else if (typeof value === "function" || typeof value === "symbol") requireValue(value, type);
  return new Bind(value, type === undefined || type === NULL_TYPE ? typeOfValue(value) : type);
}
/**
 * Like `operand`, for places that name columns: a plain value there is a mistake, `orderBy("name")` would sort by a constant.
 *
 * @throws ArgumentError
 */
export function columnOperand(value: unknown, where: string): Expression {
  const made = operand(value);
  if (made === value || made.kind !== "bind" || (typeof value === "object" && value !== null && sqlExpression in value))
    return made;
  throw new ArgumentError(
    Array.isArray(value)
      ? `${where}: columns are given one by one, not as a list.`
      : `${where}: a column such as User.c.name, a label or an expression is needed, not the ${typeof value} ${showParameter(value)}. A value as a column is literal(value, type), words of SQL are sql\`…\`.`,
    "argument.column",
  );
}
/** Like `operand`, for places that expect a criterion: plain booleans, strings and numbers there are mistakes. */
export function criterion(value: unknown): Expression {
  if (value instanceof Expression) return value;
  if (typeof value === "object" && value !== null) {
    const made = operand(value);
    // A plain object or list would be bound as a document.
    if (!(made instanceof Bind)) return made;
  }
  requireValue(value, undefined, "A criterion is an expression such as User.c.id.eq(3)");
  throw new ArgumentError(
    `A criterion is an expression such as User.c.id.eq(3), but ${value === undefined ? "undefined" : `${typeof value} ${showParameter(value)}`} was given.` +
      (typeof value === "boolean" ? " Did you compare with === ? Use .eq()." : ""),
    "argument.criterion",
  );
}
function inOperand(left: Expression, other: unknown): Element {
  if (Array.isArray(other)) {
    for (const v of other) {
      if (v === undefined) throw new ArgumentError("in(): the list holds undefined.", "argument.undefined");
      if (typeof v === "object" || typeof v === "function" || typeof v === "symbol") requireValue(v, left.type, "in()");
    }
    if (left instanceof Tuple) return tupleList(left, other);
    return other.some((v) => v instanceof Expression)
      ? new Tuple(other.map((v) => operand(v, left.type)))
      : new Bind(other, left.type.comparedWith(ops.inOp.sql, other), true);
  }
  if (typeof other === "object" && other !== null) {
    if (other instanceof NamedBind && !other.expanding) {
      throw new ArgumentError(
        `in(): the parameter ':${other.parameter}' stands for one value; make it with bindParam(name, type, { expanding: true }).`,
        "argument.expanding",
      );
    }
    if (other instanceof Element) return other;
    const inner = (other as { readonly [innerStatement]?: Element })[innerStatement];
    if (inner !== undefined) return inner;
    if (Symbol.iterator in other) return inOperand(left, [...(other as Iterable<unknown>)]);
  }
  throw new ArgumentError("in(): a list of values or a query of one column is needed.");
}
/** `(a, b) IN ((1, 2), …)`: every row as wide as the tuple; one parameter unless a row holds expressions. */
function tupleList(left: Tuple, rows: readonly unknown[]): Element {
  const width = left.items.length;
  for (const row of rows) {
    if (row instanceof Tuple && row.items.length === width) continue;
    if (!Array.isArray(row) || row.length !== width)
      throw new ArgumentError(`in(): every row of the list needs ${width} values, as the tuple has.`);
    if (row.some((v) => v === undefined))
      throw new ArgumentError("in(): a row of the list holds undefined.", "argument.undefined");
  }
  const types = left.items.map((i) => i.type);
  if (rows.every((row) => Array.isArray(row) && !row.some((v) => v instanceof Expression)))
    return new Bind(rows, new TupleType(types), true);
  return new Tuple(
    rows.map((row) => (row instanceof Tuple ? row : new Tuple((row as unknown[]).map((v, i) => operand(v, types[i]))))),
  );
}
function between(of: Expression, low: unknown, high: unknown, negated: boolean): Expression {
  const bound = (value: unknown) => operand(value, of.type.comparedWith(ops.between.sql, value));
  return new Between(of, bound(low), bound(high), negated);
}
/** What the type of one's own on the left makes of the operator, if it makes anything of it. */
function ownOperation(op: Operator, left: Expression, other: unknown): Expression | undefined {
  const made = left.type.operate(op.sql, left, other);
  return made instanceof Expression ? made : undefined;
}
function compare(op: Operator, left: Expression, other: unknown, escape?: string): Expression {
  const own = ownOperation(op, left, other);
  if (own !== undefined) return own;
  if (left instanceof Tuple && Array.isArray(other)) {
    if (other.length !== left.items.length)
      throw new ArgumentError(`A tuple of ${left.items.length} compares with as many values.`);
    return new Binary(op, left, new Tuple(other.map((v, i) => operand(v, left.items[i]?.type))), BOOLEAN);
  }
  checkEscape(escape);
  return new Binary(op, left, operand(other, left.type.comparedWith(op.sql, other)), BOOLEAN, escape);
}
function checkEscape(escape: string | undefined): void {
  if (escape !== undefined && [...escape].length !== 1)
    throw new ArgumentError("like(): the escape character is one character.");
}
function arithmetic(op: Operator, left: Expression, other: unknown): Expression {
  const own = ownOperation(op, left, other);
  if (own !== undefined) return own;
  if (left.type.family === "date") return moved(op, left, other);
  const right = operand(other, left.type.comparedWith(op.sql, other));
  return new Binary(op, left, right, arithmeticType(op, left.type, right.type));
}
/** A date or time plus or minus an interval keeps its own type. */
function moved(op: Operator, left: Expression, other: unknown): Expression {
  const by = operand(other, INTERVAL);
  if ((op !== ops.add && op !== ops.sub) || by.type.kind !== INTERVAL.kind)
    throw new ArgumentError(
      `${op.name}(): a date takes an interval such as "P1DT2H", not a ${by.type}; the time between two dates is a.diff(b).`,
      "argument.interval",
    );
  return new Binary(op === ops.add ? ops.dateAdd : ops.dateSub, left, by, left.type);
}
function arithmeticType(op: Operator, left: SqlType, right: SqlType): SqlType {
  if (left.family === "number" && right.family === "number") {
    const rank = (t: SqlType) =>
      ["smallInteger", "integer", "bigInteger", "numeric", "float", "double"].indexOf(t.kind);
    const wide = rank(right) > rank(left) ? right : left;
    if (op === ops.div && rank(wide) >= 0 && rank(wide) <= 2) return wide.kind === "bigInteger" ? NUMERIC : DOUBLE;
    return wide === BIG_INTEGER || rank(wide) >= 0 ? wide : left;
  }
  return left;
}
function escapeOf(options: { readonly escape?: string } | undefined, where: string): string | undefined {
  if (options === undefined) return undefined;
  requireKnownOptions(options, ["escape"], `${where}()`, "like.option");
  return options.escape;
}
function affix(
  where: string,
  left: Expression,
  before: string,
  part: unknown,
  after: string,
  options?: LikeOptions,
  op: Operator = ops.like,
): Expression {
  if (options !== undefined) requireKnownOptions(options, ["autoescape", "escape"], `${where}()`, "like.option");
  let escape = options?.escape;
  checkEscape(escape);
  let given = part;
  if (options?.autoescape) {
    if (typeof given !== "string")
      throw new ArgumentError("autoescape is for a text; escape an expression with func.replace().", "like.autoescape");
    const mark = (escape ??= "/");
    given = Array.from(given, (c) => (c === "%" || c === "_" || c === mark ? mark + c : c)).join("");
  }
  const type = left.type.family === "text" ? left.type : STRING;
  if (typeof given === "string") return new Binary(op, left, new Bind(before + given + after, type), BOOLEAN, escape);
  let pattern: Expression = operand(given, type);
  if (before !== "") pattern = new Binary(ops.concat, new Bind(before, STRING), pattern, STRING);
  if (after !== "") pattern = new Binary(ops.concat, pattern, new Bind(after, STRING), STRING);
  return new Binary(op, left, pattern, BOOLEAN, escape);
}

/** AND or OR: flattens its own kind, folds constants, keeps a single criterion as it is. */
export function conjunction(op: Operator, items: readonly Expression[]): Expression {
  const neutral = op === ops.and ? TRUE : FALSE;
  const absorbing = op === ops.and ? FALSE : TRUE;
  const flat: Expression[] = [];
  for (const item of items) {
    if (item === absorbing) return absorbing;
    if (item === neutral) continue;
    if (item instanceof BooleanList && item.oper === op) flat.push(...item.items);
    else flat.push(item);
  }
  if (flat.length === 0) return neutral;
  return flat.length === 1 ? (flat[0] as Expression) : new BooleanList(op, flat);
}
/** The opposite, moved into the operator where there is one. */
export function negate(x: Expression): Expression {
  if (x === TRUE) return FALSE;
  if (x === FALSE) return TRUE;
  if (x instanceof Binary && x.oper.negated)
    return new Binary(ops.operator(x.oper.negated), x.left, x.right, BOOLEAN, x.escape);
  if (x instanceof Unary && x.oper === ops.is) return new Unary(ops.isNot, x.operand);
  if (x instanceof Unary && x.oper === ops.isNot) return new Unary(ops.is, x.operand);
  if (x instanceof Unary && x.oper === ops.not) return x.operand;
  if (x instanceof InList) return new InList(x.subject, x.list, !x.negated);
  if (x instanceof Between) return new Between(x.subject, x.low, x.high, !x.negated);
  return new Unary(ops.not, x);
}
