/**
 * What generated code calls. Decisions where JavaScript and Python part:
 *
 * - `true` and `false` print as `true` and `false`; `null` (Jinja's `none`) prints nothing. The literals `true`, `True`,
 *   `none`, `None` … mean the same as ever. Inside printed lists and objects `null` shows as `null`.
 * - JavaScript has one number type: `4 / 2` prints `2`, `1.0` prints `1`; integers beyond 2^53 become bigint.
 * - Tuples are lists. Dicts are plain objects, or a Map when a key is no text or looks like an index (order matters).
 * - `for a, b in mapping` walks the entries; `for k in mapping` the keys.
 * - Own data of an object comes before Python's dict methods: `cart.items` is the cart's `items` where it has some.
 * - A missing attribute `user_name` is looked up as `userName` too (switch off with `camelCase: false`).
 * - Dates print as ISO 8601 in UTC. Lazy filters (`map`, `select` …) give lists.
 * - A macro's result is HTML when the macro's own template escapes; Jinja asks the calling template, which lets text
 *   from an unescaped template pass as HTML.
 * - Promises are awaited wherever a value is used.
 */
import { applyFilter } from "./apply.js";
import { type DirectCallable, directCall, invoke, type Kwargs, placeKwargs, templateAttribute } from "./calls.js";
import {
  type Block,
  type CompiledTemplate,
  type Context,
  type Engine,
  nested,
  Output,
  type RenderFunction,
  type Rendering,
} from "./context.js";
import { excerptOf, TemplateNotFound, TemplateRuntimeError, traceError } from "./errors.js";
import { Slice } from "./lookup.js";
import { Cursor, Loop } from "./loop.js";
import { Markup } from "./markup.js";
import { store } from "./methods.js";
import { noOwner, Undefined } from "./undefined.js";
import {
  arithmetic,
  compare,
  concat,
  contains,
  entriesOf,
  equal,
  isMapping,
  isPlain,
  isText,
  iterate,
  negate,
  outEscaped,
  outPlain,
  pending,
  positive,
  toList,
  truth,
} from "./values.js";

/** `namespace(...)`: the one object whose attributes templates can set. */
export class Namespace {
  private readonly values = new Map<string, unknown>();
  constructor(values: Iterable<readonly [string, unknown]>) {
    for (const [name, value] of values) this.values.set(name, value);
  }
  [templateAttribute](name: string): unknown {
    return this.values.get(name);
  }
  set(name: string, value: unknown): void {
    this.values.set(name, value);
  }
  toString(): string {
    return `<Namespace ${[...this.values.keys()].join(", ")}>`;
  }
}

export interface MacroShape {
  readonly name: string;
  readonly params: readonly string[];
  readonly defaults: number;
  readonly varargs: boolean;
  readonly kwargs: boolean;
  readonly caller: boolean;
}

/** A macro, or the `caller` of a call block. */
export class Macro implements DirectCallable {
  readonly name: string;
  readonly arguments: readonly string[];
  readonly catchKwargs: boolean;
  readonly catchVarargs: boolean;
  readonly caller: boolean;
  private readonly rendering: Rendering;
  private readonly run: (...args: unknown[]) => Promise<unknown>;

  constructor(shape: MacroShape, rendering: Rendering, run: (...args: unknown[]) => Promise<unknown>) {
    this.rendering = rendering;
    this.name = shape.name;
    this.arguments = shape.params;
    this.catchKwargs = shape.kwargs;
    this.catchVarargs = shape.varargs;
    this.caller = shape.caller;
    this.run = run;
  }

  [templateAttribute](name: string): unknown {
    const shown: Record<string, unknown> = {
      name: this.name,
      arguments: this.arguments,
      catch_kwargs: this.catchKwargs,
      catch_varargs: this.catchVarargs,
      caller: this.caller,
    };
    return Object.hasOwn(shown, name) ? shown[name] : undefined;
  }

