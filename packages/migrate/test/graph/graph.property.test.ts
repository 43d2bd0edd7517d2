/**
 * Random graphs with forks, merges, dependencies and labels. The oracle is the plainest computation there is: the rows
 * are those of the applied revisions that no other applied revision names as parent or dependency.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MigrationError } from "../../src/errors.js";
import {
  downgradeSteps,
  historyRange,
  type MigrationStep,
  Revision,
  RevisionMap,
  selectRange,
  stampSteps,
  upgradeSteps,
  VersionRows,
} from "../../src/graph/index.js";

interface Plain {
  readonly id: string;
  readonly down: readonly string[];
  readonly needs: readonly string[];
  readonly label: string | undefined;
}

/** Each revision names only earlier ones; then the load order is shuffled. */
const plainGraphs = fc
  .integer({ min: 1, max: 14 })
  .chain((size) =>
    fc.tuple(
      ...Array.from({ length: size }, (_, i) =>
        fc.record({
          down: fc.uniqueArray(fc.nat(Math.max(i - 1, 0)), { maxLength: i === 0 ? 0 : 3 }),
          needs: fc.uniqueArray(fc.nat(Math.max(i - 1, 0)), { maxLength: i === 0 ? 0 : 2 }),
          labelled: fc.nat(5).map((n) => n === 0),
        }),
      ),
    ),
  )
  .map((nodes): Plain[] =>
    nodes.map((node, i) => ({
      id: `r${i}`,
      down: node.down.map((n) => `r${n}`),
      needs: node.needs.map((n) => `r${n}`),
      label: node.labelled ? `label${i}` : undefined,
    })),
  );

const shuffled = plainGraphs.chain((plain) =>
  fc.record({
    plain: fc.constant(plain),
    order: fc.shuffledSubarray(plain, { minLength: plain.length }),
    applied: fc.subarray(plain.map((p) => p.id)),
    target: fc.constantFrom(...plain.map((p) => p.id)),
  }),
);

const build = (order: readonly Plain[]): RevisionMap =>
  new RevisionMap(
    order.map((p) => new Revision({ revision: p.id, downRevision: p.down, dependsOn: p.needs, branchLabels: p.label })),
  );

/** The set with all that its members need. */
function closed(plain: readonly Plain[], ids: Iterable<string>): Set<string> {
  const all = new Set(ids);
  // Declared in reverse order of need, so that one pass is enough.
  for (const p of [...plain].reverse()) if (all.has(p.id)) for (const below of [...p.down, ...p.needs]) all.add(below);
  return all;
}

function rowsOf(plain: readonly Plain[], applied: ReadonlySet<string>): string[] {
  const named = new Set(plain.filter((p) => applied.has(p.id)).flatMap((p) => [...p.down, ...p.needs]));
  return [...applied].filter((id) => !named.has(id)).sort();
}

const sorted = (ids: Iterable<string>): string[] => [...ids].sort();
const byId = (plain: readonly Plain[], id: string): Plain => plain.find((p) => p.id === id)!;

/** Carries out the changes on a plain list of rows and checks that each finds exactly its one row. */
function carryOut(rows: readonly string[], step: MigrationStep): string[] {
  const table = [...rows];
  const take = (id: string) => {
    const at = table.indexOf(id);
    expect(at).toBeGreaterThanOrEqual(0);
    table.splice(at, 1);
  };
  for (const id of step.changes.delete) take(id);
  for (const [from, to] of step.changes.update) {
    take(from);
    table.push(to);
  }
  table.push(...step.changes.insert);
  expect(new Set(table).size).toBe(table.length);
  expect(sorted(step.rows)).toEqual(sorted(table));
  return table;
}

/** Runs steps against the oracle and gives back what is applied afterwards. */
function follow(plain: readonly Plain[], start: ReadonlySet<string>, steps: readonly MigrationStep[]): Set<string> {
  const applied = new Set(start);
  let table = rowsOf(plain, applied);
  for (const step of steps) {
    const { id, down, needs } = byId(plain, step.revision!.revision);
    if (step.isUpgrade) {
      expect(applied.has(id)).toBe(false);
      for (const below of [...down, ...needs]) expect(applied.has(below)).toBe(true);
      applied.add(id);
    } else {
      expect(applied.has(id)).toBe(true);
      for (const p of plain) if ([...p.down, ...p.needs].includes(id)) expect(applied.has(p.id)).toBe(false);
      applied.delete(id);
    }
    table = carryOut(table, step);
    expect(sorted(table)).toEqual(rowsOf(plain, applied));
  }
  return applied;
}

