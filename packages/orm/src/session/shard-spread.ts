/**
 * Statements over several shards: what each is sent so that the answers can be put together to the one a single database
 * would give. What cannot be is refused, never answered shard by shard unasked. Source: SQLAlchemy "Horizontal Sharding",
 * which leaves this to the program.
 */
import {
  Alias,
  Bind,
  ColumnReference,
  CompoundStatement,
  Cte,
  children,
  DeleteStatement,
  type Element,
  Exists,
  type Expression,
  Filtered,
  type FromClause,
  FromStatement,
  FunctionCall,
  INTEGER,
  InvalidRequestError,
  ItemElement,
  Label,
  type OrderingElement,
  QueryStatement,
  referencedFroms,
  ScalarSubquery,
  SelectStatement,
  type SqlType,
  SubqueryClause,
  TextClause,
  UpdateStatement,
} from "@athanor/core";
import { Load } from "../query/options.js";

/** One part of ORDER BY, and where its values stand in the rows of the shards. */
export interface SortKey {
  readonly at: number;
  readonly expression: Expression;
  readonly descending: boolean;
  readonly nulls: "FIRST" | "LAST" | undefined;
}
export interface Total {
  readonly operation: "sum" | "min" | "max" | "any";
  readonly expression: Expression;
}
/** What is sent to each shard, and what is made of the answers. */
export type Spread =
  | { readonly kind: "rows"; readonly statement: Element }
  | {
      readonly kind: "sorted";
      readonly statement: Element;
      readonly keys: readonly SortKey[];
      /** So many items of a row were asked for; behind them stand values to sort by. */
      readonly width: number;
      readonly offset: number;
      readonly limit: number | undefined;
    }
  | { readonly kind: "totals"; readonly statement: Element; readonly totals: readonly Total[] };

/** @throws InvalidRequestError for a statement whose answers cannot be put together */
export function spreadOver(statement: Element, shards: readonly unknown[]): Spread {
  const refuse: Refuse = (what) => {
    throw new InvalidRequestError(
      `This statement would run on ${shards.length} shards (${shards.map(String).join(", ")}), but ${what}. Run it on one of them, options(setShardId(…)) or executionOptions({ shardId: … }), or say that each shard is to answer for itself, one after another: executionOptions({ eachShard: true }).`,
      "session.shards-merge",
    );
  };
  if (statement instanceof SelectStatement) return selectOver(statement, refuse);
  if (statement instanceof TextClause) return refuse("what SQL text asks for is not known here");
  if (statement instanceof FromStatement) {
    if (!(statement.source instanceof SelectStatement))
      return refuse("what the statement behind fromStatement() asks for is not known here");
    if (selectOver(statement.source, refuse).kind !== "rows")
      return refuse("a statement behind fromStatement() is sorted, limited and counted by each shard alone");
  } else if (statement instanceof CompoundStatement) {
    if (statement.orderByList.length > 0 || isLimited(statement))
      return refuse("ORDER BY and LIMIT of a set operation hold for one shard; select from its subquery() instead");
    checkCompound(statement, NO_FROMS, refuse, new Set());
  } else if (statement instanceof UpdateStatement || statement instanceof DeleteStatement) {
    if (statement.limitValue !== undefined) return refuse("its LIMIT holds for one shard");
    const { criteria } = statement;
    const own = new Set<FromClause>([statement.table, ...criteria.flatMap((c) => [...referencedFroms(c)])]);
    const values = statement instanceof UpdateStatement ? statement.assignments.map((a) => a.value) : [];
    checkNested([...criteria, ...values], own, refuse, new Set());
  }
  return { kind: "rows", statement };
}

