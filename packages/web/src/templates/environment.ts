/**
 * The environment: configuration, registries and the cache of compiled templates. Source: Jinja, "High Level API".
 */
import { didYouMean } from "@athanor/core";
import { compile } from "./compiler.js";
import {
  type AnyFilter,
  type CompiledTemplate,
  Context,
  type Engine,
  type Filter,
  Output,
  type Test,
} from "./context.js";
import { excerptOf, TemplateNotFound, TemplateRuntimeError, TemplateSyntaxError } from "./errors.js";
import { seesUndefined } from "./filters/define.js";
import { builtinFilters } from "./filters.js";
import { builtinGlobals } from "./globals.js";
import { defaultSyntax, type Syntax } from "./lexer.js";
import type { Loader, TemplateSource } from "./loaders.js";
import { makeLookup } from "./lookup.js";
import { parse } from "./parser.js";
import { type Factory, makeRuntime, type Runtime } from "./runtime.js";
import { builtinTests } from "./tests.js";
import { Undefined, type UndefinedMode } from "./undefined.js";

/** Whether a template's output is escaped: always, never, or by its name (undefined for templates given as text). */
export type Autoescape = boolean | ((name: string | undefined) => boolean);

export interface EnvironmentOptions extends Partial<Syntax> {
  /** Where templates come from; without one only `renderString` works. */
  readonly loader?: Loader | undefined;
  /** Default: `selectAutoescape()`, which escapes HTML, XML, SVG and templates given as text. */
  readonly autoescape?: Autoescape | undefined;
  readonly filters?: Readonly<Record<string, Filter>> | undefined;
  readonly tests?: Readonly<Record<string, Test>> | undefined;
  readonly globals?: Readonly<Record<string, unknown>> | undefined;
  /** What unknown names do; default `default`. */
  readonly undefined?: UndefinedMode | undefined;
  /** Look at the files before each use and compile again what changed. Default false. */
  readonly autoReload?: boolean | undefined;
  /** Compiled templates kept; default 400, 0 keeps none. */
  readonly cacheSize?: number | undefined;
  /** Look up `user_name` as `userName` when there is no `user_name`. Default true. */
  readonly camelCase?: boolean | undefined;
}

const ESCAPED = ["html", "htm", "xml", "xhtml", "svg"];

/**
 * Escaping by extension. A last `.jinja`, `.jinja2` or `.j2` does not count (`mail.txt.j2` is text); a name that has
 * nothing else is escaped, because forgetting to escape is the worse mistake.
 */
export function selectAutoescape(
  extensions: readonly string[] = ESCAPED,
  forStrings = true,
): (name: string | undefined) => boolean {
  return (name) => {
    if (name === undefined) return forStrings;
    const bare = name.toLowerCase().replace(/\.(?:jinja2?|j2)$/, "");
    if (bare !== name.toLowerCase() && !/\.[^./]+$/.test(bare)) return true;
    return extensions.some((extension) => bare.endsWith(`.${extension}`));
  };
}

interface Cached {
  readonly template: Promise<Template>;
  source: TemplateSource | undefined;
}

export type TemplateContext = object | Map<string, unknown>;

/** A compiled template. Made by an environment. */
export class Template implements CompiledTemplate {
  readonly name: string;
  readonly source: string;
  /** The file it came from, when there is one. */
  readonly path: string | undefined;
  readonly root: CompiledTemplate["root"];
  readonly blocks: CompiledTemplate["blocks"];
  private readonly engine: Engine;

  constructor(engine: Engine, name: string, source: string, path: string | undefined, made: ReturnType<Factory>) {
    this.engine = engine;
    this.name = name;
    this.source = source;
    this.path = path;
    this.root = made.root;
    this.blocks = new Map(made.blocks.map((block) => [block.name, block]));
  }

  private async run(context: TemplateContext, out: Output): Promise<void> {
    const inner = new Context(this.engine, this.name, context as Record<string, unknown> | Map<string, unknown>);
    inner.addBlocks(this);
    await this.root(inner, out, 0);
  }

  /**
   * Renders to text.
   * @throws TemplateError with template and line; what the application's own functions throw comes through unchanged
   */
  async render(context: TemplateContext = {}): Promise<string> {
    const out = new Output();
    await this.run(context, out);
    return out.s;
  }

