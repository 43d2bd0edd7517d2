/** Renders SELECT, set operations, FROM clauses and CTEs. */
import { CompileError } from "../errors/errors.js";
import { Table } from "../schema/table.js";
import type { ArrayLiteral, ColumnValued, FieldAccess, TableValue } from "../sql/composites.js";
import type { Element } from "../sql/element.js";
import { Bind, Expression, Label, NamedBind, type Ordering } from "../sql/expression.js";
import type { ExtensionPoint, SyntaxExtension } from "../sql/extension.js";
import {
  Alias,
  ColumnReference,
  Cte,
  type FromClause,
  ItemElement,
  Join,
  type NamedColumn,
  Subquery,
  type Subselectable,
  TableFunction,
  type TableSample,
  ValuesClause,
} from "../sql/from.js";
import * as ops from "../sql/operators.js";
import {
  CompoundStatement,
  exportedColumnsOf,
  type FetchClause,
  QueryStatement,
  type SelectItem,
  SelectStatement,
  type StatementWords,
} from "../sql/select.js";
import { orderedColumn } from "../sql/select-list.js";
import { withEntityRows } from "../sql/viewers.js";
import type { SqlType } from "../types/sql-type.js";
import { cartesianWarning } from "./cartesian.js";
import type { ResultColumn, ResultItem, SchemaMap } from "./compiled.js";
import { ExpressionCompiler } from "./expression-compiler.js";
import { planFroms } from "./from-plan.js";
import { schemaToken, writeSchemas } from "./schema-map.js";

interface Scope {
  /** What queries inside may take from this one. */
  readonly froms: ReadonlySet<FromClause>;
  /** Expressions of the select list by label: ORDER BY and GROUP BY may name them. */
  readonly labels: ReadonlyMap<Expression, string>;
}
const NOTHING: ReadonlySet<FromClause> = new Set();

export abstract class QueryCompiler extends ExpressionCompiler {
  protected readonly scopes: Scope[] = [];
  protected readonly warnings: string[] = [];
  protected readonly cteTexts = new Map<Cte, string>();
  /** The statement's own CTEs, then those of the parenthesised queries around the place being rendered. */
  protected readonly cteLevels: Map<Cte, string>[] = [this.cteTexts];
  /** WITH may not stand in front of this statement: each subquery has its own. */
  protected ctesInside = false;
  protected readonly recursiveCtes = new Set<Cte>();

  /** The statements whose rows leave the database: the whole one, or the members of the set operation it is. */
  protected readonly givingOut = new Set<Element>();
  protected giveOut(statement: Element): void {
    this.givingOut.add(statement);
    if (statement instanceof CompoundStatement) for (const member of statement.members) this.giveOut(member);
  }

  // ---- SELECT

  visitSelect(statement: SelectStatement): string {
    return this.select(statement, NOTHING);
  }
  protected enclosed(query: Element): string {
    return this.withOwnCtes(() => this.nested(query));
  }
  /** Renders a query that stands in parentheses, with the nesting CTEs it uses in front. */
  private withOwnCtes(render: () => string): string {
    const own = new Map<Cte, string>();
    this.cteLevels.push(own);
    const text = render();
    this.cteLevels.pop();
    return own.size === 0
      ? text
      : `WITH ${[...own.keys()].some((c) => this.recursiveCtes.has(c)) ? "RECURSIVE " : ""}${[...own.values()].join(", ")} ${text}`;
  }
  protected nested(query: Element): string {
    const outside = new Set(this.scopes.flatMap((s) => [...s.froms]));
    if (query instanceof SelectStatement) return this.select(query, outside);
    return this.render(query);
  }