type Refuse = (what: string) => never;
const NO_FROMS: ReadonlySet<FromClause> = new Set();
const TOTALS: { readonly [name: string]: Total["operation"] } = { count: "sum", sum: "sum", min: "min", max: "max" };
/** Functions over many rows; min and max of several values are none. */
const AGGREGATES =
  /^(count|sum|min|max|avg|total|median|mode|any_value|every|grouping|corr|xmlagg|(string|array|json|jsonb|range)_agg(_strict)?|aggregate_strings|group_concat|jsonb?_(group_)?(array|object)(_?agg)?|jsonb?_group_.*|jsonb?_.*agg(_.*)?|bool_(and|or)|bit_(and|or|xor)|std|stddev.*|variance|var_.*|covar_.*|regr_.*|percentile_.*)$/;
/** Functions of one row that are often selected alone. */
const OF_ONE_ROW =
  /^(lower|upper|length|char_length|octet_length|coalesce|ifnull|nullif|abs|round|ceil|ceiling|floor|sign|sqrt|power|mod|concat|replace|l?r?trim|substr|substring|left|right|reverse|[lr]pad|position|instr|greatest|least|now|current_.*|random|rand|date|strftime|date_trunc|to_char|year|month|day|cast|json_extract|hex|min|max)$/;

function isAggregate(node: Element): boolean {
  if (node.kind === "withinGroup") return true;
  if (!(node instanceof FunctionCall)) return false;
  const name = node.functionName.toLowerCase();
  return AGGREGATES.test(name) && !((name === "min" || name === "max") && node.args.length > 1);
}
function isLimited({ limitValue, offsetValue }: QueryStatement): boolean {
  return limitValue !== undefined || offsetValue !== undefined;
}
/** A node and what is below it, queries within it as wholes. */
function* ownNodes(node: Element): Iterable<Element> {
  yield node;
  if (node instanceof QueryStatement || node instanceof ScalarSubquery || node instanceof Exists) return;
  for (const child of children(node)) yield* ownNodes(child);
}
function partsOf(q: SelectStatement): readonly Element[] {
  return [
    ...q.selected,
    ...q.criteria,
    ...q.groupByList,
    ...q.havingList,
    ...q.orderByList,
    ...q.joins.flatMap((j) => [j.on ?? [], j.narrow ?? []].flat()),
  ];
}
function fromsOf(q: SelectStatement): Set<FromClause> {
  const froms = new Set<FromClause>();
  for (const part of partsOf(q)) referencedFroms(part, froms);
  for (const item of q.selected) if (item instanceof ItemElement) for (const f of item.itemFrom.leaves) froms.add(f);
  for (const from of [...q.froms, ...q.joins.map((j) => j.target)]) for (const leaf of from.leaves) froms.add(leaf);
  return froms;
}
/** Why the rows of a query are not simply those of all shards, if they are not. */
function whyNotRows(q: SelectStatement): string | undefined {
  if (q.groupByList.length > 0) return "GROUP BY makes groups of the rows of one shard";
  if (q.havingList.length > 0) return "HAVING asks for totals of one shard";
  if (q.distinctValue !== false) return "DISTINCT compares the rows of one shard";
  if (q.fetchClause?.withTies || q.fetchClause?.percent) return "FETCH WITH TIES and PERCENT count rows of one shard";
  if (q.extensions.length > 0) return "it has clauses of the program's own (ext())";
  if (q.words.some((w) => w.place === "suffix")) return "what its suffixWith() asks for is not known here";
  for (const part of [...q.selected, ...q.orderByList])
    for (const node of ownNodes(part)) if (node.kind === "over") return "a window function sees the rows of one shard";
  return undefined;
}

