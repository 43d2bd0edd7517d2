/** How MySQL shows the expressions of checks, defaults, computed columns and indexes, and how they were written. */

const UTF8 = new TextDecoder("utf-8", { fatal: true });
const PIECES = /'((?:[^'\\]|\\[\s\S]|'')*)'|`(?:[^`]|``)*`|\b_(?!binary\b)[a-z0-9]+\s*(?=')/g;

/** As SHOW CREATE TABLE shows it, every text with the characters of the session that wrote it: `_utf8mb4'it\'s'` for `'it''s'`. */
export function writtenExpression(shown: string): string {
  return shown.replace(PIECES, (piece, inner: string | undefined) =>
    inner !== undefined ? `'${inner.replaceAll("\\'", "''")}'` : piece.startsWith("_") ? "" : piece,
  );
}
/** As information_schema shows it: the same, with quotes and backslashes escaped once more. */
export function shownExpression(shown: string): string {
  return writtenExpression(
    decoded(shown).replace(/\\([\s\S])/g, (_, c: string) => (c === "n" ? "\n" : c === "0" ? "\0" : c)),
  );
}
/** The bytes of such expressions stand there one by one as characters: `Ã¼` for `ü`. What is no UTF-8 was right already. */
function decoded(text: string): string {
  if (!/[\x80-\xff]/.test(text) || /[^\0-\xff]/.test(text)) return text;
  try {
    return UTF8.decode(Buffer.from(text, "latin1"));
  } catch {
    return text;
  }
}
