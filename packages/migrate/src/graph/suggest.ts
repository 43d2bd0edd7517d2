/** "Did you mean": the known names closest to a mistyped one. */

function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, previous[j]! + 1, row[j - 1]! + 1));
    }
    previous = row;
  }
  return previous[b.length]!;
}

/** A sentence naming up to three close names, or undefined when none is close. */
export function didYouMean(wrong: string, known: Iterable<string>): string | undefined {
  // Two slips in a word, at most a third of it.
  const allowed = Math.min(2, Math.floor(wrong.length / 3));
  if (allowed === 0) return undefined;
  const close: { readonly name: string; readonly by: number }[] = [];
  for (const name of known) {
    if (Math.abs(name.length - wrong.length) > allowed) continue;
    const by = distance(wrong, name);
    if (by <= allowed) close.push({ name, by });
  }
  if (close.length === 0) return undefined;
  close.sort((a, b) => a.by - b.by || (a.name < b.name ? -1 : 1));
  return `Did you mean ${close
    .slice(0, 3)
    .map((c) => `'${c.name}'`)
    .join(" or ")}?`;
}