  [directCall](args: readonly unknown[], kwargs: Kwargs | undefined): Promise<unknown> {
    const count = this.arguments.length;
    const label = `macro '${this.name}'`;
    const extra = args.slice(count);
    if (extra.length > 0 && !this.catchVarargs)
      throw new TemplateRuntimeError(`${label} takes at most ${count} argument(s), got ${args.length}.`);
    let list: unknown[] = args.slice(0, count);
    const named: Record<string, unknown> = {};
    const rest: Record<string, unknown> = {};
    let caller: unknown;
    for (const [key, value] of Object.entries(kwargs ?? {})) {
      if (this.arguments.includes(key)) named[key] = value;
      else if (key === "caller" && this.caller) caller = value;
      else if (this.catchKwargs) rest[key] = value;
      else if (key === "caller")
        throw new TemplateRuntimeError(`${label} is used in a call block but never calls caller().`);
      else placeKwargs(label, this.arguments, [], { [key]: value });
    }
    list = placeKwargs(label, this.arguments, list, named);
    while (list.length < count) list.push(undefined);
    return nested(this.rendering, `The ${label}`, () => this.run(...list, extra, rest, caller));
  }
  toString(): string {
    return `<macro ${this.name}>`;
  }
}

/** `self.name` and `super`: prints nothing until it is called. */
class BlockReference implements DirectCallable {
  private readonly context: Context;
  private readonly name: string;
  private readonly depth: number;
  constructor(context: Context, name: string, depth: number) {
    this.context = context;
    this.name = name;
    this.depth = depth;
  }
  get block(): Block | undefined {
    return this.context.blocks.get(this.name)?.[this.depth];
  }
  [templateAttribute](name: string): unknown {
    return name === "super" ? blockReference(this.context, this.name, this.depth + 1) : undefined;
  }
  async [directCall](): Promise<unknown> {
    const out = new Output();
    const block = this.block as Block;
    const { context, depth } = this;
    await nested(context.rendering, `The block '${this.name}'`, () => block.render(context, out, depth));
    return block.autoescape ? new Markup(out.s) : out.s;
  }
  toString(): string {
    return `<block ${this.name}>`;
  }
}

function blockReference(context: Context, name: string, depth: number): unknown {
  const reference = new BlockReference(context, name, depth);
  if (reference.block !== undefined) return reference;
  return new Undefined(context.engine.undefinedMode, "super", noOwner, `There is no parent block called '${name}'.`);
}

class SelfReference {
  private readonly context: Context;
  constructor(context: Context) {
    this.context = context;
  }
  [templateAttribute](name: string): unknown {
    return this.context.blocks.has(name) ? blockReference(this.context, name, 0) : undefined;
  }
  toString(): string {
    return `<template ${this.context.template}>`;
  }
}

/** What `import` binds: the names that a template set at its top level. */
class Module {
  private readonly names: Record<string, unknown>;
  private readonly template: string;
  readonly text: string;
  constructor(template: string, names: Record<string, unknown>, text: string) {
    this.template = template;
    this.names = names;
    this.text = text;
  }
  [templateAttribute](name: string): unknown {
    return Object.hasOwn(this.names, name) ? this.names[name] : undefined;
  }
  get isEscaped(): true {
    return true;
  }
  known(): string[] {
    return Object.keys(this.names);
  }
  describe(): string {
    return this.template;
  }
  toString(): string {
    return this.text;
  }
}

type Names = string | Markup | readonly unknown[] | CompiledTemplate;

async function templateFor(engine: Engine, names: unknown, parent: string): Promise<CompiledTemplate> {
  const wanted = names as Names;
  if (wanted instanceof Undefined) wanted.fail();
  if (isText(wanted)) return engine.getTemplate(String(wanted), parent);
  if (Array.isArray(wanted)) {
    if (wanted.length === 0) throw new TemplateNotFound([], [], " The list of names is empty.");
    return engine.selectTemplate(wanted.map(String), parent);
  }
  if (typeof wanted === "object" && wanted !== null && "root" in wanted && typeof wanted.root === "function")
    return wanted;
  throw new TemplateRuntimeError("A template is named by a text, a list of texts, or given as a template object.");
}

