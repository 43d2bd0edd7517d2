/**
 * Texts that no database can store: half of a character, which String.prototype.slice leaves of an emoji. On its way to
 * UTF-8 it would become another text in silence, and on SQLite bytes that are no text at all.
 */
import { DataError } from "../errors/errors.js";

/** The text looked at last: most statements of a loop have one. */
let sound = "";
/** Asked for every statement: some 10 ns for each text. */
export function areWellFormed(sql: string, params: readonly unknown[]): boolean {
  for (let i = 0; i < params.length; i++) {
    const value = params[i];
    if (typeof value === "string" && !value.isWellFormed()) return false;
  }
  if (sql === sound) return true;
  if (!sql.isWellFormed()) return false;
  sound = sql;
  return true;
}
/** The error that names the place; the value itself is shown where parameters are. */
export function halfCharacter(sql: string, params: readonly unknown[], hideParameters: boolean): DataError {
  const at = params.findIndex((value) => typeof value === "string" && !value.isWellFormed());
  const text = at < 0 ? sql : (params[at] as string);
  const position = text.search(/\p{Surrogate}/u);
  const what = at < 0 ? "The text of the statement" : `Parameter ${at + 1}`;
  const code = text.charCodeAt(position).toString(16).toUpperCase();
  return new DataError(
    `${what} holds half of a character (the lone surrogate U+${code} at position ${position} of ${text.length}), which would be stored as something else: cut texts by whole characters, or replace what is left of one with text.toWellFormed().`,
    { statement: sql, parameters: params, hideParameters },
  );
}
