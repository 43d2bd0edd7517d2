/** What a template sees while it renders: its variables, the globals behind them, its blocks, and where output goes. */
import { TemplateRuntimeError } from "./errors.js";
import type { UndefinedMode } from "./undefined.js";

/** Filters and tests get this as `this`. */
export interface FilterState {
  readonly engine: Engine;
  readonly context: Context;
  readonly autoescape: boolean;
}
/** A filter: the piped value, then the arguments. May return a promise. */
export type Filter = (this: FilterState, value: never, ...args: never[]) => unknown;
/** A test: the tested value, then the arguments. May return a promise. */
export type Test = (this: FilterState, value: never, ...args: never[]) => unknown;
/** How generated code sees filters and tests. */
export type AnyFilter = (this: FilterState, value: unknown, ...args: unknown[]) => unknown;

/** A compiled template, as the runtime needs it. */
export interface CompiledTemplate {
  readonly name: string;
  readonly source: string;
  readonly root: RenderFunction;
  readonly blocks: ReadonlyMap<string, Block>;
}
export type RenderFunction = (context: Context, out: Output, depth: number) => Promise<void>;
export interface Block {
  readonly name: string;
  readonly required: boolean;
  readonly autoescape: boolean;
  readonly render: RenderFunction;
}

/** The part of the environment that rendering needs; keeps this file independent of it. */
export interface Engine {
  readonly undefinedMode: UndefinedMode;
  readonly globals: Map<string, unknown>;
  readonly lookup: {
    attribute(value: unknown, name: string, bound?: boolean): unknown;
    item(value: unknown, key: unknown): unknown;
  };
  filter(name: string): AnyFilter;
  test(name: string): AnyFilter;
  hasFilter(name: string): boolean;
  hasTest(name: string): boolean;
  getTemplate(name: string, parent?: string): Promise<CompiledTemplate>;
  selectTemplate(names: readonly string[], parent?: string): Promise<CompiledTemplate>;
}

/** Where text goes. With a sink, full chunks leave early. */
export class Output {
  s = "";
  private readonly sink: ((chunk: string) => Promise<void> | void) | undefined;
  constructor(sink?: (chunk: string) => Promise<void> | void) {
    this.sink = sink;
  }
  w(text: string): void {
    this.s += text;
  }
  /** Whether enough has gathered to be sent. */
  get full(): boolean {
    return this.sink !== undefined && this.s.length >= 4096;
  }
  async flush(): Promise<void> {
    const chunk = this.s;
    this.s = "";
    if (chunk !== "") await this.sink?.(chunk);
  }
}

/** What all contexts of one rendering share. */
export interface Rendering {
  /** Imported templates, by name: promises, so that a template is run once. */
  readonly imports: Map<string, Promise<unknown>>;
  /** Calls of macros, blocks and recursive loops that are inside each other right now. */
  nesting: number;
}

/** Deeper calls are taken for endless; JavaScript's own stack would end soon after. */
const MAX_NESTING = 300;

/** Runs a call that can lead to itself. @throws TemplateRuntimeError instead of a stack overflow */
export async function nested<T>(rendering: Rendering, what: string, run: () => Promise<T>): Promise<T> {
  if (rendering.nesting >= MAX_NESTING) {
    throw new TemplateRuntimeError(`${what} calls itself without end (${MAX_NESTING} levels).`, "template.cycle");
  }
  rendering.nesting++;
  try {
    return await run();
  } finally {
    rendering.nesting--;
  }
}

/** Include and import chains deeper than this are taken for endless. */
const MAX_DEPTH = 120;

export class Context {
  readonly engine: Engine;
  readonly template: string;
  /** Variables that the template itself set at its top level. */
  readonly vars: Record<string, unknown> = Object.create(null);
  /** Names among `vars` that an import may take. */
  readonly exported = new Set<string>();
  /** Per block name the definitions, most derived first. */
  readonly blocks: Map<string, Block[]>;
  readonly rendering: Rendering;
  /** Names of the templates that led here, outermost first. */
  readonly chain: readonly string[];
  /** Templates on the way up through `extends`. */
  readonly lineage: string[] = [];
  private readonly given: Record<string, unknown> | Map<string, unknown>;
  private readonly parent: Context | undefined;
  private on: FilterState | undefined;
  private off: FilterState | undefined;

  constructor(
    engine: Engine,
    template: string,
    given: Record<string, unknown> | Map<string, unknown>,
    options: {
      parent?: Context | undefined;
      blocks?: Map<string, Block[]>;
      rendering?: Rendering;
      chain?: readonly string[];
    } = {},
  ) {
    this.engine = engine;
    this.template = template;
    this.given = given;
    this.parent = options.parent;
    this.blocks = options.blocks ?? new Map();
    this.rendering = options.rendering ?? { imports: new Map(), nesting: 0 };
    this.chain = options.chain ?? [template];
    if (this.chain.length > MAX_DEPTH) {
      const tail = this.chain.slice(-4).join(" -> ");
      throw new TemplateRuntimeError(`Templates include each other without end: … -> ${tail}.`, "template.cycle");
    }
  }

  /** The value of a name, or undefined. May be a promise, as it was given. */
  resolve(name: string): unknown {
    const own = this.vars[name];
    if (own !== undefined) return own;
    const { given } = this;
    if (given instanceof Map) {
      if (given.has(name)) return given.get(name);
    } else if (Object.hasOwn(given, name)) {
      return given[name];
    }
    return this.parent !== undefined ? this.parent.resolve(name) : this.engine.globals.get(name);
  }

  /** Every name that would resolve; for "did you mean". */
  names(): Set<string> {
    const names = this.parent !== undefined ? this.parent.names() : new Set(this.engine.globals.keys());
    for (const key of this.given instanceof Map ? this.given.keys() : Object.keys(this.given)) names.add(key);
    for (const key of Object.keys(this.vars)) names.add(key);
    return names;
  }

  /** Keeps a variable set at the top level of the template. */
  export(name: string, value: unknown): void {
    this.vars[name] = value;
    if (!name.startsWith("_")) this.exported.add(name);
  }

  state(autoescape: boolean): FilterState {
    if (autoescape) return (this.on ??= { engine: this.engine, context: this, autoescape: true });
    return (this.off ??= { engine: this.engine, context: this, autoescape: false });
  }

  /** The same rendering with more variables in front: scoped blocks. */
  derive(locals: Record<string, unknown>): Context {
    return new Context(this.engine, this.template, locals, {
      parent: this,
      blocks: this.blocks,
      rendering: this.rendering,
      chain: this.chain,
    });
  }

  /** A context for another template, seeing this one's variables or only the globals. */
  enter(template: string, withContext: boolean, locals: Record<string, unknown>): Context {
    return new Context(this.engine, template, withContext ? locals : {}, {
      parent: withContext ? this : undefined,
      rendering: this.rendering,
      chain: [...this.chain, template],
    });
  }

  /** Puts a template's blocks behind those that are already there. */
  addBlocks(template: CompiledTemplate): void {
    for (const [name, block] of template.blocks) {
      const known = this.blocks.get(name);
      if (known === undefined) this.blocks.set(name, [block]);
      else known.push(block);
    }
  }
}
