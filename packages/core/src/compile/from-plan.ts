/** Decides the FROM list of a SELECT: which clauses stand in it, where joins attach, what comes from outside. */
import { AmbiguousForeignKeysError, ArgumentError, NoForeignKeysError } from "../errors/errors.js";
import { Table, TableColumn } from "../schema/table.js";
import { conjunction, type Expression } from "../sql/expression.js";
import { Alias, type ColumnReference, DerivedColumn, type FromClause, ItemElement, Join } from "../sql/from.js";
import * as ops from "../sql/operators.js";
import type { JoinSpec, SelectStatement } from "../sql/select.js";
import { referencedFroms } from "../sql/traverse.js";
import { viewedJoins } from "../sql/viewers.js";

/** The table column behind a column of an alias or subquery, if there is one. */
export function originColumn(column: Expression): TableColumn | undefined {
  let at: Expression = column;
  while (at instanceof DerivedColumn) at = at.origin;
  return at instanceof TableColumn ? at.plain : undefined;
}
function tableBehind(from: FromClause): Table | undefined {
  return from instanceof Table ? from : from instanceof Alias ? tableBehind(from.of) : undefined;
}

/** Pairs of columns that a foreign key connects, grouped by constraint. */
function foreignKeyPairs(from: FromClause, to: FromClause): readonly (readonly [ColumnReference, ColumnReference])[][] {
  const groups = new Map<object, [ColumnReference, ColumnReference][]>();
  for (const column of from.columns) {
    const origin = originColumn(column);
    for (const key of origin?.foreignKeys ?? []) {
      const target = to.columns.find((c) => originColumn(c) === (key.column as unknown));
      if (target === undefined) continue;
      const pairs = groups.get(key.constraint) ?? [];
      pairs.push([column, target]);
      groups.set(key.constraint, pairs);
    }
  }
  return [...groups.values()];
}

/** The ON clause between two clauses from their foreign keys, looked for in both directions. */
export function joinCondition(left: FromClause, right: FromClause): Expression {
  const candidates: (readonly (readonly [ColumnReference, ColumnReference])[])[] = [];
  for (const leaf of left.leaves) {
    for (const target of right.leaves) {
      candidates.push(...foreignKeyPairs(leaf, target).map((pairs) => pairs.map(([a, b]) => [b, a] as const)));
      if (tableBehind(leaf) !== tableBehind(target) || tableBehind(leaf) === undefined) {
        candidates.push(...foreignKeyPairs(target, leaf).map((pairs) => pairs.map(([a, b]) => [b, a] as const)));
      }
    }
  }
  const names = () =>
    [left, right].map((f) => `'${f.leaves.map((l) => l.fromName ?? "a subquery").join(", ")}'`).join(" and ");
  if (candidates.length === 0) {
    throw new NoForeignKeysError(
      `No foreign key connects ${names()}: give the ON condition, join(target, condition).`,
      "join.no-foreign-key",
    );
  }
  if (candidates.length > 1) {
    throw new AmbiguousForeignKeysError(
      `Several foreign keys connect ${names()}: give the ON condition, join(target, condition).`,
      "join.ambiguous",
    );
  }
  return conjunction(
    ops.and,
    (candidates[0] as readonly (readonly [ColumnReference, ColumnReference])[]).map(([a, b]) => a.eq(b)),
  );
}
function connected(left: FromClause, right: FromClause): boolean {
  return left.leaves.some((a) =>
    right.leaves.some((b) => foreignKeyPairs(a, b).length > 0 || foreignKeyPairs(b, a).length > 0),
  );
}

