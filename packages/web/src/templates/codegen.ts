/**
 * The expression half of the compiler: scopes of template variables, and JavaScript for every kind of expression.
 */
import { didYouMean } from "@athanor/core";
import { excerptOf, TemplateSyntaxError } from "./errors.js";
import type { CallArgs, Expr, TemplateNode } from "./nodes.js";

export interface CompileOptions {
  readonly source: string;
  readonly autoescape: boolean;
  /** Names that exist when the template is compiled; an unknown one is an error with a line. */
  readonly filters: ReadonlySet<string>;
  readonly tests: ReadonlySet<string>;
}

export interface Variable {
  readonly id: string;
  /** Whether its value can still be a promise from outside. */
  readonly raw: boolean;
}

/** One scope of template variables. */
export class Frame {
  readonly names = new Map<string, Variable>();
  readonly parent: Frame | undefined;
  constructor(parent: Frame | undefined) {
    this.parent = parent;
  }
  find(name: string): Variable | undefined {
    return this.names.get(name) ?? this.parent?.find(name);
  }
  /** All visible variables, innermost first. */
  visible(): Map<string, Variable> {
    const all = this.parent?.visible() ?? new Map<string, Variable>();
    for (const [name, variable] of this.names) all.set(name, variable);
    return all;
  }
}

/** One generated function: its temporaries and the names it resolves from the context. */
export class Fn {
  temps = 0;
  readonly resolved = new Map<string, string>();
  /** Closures inside a function resolve through it. */
  readonly outer: Fn | undefined;
  constructor(outer?: Fn) {
    this.outer = outer;
  }
}

/** Where the compiler stands. */
export interface Place {
  readonly fn: Fn;
  readonly frame: Frame;
  /** JavaScript that says whether text is escaped: `true`, `false` or a variable. */
  readonly escape: string;
  /** At the top level of the template, where variables are exported. */
  readonly top: boolean;
  /** Output of the template itself, which a child's parent replaces. */
  readonly guarded: boolean;
  /** Name of the block around, for super(). */
  readonly block: string | undefined;
  /** Inside a condition an unknown filter is an error only when it is reached. */
  readonly conditional: boolean;
}

export const js = (value: unknown): string =>
  JSON.stringify(value).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");

export class ExpressionCompiler {
  protected readonly options: CompileOptions;
  protected readonly node: TemplateNode;
  /** Filters and tests in use, by the code that looks them up. */
  protected readonly constants = new Map<string, string>();
  private counter = 0;

  constructor(node: TemplateNode, options: CompileOptions) {
    this.node = node;
    this.options = options;
  }

  protected fail(reason: string, line: number): never {
    throw new TemplateSyntaxError(reason, {
      template: this.node.name,
      line,
      excerpt: excerptOf(this.options.source, line),
    });
  }
  protected id(prefix: string): string {
    return `${prefix}${++this.counter}`;
  }

  /** The identifier that holds a name of the context. */
  protected resolve(name: string, place: Place): string {
    let { fn } = place;
    while (fn.outer !== undefined) fn = fn.outer;
    let id = fn.resolved.get(name);
    if (id === undefined) {
      id = this.id("c");
      fn.resolved.set(name, id);
    }
    return id;
  }

  protected settle(code: string): string {
    return `(rt.p(t=${code})?await t:t)`;
  }
  protected temp(place: Place): string {
    return `t${place.fn.temps++}`;
  }

  /** @param piped code for the innermost value of a filter chain that has none (`{% filter upper %}`) */
  protected expr(node: Expr, place: Place, piped?: string): string {
    switch (node.kind) {
      case "const":
        return typeof node.value === "bigint" ? `${node.value}n` : js(node.value);
      case "name":
        return this.name(node.name, place);
      case "list":
      case "tuple":
        return `[${node.items.map((item) => this.expr(item, place)).join(",")}]`;
      case "dict":
        return `rt.dict([${node.items.map(([k, v]) => `${this.expr(k, place)},${this.expr(v, place)}`).join(",")}])`;
      case "attr":
        return this.settle(`rt.attr(${this.expr(node.target, place)},${js(node.name)})`);
      case "item":
        return this.settle(`rt.item(${this.expr(node.target, place)},${this.expr(node.key, place)})`);
      case "slice": {
        const part = (value: Expr | undefined): string => (value === undefined ? "null" : this.expr(value, place));
        return `new rt.Slice(${part(node.start)},${part(node.stop)},${part(node.step)})`;
      }
      case "call":
        return this.call(node, place);
      case "filter": {
        const target = node.target === undefined ? (piped ?? '""') : this.expr(node.target, place, piped);
        return this.apply("filter", node.name, target, node.call, node.line, place);
      }
      case "test":
        return `rt.truth(${this.apply("test", node.name, this.expr(node.target, place), node.call, node.line, place)})`;
      case "cond": {
        const inside = { ...place, conditional: true };
        const otherwise =
          node.otherwise === undefined
            ? `rt.undef(C,"",${js("The condition of this inline 'if' is false and it has no 'else'.")})`
            : this.expr(node.otherwise, inside);
        return `(rt.truth(${this.expr(node.test, place)})?${this.expr(node.then, inside)}:${otherwise})`;
      }
      case "and":
      case "or": {
        const temp = this.temp(place);
        const left = this.expr(node.left, place);
        const right = this.expr(node.right, place);
        return node.kind === "and"
          ? `(rt.truth(${temp}=${left})?${right}:${temp})`
          : `(rt.truth(${temp}=${left})?${temp}:${right})`;
      }
      case "not":
        return `(!rt.truth(${this.expr(node.operand, place)}))`;
      case "neg":
        return `rt.neg(${this.expr(node.operand, place)})`;
      case "pos":
        return `rt.pos(${this.expr(node.operand, place)})`;
      case "binary":
        return `rt.op(${js(node.op)},${this.expr(node.left, place)},${this.expr(node.right, place)})`;
      case "concat":
        return this.settle(
          `rt.concat(${place.escape},[${node.items.map((item) => this.expr(item, place)).join(",")}])`,
        );
      case "compare":
        return this.compare(node, place);
    }
  }

