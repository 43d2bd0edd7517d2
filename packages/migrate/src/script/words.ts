/** A command line as words: blanks part them, quotes keep them together. No shell is asked. */
export function words(text: string): string[] {
  const found: string[] = [];
  for (const match of text.matchAll(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+/gs)) {
    found.push(
      match[0].replaceAll(
        /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/gs,
        (_, double?: string, single?: string, escaped?: string) =>
          double === undefined ? (single ?? (escaped as string)) : double.replaceAll(/\\(["\\])/g, "$1"),
      ),
    );
  }
  return found;
}
