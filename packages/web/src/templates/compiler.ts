/**
 * Turns a syntax tree into the source of a JavaScript factory. Every template variable becomes a JavaScript variable with
 * a made-up name (`v3`), every text goes through JSON.stringify: nothing a template author writes reaches the generated
 * source as code.
 *
 * Names in generated code: `rt` runtime, `T` template, `C` context, `O` output, `D` depth of the block, `L` current line,
 * `P` parent template, `t…` temporaries, `v…` variables, `F…` filters and tests.
 */
import { type CompileOptions, ExpressionCompiler, Fn, Frame, js, type Place, type Variable } from "./codegen.js";
import type { Expr, Signature, Stmt, Target, TemplateNode } from "./nodes.js";
import { mentionedNames, storedNames, targetNames } from "./scope.js";

class Compiler extends ExpressionCompiler {
  private readonly blocks: Extract<Stmt, { kind: "block" }>[] = [];
  private readonly blockEscapes: string[] = [];
  /** `extends` was met at the top level: nothing that follows is printed. */
  private extended = false;

  run(): string {
    const escape = String(this.options.autoescape);
    const root = this.renderFunction((place) => this.body(this.node.body, place), {
      escape,
      top: true,
      guarded: true,
      block: undefined,
      stored: storedNames(this.node.body),
    });
    let blocks = "";
    for (let i = 0; i < this.blocks.length; i++) {
      const block = this.blocks[i] as Extract<Stmt, { kind: "block" }>;
      const escaping = this.blockEscapes[i] as string;
      const code = this.renderFunction((place) => this.body(block.body, place), {
        escape: escaping,
        top: false,
        guarded: false,
        block: block.name,
        stored: storedNames(block.body),
      });
      blocks += `{name:${js(block.name)},required:${block.required},autoescape:${escaping},render:${code}},\n`;
    }
    const constants = [...this.constants].map(([code, id]) => `const ${id}=${code};\n`).join("");
    return `"use strict";\n${constants}return {root:${root},blocks:[${blocks}]};`;
  }

  private renderFunction(
    body: (place: Place) => string,
    shape: { escape: string; top: boolean; guarded: boolean; block: string | undefined; stored: Set<string> },
  ): string {
    const fn = new Fn();
    const frame = new Frame(undefined);
    const place: Place = {
      fn,
      frame,
      escape: shape.escape,
      top: shape.top,
      guarded: shape.guarded,
      block: shape.block,
      conditional: false,
    };
    const declared = this.declare(shape.stored, place);
    const code = body(place);
    const finish = shape.guarded ? "if(P!==null)await P.root(C,O,0);\n" : "";
    return `async (C,O,D)=>{let L=1;${shape.guarded ? "let P=null;" : ""}${this.temps(fn)}try{\n${this.prelude(fn)}${declared}${code}${finish}}catch(e){throw rt.trace(e,T,L);}}`;
  }

  private temps(fn: Fn): string {
    const names = ["t", ...Array.from({ length: fn.temps }, (_, i) => `t${i}`)];
    return `let ${names.join(",")};`;
  }
  private prelude(fn: Fn): string {
    return [...fn.resolved].map(([name, id]) => `const ${id}=C.resolve(${js(name)});\n`).join("");
  }

  /** Opens variables for the names a scope stores, starting from what the name means outside. */
  private declare(names: Iterable<string>, place: Place): string {
    let code = "";
    for (const name of names) {
      const outer = place.frame.parent?.find(name);
      const id = this.id("v");
      const start = outer?.id ?? this.resolve(name, place);
      place.frame.names.set(name, { id, raw: outer?.raw ?? true });
      code += `let ${id}=${start};\n`;
    }
    return code;
  }

  /** A variable whose value comes with its declaration. */
  private bind(name: string, frame: Frame): string {
    const id = this.id("v");
    frame.names.set(name, { id, raw: false });
    return id;
  }

  private inner(place: Place, changes: Partial<Place> = {}): Place {
    return { ...place, frame: new Frame(place.frame), top: false, ...changes };
  }

  /** A body in a scope of its own. */
  private scoped(body: readonly Stmt[], place: Place): string {
    const declared = this.declare(storedNames(body), place);
    return declared + this.body(body, place);
  }

  private body(body: readonly Stmt[], place: Place): string {
    let code = "";
    for (let i = 0; i < body.length; i++) {
      const stmt = body[i] as Stmt;
      if (stmt.kind === "data") {
        let { text } = stmt;
        for (let next = body[i + 1]; next?.kind === "data"; next = body[++i + 1]) text += next.text;
        code += this.guard(`O.w(${js(text)});\n`, place);
      } else code += this.statement(stmt, place);
    }
    return code;
  }

