/** Values made of several: fields of row values, rows of tables as values, array literals. PostgreSQL has them. */
import { NULL_TYPE, type SqlType } from "../types/sql-type.js";
import type { Element } from "./element.js";
import { Expression } from "./expression.js";
import { ColumnReference, type FromClause } from "./from.js";
import { type KeyWriter, OP } from "./key.js";

/** `(composite).field`: one field of a row value, and of what a function of rows gives. */
export class FieldAccess extends Expression {
  readonly kind = "fieldAccess";
  readonly of: Expression;
  readonly field: string;
  readonly type: SqlType;
  constructor(of: Expression, field: string, type: SqlType) {
    super();
    this.of = of;
    this.field = field;
    this.type = type;
  }
  override get name(): string {
    return this.field;
  }
  walk(key: KeyWriter): void {
    key.id(OP.field);
    key.text(this.field);
    key.id(this.type.id);
    this.of.walk(key);
  }
}
/** A table's row as one value: `row_to_json(users)`. */
export class TableValue extends Expression {
  readonly kind = "tableValue";
  readonly from: FromClause;
  readonly type: SqlType;
  constructor(from: FromClause, type: SqlType = NULL_TYPE) {
    super();
    this.from = from;
    this.type = type;
  }
  override get name(): string | undefined {
    return this.from.fromName;
  }
  walk(key: KeyWriter): void {
    key.id(OP.tableValue);
    key.id(this.type.id);
    this.from.walkReference(key);
  }
}
/** `ARRAY[a, b]` and `ARRAY(SELECT …)`. */
export class ArrayLiteral extends Expression {
  readonly kind = "arrayLiteral";
  readonly items: readonly Expression[] | undefined;
  readonly query: Element | undefined;
  readonly type: SqlType;
  constructor(of: readonly Expression[] | Element, type: SqlType) {
    super();
    this.items = Array.isArray(of) ? of : undefined;
    this.query = Array.isArray(of) ? undefined : (of as Element);
    this.type = type;
  }
  walk(key: KeyWriter): void {
    key.id(OP.array);
    key.id(this.type.id);
    key.id(this.items === undefined ? -1 : this.items.length);
    for (const item of this.items ?? []) item.walk(key);
    this.query?.walk(key);
  }
}

/** The single value of each row of a function in FROM: `SELECT x FROM unnest(…) AS x`. */
export class ColumnValued extends ColumnReference {
  override readonly kind = "columnValued";
  readonly from: FromClause;
  readonly key: string;
  readonly columnName: string;
  readonly type: SqlType;
  constructor(from: FromClause, name: string, type: SqlType) {
    super();
    this.from = from;
    this.key = name;
    this.columnName = name;
    this.type = type;
  }
  walk(key: KeyWriter): void {
    key.id(OP.derivedColumn);
    key.id(-1);
    key.id(this.type.id);
    this.from.walkReference(key);
  }
}
