/** Finds the name somebody probably meant: edit distance with transpositions, bounded by the length of the word. */

function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (before[j - 2] as number) + 1);
      }
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length] as number;
}

/** The nearest candidate, or undefined when none is near. Case and underscores weigh nothing. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const bare = (s: string) => s.toLowerCase().replaceAll("_", "");
  const wanted = bare(name);
  let best: string | undefined;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const d = distance(wanted, bare(candidate));
    if (d < least) {
      best = candidate;
      least = d;
    }
  }
  return best;
}

/** ` Did you mean 'x'?` with a leading space, or an empty string: ready to be appended to a sentence. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const found = nearest(name, candidates);
  return found === undefined ? "" : ` Did you mean '${found}'?`;
}
