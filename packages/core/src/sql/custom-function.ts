/** Functions of the program's own: typed like the known ones, with a spelling for each database that needs another. */
import { ArgumentError } from "../errors/errors.js";
import type { SqlType } from "../types/sql-type.js";
import { type Expression, type Ordering, operand } from "./expression.js";
import { FunctionCall } from "./functions.js";
import { type KeyWriter, nextId } from "./key.js";

/** Another name, or what is written instead of the call. */
export type Spelling = string | ((...args: Expression[]) => unknown);
export interface FunctionDefinition {
  readonly id: number;
  /** With its package or schema in front: `pkg.name`. */
  readonly name: string;
  readonly arguments: readonly SqlType[];
  /** How many of the last arguments may be left out. */
  readonly optional: number;
  /** The last argument may be given any number of times. */
  readonly variadic: boolean;
  readonly returns: SqlType;
  readonly spellings: { readonly [dialect: string]: Spelling };
}

export function defineFunction(definition: Omit<FunctionDefinition, "id">): (...args: unknown[]) => DefinedCall {
  const made: FunctionDefinition = { ...definition, id: nextId() };
  const { arguments: types, optional, variadic, name } = made;
  return (...args) => {
    const least = types.length - optional;
    if (args.length < least || (!variadic && args.length > types.length)) {
      const wanted = variadic ? `${least} or more` : optional === 0 ? String(least) : `${least} to ${types.length}`;
      throw new ArgumentError(`${name}() takes ${wanted} arguments, not ${args.length}.`, "function.arguments");
    }
    const list = args.map((arg, i) => operand(arg, types[Math.min(i, types.length - 1)]));
    return new DefinedCall(made, list);
  };
}
/** A call of such a function. */
export class DefinedCall extends FunctionCall {
  override readonly kind = "definedCall";
  readonly definition: FunctionDefinition;
  constructor(
    definition: FunctionDefinition,
    args: readonly Expression[],
    isDistinct = false,
    order: readonly Ordering[] = [],
  ) {
    super(definition.name, args, definition.returns, isDistinct, order);
    this.definition = definition;
  }
  override rebuilt(args: readonly Expression[], isDistinct: boolean, order: readonly Ordering[]): DefinedCall {
    return new DefinedCall(this.definition, args, isDistinct, order);
  }
  override walk(key: KeyWriter): void {
    key.id(this.definition.id);
    super.walk(key);
  }
}
