/** PostgreSQL's SQL. */
import { SqlCompiler } from "../../compile/compiler.js";
import { type Binary, Bind, type Expression, type InArray, type JsonPath, NamedBind } from "../../sql/expression.js";
import * as ops from "../../sql/operators.js";
import type { SelectStatement } from "../../sql/select.js";
import { ArrayType, DecoratedType, type SqlType, STRING } from "../../types/sql-type.js";

export class PostgresqlCompiler extends SqlCompiler {
  /** Away from columns the server has to be told the type: `$1 || $2` alone is ambiguous. */
  protected override bindSuffix(type: SqlType): string {
    const own = this.dialect.bindSuffix(type);
    if (own !== "" || type.kind === "null") return own;
    const plain = type instanceof DecoratedType ? type.impl : type;
    if (plain.kind === "enum") return "";
    return `::${this.dialect.castType(plain.kind === "string" ? STRING : plain)}`;
  }
  protected override binaryOverride(node: Binary): string | undefined {
    if (node.oper === ops.ilike || node.oper === ops.notIlike) {
      const escape = node.escape === undefined ? "" : ` ESCAPE ${this.dialect.stringLiteral(node.escape)}`;
      return `${this.operand(node.left, node.oper)} ${node.oper.sql} ${this.operand(node.right, node.oper)}${escape}`;
    }
    if (node.oper === ops.match)
      return `${this.operand(node.left, ops.match)} @@ plainto_tsquery(${this.render(node.right)})`;
    return super.binaryOverride(node);
  }
  protected override trueDivision(left: Expression, right: Expression): string {
    return `${this.operand(left, ops.div)} / CAST(${this.render(right)} AS NUMERIC)`;
  }
  /** One array parameter for any number of keys. */
  override visitInArray(node: InArray): string {
    const { values } = node;
    const type = new ArrayType(values.type instanceof DecoratedType ? values.type.impl : values.type);
    const element = values.type instanceof DecoratedType ? this.dialect.bindProcessor(values.type) : null;
    const whole = this.dialect.bindProcessor(type);
    const process = (list: unknown) => {
      const inner = element === null ? list : (list as readonly unknown[]).map((v) => (v === null ? v : element(v)));
      return whole === null ? inner : whole(inner);
    };
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
    const keys = node.path.map((p) => (typeof p === "number" ? String(p) : this.dialect.stringLiteral(p)));
    let sql: string;
    if (keys.length === 0) sql = text ? `${document} #>> '{}'` : document;
    else if (keys.length === 1) sql = `${document} ${text ? "->>" : "->"} ${keys[0]}`;
    else
      sql = `${document} ${text ? "#>>" : "#>"} ARRAY[${node.path.map((p) => this.dialect.stringLiteral(String(p))).join(", ")}]`;
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