  /**
   * Renders in chunks, as the text is made. The reader sets the pace; stopping early ends the rendering.
   * @example for await (const chunk of template.stream({ rows })) response.write(chunk)
   */
  async *stream(context: TemplateContext = {}): AsyncGenerator<string, void, undefined> {
    let deliver: ((chunk: string) => void) | undefined;
    let resume: (() => void) | undefined;
    const queue: string[] = [];
    let stopped = false;
    const out = new Output((chunk) => {
      if (stopped) throw new TemplateRuntimeError("The reader of this stream has gone.", "template.stream-closed");
      return new Promise<void>((resolve) => {
        resume = resolve;
        queue.push(chunk);
        deliver?.("");
      });
    });
    let failure: { readonly error: unknown } | undefined;
    let done = false;
    const work = this.run(context, out).then(
      () => {
        done = true;
        deliver?.("");
      },
      (error: unknown) => {
        failure = { error };
        done = true;
        deliver?.("");
      },
    );
    try {
      for (;;) {
        if (queue.length === 0 && !done) await new Promise<string>((resolve) => (deliver = resolve));
        const chunk = queue.shift();
        if (chunk !== undefined) {
          yield chunk;
          resume?.();
        } else if (done) break;
        else await Promise.resolve();
      }
      if (failure !== undefined) throw failure.error;
      if (out.s !== "") yield out.s;
    } finally {
      stopped = true;
      resume?.();
      await work;
    }
  }
}

/** Converts the engine's undefined values for functions of the application. */
function foreign(fn: AnyFilter): AnyFilter {
  if ((fn as { [seesUndefined]?: boolean })[seesUndefined] === true) return fn;
  const wrapped: AnyFilter = function (value, ...args) {
    return Reflect.apply(
      fn,
      this,
      [value, ...args].map((v) => (v instanceof Undefined ? undefined : v)),
    );
  };
  for (const key of Object.getOwnPropertySymbols(fn))
    Object.defineProperty(wrapped, key, { value: Reflect.get(fn, key) });
  return wrapped;
}

type Registry<T> = Map<string, T>;

/**
 * Holds configuration and compiled templates.
 * @example
 * const env = new Environment({ loader: new FolderLoader("templates"), globals: { urlFor } });
 * await env.render("index.html", { items });
 */
export class Environment implements Engine {
  readonly loader: Loader | undefined;
  readonly filters: Registry<Filter>;
  readonly tests: Registry<Test>;
  readonly globals: Map<string, unknown>;
  readonly undefinedMode: UndefinedMode;
  readonly lookup: Engine["lookup"];
  readonly syntax: Syntax;
  autoReload: boolean;
  private readonly autoescape: Autoescape;
  private readonly cacheSize: number;
  private readonly cache = new Map<string, Cached>();
  private readonly strings = new Map<string, Template>();
  private readonly runtime: Runtime;

  constructor(options: EnvironmentOptions = {}) {
    this.loader = options.loader;
    this.autoescape = options.autoescape ?? selectAutoescape();
    this.filters = new Map([
      ...Object.entries(builtinFilters),
      ...Object.entries(options.filters ?? {}),
    ]) as Registry<Filter>;
    this.tests = new Map([...Object.entries(builtinTests), ...Object.entries(options.tests ?? {})]) as Registry<Test>;
    this.globals = new Map([...Object.entries(builtinGlobals), ...Object.entries(options.globals ?? {})]);
    this.undefinedMode = options.undefined ?? "default";
    this.autoReload = options.autoReload ?? false;
    this.cacheSize = options.cacheSize ?? 400;
    this.lookup = makeLookup({ undefinedMode: this.undefinedMode, camelCase: options.camelCase ?? true });
    this.syntax = readSyntax(options);
    this.runtime = makeRuntime(this);
  }

  hasFilter(name: string): boolean {
    return this.filters.has(name);
  }
  hasTest(name: string): boolean {
    return this.tests.has(name);
  }
  /** @throws TemplateRuntimeError when there is none of this name */
  filter(name: string): AnyFilter {
    return this.registered("filter", this.filters as Registry<unknown>, name);
  }
  /** @throws TemplateRuntimeError when there is none of this name */
  test(name: string): AnyFilter {
    return this.registered("test", this.tests as Registry<unknown>, name);
  }
  private registered(kind: string, registry: Registry<unknown>, name: string): AnyFilter {
    const fn = registry.get(name);
    if (typeof fn !== "function")
      throw new TemplateRuntimeError(
        `There is no ${kind} named '${name}'.${didYouMean(name, registry.keys())}`,
        `template.unknown-${kind}`,
      );
    return foreign(fn as AnyFilter);
  }

  private escapes(name: string | undefined): boolean {
    return typeof this.autoescape === "function" ? this.autoescape(name) : this.autoescape;
  }

  /** The JavaScript generated for a template; for debugging the engine. */
  compileSource(source: string, name?: string): string {
    const shown = name ?? "<string>";
    return compile(parse(source, shown, this.syntax), {
      source,
      autoescape: this.escapes(name),
      filters: new Set(this.filters.keys()),
      tests: new Set(this.tests.keys()),
    });
  }