  /** Output of a template that has a parent goes nowhere. */
  private guard(code: string, place: Place): string {
    if (!place.guarded) return code;
    if (this.extended) return "";
    return this.mayExtend ? `if(P===null){${code}}\n` : code;
  }
  private get mayExtend(): boolean {
    return (this.hasExtends ??= containsExtends(this.node.body));
  }
  private hasExtends: boolean | undefined;

  private statement(stmt: Stmt, place: Place): string {
    const at = `L=${stmt.line};`;
    switch (stmt.kind) {
      case "data":
        return this.guard(`O.w(${js(stmt.text)});\n`, place);
      case "output":
        return this.guard(`${at}O.w(${this.print(this.expr(stmt.expr, place), place)});\n`, place);
      case "do":
        return `${at}${this.expr(stmt.expr, place)};\n`;
      case "break":
      case "continue":
        return `${stmt.kind};\n`;
      case "if":
        return this.ifChain(stmt.branches, stmt.otherwise, place);
      case "for":
        return at + this.forLoop(stmt, place);
      case "set": {
        const value = this.expr(stmt.value, place);
        return at + this.assign(stmt.target, value, place);
      }
      case "setblock": {
        const buffer = this.buffered(stmt.body, place);
        const value = stmt.filter === undefined ? buffer.value : this.expr(stmt.filter, place, buffer.value);
        return `${at}{${buffer.code}${this.assign(stmt.target, value, place)}}\n`;
      }
      case "filterblock": {
        const buffer = this.buffered(stmt.body, place);
        return this.guard(
          `${at}{${buffer.code}${at}O.w(${this.print(this.expr(stmt.filter, place, buffer.value), place)});}\n`,
          place,
        );
      }
      case "with":
        return at + this.with(stmt, place);
      case "autoescape": {
        const constant = stmt.value.kind === "const";
        const escape = stmt.value.kind === "const" ? String(Boolean(stmt.value.value)) : this.id("e");
        const head = constant ? "" : `const ${escape}=rt.truth(${this.expr(stmt.value, place)});`;
        return `${at}{${head}${this.scoped(stmt.body, this.inner(place, { escape }))}}\n`;
      }
      case "macro": {
        const code = this.macro(stmt.name, stmt.signature, stmt.body, place, stmt.line);
        return this.assignName(stmt.name, code, place);
      }
      case "callblock": {
        const caller = this.macro("caller", stmt.signature, stmt.body, place, stmt.line);
        const id = this.id("m");
        const call = stmt.call.kind === "call" ? this.call(stmt.call, place, id) : "";
        return this.guard(`${at}{const ${id}=${caller};${at}O.w(${this.print(call, place)});}\n`, place);
      }
      case "block": {
        this.blocks.push(stmt);
        this.blockEscapes.push(/^e\d/.test(place.escape) ? String(this.options.autoescape) : place.escape);
        const context = stmt.scoped ? `C.derive(${this.locals(place)})` : "C";
        return this.guard(`${at}await rt.block(${context},${js(stmt.name)},O);\n`, place);
      }
      case "extends": {
        if (!place.guarded)
          this.fail("'extends' belongs to the top level of a template, not into a block or a macro.", stmt.line);
        const code = `${at}P=await rt.extend(C,${this.expr(stmt.template, place)},P);\n`;
        if (place.top && !place.conditional) this.extended = true;
        return code;
      }
      case "include": {
        const locals = stmt.withContext ? this.locals(place) : "{}";
        const name = this.expr(stmt.template, place);
        return this.guard(
          `${at}await rt.include(C,${name},${stmt.ignoreMissing},${stmt.withContext},${locals},O);if(O.full)await O.flush();\n`,
          place,
        );
      }
      case "import":
        return at + this.assignName(stmt.name, this.importOf(stmt.template, stmt.withContext, place), place);
      case "from": {
        const module = this.id("m");
        let code = `${at}{const ${module}=${this.importOf(stmt.template, stmt.withContext, place)};`;
        for (const [name, alias] of stmt.names)
          code += this.assignName(alias, `rt.fromImport(${module},${js(name)})`, place);
        return `${code}}\n`;
      }
    }
  }

  private importOf(template: Expr, withContext: boolean, place: Place): string {
    return `await rt.importModule(C,${this.expr(template, place)},${withContext},${withContext ? this.locals(place) : "{}"})`;
  }

  /** The visible variables as an object, for templates that see them. */
  private locals(place: Place): string {
    const parts = [...place.frame.visible()].map(([name, variable]) => `[${js(name)},${variable.id}]`);
    return parts.length === 0 ? "{}" : `rt.locals([${parts.join(",")}])`;
  }

