/**
 * Adds criteria to a statement wherever it reads a table: WHERE for what it selects from, ON for what it joins, and the
 * same in every query nested in it. What `withLoaderCriteria` does to SQL.
 */
import {
  Alias,
  ColumnReference,
  Cte,
  conjunction,
  type DeleteStatement,
  type Element,
  type Expression,
  type FromClause,
  type JoinSpec,
  joinCondition,
  operators,
  QueryStatement,
  referencedFroms,
  replace,
  SelectStatement,
  SubqueryClause,
  type Table,
  type UpdateStatement,
} from "@athanor/core";

/** A criterion over the columns of one table. */
export interface Restriction {
  readonly table: Table;
  readonly criterion: Expression;
}

/** The criteria for a table or an alias of one, over its columns. */
function criteriaOf(leaf: FromClause, restrictions: readonly Restriction[]): readonly Expression[] {
  const table = leaf instanceof Alias ? leaf.of : leaf;
  return restrictions
    .filter((r) => r.table === table)
    .map(({ criterion }) =>
      leaf === table
        ? criterion
        : replace(criterion, (n) =>
            n instanceof ColumnReference && n.from === table ? leaf.column(n.key) : undefined,
          ),
    );
}

/** A select with the criteria, in nested queries too unless `nested` is false. */
export function restrictSelect(
  statement: SelectStatement,
  restrictions: readonly Restriction[],
  nested = true,
): SelectStatement {
  const s = nested ? inNested(statement, restrictions) : statement;
  const joined = new Set<FromClause>();
  const where: Expression[] = [];
  const roots = new Set<FromClause>(s.froms.flatMap((f) => f.leaves));
  const joins = s.joins.map((join): JoinSpec => {
    const own = join.target.leaves.flatMap((leaf) => criteriaOf(leaf, restrictions));
    for (const leaf of join.target.leaves) joined.add(leaf);
    if (own.length === 0) return join;
    if (join.on === undefined && join.kind !== "left" && join.kind !== "full") {
      where.push(...own);
      return join;
    }
    const on = join.on ?? inferred(join, [...roots, ...read(s), ...joined]);
    if (on === undefined) where.push(...own);
    return on === undefined ? join : { ...join, on: conjunction(operators.and, [on, ...own]) };
  });
  for (const leaf of read(s)) roots.add(leaf);
  for (const leaf of roots) if (!joined.has(leaf)) where.push(...criteriaOf(leaf, restrictions));
  return where.length === 0 && joins.every((j, i) => j === s.joins[i])
    ? s
    : s.with({ joins, criteria: [...s.criteria, ...where] });
}
/** What the parts of a select read, whether it stands in FROM or not. */
function read(s: SelectStatement): ReadonlySet<FromClause> {
  const found = new Set<FromClause>();
  for (const part of [...s.selected, ...s.criteria, ...s.orderByList, ...s.groupByList]) referencedFroms(part, found);
  return new Set([...found].flatMap((f) => f.leaves));
}
/** The ON that the compiler would take from the foreign keys. */
function inferred(join: JoinSpec, lefts: readonly FromClause[]): Expression | undefined {
  for (const left of join.source === undefined ? lefts : [join.source]) {
    if (left === join.target) continue;
    try {
      return joinCondition(left, join.target);
    } catch {
      // No foreign key between these two.
    }
  }
  return undefined;
}

/** An UPDATE or DELETE with the criteria. */
export function restrictWriting<S extends UpdateStatement | DeleteStatement>(
  statement: S,
  restrictions: readonly Restriction[],
): S {
  const own = criteriaOf(statement.table, restrictions);
  const s = inNested(statement, restrictions);
  return own.length === 0 ? s : (s.where(...own) as S);
}

/** Rewrites the queries inside a statement: set operations, subqueries in FROM, IN, EXISTS, CTEs that are not recursive. */
export function inNested<E extends Element>(statement: E, restrictions: readonly Restriction[]): E {
  const rewritten = new Map<FromClause, FromClause>();
  const over = (from: FromClause): FromClause => {
    let made = rewritten.get(from);
    if (made !== undefined) return made;
    made = from;
    if (from instanceof SubqueryClause && from.constructor === SubqueryClause) {
      const query = inside(from.query as unknown as Element);
      if (query !== (from.query as unknown as Element))
        made = new SubqueryClause(query as never, from.queryName, from.isLateral);
    } else if (
      from instanceof Cte &&
      from.recursivePart === undefined &&
      from.restates === undefined &&
      !from.recursive
    ) {
      const query = inside(from.query as unknown as Element);
      if (query !== (from.query as unknown as Element))
        made = new Cte(query as never, from.queryName as string, {
          nesting: from.nesting,
          materialized: from.materialized,
        });
    }
    rewritten.set(from, made);
    return made;
  };
  const inside = (query: Element): Element =>
    query instanceof SelectStatement ? restrictSelect(query, restrictions) : inNested(query, restrictions);
  return replace(statement, (node) => {
    if (node === (statement as Element)) return undefined;
    if (node instanceof SelectStatement) return restrictSelect(node, restrictions);
    if (node instanceof QueryStatement) return inNested(node, restrictions);
    if (node instanceof SubqueryClause || node instanceof Cte) return over(node);
    if (node instanceof ColumnReference && (node.from instanceof SubqueryClause || node.from instanceof Cte)) {
      const made = over(node.from);
      return made === node.from ? undefined : made.columns[node.from.columns.indexOf(node)];
    }
    return undefined;
  });
}