  protected select(statement: SelectStatement, outside: ReadonlySet<FromClause>): string {
    const froms = planFroms(statement, outside);
    const givesOut = this.givingOut.has(statement);
    const exported = statement.exportedColumns;
    const labels = new Map<Expression, string>();
    for (const item of statement.selected) if (item instanceof Label) labels.set(item, item.label);
    const scope: Scope = { froms: new Set(froms.flatMap((f) => [f, ...f.leaves])), labels };
    this.scopes.push(scope);
    if (froms.length > 1) {
      const warning = cartesianWarning(froms, statement.criteria, (f) => this.nameOf(f));
      if (warning !== undefined) this.warnings.push(warning);
    }
    const criteria = withEntityRows(statement);
    for (const cte of statement.ctes) this.hoist(cte);
    const { agreeing } = this;
    this.agreeing ||= statement.groupByList.length > 0 || statement.distinctValue !== false;
    const parts: string[] = [
      `SELECT ${this.words(statement, "prefix")}${this.extended(statement, "postSelect", " ")}${this.distinct(statement)}${this.extended(statement, "preColumns", " ")}${exported.map((c) => this.selected(c.expression, c.columnName, givesOut)).join(", ")}`,
    ];
    const { hints, only } = this;
    this.hints = statement.words.filter((w) => w.place === "hint" && this.applies(w));
    this.only = statement.onlyFroms;
    if (froms.length > 0) parts.push(`FROM ${froms.map((f) => this.from(f)).join(", ")}`);
    else if (statement.criteria.length > 0 && this.dummyFrom !== "") parts.push(`FROM ${this.dummyFrom}`);
    this.hints = hints;
    this.only = only;
    if (criteria.length > 0) parts.push(`WHERE ${this.criteria(criteria)}`);
    if (statement.groupByList.length > 0)
      parts.push(`GROUP BY ${statement.groupByList.map((g) => this.groupLabel(g) ?? this.render(g)).join(", ")}`);
    if (statement.havingList.length > 0) parts.push(`HAVING ${this.criteria(statement.havingList)}`);
    if (statement.extensions.length > 0) {
      const clause = this.extended(statement, "postCriteria");
      if (clause !== "") parts.push(clause);
    }
    this.tail(statement, parts);
    const lock = this.forUpdate(statement);
    if (lock !== "") parts.push(lock);
    if (statement.words.length > 0) {
      const suffix = this.words(statement, "suffix");
      if (suffix !== "") parts.push(suffix.trimEnd());
    }
    const last = this.extended(statement, "postBody");
    if (last !== "") parts.push(last);
    this.agreeing = agreeing;
    this.scopes.pop();
    return parts.join(" ");
  }
  private hints: readonly StatementWords[] = [];
  private applies(words: StatementWords): boolean {
    return words.dialect === undefined || this.answersTo(words.dialect);
  }
  /** Whether words meant for the named dialect are meant for this one. */
  protected answersTo(dialect: string): boolean {
    return this.dialect.names.includes(dialect);
  }
  /** The clauses of the program's own at this place. */
  protected extended(
    statement: { readonly extensions: readonly SyntaxExtension[] },
    point: ExtensionPoint,
    after = "",
  ): string {
    const here = statement.extensions.filter((e) => e.point === point);
    return here.length === 0 ? "" : here.map((e) => this.render(e)).join(" ") + after;
  }
  private only: readonly FromClause[] = [];
  /** `ONLY ` in front of a table read without those that inherit from it. */
  protected onlyWord(table: FromClause, only: boolean = this.only.includes(table)): string {
    if (!only) return "";
    if (!this.tableInheritance)
      throw new CompileError(`${this.dialect.name} has no tables that inherit from others: leave only() out.`);
    return "ONLY ";
  }
  protected readonly tableInheritance: boolean = false;
  private words(statement: SelectStatement, place: StatementWords["place"]): string {
    return statement.words
      .filter((w) => w.place === place && this.applies(w))
      .map((w) => `${this.render(w.words)} `)
      .join("");
  }
  private hintOf(from: FromClause): string {
    return this.hints
      .filter((h) => h.on === from)
      .map((h) => ` ${this.render(h.words)}`)
      .join("");
  }
  /** For databases where WHERE needs a FROM. */
  protected readonly dummyFrom: string = "";
  protected criteria(list: readonly Expression[]): string {
    if (list.length === 1) return this.criterion(list[0] as Expression);
    return list.map((c) => this.criterion(c, ops.and)).join(" AND ");
  }
  protected readonly distinctOn: boolean = false;
  protected distinct(statement: SelectStatement): string {
    if (statement.distinctValue === false) return "";
    if (statement.distinctValue === true) return "DISTINCT ";
    if (!this.distinctOn)
      throw new CompileError(
        `${this.dialect.name} has no DISTINCT ON; use groupBy() or a window function such as row_number().`,
      );
    return `DISTINCT ON (${this.renderList(statement.distinctValue)}) `;
  }
  /** One entry of the select list; named when its own name would not be the wanted one. */
  protected selected(expression: Expression, name: string, givesOut: boolean): string {
    const text = this.selectedValue(expression);
    const wrap = givesOut ? this.columnWrap(expression.type) : undefined;
    if (wrap !== undefined) return `${wrap(text)} AS ${this.quoteLabel(name)}`;
    if (expression instanceof ColumnReference && expression.columnName === name) return text;
    if (
      expression.kind === "literalColumn" ||
      expression.kind === "tableStar" ||
      (expression.kind === "constant" && name === "*")
    )
      return text;
    return `${text} AS ${this.quoteLabel(name)}`;
  }
  protected selectedValue(expression: Expression): string {
    return this.render(expression);
  }
  private byLabel(node: Expression): string | undefined {
    const scope = this.scopes.at(-1);
    const label = scope?.labels.get(node);
    return label === undefined ? undefined : this.quoteLabel(label);
  }
  /** GROUP BY takes a bare name for a column first and for a label second: the label serves where no column has the name. */
  private groupLabel(node: Expression): string | undefined {
    const scope = this.scopes.at(-1);
    const label = scope?.labels.get(node);
    if (label === undefined || scope === undefined) return undefined;
    const taken = [...scope.froms].some((from) =>
      from.columns.some((c) => c.columnName.toLowerCase() === label.toLowerCase()),
    );
    return taken ? undefined : this.quoteLabel(label);
  }
  protected tail(statement: QueryStatement, parts: string[]): void {
    if (statement.orderByList.length > 0)
      parts.push(`ORDER BY ${statement.orderByList.map((o) => this.ordering(o)).join(", ")}`);
    const limits = this.limitsOf(statement);
    if (limits !== "") parts.push(limits);
  }
  protected limitsOf(statement: QueryStatement): string {
    const { fetchClause: fetch, limitValue, offsetValue } = statement;
    if (fetch === undefined || limitValue === undefined) return this.limits(limitValue, offsetValue);
    return this.fetchClause(limitValue, offsetValue, fetch);
  }
  /** FETCH FIRST; where the database has only LIMIT, that, as long as it says the same. */
  protected fetchClause(limit: Expression, offset: Expression | undefined, fetch: FetchClause): string {
    if (fetch.withTies || fetch.percent) {
      throw new CompileError(
        `${this.dialect.name} has no FETCH … ${fetch.percent ? "PERCENT" : "WITH TIES"}; use a window function such as rank().`,
      );
    }
    return this.limits(limit, offset);
  }
  protected ordering(node: Ordering): string {
    const label = this.byLabel(node.expression);
    return label === undefined ? this.render(node) : this.orderingText(label, node);
  }
  protected limits(limit: Expression | undefined, offset: Expression | undefined): string {
    const parts: string[] = [];
    if (limit !== undefined) parts.push(`LIMIT ${this.limitValue(limit)}`);
    else if (offset !== undefined && this.unlimited !== "") parts.push(`LIMIT ${this.unlimited}`);
    if (offset !== undefined) parts.push(`OFFSET ${this.limitValue(offset)}`);
    return parts.join(" ");
  }
  /** Stands for "no limit" where OFFSET needs one. */
  protected readonly unlimited: string = "";
  protected limitValue(value: Expression): string {
    return value instanceof Bind || value instanceof NamedBind ? this.bind(value, "") : this.render(value);
  }
  protected forUpdate(_statement: SelectStatement): string {
    return "";
  }