  private build(source: string, name: string | undefined, path?: string): Template {
    const shown = name ?? "<string>";
    const code = this.compileSource(source, name);
    // The source is made of our own identifiers and JSON-quoted texts only; see compiler.ts.
    const factory = new Function("rt", "T", code) as Factory;
    return new Template(this, shown, source, path, factory(this.runtime, { name: shown, source }));
  }

  /**
   * Compiles a template given as text. Texts are escaped unless the environment says otherwise.
   * @throws TemplateSyntaxError
   */
  fromString(source: string, name?: string): Template {
    const key = `${name ?? ""}\0${source}`;
    const known = this.strings.get(key);
    if (known !== undefined) return known;
    const template = this.build(source, name);
    if (this.cacheSize > 0) {
      if (this.strings.size >= this.cacheSize) this.strings.delete(this.strings.keys().next().value as string);
      this.strings.set(key, template);
    }
    return template;
  }

  /**
   * A template by name, compiled once.
   * @throws TemplateNotFound with every place that was searched, TemplateSyntaxError
   */
  async getTemplate(name: string): Promise<Template> {
    const cached = this.cache.get(name);
    if (cached !== undefined) {
      if (!this.autoReload) return cached.template;
      await cached.template.catch(() => undefined);
      if (cached.source !== undefined && ((await cached.source.fresh?.()) ?? true)) return cached.template;
      if (this.cache.get(name) === cached) this.cache.delete(name);
      return this.getTemplate(name);
    }
    const entry: Cached = { template: this.loadTemplate(name, (source) => (entry.source = source)), source: undefined };
    if (this.cacheSize > 0) {
      // The oldest goes; templates of a running application fit the cache, so a precise order buys nothing.
      if (this.cache.size >= this.cacheSize) this.cache.delete(this.cache.keys().next().value as string);
      this.cache.set(name, entry);
      entry.template.catch(() => {
        if (this.cache.get(name) === entry) this.cache.delete(name);
      });
    }
    return entry.template;
  }

  private async loadTemplate(name: string, note: (source: TemplateSource) => void): Promise<Template> {
    const found = await this.loader?.load(name);
    if (found === undefined) throw await this.notFound([name]);
    note(found);
    return this.build(found.source, name, found.path);
  }

  private async notFound(names: readonly string[]): Promise<TemplateNotFound> {
    const known = (await this.loader?.list()) ?? [];
    const hint = names.length === 1 ? didYouMean(names[0] as string, known) : "";
    return new TemplateNotFound(
      names,
      names.flatMap((name) => this.loader?.searched(name) ?? []),
      hint,
    );
  }

  /** The first of several templates that exists. @throws TemplateNotFound */
  async selectTemplate(names: readonly string[]): Promise<Template> {
    for (const name of names) {
      try {
        return await this.getTemplate(name);
      } catch (error) {
        if (!(error instanceof TemplateNotFound) || !error.names.includes(name)) throw error;
      }
    }
    throw await this.notFound(names);
  }

  /**
   * Renders a template by name, or the first existing one of a list.
   * @throws TemplateNotFound, TemplateSyntaxError, UndefinedError, TemplateRuntimeError
   */
  async render(name: string | readonly string[], context: TemplateContext = {}): Promise<string> {
    const template = typeof name === "string" ? await this.getTemplate(name) : await this.selectTemplate(name);
    return template.render(context);
  }

  /** Renders a template given as text. */
  async renderString(source: string, context: TemplateContext = {}): Promise<string> {
    return this.fromString(source).render(context);
  }

  /** Renders in chunks; see `Template.stream`. */
  async *stream(
    name: string | readonly string[],
    context: TemplateContext = {},
  ): AsyncGenerator<string, void, undefined> {
    const template = typeof name === "string" ? await this.getTemplate(name) : await this.selectTemplate(name);
    yield* template.stream(context);
  }

  /** Forgets compiled templates. */
  clearCache(): void {
    this.cache.clear();
    this.strings.clear();
  }
}

function readSyntax(options: EnvironmentOptions): Syntax {
  const syntax: Record<string, unknown> = { ...defaultSyntax };
  for (const key of Object.keys(defaultSyntax)) {
    const value = options[key as keyof Syntax];
    if (value !== undefined) syntax[key] = value;
  }
  const result = syntax as unknown as Syntax;
  const starts = [result.blockStart, result.variableStart, result.commentStart];
  if (starts.some((mark) => mark === "") || new Set(starts).size < 3) {
    throw new TemplateSyntaxError("The delimiters of blocks, variables and comments must differ and cannot be empty.", {
      template: "<environment>",
      line: 1,
      excerpt: excerptOf(starts.join(" "), 1),
    });
  }
  return result;
}
