/**
 * Makes the class behind a model: a constructor that sets every slot in one order (one hidden class), accessors on the
 * prototype. Generated with `new Function`; where that is not allowed the same class is put together from closures.
 * Names enter the source as string literals only. See `spec/speed-techniques.md`, section 1.
 */
import { canGenerate, modelObject } from "@athanor/core";
import {
  assignInitial,
  inspectInstance,
  readRelationship,
  readUnloaded,
  refuseExpression,
  refuseUndefined,
  setRelationship,
  toPlain,
  writeColumn,
} from "./attributes.js";
import { describeInstance } from "./collection.js";
import type { Declaration } from "./declaration.js";
import { assignAbove, assignGiven, enterNew, leaveNew } from "./initial-values.js";
import { tellInit } from "./model-events.js";
import { LOAD_TOKEN, type LoadBatch, type Managed, PERSISTENT, type SessionFace, UNLOADED } from "./state.js";

/** Columns in attribute order; `load` = part of the row of a plain load. */
export interface SlotLayout {
  /** Own columns: inherited ones are the parent class's business. */
  readonly columns: readonly { readonly key: string; readonly index: number; readonly deferred: boolean }[];
  readonly relationships: readonly string[];
  /** Read-only attributes: SQL expressions. */
  readonly expressions: readonly string[];
  /** Position of the first own column in a plain row. */
  readonly rowStart: number;
}
type Constructor = new (
  init?: unknown,
  row?: readonly unknown[],
  offset?: number,
  session?: SessionFace,
  batch?: LoadBatch,
) => object;
interface Helpers {
  readonly read: typeof readUnloaded;
  readonly write: typeof writeColumn;
  readonly undef: typeof refuseUndefined;
  readonly fixed: typeof refuseExpression;
  readonly readRel: typeof readRelationship;
  readonly setRel: typeof setRelationship;
  readonly assign: typeof assignInitial;
  readonly enter: typeof enterNew;
  readonly leave: typeof leaveNew;
  readonly above: typeof assignAbove;
  readonly given: typeof assignGiven;
  readonly made: typeof tellInit;
}
const helpers: Helpers = {
  read: readUnloaded,
  write: writeColumn,
  undef: refuseUndefined,
  fixed: refuseExpression,
  readRel: readRelationship,
  setRel: setRelationship,
  assign: assignInitial,
  enter: enterNew,
  leave: leaveNew,
  above: assignAbove,
  given: assignGiven,
  made: tellInit,
};

/**
 * What an object carries besides its values, in private fields behind accessors of the root class: copies, comparisons and
 * lists of keys do not see the session through it. Loading is no slower than with slots of its own (measured).
 */