  // ---- FROM

  protected from(from: FromClause): string {
    if (from instanceof Table) return this.onlyWord(from) + this.tableName(from) + this.hintOf(from);
    if (from instanceof Join) return this.join(from);
    if (from instanceof ValuesClause) return this.values(from);
    if (from instanceof TableFunction) return this.tableFunction(from);
    if (from instanceof Subquery) return this.subquery(from);
    if (from instanceof Cte) {
      this.hoist(from.root === from || from.recursivePart !== undefined ? from : from.root);
      return this.quote(from.fromName as string);
    }
    if (from instanceof Alias) return this.alias(from);
    return this.render(from);
  }
  visitTable(table: Table): string {
    return this.tableName(table);
  }
  visitAlias(from: Alias): string {
    return this.from(from);
  }
  visitSubquery(from: Subquery): string {
    return this.from(from);
  }
  visitCte(from: Cte): string {
    return this.from(from);
  }
  visitJoin(from: Join): string {
    return this.from(from);
  }
  visitValues(from: ValuesClause): string {
    return this.from(from);
  }
  visitTableFunction(from: TableFunction): string {
    return this.from(from);
  }
  /** `(VALUES (…), (…)) AS name (a, b)`. */
  protected values(from: ValuesClause): string {
    const rows = from.rows.map((row) => `(${this.renderList(row)})`).join(", ");
    return `(VALUES ${rows}) AS ${this.quoteLabel(this.nameOf(from))} (${from.declared.map((c) => this.quoteLabel(c.columnName)).join(", ")})`;
  }
  /** VALUES as SELECTs, for databases that cannot name its columns. */
  protected valuesAsSelects(from: ValuesClause): string {
    const rows = from.rows.map(
      (row, i) =>
        `SELECT ${row.map((v, k) => (i > 0 ? this.render(v) : `${this.render(v)} AS ${this.quoteLabel((from.declared[k] as NamedColumn).columnName)}`)).join(", ")}`,
    );
    return `(${rows.join(" UNION ALL ")}) AS ${this.quoteLabel(this.nameOf(from))}`;
  }
  protected tableFunction(from: TableFunction): string {
    const { derived, ordinality, lateral } = from.options;
    const name = this.quoteLabel(this.nameOf(from));
    if (derived === "typed" && ordinality !== undefined)
      throw new CompileError("A function WITH ORDINALITY takes names for its columns, but no types.");
    const columns =
      derived || ordinality !== undefined
        ? `(${from.declared.map((c) => this.quoteLabel(c.columnName) + (derived === "typed" ? ` ${this.dialect.castType(c.type)}` : "")).join(", ")})`
        : "";
    return `${lateral ? "LATERAL " : ""}${this.render(from.call)}${ordinality === undefined ? "" : " WITH ORDINALITY"} AS ${name}${columns}`;
  }
  tableName(table: Table): string {
    return this.schemaWords(this.schemaOf(table)) + this.quote(table.tableName);
  }
  protected override schemaWords(schema: string | undefined, quoted = false): string {
    return this.schemaTokens ? schemaToken(schema, quoted) : super.schemaWords(schema, quoted);
  }
  override renderInline(node: Element, schemas?: SchemaMap): string {
    if (schemas === undefined) return super.renderInline(node);
    this.schemaTokens = true;
    return writeSchemas(this.render(node), (name) => this.quote(name), schemas);
  }
  /** Set while a whole statement is compiled: schemas are written out at the end, see `schema-map.ts`. */
  protected schemaTokens = false;
  protected schemaOf(table: Table): string | undefined {
    return table.schema;
  }
  protected alias(alias: Alias): string {
    const name = this.quote(this.nameOf(alias));
    const of = this.from(alias.of);
    if (alias.kind !== "tableSample") return `${this.onlyWord(alias)}${of} AS ${name}${this.hintOf(alias)}`;
    const sample = alias as TableSample;
    if (!this.tableSampling)
      throw new CompileError(`${this.dialect.name} has no TABLESAMPLE; order by random() with a limit.`);
    const seed = sample.seed === undefined ? "" : ` REPEATABLE (${this.render(sample.seed)})`;
    return `${of} AS ${name} TABLESAMPLE ${sample.method}(${this.render(sample.sampling)})${seed}`;
  }
  protected readonly tableSampling: boolean = false;
  protected subquery(subquery: Subquery): string {
    const name = this.quote(this.nameOf(subquery));
    if (subquery.isLateral && !this.dialect.capabilities.lateral)
      throw new CompileError(`${this.dialect.name} has no LATERAL.`);
    const inner = this.withOwnCtes(() =>
      subquery.isLateral ? this.nested(subquery.query) : this.alone(subquery.query),
    );
    return `${subquery.isLateral ? "LATERAL " : ""}(${inner}) AS ${name}`;
  }
  /** A query that sees nothing of the statement around it. */
  protected alone(query: Element): string {
    return this.apart(() => this.render(query));
  }
  private apart(render: () => string): string {
    const kept = this.scopes.splice(0);
    const text = render();
    this.scopes.push(...kept);
    return text;
  }
  protected nameOf(from: FromClause): string {
    const own = from.fromName;
    if (own !== undefined) return own;
    return this.anonymousName(from, from instanceof Alias ? from.nameHint : "anon");
  }
  protected fromQualifier(from: FromClause): string | undefined {
    if (from instanceof Table) return this.tableName(from);
    return this.quote(this.nameOf(from));
  }
  protected readonly innerJoin: string = "JOIN";
  protected join(join: Join): string {
    const words = { inner: this.innerJoin, left: "LEFT OUTER JOIN", full: "FULL OUTER JOIN" } as const;
    if (join.joinKind === "full" && !this.dialect.capabilities.fullJoin) {
      throw new CompileError(`${this.dialect.name} has no FULL OUTER JOIN; use a union of two left joins.`);
    }
    const right = join.right instanceof Join ? `(${this.from(join.right)})` : this.from(join.right);
    return `${this.from(join.left)} ${words[join.joinKind]} ${right} ON ${this.criterion(join.on)}`;
  }

