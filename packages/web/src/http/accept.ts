/** The Accept header: which of our media types the client likes best. */

/** Quality the client gives to a type: the most specific range that covers it decides. */
export function quality(header: string | null, type: string): number {
  if (header === null || header.trim() === "") return 1;
  let best = 0;
  let specificity = -1;
  const [major] = type.split("/");
  for (const range of header.split(",")) {
    const [name = "", ...params] = range.split(";").map((p) => p.trim().toLowerCase());
    const exact = name === type ? 2 : name === `${major}/*` ? 1 : name === "*/*" || name === "*" ? 0 : -1;
    if (exact <= specificity) continue;
    const q = params.find((p) => p.startsWith("q="));
    const parsed = q === undefined ? 1 : Number(q.slice(2));
    specificity = exact;
    best = Number.isFinite(parsed) ? parsed : 0;
  }
  return best;
}

/** The offered type with the highest quality; ties go to the earlier offer; null when none is acceptable. */
export function bestType(header: string | null, offers: readonly string[]): string | null {
  let winner: string | null = null;
  let top = 0;
  for (const offer of offers) {
    const q = quality(header, offer);
    if (q > top) {
      top = q;
      winner = offer;
    }
  }
  return winner;
}

/** True when JSON is strictly preferred to HTML; a browser and curl's bare wildcard both get HTML. */
export function prefersJson(header: string | null): boolean {
  return bestType(header, ["text/html", "application/json"]) === "application/json";
}