/** Runs a template for what it defines. */
async function runModule(
  context: Context,
  template: CompiledTemplate,
  withContext: boolean,
  locals: Record<string, unknown>,
): Promise<Module> {
  if (context.chain.includes(template.name)) {
    throw new TemplateRuntimeError(
      `Templates import each other in a circle: ${[...context.chain, template.name].join(" -> ")}.`,
      "template.cycle",
    );
  }
  const inner = context.enter(template.name, withContext, locals);
  inner.addBlocks(template);
  const out = new Output();
  await template.root(inner, out, 0);
  const names: Record<string, unknown> = Object.create(null);
  for (const name of inner.exported) names[name] = inner.vars[name];
  return new Module(template.name, names, out.s);
}

function unpack(value: unknown, count: number): readonly unknown[] | Promise<readonly unknown[]> {
  const check = (list: readonly unknown[]): readonly unknown[] => {
    if (list.length === count) return list;
    throw new TemplateRuntimeError(`Cannot unpack ${list.length} value(s) into ${count} names.`);
  };
  if (Array.isArray(value))
    return value.some(pending) ? Promise.all(value as unknown[]).then(check) : check(value as unknown[]);
  return toList(value).then(check);
}

function dict(flat: readonly unknown[]): unknown {
  let plain = true;
  for (let i = 0; i < flat.length; i += 2) {
    const key = flat[i];
    if (!isText(key) || /^(?:0|[1-9]\d*)$/.test(String(key))) plain = false;
  }
  const out: Map<unknown, unknown> | Record<string, unknown> = plain ? {} : new Map();
  for (let i = 0; i < flat.length; i += 2)
    store(out, plain ? String(flat[i]) : isText(flat[i]) ? String(flat[i]) : flat[i], flat[i + 1]);
  return out;
}

/** `**mapping` added to the named arguments. */
function spreadKwargs(named: Record<string, unknown>, more: unknown): Record<string, unknown> {
  if (!isMapping(more)) throw new TemplateRuntimeError("'**' in a call needs an object.");
  for (const [key, value] of entriesOf(more)) {
    if (Object.hasOwn(named, String(key)))
      throw new TemplateRuntimeError(`The argument '${String(key)}' is given twice.`);
    store(named, key, value);
  }
  return named;
}

async function filtered(source: unknown, pairs: boolean, keep: (item: unknown) => Promise<boolean>): Promise<unknown> {
  const items = iterate(source, pairs);
  if (Symbol.iterator in items) {
    const out: unknown[] = [];
    for (const item of items) {
      const value = await item;
      if (await keep(value)) out.push(value);
    }
    return out;
  }
  return (async function* () {
    for await (const item of items) if (await keep(item)) yield item;
  })();
}