  // ---- CTEs

  protected hoist(cte: Cte): void {
    const root = cte.root;
    if (this.ctesInside && this.cteLevels.length === 1) {
      throw new CompileError(
        `${this.dialect.name} has no WITH in front of UPDATE and DELETE; read '${root.fromName}' in a subquery.`,
      );
    }
    const level = (cte.nesting || this.ctesInside ? this.cteLevels.at(-1) : undefined) ?? this.cteTexts;
    const known = this.ctesInside ? level.has(root) : this.cteLevels.some((l) => l.has(root));
    const part = cte.recursivePart;
    // A recursive CTE met first through its own plain form is written anew with its recursive part.
    if (known && (part === undefined || this.recursiveCtes.has(root))) return;
    if (!(cte.query instanceof QueryStatement) && cte.query.kind !== "text" && !this.dialect.capabilities.dmlInCte) {
      throw new CompileError(
        `${this.dialect.name} takes only SELECT in WITH; run the ${cte.query.kind} of '${cte.fromName}' as a statement of its own.`,
      );
    }
    const twin = [...level.keys()].find((c) => c !== root && c.fromName === root.fromName);
    if (twin !== undefined)
      throw new CompileError(
        `Two CTEs of one statement are named '${root.fromName}'; give one another name, or nesting: true.`,
        "cte.duplicate",
      );
    level.set(root, "");
    if (cte.recursive) this.recursiveCtes.add(root);
    const text = this.withOwnCtes(() => {
      if (part === undefined) return this.alone(cte.query);
      return `${this.cteMember(cte.query)} UNION ${part.all ? "ALL " : ""}${this.cteMember(part.query)}`;
    });
    const names = cte.recursive
      ? `(${cte.query.exportedColumns.map((c) => this.quoteLabel(c.columnName)).join(", ")})`
      : "";
    const hint =
      cte.materialized === undefined || !this.cteHints ? "" : cte.materialized ? "MATERIALIZED " : "NOT MATERIALIZED ";
    // Set anew so that what it refers to, hoisted meanwhile, comes before it.
    level.delete(root);
    const suffix = cte.suffix === undefined ? "" : ` ${this.render(cte.suffix)}`;
    level.set(root, `${this.quoteLabel(cte.fromName as string)}${names} AS ${hint}(${text})${suffix}`);
  }
  private cteMember(query: Subselectable): string {
    return this.apart(() => (query instanceof QueryStatement ? this.member(query) : this.render(query)));
  }
  /** Whether WITH takes MATERIALIZED; elsewhere the hint is left out. */
  protected readonly cteHints: boolean = true;
  protected withClause(): string {
    if (this.cteTexts.size === 0) return "";
    return `WITH ${[...this.cteTexts.keys()].some((c) => this.recursiveCtes.has(c)) ? "RECURSIVE " : ""}${[...this.cteTexts.values()].join(", ")} `;
  }

