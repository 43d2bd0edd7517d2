/** Names in the database for keys that are no columns of a table: those of VALUES lists and table functions. */
import { camelToSnake } from "../schema/naming.js";

export function defaultNaming(key: string): string {
  return camelToSnake(key);
}
