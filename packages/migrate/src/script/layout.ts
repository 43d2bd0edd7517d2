/** Layout of generated source: indented without touching what stands in literals, and wrapped at a width. */

/** Where the characters of a text are: in code outside of literals and comments, and how deep in brackets. */
interface Place {
  readonly at: number;
  readonly char: string;
  readonly depth: number;
}
const SKIPPED = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*.*?\*\//sy;
/** Walks over the code of a text; literals and comments are passed over as one. */
function* code(text: string, skipped?: (from: number, to: number) => void): Generator<Place> {
  let depth = 0;
  for (let i = 0; i < text.length; ) {
    SKIPPED.lastIndex = i;
    if (SKIPPED.test(text)) {
      skipped?.(i, SKIPPED.lastIndex);
      i = SKIPPED.lastIndex;
      continue;
    }
    const char = text[i] as string;
    if (/[)\]}]/.test(char)) depth--;
    yield { at: i, char, depth };
    if (/[([{]/.test(char)) depth++;
    i++;
  }
}

/** Every line moved in, but for those that go on in a literal: their blanks are part of it. Empty lines stay empty. */
export function indented(text: string, by = "  "): string {
  const kept = new Set<number>();
  const lineStarts = (from: number, to: number) => {
    for (let i = text.indexOf("\n", from); i >= 0 && i < to; i = text.indexOf("\n", i + 1)) kept.add(i + 1);
  };
  for (const _ of code(text, lineStarts));
  let at = 0;
  return text
    .split("\n")
    .map((line) => {
      const start = at;
      at += line.length + 1;
      return line === "" || kept.has(start) ? line : by + line;
    })
    .join("\n");
}

/**
 * Breaks a statement that is too wide behind the commas of its widest brackets, an object that comes last first of all,
 * as formatters do.
 *
 * @param width in characters, without what it will be indented by
 */
export function wrapped(line: string, width: number): string {
  if (line.length <= width || line.includes("\n") || line.trimStart().startsWith("//")) return line;
  const margin = (/^ */.exec(line) as RegExpExecArray)[0];
  if (margin !== "") return indented(wrapped(line.slice(margin.length), width - margin.length), margin);
  const places = [...code(line)];
  const outer = places.filter((p) => p.depth === 0 && /[()[\]{}]/.test(p.char));
  let [open, end] = outer;
  for (let i = 0; i + 1 < outer.length; i += 2) {
    const [from, to] = [outer[i], outer[i + 1]] as [Place, Place];
    if (open === undefined || end === undefined || to.at - from.at > end.at - open.at) [open, end] = [from, to];
  }
  if (open === undefined || end === undefined || end.at === open.at + 1) return line;
  const parts = separated(line, places, open.at, end.at);
  const [head, tail] = [line.slice(0, open.at + 1), line.slice(end.at)];
  const last = parts.at(-1) as string;
  const before = parts.slice(0, -1);
  const isPlain = before.every((p) => !p.startsWith("{"));
  if (last.startsWith("{") && head.endsWith("(") && isPlain) {
    // The object opens on the first line: `op.alterColumn("a", "b", {`.
    const first = `${head}${[...before, "{"].join(", ")}`;
    if (first.length <= width) return [first, ...inside(last, width), `}${tail}`].join("\n");
  }
  const items = parts.map((part) => indented(wrapped(`${part},`, width - 2)));
  return [head, ...items, tail].join("\n");
}
/** The entries of an object, a line each. */
function inside(object: string, width: number): string[] {
  const places = [...code(object)];
  return separated(object, places, 0, object.length - 1).map((part) => indented(wrapped(`${part},`, width - 2)));
}
/** What stands between the commas of the brackets that open at one place and close at another. */
function separated(text: string, places: readonly Place[], open: number, close: number): string[] {
  const depth = (places.find((p) => p.at === open)?.depth ?? 0) + 1;
  const commas = places.filter((p) => p.char === "," && p.depth === depth && p.at > open && p.at < close);
  const ends = [...commas.map((p) => p.at), close];
  let from = open + 1;
  return ends.flatMap((to) => {
    const part = text.slice(from, to).trim();
    from = to + 1;
    return part === "" ? [] : [part];
  });
}