  // ---- values made of several

  /** A function's single value: its alias is the column. */
  visitColumnValued(column: ColumnValued): string {
    return this.quoteLabel(this.nameOf(column.from));
  }
  visitFieldAccess(node: FieldAccess): string {
    if (!this.rowTypes) throw new CompileError(`${this.dialect.name} has no row values with named fields.`);
    return `(${this.render(node.of)}).${this.quote(node.field)}`;
  }
  visitTableValue(node: TableValue): string {
    if (!this.rowTypes) throw new CompileError(`${this.dialect.name} has no row of a table as one value.`);
    return this.fromQualifier(node.from) ?? this.quote(this.nameOf(node.from));
  }
  visitArrayLiteral(node: ArrayLiteral): string {
    if (!this.dialect.capabilities.nativeArray)
      throw new CompileError(`${this.dialect.name} has no ARRAY[…]; bind the list as one value of an array column.`);
    if (node.query !== undefined) return `ARRAY(${this.nested(node.query)})`;
    const items = node.items ?? [];
    const text = `ARRAY[${this.renderList(items)}]`;
    return items.length === 0 ? `CAST(${text} AS ${this.dialect.castType(node.type)})` : text;
  }
  protected readonly rowTypes: boolean = false;

  // ---- set operations

  /** INTERSECT ALL and EXCEPT ALL. */
  protected readonly setOperatorsAll: boolean = true;

