/** Base of everything that can be executed. */
import { didYouMean } from "../errors/did-you-mean.js";
import { ArgumentError, InvalidRequestError } from "../errors/errors.js";
import { requireKnownOptions } from "../errors/known-options.js";
import { Element } from "./element.js";
import { checkedExecutionOptions } from "./execution-options.js";
import { type KeyedNamedBind, KeyWriter } from "./key.js";

/** Renders a statement without a connection; installed by `compile/` to keep the imports downward. */
type Printer = (statement: Statement, dialect: unknown, options: PrintOptions) => PrintedStatement;
let printer: Printer | undefined;
export function installPrinter(p: Printer): void {
  printer = p;
}
export interface PrintOptions {
  /** Write values into the text instead of placeholders: for reading and for offline SQL, never for executing user input. */
  readonly literalBinds?: boolean;
  /**
   * Lists with as many placeholders as they have values, and literal-execute parameters written out: as sent. Default true;
   * false shows the text that all lists share, with `…` in their places.
   */
  readonly renderPostcompile?: boolean;
  /** Names of schemas to be written in place of others; "" stands for "no schema". */
  readonly schemaTranslateMap?: { readonly [schema: string]: string | null };
}
const PRINT_OPTIONS = [
  "literalBinds",
  "renderPostcompile",
  "schemaTranslateMap",
] as const satisfies readonly (keyof PrintOptions)[];
export interface PrintedStatement {
  readonly sql: string;
  readonly params: readonly unknown[];
  toString(): string;
}

/** Execution options travel with a statement; the engine's and the connection's come behind them. */
export interface ExecutionOptions {
  readonly [name: string]: unknown;
}

/**
 * Copies of statements are made at every step of building one. A constructor per shape that names each field is several
 * times faster than Object.assign; where code may not be generated, that is used.
 */
interface Copier {
  readonly names: readonly string[];
  readonly copy: (from: object) => object;
}
const copiers = new WeakMap<object, Copier>();
function copyOf(statement: object): object {
  const prototype = Object.getPrototypeOf(statement) as object;
  let copier = copiers.get(prototype);
  if (copier === undefined) copiers.set(prototype, (copier = makeCopier(statement, prototype)));
  const { names } = copier;
  let n = 0;
  // Statements may carry more than the first one of their class did: those are copied field by field.
  for (const name in statement)
    if (names[n++] !== name) return Object.assign(Object.create(prototype) as object, statement);
  return n === names.length ? copier.copy(statement) : Object.assign(Object.create(prototype) as object, statement);
}
function makeCopier(statement: object, prototype: object): Copier {
  const names = Object.keys(statement);
  if (Object.getOwnPropertySymbols(statement).length === 0 && names.every((name) => /^[A-Za-z_]\w*$/.test(name))) {
    try {
      const Copy = new Function(
        "from",
        names.map((name) => `this.${name} = from.${name};`).join("\n"),
      ) as unknown as new (
        from: object,
      ) => object;
      Copy.prototype = prototype;
      return { names, copy: (from) => new Copy(from) };
    } catch {
      // A content security policy forbids generated code.
    }
  }
  return { names, copy: (from) => Object.assign(Object.create(prototype) as object, from) };
}

export abstract class Statement extends Element {
  /** Values given by `params()`. */
  readonly parameterValues: { readonly [name: string]: unknown } | undefined = undefined;
  /** Options given by `executionOptions()`. */
  readonly executionOptionsValue: ExecutionOptions | undefined = undefined;

  /** A copy with some fields replaced; statements never change. For extensions that rewrite statements. */
  with(changes: { readonly [field: string]: unknown }): this {
    const copy = copyOf(this) as { [field: string]: unknown };
    for (const field in changes) copy[field] = changes[field];
    return copy as unknown as this;
  }
  /**
   * Values for named parameters, wherever in the statement they stand; those given to `execute()` come before them.
   *
   * @throws ArgumentError for a name the statement has not
   */
  params(values: { readonly [name: string]: unknown }): this {
    const key = new KeyWriter().reset(true);
    key.nodesOnly = true;
    this.walk(key);
    const known = new Set<string>();
    for (const bind of key.binds ?? []) if ("parameter" in bind) known.add((bind as KeyedNamedBind).parameter);
    for (const name of Object.keys(values)) {
      if (!known.has(name))
        throw new ArgumentError(
          `params(): the statement has no parameter '${name}'.${didYouMean(name, [...known])}`,
          "parameter.unknown",
        );
      if (values[name] === undefined)
        throw new ArgumentError(`params(): '${name}' is undefined; give null for SQL NULL.`, "argument.undefined");
    }
    return this.with({ parameterValues: { ...this.parameterValues, ...values } });
  }
  /**
   * Options for the execution of this statement, over those of the connection and the engine: `yieldPer`, `maxRowBuffer`,
   * `timeout`, `signal`, `schemaTranslateMap`, `insertmanyvaluesPageSize`, and your own for listeners to read.
   *
   * @throws ArgumentError for a name that is nearly a known one
   */
  executionOptions(options: ExecutionOptions): this {
    const own = checkedExecutionOptions(options);
    return this.with({ executionOptionsValue: { ...this.executionOptionsValue, ...own } });
  }
  /** SQL for a dialect (an object or a name such as "postgresql"), or for the default dialect; needs no connection. */
  compile(dialect?: unknown, options: PrintOptions = {}): PrintedStatement {
    if (printer === undefined) throw new InvalidRequestError("The compiler is not loaded: import from @athanor/core.");
    requireKnownOptions(options, PRINT_OPTIONS, "compile()", "compile.option");
    return printer(this, dialect, options);
  }
  override toString(): string {
    return this.compile().sql;
  }
}