/** The FROM list, joins included. `outside`: what the enclosing statement selects from. */
export function planFroms(statement: SelectStatement, outside: ReadonlySet<FromClause>): readonly FromClause[] {
  const targets = new Set(statement.joins.flatMap((j) => [j.target, ...j.target.leaves]));
  const roots: FromClause[] = [];
  const add = (from: FromClause) => {
    // The row to be inserted is the INSERT's own, around the query.
    if (from.kind === "excluded") return;
    if (!targets.has(from) && !roots.includes(from) && !roots.some((r) => r instanceof Join && r.leaves.includes(from)))
      roots.push(from);
  };
  for (const from of statement.froms) add(from);
  for (const from of viewedJoins(statement)) add(from);
  for (const item of statement.selected) {
    if (item instanceof ItemElement) add(item.itemFrom);
    else for (const from of referencedFroms(item)) add(from);
  }
  const implied = new Set<FromClause>();
  for (const criterion of statement.criteria) for (const from of referencedFroms(criterion)) implied.add(from);
  let list: FromClause[] = roots.filter(
    (r) => !roots.some((other) => other !== r && other instanceof Join && other.leaves.includes(r)),
  );
  for (const spec of statement.joins) list = attach(list, spec);
  for (const from of implied) {
    if (from.kind !== "excluded" && !list.some((l) => l === from || l.leaves.includes(from)) && !targets.has(from))
      list.push(from);
  }
  return correlate(statement, list, outside);
}

function attach(list: readonly FromClause[], spec: JoinSpec): FromClause[] {
  const place = leftOf(list, spec);
  const left = place === undefined ? spec.source : list[place];
  if (left === undefined)
    throw new ArgumentError(
      `join(): there is nothing to join '${spec.target.fromName ?? "the target"}' to; name it with selectFrom().`,
    );
  const on = spec.on ?? joinCondition(left, spec.target);
  const whole = spec.narrow === undefined ? on : conjunction(ops.and, [on, spec.narrow]);
  const joined = new Join(left, spec.target, whole, spec.kind);
  return place === undefined ? [...list, joined] : list.map((from, i) => (i === place ? joined : from));
}
function leftOf(list: readonly FromClause[], spec: JoinSpec): number | undefined {
  // The tables of a hierarchy may have been joined already as part of something larger.
  const has = (from: FromClause, wanted: FromClause) =>
    from === wanted ||
    from.leaves.includes(wanted) ||
    (wanted instanceof Join && wanted.leaves.every((leaf) => from.leaves.includes(leaf)));
  if (spec.source !== undefined) {
    const at = list.findIndex((from) => has(from, spec.source as FromClause));
    return at < 0 ? undefined : at;
  }
  if (list.length === 1) return 0;
  if (spec.on !== undefined) {
    const read = referencedFroms(spec.on);
    const at = list.findIndex((from) => [...read].some((r) => r !== spec.target && has(from, r)));
    return at < 0 ? list.length - 1 : at;
  }
  const possible = list.map((from, i) => (connected(from, spec.target) ? i : -1)).filter((i) => i >= 0);
  if (possible.length > 1) {
    throw new AmbiguousForeignKeysError(
      `'${spec.target.fromName ?? "the target"}' could be joined to ${possible.map((i) => `'${(list[i] as FromClause).leaves[0]?.fromName ?? "a subquery"}'`).join(" or ")}: use joinFrom() or give the condition.`,
      "join.ambiguous",
    );
  }
  return possible[0] ?? list.length - 1;
}

/** Takes out what the enclosing statement provides; never everything. */
function correlate(
  statement: SelectStatement,
  list: readonly FromClause[],
  outside: ReadonlySet<FromClause>,
): readonly FromClause[] {
  if (outside.size === 0) return list;
  const except = statement.uncorrelated;
  const only = statement.correlated;
  const kept = list.filter((from) => {
    if (!outside.has(from)) return true;
    if (only !== undefined) return !only.includes(from);
    if (except !== undefined) return except.includes(from);
    return statement.froms.includes(from);
  });
  if (kept.length > 0 || list.length === 0) return kept;
  if (only !== undefined || except !== undefined) return kept;
  // A lone table is asked anew, as in `where id = (select max(id) from t)`; which one of several is meant, nobody knows.
  if (list.length > 1)
    throw new ArgumentError(
      `Every table of a subquery (${list.map((f) => f.fromName ?? "a join").join(", ")}) stands in the statement around it as well: say which are meant with .correlate(outer), or .correlate(null) for none.`,
      "select.correlation",
    );
  return list;
}
