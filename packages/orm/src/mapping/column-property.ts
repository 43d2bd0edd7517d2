/**
 * Attributes that are SQL expressions: read with every row (`columnProperty`), or filled by a query that says how
 * (`queryExpression`). Source: SQLAlchemy "SQL Expressions as Mapped Attributes", "Query-time SQL expressions".
 */
import {
  ArgumentError,
  ColumnDefinition,
  ColumnReference,
  Expression,
  type FromClause,
  referencedFroms,
  replace,
  SelectStatement,
  type SqlType,
  sqlExpression,
} from "@athanor/core";

export interface ColumnPropertySettings {
  /** Read only when asked for by `undefer()`, or when it is awaited. */
  readonly deferred?: boolean;
  /** For `undeferGroup()`. */
  readonly group?: string;
}
type Columns = { readonly [key: string]: Expression };

/** An attribute that is no column, as a declaration has it. */
export interface ExpressionDefinition {
  /** Undefined where a query, or the class, says the value. */
  readonly write: ((columns: never) => unknown) | undefined;
  readonly settings: ColumnPropertySettings;
}
/** What stands in a model's literal. */
export class ColumnPropertyDefinition implements ExpressionDefinition {
  readonly type: SqlType;
  /** Undefined for `queryExpression`. */
  readonly write: ((columns: never) => unknown) | undefined;
  readonly settings: ColumnPropertySettings;
  constructor(type: unknown, write: ((columns: never) => unknown) | undefined, settings: ColumnPropertySettings) {
    if (!(type instanceof ColumnDefinition))
      throw new ArgumentError(
        "columnProperty(): the first argument is the type of the value, such as integer().",
        "orm.column-property",
      );
    this.type = type.fields.type;
    this.write = write;
    this.settings = settings;
  }
}
/** What `discriminatedBy()` gives: the expression that tells classes apart, and the attribute that has its value. */
export class DiscriminatedByExpression {
  readonly key: string | undefined;
  readonly write: (columns: never) => unknown;
  constructor(key: string | undefined, write: (columns: never) => unknown) {
    this.key = key;
    this.write = write;
  }
}
/** The attribute that says an object's class, where no column does. */
export class DiscriminatorDefinition implements ExpressionDefinition {
  readonly settings = {};
  /** Undefined: the class itself says it. */
  readonly write: ((columns: never) => unknown) | undefined;
  constructor(write: ((columns: never) => unknown) | undefined) {
    this.write = write;
  }
}
/** The same, mapped. `index` is negative, so that it is no column's. */
export class ExpressionAttribute {
  readonly index: number;
  readonly key: string;
  readonly slot: `$${string}`;
  readonly deferred: boolean;
  readonly deferredGroup: string | undefined;
  readonly definition: ExpressionDefinition;
  readonly owner: string;
  constructor(index: number, key: string, definition: ExpressionDefinition, owner: string) {
    this.index = -1 - index;
    this.key = key;
    this.slot = `$${key}`;
    this.definition = definition;
    this.deferred = definition.settings.deferred ?? definition.settings.group !== undefined;
    this.deferredGroup = definition.settings.group;
    this.owner = owner;
  }
  /** Only a query gives it a value. */
  get isQuery(): boolean {
    return this.definition.write === undefined;
  }
  /** The expression over these columns. @throws ArgumentError for what is no expression */
  on(columns: Columns): Expression {
    const made = this.definition.write?.(columns as never);
    const found =
      made instanceof Expression
        ? made
        : (made as { readonly [sqlExpression]?: unknown } | null | undefined)?.[sqlExpression];
    if (found instanceof Expression) return overOwnRow(found, columns, `${this.owner}.${this.key}`);
    throw new ArgumentError(
      `${this.owner}.${this.key}: its function gives no SQL expression such as (c) => c.first.concat(c.last).`,
      "orm.column-property",
    );
  }
}
/**
 * In its subqueries the owner's row is the one around them, and all else is their own: the statement may well select from
 * the same tables. What a subquery says itself of `correlate()` stays.
 */
function overOwnRow(expression: Expression, columns: Columns, where: string): Expression {
  return replace(expression, (node) => {
    if (!(node instanceof SelectStatement)) return undefined;
    if (node.correlated !== undefined || node.uncorrelated !== undefined) return node;
    const froms = new Set<unknown>();
    // Expressions among the attributes are made when they are asked for, which nobody does here.
    for (const { value } of Object.values(Object.getOwnPropertyDescriptors(columns)))
      if (value instanceof ColumnReference) froms.add(value.from);
    const read = new Set<FromClause>(node.froms);
    for (const part of [...node.selected, ...node.criteria, ...node.joins.map((j) => j.target)])
      referencedFroms(part, read);
    if (read.size > 0 && [...read].every((from) => froms.has(from)))
      throw new ArgumentError(
        `${where}: its subquery reads the owner's own table, so nothing tells its rows from the owner's: select from an alias, const other = aliased(…).`,
        "orm.column-property",
      );
    return node.correlate(...froms);
  });
}