const STATE = ["s", "f", "m", "n", "o", "h", "p", "b"] as const;
const stateSource = `${STATE.map((k) => `#${k};`).join(" ")}
${STATE.map((k) => `get $$${k}() { return this.#${k}; } set $$${k}(v) { this.#${k} = v; }`).join("\n")}
`;

const quote = JSON.stringify;
const slot = (key: string) => `this[${quote(`$${key}`)}]`;

/**
 * `new User({ … })` with columns alone: read one by one, then counted. Whatever is left over (a relationship, a wrong
 * name, no object at all) goes the general way, which also words the errors.
 */
function initialSource(layout: SlotLayout): string {
  const reads = layout.columns
    .map(({ key }) => `v = init[${quote(key)}]; if (v !== undefined) { ${slot(key)} = v; n++; }`)
    .join(" ");
  return `{ let n = -1, v; if (typeof init === "object" && init !== null && !D.watched) { n = 0; ${reads} for (const k in init) n--; }
if (n !== 0) h.assign(this, init, D.keys); }`;
}

function sourceOf(name: string, layout: SlotLayout, mode: "root" | "derived", extendsBase: boolean): string {
  const fill = (value: (c: SlotLayout["columns"][number], at: number) => string) => {
    let at = layout.rowStart;
    return layout.columns.map((c) => `${slot(c.key)} = ${value(c, c.deferred ? -1 : at++)};`).join(" ");
  };
  const relations = [...layout.relationships, ...layout.expressions].map((k) => `${slot(k)} = U;`).join(" ");
  const rest = "this.#m = 0; this.#n = 0; this.#o = null; this.#h = null; this.#p = null;";
  const loaded = mode === "root" ? `this.#s = session; this.#f = ${PERSISTENT}; ${rest} this.#b = batch;` : "";
  const made = mode === "root" ? `this.#s = undefined; this.#f = 0; ${rest} this.#b = null;` : "";
  const superCall =
    mode === "derived"
      ? `const made = init !== LOAD && new.target.prototype.$$d === D, outer = made ? h.enter(init) : undefined;
super(init, row, offset, session, batch);
const taken = made ? h.leave(outer) : undefined;`
      : extendsBase
        ? "super();"
        : "";
  const assign =
    mode === "root"
      ? `if (init !== undefined && init !== LOAD) { if (this.$$d === D) ${initialSource(layout)} else h.above(this, init, D); }`
      : "if (made) h.given(this, init, D.keys, taken); else if (init !== undefined && init !== LOAD) h.above(this, init, D);";
  const held = mode === "root" ? "#" : "$$";
  const accessors = layout.columns
    .map(({ key, index }) => {
      // Only what has a row records changes: flags PERSISTENT and DETACHED.
      const test = index < 31 ? `(f & 5) !== 0 && (this.${held}m & ${1 << index}) === 0` : "(f & 5) !== 0";
      return `get ${quote(key)}() { const v = ${slot(key)}; return v === U ? h.read(this, ${quote(key)}) : v; }
set ${quote(key)}(v) {
  const o = ${slot(key)}, f = this.${held}f;
  if (o !== v || (f & 8) !== 0) {
    if (v === undefined) h.undef(this, ${quote(key)});
    if (${test}) h.write(this, ${index}, o);
    ${slot(key)} = v;
  }
}`;
    })
    .join("\n");
  const relationAccessors = layout.relationships
    .map(
      (key) => `get ${quote(key)}() { const v = ${slot(key)}; return v === U ? h.readRel(this, ${quote(key)}) : v; }
set ${quote(key)}(v) { h.setRel(this, ${quote(key)}, v); }`,
    )
    .join("\n");
  const expressionAccessors = layout.expressions
    .map(
      (key) => `get ${quote(key)}() { const v = ${slot(key)}; return v === U ? h.read(this, ${quote(key)}) : v; }
set ${quote(key)}(v) { h.fixed(this, ${quote(key)}); }`,
    )
    .join("\n");
  return `"use strict";
return class ${name}${mode === "derived" || extendsBase ? " extends Base" : ""} {
${mode === "root" ? stateSource : ""}constructor(init, row, offset, session, batch) {
${superCall}
if (init === LOAD && row !== undefined) { ${loaded} ${fill((_, at) => (at < 0 ? "U" : `row[offset + ${at}]`))} ${relations} }
else { ${made} ${fill(() => "U")} ${relations}
if (D.model === undefined && this.$$d === D) D.capture(new.target);
${assign}
if (D.watched && init !== LOAD && this.$$d === D) h.made(this, init); }
}
${accessors}
${relationAccessors}
${expressionAccessors}
}`;
}

function generate(declaration: Declaration, layout: SlotLayout, base: Constructor | undefined): Constructor {
  const mode = declaration.parent === undefined ? "root" : "derived";
  const safeName =
    /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(declaration.name) &&
    // What the source itself calls by name must not be hidden by the class.
    !/^(Base|U|LOAD|D|h|class|function|return|new|delete|default|enum|export|import|static|void|with|let|yield|await|null|true|false|this|super|if|in|do|for|var|try|case|else|switch|while|break|const|catch|throw|continue|debugger|finally|extends|instanceof|typeof|eval|arguments|public|private|protected|interface|package|implements)$/.test(
      declaration.name,
    )
      ? declaration.name
      : "Mapped";
  const source = sourceOf(safeName, layout, mode, base !== undefined);
  return new Function("Base", "U", "LOAD", "D", "h", source)(
    base,
    UNLOADED,
    LOAD_TOKEN,
    declaration,
    helpers,
  ) as Constructor;
}

