/** The root of all SQL nodes, and the protocols by which classes of other packages stand for nodes. */
import type { KeyWriter } from "./key.js";

/** A node of a statement. Nodes are immutable once a statement holds them. */
export abstract class Element {
  /** Names the compiler's method: "binary" is rendered by `visitBinary`. */
  abstract readonly kind: string;
  /**
   * Writes structure and parameters: everything that changes the SQL, in an order of its own. An element that does not say
   * how is never wrong but slow: statements that hold it are compiled at each execution.
   */
  abstract walk(key: KeyWriter): void;
}
// Types ask for `walk`; an element from plain JavaScript may lack it.
Object.defineProperty(Element.prototype, "walk", {
  value(key: KeyWriter) {
    key.cacheable = false;
  },
  writable: true,
  configurable: true,
});

/** A model class or an alias of one answers with the FROM clause it stands for. */
export const fromClause: unique symbol = Symbol.for("athanor.fromClause");
/** A model class or alias answers with the element that selects whole entities. */
export const entityElement: unique symbol = Symbol.for("athanor.entityElement");
/** A relationship attribute answers with the join steps that reach its target. */
export const joinSteps: unique symbol = Symbol.for("athanor.joinSteps");
/** A statement wrapper (the ORM's Query) answers with the statement inside it. */
export const innerStatement: unique symbol = Symbol.for("athanor.innerStatement");
/** An object of a model answers with how it reads in messages: it is no value. */
export const modelObject: unique symbol = Symbol.for("athanor.modelObject");
/** An attribute object (a hybrid, a column alias) answers with its expression. */
export const sqlExpression: unique symbol = Symbol.for("athanor.sqlExpression");
