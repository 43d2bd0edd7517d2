/** Applying filters and tests with named arguments. */
import { acceptsKwargs, type Kwargs, placeKwargs } from "./calls.js";
import type { AnyFilter, FilterState } from "./context.js";

/** Named arguments of a built-in filter that takes any names; a class of its own, so that data is never taken for it. */
export class NamedArguments {
  readonly values: Kwargs;
  constructor(values: Kwargs) {
    this.values = values;
  }
}

/** Built-in filters with free names (`map`, `select`, `format`) carry this. */
export const takesAnyName: unique symbol = Symbol("template.takesAnyName");

interface Described {
  readonly [acceptsKwargs]?: true | readonly string[];
  readonly [takesAnyName]?: boolean;
}

/**
 * Calls a filter or test. Names go to their positions where the function declares them, else they come as one last object.
 * @param label how messages call it
 */
export function applyFilter(
  label: string,
  fn: AnyFilter,
  state: FilterState,
  args: readonly unknown[],
  kwargs: Kwargs | undefined,
): unknown {
  const named = kwargs !== undefined && Object.keys(kwargs).length > 0 ? kwargs : undefined;
  const described = fn as Described;
  const accepts = described[acceptsKwargs];
  let list = args;
  if (described[takesAnyName] === true) list = named === undefined ? args : [...args, new NamedArguments(named)];
  else if (Array.isArray(accepts))
    list = named === undefined ? args : placeKwargs(label, accepts as readonly string[], args, named, 1);
  else if (named !== undefined || accepts === true) list = [...args, named ?? {}];
  return Reflect.apply(fn, state, list);
}

/** Splits what a filter with free names received. */
export function splitNamed(all: readonly unknown[]): { args: unknown[]; kwargs: Record<string, unknown> } {
  const last = all.at(-1);
  if (last instanceof NamedArguments) return { args: all.slice(0, -1), kwargs: { ...last.values } };
  return { args: [...all], kwargs: {} };
}
