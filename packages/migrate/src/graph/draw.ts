/** The revision graph as a picture: for the terminal, as Mermaid text, as SVG. Newest first, as `history` has it. */
import type { Revision } from "./revision.js";

/** What a revision stands on, among those that are shown: parents, then dependencies. */
function below(revision: Revision, shown: ReadonlySet<Revision>): { to: Revision; isDependency: boolean }[] {
  const { parents, dependencies } = revision.links;
  return [
    ...parents.map((to) => ({ to, isDependency: false })),
    ...dependencies.filter((d) => !parents.includes(d)).map((to) => ({ to, isDependency: true })),
  ].filter(({ to }) => shown.has(to));
}

/**
 * Lines with dots and lanes, as `git log --graph` draws them: `*` a revision, `|` a lane, `\` and `/` where lanes part
 * and meet.
 * @example graphLines(historyRange(map), String)
 */
export function graphLines(revisions: readonly Revision[], text: (revision: Revision) => string): string[] {
  const shown = new Set(revisions);
  const lanes: Revision[] = [];
  const lines: string[] = [];
  const row = (mark: (lane: number) => string, count = lanes.length) =>
    Array.from({ length: count }, (_, i) => mark(i)).join(" ");
  for (const one of revisions) {
    let at = lanes.indexOf(one);
    if (at < 0) at = lanes.push(one) - 1;
    // Other lanes that wait for the same revision end here, from the right.
    for (let other = lanes.lastIndexOf(one); other > at; other = lanes.lastIndexOf(one)) {
      lines.push(row((i) => (i < other ? "|" : i === other ? "/" : "/")));
      lanes.splice(other, 1);
    }
    lines.push(`${row((i) => (i === at ? "*" : "|"))} ${text(one)}`);
    const next = below(one, shown).map(({ to }) => to);
    const [first, ...rest] = next;
    if (first === undefined) {
      if (at < lanes.length - 1) lines.push(`${row((i) => (i < at ? "|" : i === at ? " " : "/"))}`.trimEnd());
      lanes.splice(at, 1);
      continue;
    }
    lanes[at] = first;
    rest.forEach((to, n) => {
      const place = at + 1 + n;
      if (lanes.includes(to) && lanes.indexOf(to) === at) return;
      lanes.splice(place, 0, to);
      lines.push(row((i) => (i < place ? "|" : "\\")));
    });
  }
  return lines;
}

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] as string);

/** A Mermaid flow chart, oldest on top; a dotted arrow is a dependency. */
export function graphMermaid(revisions: readonly Revision[], current?: ReadonlySet<string>): string {
  const shown = new Set(revisions);
  const name = new Map([...revisions].reverse().map((r, i) => [r, `r${i}`]));
  const lines = ["flowchart TD"];
  for (const [one, id] of name) {
    // Mermaid reads # as the begin of an entity, so that goes first.
    const doc = [one.revision, ...one.ownLabels.map((l) => `(${l})`), one.doc].filter((p) => p !== "").join(" ");
    const safe = doc
      .replaceAll("#", "#35;")
      .replaceAll('"', "#quot;")
      .replaceAll("<", "#lt;")
      .replaceAll(">", "#gt;")
      .replaceAll(/\s+/g, " ");
    lines.push(`  ${id}["${safe}"]${current?.has(one.revision) ? ":::current" : one.isHead ? ":::head" : ""}`);
  }
  for (const [one, id] of name) {
    for (const { to, isDependency } of below(one, shown))
      lines.push(`  ${name.get(to)} ${isDependency ? "-.->" : "-->"} ${id}`);
  }
  lines.push("  classDef head stroke-width:3px", "  classDef current stroke-width:3px,stroke-dasharray:4 2");
  return lines.join("\n");
}

/** A picture that needs nothing else: one row per revision, newest on top, a dot in its lane. */
export function graphSvg(revisions: readonly Revision[], current?: ReadonlySet<string>): string {
  const [rowHeight, laneWidth, left, top] = [28, 22, 20, 24];
  const shown = new Set(revisions);
  const rowOf = new Map(revisions.map((r, i) => [r, i]));
  const laneOf = new Map<Revision, number>();
  const lanes: (Revision | undefined)[] = [];
  let widest = 1;
  for (const one of revisions) {
    let at = lanes.indexOf(one);
    if (at < 0) at = lanes.includes(undefined) ? lanes.indexOf(undefined) : lanes.length;
    laneOf.set(one, at);
    for (let i = 0; i < lanes.length; i++) if (lanes[i] === one) lanes[i] = undefined;
    const [first, ...rest] = below(one, shown).map(({ to }) => to);
    lanes[at] = first !== undefined && !lanes.includes(first) ? first : lanes.includes(first) ? undefined : first;
    for (const to of rest) {
      if (lanes.includes(to)) continue;
      const free = lanes.indexOf(undefined);
      lanes[free < 0 ? lanes.length : free] = to;
    }
    widest = Math.max(widest, lanes.length, at + 1);
  }
  const x = (r: Revision) => left + (laneOf.get(r) ?? 0) * laneWidth;
  const y = (r: Revision) => top + (rowOf.get(r) ?? 0) * rowHeight;
  const textAt = left + widest * laneWidth;
  const paths: string[] = [];
  const dots: string[] = [];
  let longest = 0;
  for (const one of revisions) {
    for (const { to, isDependency } of below(one, shown)) {
      const [x1, y1, x2, y2] = [x(one), y(one), x(to), y(to)];
      const bend =
        x1 === x2
          ? `L ${x2} ${y2}`
          : `C ${x1} ${y1 + rowHeight} ${x2} ${y1} ${x2} ${Math.min(y2, y1 + rowHeight)} L ${x2} ${y2}`;
      paths.push(`<path d="M ${x1} ${y1} ${bend}"${isDependency ? ' stroke-dasharray="4 3"' : ""}/>`);
    }
    const notes = [
      ...one.ownLabels.map((l) => `(${l})`),
      one.isHead ? "(head)" : "",
      current?.has(one.revision) ? "(current)" : "",
      one.doc,
    ];
    const text = [one.revision, ...notes]
      .filter((n) => n !== "")
      .join(" ")
      .replaceAll(/\s+/g, " ");
    longest = Math.max(longest, text.length);
    dots.push(
      `<circle cx="${x(one)}" cy="${y(one)}" r="5"${current?.has(one.revision) ? ' class="current"' : ""}/>`,
      `<text x="${textAt}" y="${y(one) + 4}">${escaped(text)}</text>`,
    );
  }
  const [width, height] = [textAt + longest * 8 + left, top * 2 + Math.max(0, revisions.length - 1) * rowHeight];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Revision graph">
<style>path{fill:none;stroke:#888;stroke-width:2}circle{fill:#369;stroke:#fff;stroke-width:1.5}circle.current{fill:#e80}text{font:13px ui-monospace,monospace;fill:#222}</style>
<rect width="100%" height="100%" fill="#fff"/>
${paths.join("\n")}
${dots.join("\n")}
</svg>`;
}