describe("any graph", () => {
  it("an upgrade reaches its target and keeps the rows right; undoing it gives the old rows", () => {
    fc.assert(
      fc.property(shuffled, ({ plain, order, applied, target }) => {
        const map = build(order);
        const start = closed(plain, applied);
        const rows = rowsOf(plain, start);
        const steps = upgradeSteps(map, rows, target);
        const reached = follow(plain, start, steps);
        expect(sorted(reached)).toEqual(sorted(closed(plain, [...start, target])));

        const back = new VersionRows(map, rowsOf(plain, reached));
        for (const step of [...steps].reverse()) back.downgrade(step.revision!);
        expect(sorted(back.rows)).toEqual(rows);
      }),
      { numRuns: 400 },
    );
  });

  it("heads upgrades everything, base undoes everything", () => {
    fc.assert(
      fc.property(shuffled, ({ plain, order, applied }) => {
        const map = build(order);
        const start = closed(plain, applied);
        const all = follow(plain, start, upgradeSteps(map, rowsOf(plain, start), "heads"));
        expect(all.size).toBe(plain.length);
        expect(sorted(map.realHeads.map(String))).toEqual(rowsOf(plain, all));
        expect(follow(plain, all, downgradeSteps(map, rowsOf(plain, all), "base")).size).toBe(0);
        expect(sorted(selectRange(map).map(String))).toEqual(sorted(plain.map((p) => p.id)));
      }),
      { numRuns: 300 },
    );
  });

  it("a downgrade undoes the target's children with all that stands on them, and nothing else", () => {
    fc.assert(
      fc.property(shuffled, ({ plain, order, applied, target }) => {
        const map = build(order);
        const start = closed(plain, [...applied, target]);
        const rows = rowsOf(plain, start);
        const left = follow(plain, start, downgradeSteps(map, rows, target));

        const gone = new Set<string>();
        for (const p of plain) {
          const standsOnGone = [...p.down, ...p.needs].some((id) => gone.has(id));
          if (start.has(p.id) && (p.down.includes(target) || standsOnGone)) gone.add(p.id);
        }
        expect(sorted(left)).toEqual(sorted([...start].filter((id) => !gone.has(id))));
        // What was undone can be done again.
        follow(plain, left, upgradeSteps(map, rowsOf(plain, left), rows));
      }),
      { numRuns: 400 },
    );
  });

  it("labels cover their line, label@heads reaches its tips, label@base undoes it with all that stands on it", () => {
    const labelled = shuffled.filter(({ plain }) => plain.some((p) => p.label !== undefined));
    fc.assert(
      fc.property(labelled, fc.nat(), ({ plain, order, applied }, choice) => {
        const map = build(order);
        const owners = plain.filter((p) => p.label !== undefined);
        const { id: owner, label } = owners[choice % owners.length] as Plain;
        const standing = (from: string, links: (p: Plain) => readonly string[]) => {
          const above = new Set([from]);
          for (const p of plain) if (links(p).some((id) => above.has(id))) above.add(p.id);
          return above;
        };
        const byDown = (p: Plain) => p.down;
        const byAny = (p: Plain) => [...p.down, ...p.needs];
        const above = standing(owner, byDown);
        // Backwards the label goes as far as there is neither fork nor merge.
        const covered = new Set(above);
        for (let at: string | undefined = owner; at !== undefined; ) {
          const { down }: Plain = byId(plain, at);
          if (down.length > 1 || plain.filter((p) => byAny(p).includes(at as string)).length > 1) break;
          covered.add(at);
          at = down[0];
        }
        expect(sorted(map.all.filter((r) => r.links.labels.includes(label as string)).map(String))).toEqual(
          sorted(covered),
        );

        const start = closed(plain, applied);
        const tips = [...above].filter((id) => !plain.some((p) => p.down.includes(id)));
        const overlap = tips.some((tip) => tips.some((other) => other !== tip && closed(plain, [other]).has(tip)));
        const up = () => upgradeSteps(map, rowsOf(plain, start), `${label}@heads`);
        if (overlap) expect(up).toThrow(/overlaps/);
        else expect(sorted(follow(plain, start, up()))).toEqual(sorted(closed(plain, [...start, ...tips])));

        // Its own roots by downRevision go, with their descendants and dependents; other roots stay.
        const line = new Set([owner]);
        for (const p of [...plain].reverse()) if (line.has(p.id)) for (const below of p.down) line.add(below);
        const roots = plain.filter((p) => p.down.length === 0);
        const own = roots.length > 1 ? roots.filter((p) => line.has(p.id)) : roots;
        const gone = new Set(own.flatMap((p) => [...standing(p.id, byAny)]));
        const left = follow(plain, start, downgradeSteps(map, rowsOf(plain, start), `${label}@base`));
        expect(sorted(left)).toEqual(sorted([...start].filter((id) => !gone.has(id))));
      }),
      { numRuns: 300 },
    );
  });

  it("a stamp leaves the target's row, rows beside its line, and no other", () => {
    fc.assert(
      fc.property(shuffled, ({ plain, order, applied, target }) => {
        const map = build(order);
        const start = closed(plain, applied);
        const rows = rowsOf(plain, start);
        const steps = stampSteps(map, rows, target);
        expect(steps.length).toBeLessThanOrEqual(1);
        const table = steps.reduce<string[]>(carryOut, rows);
        const onLine = (id: string) => closed(plain, [id]).has(target) || closed(plain, [target]).has(id);
        expect(sorted(table)).toEqual(sorted([...rows.filter((id) => id !== target && !onLine(id)), target]));
        expect(stampSteps(map, table, "base").reduce<string[]>(carryOut, table)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("whatever is typed, the rows stay right or the error is one of ours", () => {
    const typed = (plain: readonly Plain[]) => {
      const known = fc.constantFrom(...plain.map((p) => p.id), ...plain.flatMap((p) => p.label ?? []));
      const name = fc.oneof({ weight: 9, arbitrary: known }, fc.constantFrom("r", "lab", "x"));
      const symbol = fc.oneof({ weight: 3, arbitrary: name }, fc.constantFrom("head", "heads", "base", "current"));
      const steps = fc.constantFrom("+1", "-1", "+2", "-2", "+9");
      const branch = fc.oneof(
        { weight: 2, arbitrary: fc.constant("") },
        name.map((n) => `${n}@`),
      );
      const rest = fc.oneof(
        { weight: 3, arbitrary: symbol },
        steps,
        fc.tuple(symbol, steps).map((parts) => parts.join("")),
      );
      return fc.tuple(branch, rest).map((parts) => parts.join(""));
    };
    const cases = shuffled.chain((one) => fc.tuple(fc.constant(one), typed(one.plain), typed(one.plain)));
    let reached = 0;
    fc.assert(
      fc.property(cases, ([{ plain, order, applied }, target, other]) => {
        const map = build(order);
        const start = closed(plain, applied);
        const rows = rowsOf(plain, start);
        const attempt = (run: () => void) => {
          try {
            run();
            reached++;
          } catch (error) {
            if (!(error instanceof MigrationError)) throw error;
          }
        };
        attempt(() => follow(plain, start, upgradeSteps(map, rows, target)));
        attempt(() => follow(plain, start, downgradeSteps(map, rows, target)));
        attempt(() => stampSteps(map, rows, target).reduce<string[]>(carryOut, rows));
        attempt(() => {
          const listed = historyRange(map, `${other}:${target}`, rows);
          expect(new Set(listed).size).toBe(listed.length);
        });
      }),
      { numRuns: 1500 },
    );
    // A good part of what is typed means something.
    expect(reached).toBeGreaterThan(1000);
  });

  it("adding revisions one by one gives the same graph as loading them together", () => {
    fc.assert(
      fc.property(plainGraphs, (plain) => {
        const together = build(plain);
        const grown = build(plain.slice(0, 1));
        for (const p of plain.slice(1)) {
          grown.add(new Revision({ revision: p.id, downRevision: p.down, dependsOn: p.needs, branchLabels: p.label }));
        }
        const show = (map: RevisionMap) =>
          map.all.map((r) => [
            r.revision,
            r.links.effectiveParents.join(),
            r.links.allChildren.join(),
            r.links.labels.join(),
          ]);
        expect(show(grown)).toEqual(show(together));
        expect(selectRange(grown).join()).toEqual(selectRange(together).join());
      }),
      { numRuns: 150 },
    );
  });

  it("a file that has nothing to do with a run does not change its order", () => {
    fc.assert(
      fc.property(shuffled, fc.nat(), ({ plain, order, applied, target }, place) => {
        const rows = rowsOf(plain, closed(plain, applied));
        const stranger: Plain = { id: "stranger", down: [], needs: [], label: undefined };
        const more = [...order];
        more.splice(place % (order.length + 1), 0, stranger);
        const run = (map: RevisionMap) => upgradeSteps(map, rows, target).map((s) => s.revision!.revision);
        expect(run(build(more))).toEqual(run(build(order)));
      }),
      { numRuns: 150 },
    );
  });
});
