/** Functions of the program's own that SQL may call. Source: SQLite, "Application-Defined SQL Functions". */
import { ArgumentError } from "../../errors/errors.js";

export type SqliteFunction =
  | ((...args: never[]) => unknown)
  | { readonly call: (...args: never[]) => unknown; readonly deterministic?: boolean };
/** What both drivers' databases have. */
interface Definable {
  function(
    name: string,
    options: { readonly deterministic: boolean; readonly varargs: boolean },
    call: (...args: never[]) => unknown,
  ): void;
}
/**
 * `createEngine("sqlite:///app.db", { connectArgs: { functions: { slug: { call: slugify, deterministic: true } } } })`: on
 * every connection; deterministic ones may stand in indexes.
 *
 * @throws ArgumentError for what is no function
 */
export function defineFunctions(database: unknown, functions: unknown): void {
  if (functions === undefined) return;
  if (typeof functions !== "object" || functions === null)
    throw new ArgumentError("connectArgs.functions: an object of functions by name is needed.");
  for (const [name, given] of Object.entries(functions as { readonly [name: string]: SqliteFunction })) {
    const call = typeof given === "function" ? given : given?.call;
    if (typeof call !== "function") throw new ArgumentError(`connectArgs.functions: '${name}' is no function.`);
    const deterministic = typeof given === "function" ? false : (given.deterministic ?? false);
    // Without parameters of its own a function takes any number.
    (database as Definable).function(name, { deterministic, varargs: call.length === 0 }, call);
  }
}