/** Queries inside of a statement: those that belong to one row of it are answered by the shard of that row. */
function checkNested(
  parts: readonly Element[],
  enclosing: ReadonlySet<FromClause>,
  refuse: Refuse,
  seen: Set<Element>,
): void {
  for (const part of parts)
    for (const node of ownNodes(part)) {
      const query = node instanceof ScalarSubquery || node instanceof Exists ? node.query : node;
      if (query instanceof QueryStatement) checkQuery(query, enclosing, refuse, seen);
    }
  for (const named of enclosing) {
    const from = named instanceof Alias ? named.of : named;
    if (!(from instanceof SubqueryClause || from instanceof Cte)) continue;
    const query = from.query as unknown;
    if (from instanceof Cte && from.recursivePart?.all === false) refuse("UNION compares the rows of one shard");
    if (query instanceof QueryStatement)
      checkQuery(query, from instanceof SubqueryClause && from.isLateral ? enclosing : NO_FROMS, refuse, seen);
  }
}
function checkQuery(
  query: QueryStatement,
  enclosing: ReadonlySet<FromClause>,
  refuse: Refuse,
  seen: Set<Element>,
): void {
  if (seen.has(query)) return;
  seen.add(query);
  if (query instanceof CompoundStatement) checkCompound(query, enclosing, refuse, seen);
  if (!(query instanceof SelectStatement)) return;
  const own = fromsOf(query);
  // It is tied to a row of the enclosing query when it reads something of it beside what it reads itself.
  const tied = [...own].some((from) => enclosing.has(from)) && [...own].some((from) => !enclosing.has(from));
  if (!tied) {
    const why = whyNotRows(query) ?? (isLimited(query) ? "LIMIT and OFFSET count rows of one shard" : undefined);
    const aggregate = query.selected.some((item) => [...ownNodes(item)].some(isAggregate));
    if (why !== undefined || aggregate)
      refuse(`in a query inside of it ${why ?? "an aggregate function sees the rows of one shard"}`);
  }
  checkNested(partsOf(query), new Set([...enclosing, ...own]), refuse, seen);
}
function checkCompound(
  compound: CompoundStatement,
  enclosing: ReadonlySet<FromClause>,
  refuse: Refuse,
  seen: Set<Element>,
): void {
  if (compound.setOperator !== "UNION ALL") refuse(`${compound.setOperator} compares the rows of one shard`);
  if (isLimited(compound)) refuse("LIMIT and OFFSET count rows of one shard");
  for (const member of compound.members) checkQuery(member, enclosing, refuse, seen);
}

function selectOver(q: SelectStatement, refuse: Refuse): Spread {
  const why = whyNotRows(q);
  if (why !== undefined) refuse(why);
  const froms = fromsOf(q);
  checkNested(partsOf(q), froms, refuse, new Set([q]));
  const totals = totalsOf(q, froms, refuse);
  if (totals !== undefined) {
    if (q.offsetValue !== undefined) refuse("OFFSET skips the one row of totals of each shard");
    return { kind: "totals", statement: q.with({ orderByList: [] }), totals };
  }
  if (q.orderByList.length === 0 && !isLimited(q)) return { kind: "rows", statement: q };
  if (q.optionList.some((o) => o instanceof Load && containsCollection(o)))
    refuse("ORDER BY, LIMIT and OFFSET beside containsEager() of a collection sort and count joined rows of one shard");
  const limit = countOf(q.limitValue, "LIMIT", refuse);
  const offset = countOf(q.offsetValue, "OFFSET", refuse) ?? 0;
  const hidden: Expression[] = [];
  const keys = q.orderByList.map((by) => sortKey(by, q, hidden, refuse));
  const statement = q.with({
    selected: [...q.selected, ...hidden],
    limitValue: limit === undefined ? undefined : new Bind(offset + limit, INTEGER),
    offsetValue: undefined,
  });
  return { kind: "sorted", statement, keys, width: q.selected.length, offset, limit };
}
function containsCollection(option: Load): boolean {
  return (
    option.path.some((step) => step.strategy === "contains" && step.property.uselist) ||
    option.children.some(containsCollection)
  );
}
function countOf(value: Expression | undefined, what: string, refuse: Refuse): number | undefined {
  if (value === undefined) return undefined;
  if (value instanceof Bind && typeof value.value === "number") return value.value;
  return refuse(`its ${what} is no plain number`);
}
function unlabelled(item: Element): Element {
  return item instanceof Label ? item.expression : item;
}