/** Everything generated code can reach, bound to one environment. */
export function makeRuntime(engine: Engine) {
  const { attribute, item } = engine.lookup;
  return {
    Markup,
    Output,
    Slice,
    p: pending,
    truth,
    eq: equal,
    cmp: compare,
    in: (needle: unknown, haystack: unknown) => contains(haystack, needle),
    locals(pairs: readonly (readonly [string, unknown])[]): Record<string, unknown> {
      const out: Record<string, unknown> = Object.create(null);
      for (const [name, value] of pairs) if (value !== undefined) out[name] = value;
      return out;
    },
    op: arithmetic,
    neg: negate,
    pos: positive,
    concat,
    outE: outEscaped,
    outP: outPlain,
    out: (autoescape: boolean, value: unknown) => (autoescape ? outEscaped(value) : outPlain(value)),
    attr: attribute,
    item,
    unpack,
    dict,
    spreadKwargs,
    list: toList,
    filtered,
    undef: (context: Context, name: string, hint?: string) =>
      new Undefined(engine.undefinedMode, name, noOwner, hint, () => context.names()),
    filter: (name: string) => engine.filter(name),
    test: (name: string) => engine.test(name),
    apply: applyFilter,
    cursor: (source: unknown, pairs: boolean) => new Cursor(source, pairs),
    loop: (source: unknown, pairs: boolean, depth: number, recurse?: (source: unknown) => unknown) =>
      new Loop(source, pairs, engine.undefinedMode, depth, recurse),
    call: (context: Context, fn: unknown, args: readonly unknown[], kwargs: Kwargs | undefined, label: string) =>
      invoke(fn, undefined, args, kwargs, context, label),
    callMethod(
      context: Context,
      owner: unknown,
      name: string,
      args: readonly unknown[],
      kwargs: Kwargs | undefined,
    ): unknown {
      const fn = attribute(owner, name, false);
      return pending(fn)
        ? fn.then((f) => invoke(f, owner, args, kwargs, context, name))
        : invoke(fn, owner, args, kwargs, context, name);
    },
    macro: (context: Context, shape: MacroShape, run: (...args: unknown[]) => Promise<unknown>) =>
      new Macro(shape, context.rendering, run),
    nested: (context: Context, run: () => Promise<unknown>) => nested(context.rendering, "A recursive loop", run),
    setAttr(target: unknown, name: string, value: unknown): void {
      if (target instanceof Undefined) target.fail();
      if (!(target instanceof Namespace))
        throw new TemplateRuntimeError(`Cannot set the attribute '${name}': only namespace() objects take attributes.`);
      target.set(name, value);
    },
    superBlock: (context: Context, name: string, depth: number) => blockReference(context, name, depth + 1),
    self: (context: Context) => new SelfReference(context),
    async block(context: Context, name: string, out: Output): Promise<void> {
      const found = context.blocks.get(name) as Block[];
      const block = found[0] as Block;
      if (block.required)
        throw new TemplateRuntimeError(`The required block '${name}' is not filled by any child template.`);
      await block.render(context, out, 0);
      if (out.full) await out.flush();
    },
    async extend(context: Context, names: unknown, before: CompiledTemplate | null): Promise<CompiledTemplate> {
      if (before !== null) throw new TemplateRuntimeError("A template can extend only one parent.");
      const parent = await templateFor(engine, names, context.template);
      if (context.lineage.length === 0) context.lineage.push(context.template);
      if (context.lineage.includes(parent.name)) {
        throw new TemplateRuntimeError(
          `Templates extend each other in a circle: ${[...context.lineage, parent.name].join(" -> ")}.`,
          "template.cycle",
        );
      }
      context.lineage.push(parent.name);
      context.addBlocks(parent);
      return parent;
    },
    async include(
      context: Context,
      names: unknown,
      ignoreMissing: boolean,
      withContext: boolean,
      locals: Record<string, unknown>,
      out: Output,
    ): Promise<void> {
      let template: CompiledTemplate;
      try {
        template = await templateFor(engine, names, context.template);
      } catch (error) {
        if (ignoreMissing && error instanceof TemplateNotFound) return;
        throw error;
      }
      const inner = context.enter(template.name, withContext, locals);
      inner.addBlocks(template);
      await template.root(inner, out, 0);
    },
    async importModule(
      context: Context,
      names: unknown,
      withContext: boolean,
      locals: Record<string, unknown>,
    ): Promise<unknown> {
      const template = await templateFor(engine, names, context.template);
      if (withContext) return runModule(context, template, true, locals);
      const { imports } = context.rendering;
      // A circle would wait for itself for ever, so it is looked for before the cache is asked.
      if (context.chain.includes(template.name)) return runModule(context, template, false, {});
      let module = imports.get(template.name);
      if (module === undefined) {
        module = runModule(context, template, false, {});
        imports.set(template.name, module);
      }
      return module;
    },
    fromImport(module: unknown, name: string): unknown {
      const found = (module as Module)[templateAttribute](name);
      if (found !== undefined) return found;
      const m = module as Module;
      return new Undefined(
        engine.undefinedMode,
        name,
        noOwner,
        `The template '${m.describe()}' does not export '${name}'; it exports ${m.known().join(", ") || "nothing"}.`,
      );
    },
    trace: (error: unknown, template: { readonly name: string; readonly source: string }, line: number) =>
      traceError(error, { template: template.name, line, excerpt: excerptOf(template.source, line) }),
    isPlain,
  };
}

export type Runtime = ReturnType<typeof makeRuntime>;
export type Factory = (
  rt: Runtime,
  template: { readonly name: string; readonly source: string },
) => {
  readonly root: RenderFunction;
  readonly blocks: readonly Block[];
};
