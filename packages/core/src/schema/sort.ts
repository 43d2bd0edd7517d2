/**
 * Topological sorting: what everything that has dependencies is ordered with (tables, mappers, rows of one table).
 * The order is a function of the input's order alone, so that the same models always print the same DDL.
 * Source: A. B. Kahn (1962) by levels, as SQLAlchemy's `util.topological`; R. Tarjan (1972) for the cycles.
 */
import { CircularDependencyError } from "../errors/errors.js";

export interface SortedGraph<T> {
  /** Everything, dependencies first; members of a cycle stand together, in the order they were given. */
  readonly order: readonly T[];
  /** Groups whose members depend on one another; empty for a graph without cycles. An item on itself is no cycle. */
  readonly cycles: readonly (readonly T[])[];
}

/** Dependencies as positions: unknown items and items on themselves are left out. */
function edges<T>(items: readonly T[], dependenciesOf: (item: T) => Iterable<T>): number[][] {
  const position = new Map<T, number>();
  items.forEach((item, i) => {
    position.set(item, i);
  });
  return items.map((item, i) => {
    const found = new Set<number>();
    for (const dependency of dependenciesOf(item)) {
      const at = position.get(dependency);
      if (at !== undefined && at !== i) found.add(at);
    }
    return [...found];
  });
}

/** Positions in order, level by level; shorter than the input when there are cycles. */
function levels(dependencies: readonly (readonly number[])[]): number[] {
  const waiting = dependencies.map((d) => d.length);
  const dependents: number[][] = dependencies.map(() => []);
  dependencies.forEach((list, i) => {
    for (const d of list) (dependents[d] as number[]).push(i);
  });
  const order: number[] = [];
  let level: number[] = [];
  waiting.forEach((n, i) => {
    if (n === 0) level.push(i);
  });
  while (level.length > 0) {
    const next: number[] = [];
    for (const i of level) {
      order.push(i);
      for (const j of dependents[i] as number[]) {
        const left = (waiting[j] as number) - 1;
        waiting[j] = left;
        if (left === 0) next.push(j);
      }
    }
    level = next.sort((a, b) => a - b);
  }
  return order;
}

/** Strongly connected groups of more than one member. Iterative: a chain of any length must not end the stack. */
function components(dependencies: readonly (readonly number[])[]): number[][] {
  const n = dependencies.length;
  const index = new Int32Array(n).fill(-1);
  const low = new Int32Array(n);
  const onStack = new Uint8Array(n);
  const stack: number[] = [];
  const found: number[][] = [];
  let count = 0;
  for (let root = 0; root < n; root++) {
    if (index[root] !== -1) continue;
    const work: { node: number; next: number }[] = [{ node: root, next: 0 }];
    while (work.length > 0) {
      const frame = work[work.length - 1] as { node: number; next: number };
      const { node } = frame;
      if (frame.next === 0) {
        index[node] = low[node] = count++;
        stack.push(node);
        onStack[node] = 1;
      }
      const targets = dependencies[node] as readonly number[];
      let deeper = false;
      while (frame.next < targets.length) {
        const target = targets[frame.next++] as number;
        if (index[target] === -1) {
          work.push({ node: target, next: 0 });
          deeper = true;
          break;
        }
        if (onStack[target] === 1) low[node] = Math.min(low[node] as number, index[target] as number);
      }
      if (deeper) continue;
      // A node without targets must not be entered twice.
      if (targets.length === 0) frame.next = 1;
      work.pop();
      const above = work[work.length - 1];
      if (above !== undefined) low[above.node] = Math.min(low[above.node] as number, low[node] as number);
      if (low[node] !== index[node]) continue;
      const group: number[] = [];
      let member: number;
      do {
        member = stack.pop() as number;
        onStack[member] = 0;
        group.push(member);
      } while (member !== node);
      if (group.length > 1) found.push(group.sort((a, b) => a - b));
    }
  }
  return found.sort((a, b) => (a[0] as number) - (b[0] as number));
}

/**
 * Sorts dependencies first; cycles are reported, not thrown.
 *
 * @example
 * sortGraph(["b", "a"], (x) => (x === "b" ? ["a"] : []));   // { order: ["a", "b"], cycles: [] }
 */
export function sortGraph<T>(given: Iterable<T>, dependenciesOf: (item: T) => Iterable<T>): SortedGraph<T> {
  const items = [...given];
  const dependencies = edges(items, dependenciesOf);
  const order = levels(dependencies);
  if (order.length === items.length) return { order: order.map((i) => items[i] as T), cycles: [] };

  const groups = components(dependencies);
  const groupOf = new Map<number, number>();
  groups.forEach((group, g) => {
    for (const i of group) groupOf.set(i, g);
  });
  // Each group becomes one node, standing at its first member; what depends on a member depends on the whole group.
  const representative = (i: number): number => {
    const g = groupOf.get(i);
    return g === undefined ? i : (groups[g]?.[0] as number);
  };
  const nodes = items.map((_, i) => i).filter((i) => representative(i) === i);
  const nodeOf = new Map(nodes.map((i, at) => [i, at]));
  const condensed: Set<number>[] = nodes.map(() => new Set());
  dependencies.forEach((list, i) => {
    const from = nodeOf.get(representative(i)) as number;
    for (const d of list) {
      const to = nodeOf.get(representative(d)) as number;
      if (to !== from) condensed[from]?.add(to);
    }
  });
  const sorted = levels(condensed.map((s) => [...s])).flatMap((at) => {
    const i = nodes[at] as number;
    const g = groupOf.get(i);
    return g === undefined ? [i] : (groups[g] as number[]);
  });
  return {
    order: sorted.map((i) => items[i] as T),
    cycles: groups.map((group) => group.map((i) => items[i] as T)),
  };
}

/**
 * Sorts dependencies first.
 *
 * @throws CircularDependencyError naming one cycle step by step.
 */
export function topologicalSort<T>(
  items: Iterable<T>,
  dependenciesOf: (item: T) => Iterable<T>,
  describe: (item: T) => string = String,
): readonly T[] {
  const { order, cycles } = sortGraph(items, dependenciesOf);
  const [cycle] = cycles;
  if (cycle === undefined) return order;
  throw new CircularDependencyError(
    `A circular dependency: ${cyclePath(cycle, dependenciesOf).map(describe).join(" -> ")}.`,
    "circular-dependency",
  );
}

/** One closed walk through a group of mutually dependent items: `a -> b -> a`, for messages. */
export function cyclePath<T>(cycle: readonly T[], dependenciesOf: (item: T) => Iterable<T>): readonly T[] {
  const members = new Set(cycle);
  const path: T[] = [];
  const at = new Map<T, number>();
  let current = cycle[0] as T;
  for (;;) {
    const seen = at.get(current);
    if (seen !== undefined) return [...path.slice(seen), current];
    at.set(current, path.length);
    path.push(current);
    let next: T | undefined;
    for (const d of dependenciesOf(current)) {
      if (d === current || !members.has(d)) continue;
      if (next === undefined || at.has(d)) next = d;
      if (at.has(d)) break;
    }
    current = next as T;
  }
}
