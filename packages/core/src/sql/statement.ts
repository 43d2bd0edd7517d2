/** Base of everything that can be executed. */
import { InvalidRequestError } from "../errors/errors.js";
import { Element } from "./element.js";

/** Renders a statement without a connection; installed by `compile/` to keep the imports downward. */
type Printer = (statement: Statement, dialect: unknown, options: PrintOptions) => PrintedStatement;
let printer: Printer | undefined;
export function installPrinter(p: Printer): void {
  printer = p;
}
export interface PrintOptions {
  /** Write values into the text instead of placeholders: for reading and for offline SQL, never for executing user input. */
  readonly literalBinds?: boolean;
}
export interface PrintedStatement {
  readonly sql: string;
  readonly params: readonly unknown[];
  toString(): string;
}

/** Execution options travel with a statement; the engine's and the connection's come behind them. */
export interface ExecutionOptions {
  readonly [name: string]: unknown;
}

export abstract class Statement extends Element {
  /** Options given by `executionOptions()`. */
  readonly executionOptionsValue: ExecutionOptions | undefined = undefined;

  /** A copy with some fields replaced; statements never change. For extensions that rewrite statements. */
  with(changes: { readonly [field: string]: unknown }): this {
    return Object.assign(Object.create(Object.getPrototypeOf(this)), this, changes);
  }
  executionOptions(options: ExecutionOptions): this {
    return this.with({ executionOptionsValue: { ...this.executionOptionsValue, ...options } });
  }
  /** SQL for a dialect (an object or a name such as "postgresql"), or for the default dialect; needs no connection. */
  compile(dialect?: unknown, options: PrintOptions = {}): PrintedStatement {
    if (printer === undefined) throw new InvalidRequestError("The compiler is not loaded: import from @athanor/core.");
    return printer(this, dialect, options);
  }
  override toString(): string {
    return this.compile().sql;
  }
}