/** The private fields of `stateSource`. */
function withState(Super: Constructor): Constructor {
  return class extends Super {
    #s: unknown;
    #f: unknown;
    #m: unknown;
    #n: unknown;
    #o: unknown;
    #h: unknown;
    #p: unknown;
    #b: unknown;
    get $$s() {
      return this.#s;
    }
    set $$s(v) {
      this.#s = v;
    }
    get $$f() {
      return this.#f;
    }
    set $$f(v) {
      this.#f = v;
    }
    get $$m() {
      return this.#m;
    }
    set $$m(v) {
      this.#m = v;
    }
    get $$n() {
      return this.#n;
    }
    set $$n(v) {
      this.#n = v;
    }
    get $$o() {
      return this.#o;
    }
    set $$o(v) {
      this.#o = v;
    }
    get $$h() {
      return this.#h;
    }
    set $$h(v) {
      this.#h = v;
    }
    get $$p() {
      return this.#p;
    }
    set $$p(v) {
      this.#p = v;
    }
    get $$b() {
      return this.#b;
    }
    set $$b(v) {
      this.#b = v;
    }
  };
}
/** The same class without generated source, for environments that forbid it. */
function assemble(declaration: Declaration, layout: SlotLayout, base: Constructor | undefined): Constructor {
  const derived = declaration.parent !== undefined;
  const Super = derived ? (base as Constructor) : withState(base ?? (Object as unknown as Constructor));
  const Made = {
    [declaration.name]: class extends Super {
      constructor(init?: unknown, row?: readonly unknown[], offset = 0, session?: SessionFace, batch?: LoadBatch) {
        const leaf = derived && init !== LOAD_TOKEN && (new.target.prototype as Managed).$$d === declaration;
        const outer = leaf ? enterNew(init) : undefined;
        if (derived) super(init, row, offset, session, batch);
        else super();
        const taken = leaf ? leaveNew(outer) : undefined;
        const self = this as unknown as Managed;
        const loading = init === LOAD_TOKEN && row !== undefined;
        if (!derived) {
          self.$$s = loading ? session : undefined;
          self.$$f = loading ? PERSISTENT : 0;
          self.$$m = 0;
          self.$$n = 0;
          self.$$o = null;
          self.$$h = null;
          self.$$p = null;
          self.$$b = loading ? (batch ?? null) : null;
        }
        let at = offset + layout.rowStart;
        for (const c of layout.columns) self[`$${c.key}`] = loading && !c.deferred ? row[at++] : UNLOADED;
        for (const key of [...layout.relationships, ...layout.expressions]) self[`$${key}`] = UNLOADED;
        if (!loading && declaration.model === undefined && self.$$d === declaration) declaration.capture(new.target);
        if (leaf) assignGiven(self, init, declaration.keys, taken);
        else if (init !== undefined && init !== LOAD_TOKEN) {
          if (self.$$d === declaration) assignInitial(self, init, declaration.keys);
          else assignAbove(self, init, declaration);
        }
        if (declaration.watched && init !== LOAD_TOKEN && self.$$d === declaration) tellInit(self, init);
      }
    },
  }[declaration.name] as Constructor;
  for (const { key, index } of layout.columns) {
    const name = `$${key}` as const;
    Object.defineProperty(Made.prototype, key, {
      configurable: true,
      get(this: Managed) {
        const value = this[name];
        return value === UNLOADED ? readUnloaded(this, key) : value;
      },
      set(this: Managed, value: unknown) {
        if (value === undefined) refuseUndefined(this, key);
        const before = this[name];
        if (before === value && (this.$$f & 8) === 0) return;
        writeColumn(this, index, before);
        this[name] = value;
      },
    });
  }
  for (const key of layout.relationships) {
    const name = `$${key}` as const;
    Object.defineProperty(Made.prototype, key, {
      configurable: true,
      get(this: Managed) {
        const value = this[name];
        return value === UNLOADED ? readRelationship(this, key) : value;
      },
      set(this: Managed, value: unknown) {
        setRelationship(this, key, value);
      },
    });
  }
  for (const key of layout.expressions) {
    const name = `$${key}` as const;
    Object.defineProperty(Made.prototype, key, {
      configurable: true,
      get(this: Managed) {
        const value = this[name];
        return value === UNLOADED ? readUnloaded(this, key) : value;
      },
      set(this: Managed) {
        refuseExpression(this, key);
      },
    });
  }
  return Made;
}

const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/**
 * The class for a declaration. `base`: the parent model's class, or the class given to `declarativeBase`.
 * Loaded objects are made with `new Class(LOAD_TOKEN, row, offset, session, batch)`, so that class fields and private
 * names of the user's class work on them too: constructors run when a row is loaded.
 */
export function makeClass(declaration: Declaration, layout: SlotLayout, base: Function | undefined): Function {
  const made = (canGenerate() ? generate : assemble)(declaration, layout, base as Constructor | undefined);
  const own: PropertyDescriptorMap & { [modelObject]?: PropertyDescriptor } = {
    $$d: { value: declaration },
    // An object that strays into a statement is told by name.
    [modelObject]: {
      get(this: Managed) {
        return { shown: describeInstance(this), model: declaration.name };
      },
    },
  };
  const inherited = base?.prototype as object | undefined;
  const offer = (key: PropertyKey, value: unknown) => {
    // A base of the project's own may have its say.
    if (inherited === undefined || !(key in inherited) || inherited[key as never] === Object.prototype[key as never])
      own[key as string] = { value, writable: true, configurable: true };
  };
  offer("toJSON", function toJSON(this: object) {
    return toPlain(this);
  });
  offer("toString", function toString(this: Managed) {
    return describeInstance(this);
  });
  offer(
    INSPECT,
    function inspect(this: Managed, depth: number, options: object, print: (v: unknown, o: object) => string) {
      return inspectInstance(this, depth, options, print);
    },
  );
  Object.defineProperties(made.prototype as object, own);
  return made;
}