  /** Text of a value for the output, awaited where it is still being made. */
  private print(code: string, place: Place): string {
    if (place.escape === "true") return this.settle(`rt.outE(${code})`);
    if (place.escape === "false") return this.settle(`rt.outP(${code})`);
    return this.settle(`rt.out(${place.escape},${code})`);
  }
  private ifChain(
    branches: readonly (readonly [Expr, readonly Stmt[]])[],
    otherwise: readonly Stmt[],
    place: Place,
  ): string {
    const inside = { ...place, conditional: true };
    const [first, ...rest] = branches;
    if (first === undefined) return this.body(otherwise, inside);
    const [test, body] = first;
    const condition = `L=${test.line};if(rt.truth(${this.expr(test, place)})){\n${this.body(body, inside)}}`;
    const tail = this.ifChain(rest, otherwise, place);
    return tail === "" ? `${condition}\n` : `${condition}else{\n${tail}}\n`;
  }

  private assignName(name: string, code: string, place: Place): string {
    const variable = place.frame.find(name) as Variable;
    return `${variable.id}=${code};${place.top ? `C.export(${js(name)},${variable.id});` : ""}\n`;
  }

  private assign(target: Target, code: string, place: Place): string {
    if (target.kind === "name") return this.assignName(target.name, code, place);
    if (target.kind === "nsref") {
      const owner = this.expr({ kind: "name", name: target.name, line: target.line }, place);
      return `rt.setAttr(${owner},${js(target.attr)},${code});\n`;
    }
    const list = this.id("u");
    let out = `const ${list}=${this.settle(`rt.unpack(${code},${target.items.length})`)};`;
    target.items.forEach((item, i) => {
      out += this.assign(item, `${list}[${i}]`, place);
    });
    return `{${out}}\n`;
  }

  /** Runs a body into an output of its own. */
  private buffered(body: readonly Stmt[], place: Place): { code: string; value: string } {
    const id = this.id("b");
    const inside = this.inner(place, { guarded: false });
    const code = `const ${id}=new rt.Output();{const O=${id};\n${this.scoped(body, inside)}}`;
    return { code, value: this.markup(`${id}.s`, place) };
  }
  private markup(code: string, place: Place): string {
    if (place.escape === "true") return `new rt.Markup(${code})`;
    return place.escape === "false" ? code : `(${place.escape}?new rt.Markup(${code}):${code})`;
  }

  private with(stmt: Extract<Stmt, { kind: "with" }>, place: Place): string {
    const inside = this.inner(place);
    const values = stmt.values.map((value) => {
      const id = this.id("w");
      return [id, `const ${id}=${this.expr(value, place)};`] as const;
    });
    let code = values.map(([, text]) => text).join("");
    const own = new Set<string>();
    for (const target of stmt.targets) targetNames(target, own);
    for (const name of own) code += `let ${this.bind(name, inside.frame)};`;
    stmt.targets.forEach((target, i) => {
      code += this.assign(target, (values[i] as readonly [string, string])[0], inside);
    });
    const more = [...storedNames(stmt.body)].filter((name) => !own.has(name));
    code += this.declare(more, inside);
    return `{${code}${this.body(stmt.body, inside)}}\n`;
  }

