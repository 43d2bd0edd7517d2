/**
 * Texts written into SQL. Whether a backslash escapes is for the session to say (sql_mode NO_BACKSLASH_ESCAPES), which a
 * text cannot know. Doubled, no text can end its literal in either mode; where backslashes are plain, it says two of them.
 * In statements an expression takes them back, right in both modes. DDL is kept for other sessions and takes no expression
 * for COMMENT, ENUM and SET: there the mode of the engine's first connection decides.
 */
import { CompileError } from "../../errors/errors.js";
import type { MysqlCapabilities } from "./capabilities.js";

export const doubled = (value: string): string => `'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;

/**
 * `'\\'` is one backslash or two, and the first character of it one in both modes. Other ways to say so (`X'5c'`) have a
 * collation of their own, which does not go together with that of the text beside it.
 */
const HALVED = String.raw`'\\', left('\\', 1)`;
/** For statements; `literal` is one that `doubled` has made. */
export const inBothModes = (literal: string): string =>
  literal.startsWith("'") && literal.includes("\\") ? `replace(${literal}, ${HALVED})` : literal;

/**
 * For DDL that takes only literals.
 * @throws CompileError for a text that would end its literal if the session's mode were changed
 */
export function inDdl(value: string, { plainBackslashes }: MysqlCapabilities): string {
  if (!plainBackslashes || !value.includes("\\")) return doubled(value);
  if (/\\(?:'|$)/.test(value))
    throw new CompileError(
      `The text ${JSON.stringify(value)} has a backslash in front of a quote or at its end, which no DDL can say safely with NO_BACKSLASH_ESCAPES in sql_mode: take that out of sql_mode for the migration, or change the text.`,
      "ddl.backslash",
    );
  return `'${value.replaceAll("'", "''")}'`;
}
