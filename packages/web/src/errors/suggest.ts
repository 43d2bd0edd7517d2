/** "Did you mean ...": the nearest known names to a misspelt one. */

/** Edit distance with adjacent transpositions (optimal string alignment); case is ignored by the caller. */
function distance(a: string, b: string): number {
  const rows: number[][] = [];
  for (let i = 0; i <= a.length; i++) {
    const row: number[] = [i];
    for (let j = 1; j <= b.length; j++) {
      const up = rows[i - 1];
      if (up === undefined) {
        row.push(j);
        continue;
      }
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(up[j]! + 1, row[j - 1]! + 1, up[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/**
 * Known names close to `name`, nearest first, at most three.
 *
 * @example nearest("idnex", ["index", "login"]) // ["index"]
 */
export function nearest(name: string, known: Iterable<string>): string[] {
  const wanted = name.toLowerCase();
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  const scored: [number, string][] = [];
  for (const candidate of new Set(known)) {
    const text = candidate.toLowerCase();
    if (Math.abs(text.length - wanted.length) > limit) continue;
    const d = distance(wanted, text);
    if (d <= limit) scored.push([d, candidate]);
  }
  return scored
    .sort((x, y) => x[0] - y[0] || (x[1] < y[1] ? -1 : 1))
    .slice(0, 3)
    .map(([, text]) => text);
}

/** A sentence to append to an error, or "" when nothing is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const near = nearest(name, known);
  return near.length === 0 ? "" : ` Did you mean ${near.map((n) => `'${n}'`).join(" or ")}?`;
}
