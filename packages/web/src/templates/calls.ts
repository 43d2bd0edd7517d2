/**
 * How templates call: positional and named arguments, objects that are callable, functions that must stay out of reach.
 *
 * Named arguments reach JavaScript in one of three ways:
 * 1. `fn[acceptsKwargs] = ["a", "b"]` maps names to positions, so `{{ f(b=2) }}` calls `fn(undefined, 2)`;
 * 2. `fn[acceptsKwargs] = true` always gets one last object, empty when there are none;
 * 3. any other function gets a last object only when there are named arguments: `{{ form.name(size=32) }}` calls the
 *    field with `{ size: 32 }`.
 */
import { didYouMean } from "@athanor/core";
import { TemplateRuntimeError, UndefinedError } from "./errors.js";
import { kindOf, Undefined } from "./undefined.js";

/** See the head of this module. `true`, or the names of the positional parameters. */
export const acceptsKwargs: unique symbol = Symbol.for("athanor.template.acceptsKwargs");
/** A method that makes an object callable in templates: `obj[templateCall](...args)`. */
export const templateCall: unique symbol = Symbol.for("athanor.template.call");
/** A function that carries `true` here gets the template's `Context` as its first argument. */
export const passContext: unique symbol = Symbol.for("athanor.template.passContext");
/** A method `(name) => value` that answers attribute lookups itself. */
export const templateAttribute: unique symbol = Symbol.for("athanor.template.attribute");
/** Engine-internal callables take their arguments unprocessed. */
export const directCall: unique symbol = Symbol("template.directCall");

export type Kwargs = Readonly<Record<string, unknown>>;
export interface DirectCallable {
  [directCall](args: readonly unknown[], kwargs: Kwargs | undefined): unknown;
}

type Fn = (this: unknown, ...args: unknown[]) => unknown;
interface Callable extends Fn {
  readonly [acceptsKwargs]?: true | readonly string[];
  readonly [passContext]?: boolean;
}

const AsyncFunction: unknown = Object.getPrototypeOf(async () => {}).constructor;
const GeneratorFunction: unknown = Object.getPrototypeOf(function* () {}).constructor;
const AsyncGeneratorFunction: unknown = Object.getPrototypeOf(async function* () {}).constructor;
/** They run or build code, or reach through the object model. */
const FORBIDDEN = new Set<unknown>([
  Function,
  AsyncFunction,
  GeneratorFunction,
  AsyncGeneratorFunction,
  // biome-ignore lint/security/noGlobalEval: named here to be refused
  globalThis.eval,
  Function.prototype.call,
  Function.prototype.apply,
  Function.prototype.bind,
  Object.getPrototypeOf,
  Object.getOwnPropertyDescriptor,
  Object.getOwnPropertyDescriptors,
  Object.setPrototypeOf,
  Object.defineProperty,
  Reflect.get,
  Reflect.apply,
  Reflect.construct,
  Reflect.getPrototypeOf,
]);

export const isCallable = (value: unknown): boolean =>
  typeof value === "function" ||
  (typeof value === "object" && value !== null && (templateCall in value || directCall in value));

/** Engine values become ordinary JavaScript: an undefined name is `undefined`, so default parameters apply. */
const toJs = (value: unknown): unknown => (value instanceof Undefined ? undefined : value);

/** Places named arguments at the positions of `names`. */
export function placeKwargs(
  label: string,
  names: readonly string[],
  args: readonly unknown[],
  kwargs: Kwargs,
  skip = 0,
): unknown[] {
  const out = [...args];
  for (const [key, value] of Object.entries(kwargs)) {
    const at = names.indexOf(key);
    if (at < 0) throw new TemplateRuntimeError(`${label} takes no argument named '${key}'.${didYouMean(key, names)}`);
    if (at + skip < args.length) throw new TemplateRuntimeError(`${label} got two values for '${key}'.`);
    out[at + skip] = value;
  }
  // No holes: a function has to see `undefined`, not a sparse array.
  return Array.from(out);
}

/**
 * Calls a value.
 * @param label how the template names it, for messages
 * @throws TemplateRuntimeError when it is not callable or must not be called
 */
export function invoke(
  fn: unknown,
  self: unknown,
  args: readonly unknown[],
  kwargs: Kwargs | undefined,
  context: unknown,
  label: string,
): unknown {
  if (fn instanceof Undefined) fn.fail();
  if (fn === undefined) throw new UndefinedError(`'${label}' is undefined and cannot be called.`);
  let target: unknown = fn;
  if (typeof fn === "object" && fn !== null) {
    if (directCall in fn) return (fn as DirectCallable)[directCall](args, kwargs);
    if (templateCall in fn) {
      self = fn;
      target = (fn as { [templateCall]: unknown })[templateCall];
    }
  }
  if (typeof target !== "function")
    throw new TemplateRuntimeError(`'${label}' is ${kindOf(target)} and cannot be called.`);
  if (FORBIDDEN.has(target))
    throw new TemplateRuntimeError(`'${label}' must not be called from a template.`, "template.unsafe");
  const callable = target as Callable;
  let list = args.map(toJs);
  const accepts = callable[acceptsKwargs];
  if (Array.isArray(accepts)) {
    if (kwargs !== undefined) list = placeKwargs(`'${label}'`, accepts as readonly string[], list, mapKwargs(kwargs));
  } else if (accepts === true || kwargs !== undefined) {
    list.push(mapKwargs(kwargs ?? {}));
  }
  if (callable[passContext] === true) list.unshift(context);
  return Reflect.apply(callable, self, list);
}

function mapKwargs(kwargs: Kwargs): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(kwargs)) out[key] = toJs(value);
  return out;
}