/** The totals a query asks for; undefined when it asks for rows. */
function totalsOf(q: SelectStatement, froms: ReadonlySet<FromClause>, refuse: Refuse): readonly Total[] | undefined {
  const items = q.selected.map(unlabelled);
  if (items.every((item) => item instanceof Exists))
    return items.map((expression) => ({ operation: "any", expression }));
  const aggregate = [...q.selected, ...q.orderByList].some((part) => [...ownNodes(part)].some(isAggregate));
  if (!aggregate) {
    if (froms.size === 0) refuse("it reads no table, so each would answer the same");
    if (!items.some((item) => item instanceof ItemElement || item instanceof ColumnReference))
      for (const item of items) refuseUnknown(item, refuse);
    return undefined;
  }
  return items.map((item) => {
    const call = item instanceof Filtered ? item.call : item;
    const operation = call instanceof FunctionCall ? TOTALS[call.functionName.toLowerCase()] : undefined;
    if (operation === undefined || !(call instanceof FunctionCall) || !isAggregate(call))
      return refuse(
        `only count(), sum(), min() and max() can be put together, each as an item of its own (an average is a sum() beside a count())`,
      );
    if (call.isDistinct && operation === "sum")
      return refuse(`${call.functionName}(DISTINCT …) compares the rows of one shard`);
    if (operation === "min" || operation === "max") requireOrder(item as Expression, refuse);
    return { operation, expression: (operation === "sum" ? item : call.args[0]) as Expression };
  });
}
/** An item that might be an aggregate, where no plain column beside it says that there is none. */
function refuseUnknown(item: Element, refuse: Refuse): void {
  for (const node of ownNodes(item)) {
    if (node.kind === "textExpression" || node.kind === "literalColumn")
      refuse("what SQL text in its select list asks for is not known here");
    if (node instanceof FunctionCall && !OF_ONE_ROW.test(node.functionName.toLowerCase()))
      refuse(
        `whether ${node.functionName}() is a function over many rows is not known here; select a column beside it`,
      );
  }
}

function sortKey(by: OrderingElement, q: SelectStatement, hidden: Expression[], refuse: Refuse): SortKey {
  const { nulls } = by;
  const descending = by.direction === "DESC";
  const expression = unlabelled(by.expression) as Expression;
  requireOrder(expression, refuse);
  const shown = q.selected.findIndex((item) => item === by.expression || item === expression);
  if (shown >= 0) return { at: shown, expression, descending, nulls };
  hidden.push(new Label(expression, `shard_key_${hidden.length}`));
  return { at: q.selected.length + hidden.length - 1, expression, descending, nulls };
}
const SORTED_KINDS = new Set(["uuid", "binary"]);
/** Values of the type can be sorted: here, or, texts, by a database. */
function requireOrder(expression: Expression, refuse: Refuse): void {
  if (expression.kind === "textExpression" || expression.kind === "literalColumn")
    refuse("ORDER BY is SQL text, whose values are not known here");
  const { type } = expression;
  if (isText(type) || (!type.isOwn && (VALUE_FAMILIES.has(type.family) || SORTED_KINDS.has(type.kind)))) return;
  refuse(
    `values of the type ${type.kind === "null" ? "of an expression that has none" : type} cannot be put in order here; give it one whose order is known, cast(…, string())`,
  );
}
const VALUE_FAMILIES: ReadonlySet<string> = new Set(["number", "boolean", "date"]);
/** Texts: their order is their collation's, which a database has to be asked for. */
export function isText(type: SqlType): boolean {
  // A native enumeration has an order of its own on some databases.
  return type.family === "text" && !(type.kind === "enum" && (type as { readonly native?: boolean }).native === true);
}
