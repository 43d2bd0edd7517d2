/** `prepare({ min: integer() }, (p) => select(…))`: built once, executed often with other values. */
import {
  ArgumentError,
  ColumnDefinition,
  Connection,
  didYouMean,
  type Element,
  LookupMemo,
  NamedBind,
  type Result,
} from "@athanor/core";
import { SESSION } from "../session/internals.js";
import { executeStatement } from "./execute.js";
import type { HasSession } from "./query.js";

export class PreparedStatement {
  readonly #statement: Element;
  readonly #memo = new LookupMemo();
  readonly #names: readonly string[];
  constructor(params: { readonly [name: string]: unknown }, build: (params: never) => unknown) {
    this.#names = Object.keys(params);
    const binds: { [name: string]: NamedBind } = {};
    for (const name of this.#names) {
      const definition = params[name];
      if (!(definition instanceof ColumnDefinition))
        throw new ArgumentError(`prepare(): the parameter '${name}' is a type such as integer() or string().`);
      binds[name] = new NamedBind(name, definition.fields.type);
    }
    this.#statement = build(binds as never) as Element;
  }
  get statement(): Element {
    return this.#statement;
  }
  execute(on: unknown, values: { readonly [name: string]: unknown } = {}): Result<unknown> {
    return this.#run(on, values, "rows");
  }
  scalars(on: unknown, values: { readonly [name: string]: unknown } = {}): Result<unknown> {
    return this.#run(on, values, "scalars");
  }
  #run(on: unknown, values: { readonly [name: string]: unknown }, mode: "rows" | "scalars"): Result<unknown> {
    for (const name of this.#names) {
      if (values[name] === undefined)
        throw new ArgumentError(
          `The prepared statement needs a value for '${name}'; pass null for SQL NULL.`,
          "parameter.missing",
        );
    }
    for (const name in values) {
      if (!this.#names.includes(name))
        throw new ArgumentError(
          `The prepared statement has no parameter '${name}'.${didYouMean(name, this.#names)}`,
          "parameter.unknown",
        );
    }
    const session = (on as Partial<HasSession> | null)?.[SESSION];
    if (session !== undefined) return executeStatement(session, this.#statement, values, mode);
    if (!(on instanceof Connection))
      throw new ArgumentError("A prepared statement is executed on a session or a connection.");
    const result: Result<unknown> = on.executePrepared(this.#statement, this.#memo, values);
    return mode === "scalars" ? result.scalars() : result;
  }
}
