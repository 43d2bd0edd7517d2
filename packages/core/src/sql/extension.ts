/**
 * Clauses that the library does not know, at named places of a statement: `select(…).ext(new Qualify(…))`. Source:
 * SQLAlchemy "SQL and ORM syntax extensions".
 */
import { Element } from "./element.js";

/**
 * - postSelect: behind SELECT, before DISTINCT and the columns; preColumns: just before the columns;
 * - postCriteria: behind WHERE, GROUP BY and HAVING; of UPDATE and DELETE behind WHERE;
 * - postBody: at the end; postValues: of INSERT, behind the rows and before ON CONFLICT and RETURNING.
 */
export type ExtensionPoint = "postSelect" | "preColumns" | "postCriteria" | "postBody" | "postValues";
export const EXTENSION_POINTS: {
  readonly [kind: string]: readonly ExtensionPoint[] | undefined;
} = {
  select: ["postSelect", "preColumns", "postCriteria", "postBody"],
  insert: ["postValues", "postBody"],
  update: ["postCriteria", "postBody"],
  delete: ["postCriteria", "postBody"],
};

/**
 * Base of such a clause. `kind` names it for `registerCompilation`, which says how it is written; `walk` says what it holds.
 *
 * @example
 * class Qualify extends SyntaxExtension {
 *   readonly kind = "qualify";
 *   readonly point = "postCriteria";
 *   readonly predicate: Element;
 *   constructor(predicate: Element) { super(); this.predicate = predicate; }
 *   walk(key: KeyWriter) { key.text("qualify"); this.predicate.walk(key); }
 * }
 * registerCompilation<Qualify>("qualify", (q, compiler) => `QUALIFY ${compiler.render(q.predicate)}`);
 */
export abstract class SyntaxExtension extends Element {
  abstract readonly point: ExtensionPoint;
}