  visitCompound(statement: CompoundStatement): string {
    if (statement.setOperator.endsWith(" ALL") && statement.setOperator !== "UNION ALL" && !this.setOperatorsAll) {
      throw new CompileError(`${this.dialect.name} has no ${statement.setOperator}.`);
    }
    for (const cte of statement.ctes) this.hoist(cte);
    const parts = [statement.members.map((m) => this.member(m)).join(` ${statement.setOperator} `)];
    this.compoundTail(statement, parts);
    return parts.join(" ");
  }
  private compoundTail(statement: CompoundStatement, parts: string[]): void {
    const columns = statement.exportedColumns;
    if (statement.orderByList.length > 0) {
      const names = statement.orderByList.map((o) => {
        const at = columns[orderedColumn(columns, o.expression)];
        return at === undefined ? this.render(o) : this.orderingText(this.quoteLabel(at.columnName), o);
      });
      parts.push(`ORDER BY ${names.join(", ")}`);
    }
    const limits = this.limitsOf(statement);
    if (limits !== "") parts.push(limits);
  }
  /**
   * A member with its own ORDER BY or LIMIT, or another set operation, has to be set apart. Where the whole stands in an
   * expression, each member is correlated with what is around it.
   */
  protected member(member: QueryStatement): string {
    const apart =
      member.orderByList.length > 0 ||
      member.limitValue !== undefined ||
      member.offsetValue !== undefined ||
      member instanceof CompoundStatement;
    const text = this.nested(member);
    if (!apart) return text;
    return this.dialect.capabilities.compoundParentheses ? `(${text})` : `SELECT * FROM (${text})`;
  }

  // ---- what comes back

  /** Columns and positions of the rows of a select list. */
  protected resultOf(
    items: readonly SelectItem[],
    exported: Subselectable["exportedColumns"] = exportedColumnsOf(items),
  ): {
    columns: ResultColumn[];
    items: ResultItem[] | undefined;
  } {
    const columns = exported.map((c) => ({
      key: c.key,
      type: c.expression.type,
      process: this.resultProcessor(c.expression.type, c.expression),
    }));
    if (!items.some((i) => i instanceof ItemElement)) return { columns, items: undefined };
    let at = 0;
    const positions = items.map((item) => {
      const from = at;
      at += item instanceof ItemElement ? item.itemColumns.length : 1;
      const nested = item instanceof ItemElement;
      return { name: nested ? item.itemName : (columns[from] as ResultColumn).key, from, to: at, nested };
    });
    return { columns, items: positions };
  }
  protected resultProcessor(type: SqlType, _expression: Expression): ResultColumn["process"] {
    return this.dialect.resultProcessor(type);
  }
}
export { Expression, type QueryStatement };