  protected compare(node: Extract<Expr, { kind: "compare" }>, place: Place): string {
    const parts: string[] = [];
    let left = this.expr(node.first, place);
    node.rest.forEach(([op, expr], i) => {
      let right = this.expr(expr, place);
      if (i < node.rest.length - 1) {
        const temp = this.temp(place);
        right = `(${temp}=${right})`;
        parts.push(comparison(op, left, right));
        left = temp;
      } else parts.push(comparison(op, left, right));
    });
    return parts.length === 1 ? (parts[0] as string) : `(${parts.join("&&")})`;
  }

  protected name(name: string, place: Place): string {
    const variable = place.frame.find(name);
    if (variable === undefined && place.block !== undefined && name === "super")
      return `rt.superBlock(C,${js(place.block)},D)`;
    if (variable === undefined && name === "self") return "rt.self(C)";
    const undef = `rt.undef(C,${js(name)})`;
    if (variable !== undefined && !variable.raw) return `(${variable.id}===undefined?${undef}:${variable.id})`;
    const id = variable?.id ?? this.resolve(name, place);
    return `(rt.p(t=${id})?await t:t===undefined?${undef}:t)`;
  }

  protected kwargs(call: CallArgs, place: Place, caller?: string): string {
    const pairs = call.kwargs.map(([key, value]) => `${js(key)}:${this.expr(value, place)}`);
    if (caller !== undefined) pairs.push(`"caller":${caller}`);
    const named = `{${pairs.join(",")}}`;
    if (call.dynKwargs !== undefined) return `rt.spreadKwargs(${named},${this.expr(call.dynKwargs, place)})`;
    return pairs.length === 0 ? "undefined" : named;
  }
  protected args(call: CallArgs, place: Place): string[] {
    const args = call.args.map((arg) => this.expr(arg, place));
    if (call.dynArgs !== undefined) args.push(`...(await rt.list(${this.expr(call.dynArgs, place)}))`);
    return args;
  }

  protected call(node: Extract<Expr, { kind: "call" }>, place: Place, caller?: string): string {
    const { target } = node;
    if (target.kind === "attr") {
      const owner = this.expr(target.target, place);
      const args = `[${this.args(node.call, place).join(",")}]`;
      return this.settle(
        `rt.callMethod(C,${owner},${js(target.name)},${args},${this.kwargs(node.call, place, caller)})`,
      );
    }
    const label = target.kind === "name" ? target.name : "this expression";
    const fn = this.expr(target, place);
    const args = `[${this.args(node.call, place).join(",")}]`;
    return this.settle(`rt.call(C,${fn},${args},${this.kwargs(node.call, place, caller)},${js(label)})`);
  }

  /** Applies a filter or a test; it is looked up once per template. */
  protected apply(
    kind: "filter" | "test",
    name: string,
    target: string,
    call: CallArgs,
    line: number,
    place: Place,
  ): string {
    const known = kind === "filter" ? this.options.filters : this.options.tests;
    if (!known.has(name) && !place.conditional)
      this.fail(`There is no ${kind} named '${name}'.${didYouMean(name, known)}`, line);
    const fn = known.has(name) ? this.constant(`rt.${kind}(${js(name)})`) : `rt.${kind}(${js(name)})`;
    const args = [target, ...this.args(call, place)];
    const kwargs = this.kwargs(call, place);
    if (kwargs === "undefined") return this.settle(`${fn}.call(C.state(${place.escape}),${args.join(",")})`);
    return this.settle(
      `rt.apply(${js(`the ${kind} '${name}'`)},${fn},C.state(${place.escape}),[${args.join(",")}],${kwargs})`,
    );
  }

  protected constant(code: string): string {
    let id = this.constants.get(code);
    if (id === undefined) {
      id = `F${this.constants.size}`;
      this.constants.set(code, id);
    }
    return id;
  }
}

function comparison(op: string, left: string, right: string): string {
  switch (op) {
    case "==":
      return `rt.eq(${left},${right})`;
    case "!=":
      return `!rt.eq(${left},${right})`;
    case "in":
      return `rt.in(${left},${right})`;
    case "notin":
      return `!rt.in(${left},${right})`;
    default:
      return `(rt.cmp(${left},${right})${op}0)`;
  }
}