  private forLoop(stmt: Extract<Stmt, { kind: "for" }>, place: Place): string {
    const mentioned = mentionedNames(stmt.body);
    const wantsLoop = stmt.recursive || mentioned.has("loop") || mentioned.has("*");
    const pairs = stmt.target.kind === "tuple" && stmt.target.items.length === 2;
    const source = this.expr(stmt.iter, place);
    const cursor = this.id("i");

    let filter: string | undefined;
    if (stmt.test !== undefined) {
      const fn = new Fn(place.fn);
      const inside = this.inner(place, { fn });
      const item = this.id("x");
      const names = [...targetNames(stmt.target)].map((name) => this.bind(name, inside.frame));
      const assign = this.assign(stmt.target, item, inside);
      const test = `return rt.truth(${this.expr(stmt.test, inside)});`;
      filter = `async(${item})=>{${this.temps(fn)}let ${names.join(",")};${assign}${test}}`;
    }
    const items = (code: string): string =>
      filter === undefined ? code : `await rt.filtered(${code},${pairs},${filter})`;

    // A recursive loop is a function; the loop variable calls it again.
    const fn = stmt.recursive ? new Fn(place.fn) : place.fn;
    const inside = this.inner(place, stmt.recursive ? { fn, guarded: false } : {});
    const own = targetNames(stmt.target);
    if (wantsLoop) inside.frame.names.set("loop", { id: cursor, raw: false });
    let head = "";
    for (const name of own) head += `let ${this.bind(name, inside.frame)};`;
    head += this.assign(stmt.target, `${cursor}.value`, inside);
    const more = [...storedNames(stmt.body)].filter((name) => !own.has(name) && !(wantsLoop && name === "loop"));
    head += this.declare(more, inside);
    const body = this.body(stmt.body, { ...inside, conditional: true });
    const otherwise =
      stmt.otherwise.length === 0
        ? ""
        : `if(${cursor}.count===0){\n${this.scoped(stmt.otherwise, this.inner(place, { fn, guarded: inside.guarded, conditional: true }))}}\n`;
    const walk = (make: string): string =>
      `const ${cursor}=${make};try{while(${this.settle(`${cursor}.next()`)}){\n${head}${body}if(O.full)await O.flush();}}finally{if(${cursor}.open)await ${cursor}.close();}\n${otherwise}`;

    if (!stmt.recursive) {
      const kind = wantsLoop ? `rt.loop(${items(source)},${pairs},1)` : `rt.cursor(${items(source)},${pairs})`;
      return `{${walk(kind)}}\n`;
    }
    const again = this.id("r");
    const recurse = `(s)=>rt.nested(C,async()=>{const o=new rt.Output();await ${again}(s,o,d+1);return ${this.markup("o.s", place)};})`;
    const make = `rt.loop(${items("s")},${pairs},d,${recurse})`;
    // What the loop prints goes through the guard of its place as a whole.
    const runs = `await ${again}(${source},O,1);`;
    const code = `{const ${again}=async(s,O,d)=>{${"%TEMPS%"}${walk(make)}};${runs}}\n`.replace("%TEMPS%", () =>
      this.temps(fn),
    );
    return this.guard(code, place);
  }

  private macro(name: string, signature: Signature, body: readonly Stmt[], place: Place, line: number): string {
    const fn = new Fn(place.fn);
    const inside = this.inner(place, { fn, guarded: false, conditional: true });
    const mentioned = mentionedNames(body);
    for (const value of signature.defaults) mentionedNames([{ kind: "output", expr: value, line }], mentioned);
    const uses = (word: string): boolean => mentioned.has(word) && !signature.params.includes(word);
    const ids = signature.params.map((param) => this.bind(param, inside.frame));
    const firstDefault = signature.params.length - signature.defaults.length;
    let head = "";
    ids.forEach((id, i) => {
      const standard = signature.defaults[i - firstDefault];
      const missing = `rt.undef(C,${js(signature.params[i])},${js(`The parameter '${signature.params[i]}' was not provided.`)})`;
      head += `if(${id}===undefined)${id}=${standard === undefined ? missing : this.expr(standard, inside)};`;
    });
    const extra = ["varargs", "kwargs", "caller"].map((word) => {
      if (uses(word)) return this.bind(word, inside.frame);
      return this.id("v");
    });
    if (uses("caller"))
      head += `if(${extra[2]}===undefined)${extra[2]}=rt.undef(C,"caller","No caller is defined: this macro was not called by a call block.");`;
    const more = [...storedNames(body)].filter((stored) => !inside.frame.names.has(stored));
    head += this.declare(more, inside);
    const code = this.body(body, inside);
    const shape = {
      name,
      params: signature.params,
      defaults: signature.defaults.length,
      varargs: uses("varargs"),
      kwargs: uses("kwargs"),
      caller: uses("caller"),
    };
    const result = this.markup("O.s", place);
    return `rt.macro(C,${js(shape)},async(${[...ids, ...extra].join(",")})=>{let L=${line};const O=new rt.Output();${this.temps(fn)}try{\n${head}${code}return ${result};}catch(e){throw rt.trace(e,T,L);}})`;
  }
}

function containsExtends(body: readonly Stmt[]): boolean {
  return body.some((stmt) => {
    switch (stmt.kind) {
      case "extends":
        return true;
      case "if":
        return stmt.branches.some(([, branch]) => containsExtends(branch)) || containsExtends(stmt.otherwise);
      case "for":
        return containsExtends(stmt.body) || containsExtends(stmt.otherwise);
      case "with":
      case "autoescape":
        return containsExtends(stmt.body);
      default:
        return false;
    }
  });
}

/**
 * JavaScript source of a template: the body of a function of `rt` and `T`.
 * @throws TemplateSyntaxError for unknown filters and tests
 */
export function compile(node: TemplateNode, options: CompileOptions): string {
  return new Compiler(node, options).run();
}
