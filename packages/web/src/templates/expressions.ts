/** The expression half of the parser: precedence, postfixes, filters, tests, call arguments. */
import { excerptOf, TemplateSyntaxError } from "./errors.js";
import type { Token } from "./lexer.js";
import type { BinaryOp, CallArgs, CompareOp, Expr, Target } from "./nodes.js";

const COMPARE = new Set(["==", "!=", "<", "<=", ">", ">="]);
/** Binary levels, weakest first; `~` sits between the two. Powers associate to the left, as in Jinja. */
const ADDITIVE: ReadonlySet<string> = new Set(["+", "-"]);
const MULTIPLICATIVE: ReadonlySet<string> = new Set(["*", "/", "//", "%"]);
const CONSTANTS: Readonly<Record<string, boolean | null>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
};
/** Keyword names that would reach into JavaScript's own machinery. */
const FORBIDDEN_KEYWORDS = new Set(["__proto__", "constructor", "prototype"]);

export const noArgs: CallArgs = { args: [], kwargs: [], dynArgs: undefined, dynKwargs: undefined };

export class ExpressionParser {
  protected readonly tokens: readonly Token[];
  protected readonly source: string;
  protected readonly name: string;
  protected index = 0;

  constructor(tokens: readonly Token[], source: string, name: string) {
    this.tokens = tokens;
    this.source = source;
    this.name = name;
  }

  protected get current(): Token {
    return this.tokens[this.index] as Token;
  }
  protected look(ahead = 1): Token {
    return this.tokens[Math.min(this.index + ahead, this.tokens.length - 1)] as Token;
  }
  protected next(): Token {
    const token = this.current;
    if (this.index < this.tokens.length - 1) this.index++;
    return token;
  }

  fail(reason: string, line: number = this.current.line): never {
    const source = this.source.replace(/\r\n|\r/g, "\n");
    throw new TemplateSyntaxError(reason, { template: this.name, line, excerpt: excerptOf(source, line) });
  }

  protected describe(token: Token): string {
    if (token.type === "eof") return "end of template";
    if (token.type === "block_end" || token.type === "variable_end") return "end of the tag";
    if (token.type === "string") return `the string ${JSON.stringify(token.text)}`;
    return `'${token.text}'`;
  }
  protected isOp(text: string, token: Token = this.current): boolean {
    return token.type === "op" && token.text === text;
  }
  protected isName(text: string, token: Token = this.current): boolean {
    return token.type === "name" && token.text === text;
  }
  protected skipOp(text: string): boolean {
    if (!this.isOp(text)) return false;
    this.next();
    return true;
  }
  protected skipName(text: string): boolean {
    if (!this.isName(text)) return false;
    this.next();
    return true;
  }
  protected expectOp(text: string): Token {
    if (!this.isOp(text)) this.fail(`Expected '${text}', found ${this.describe(this.current)}.`);
    return this.next();
  }
  protected expectWord(text: string): Token {
    if (!this.isName(text)) this.fail(`Expected '${text}', found ${this.describe(this.current)}.`);
    return this.next();
  }
  protected expectName(what = "a name"): Token {
    if (this.current.type !== "name") this.fail(`Expected ${what}, found ${this.describe(this.current)}.`);
    return this.next();
  }

  expression(withCond = true): Expr {
    return withCond ? this.conditional() : this.or();
  }

  private conditional(): Expr {
    let node = this.or();
    while (this.isName("if")) {
      const { line } = this.next();
      const test = this.or();
      const otherwise = this.skipName("else") ? this.conditional() : undefined;
      node = { kind: "cond", test, then: node, otherwise, line };
    }
    return node;
  }

  private or(): Expr {
    let left = this.and();
    while (this.isName("or")) {
      const { line } = this.next();
      left = { kind: "or", left, right: this.and(), line };
    }
    return left;
  }

  private and(): Expr {
    let left = this.not();
    while (this.isName("and")) {
      const { line } = this.next();
      left = { kind: "and", left, right: this.not(), line };
    }
    return left;
  }

  private not(): Expr {
    if (!this.isName("not")) return this.compare();
    const { line } = this.next();
    return { kind: "not", operand: this.not(), line };
  }

  private compare(): Expr {
    const { line } = this.current;
    const first = this.additive();
    const rest: [CompareOp, Expr][] = [];
    for (;;) {
      if (this.current.type === "op" && COMPARE.has(this.current.text)) {
        rest.push([this.next().text as CompareOp, this.additive()]);
      } else if (this.skipName("in")) {
        rest.push(["in", this.additive()]);
      } else if (this.isName("not") && this.isName("in", this.look())) {
        this.next();
        this.next();
        rest.push(["notin", this.additive()]);
      } else break;
    }
    return rest.length === 0 ? first : { kind: "compare", first, rest, line };
  }

  private binary(ops: ReadonlySet<string>, operand: () => Expr): Expr {
    let left = operand();
    while (this.current.type === "op" && ops.has(this.current.text)) {
      const { text, line } = this.next();
      left = { kind: "binary", op: text as BinaryOp, left, right: operand(), line };
    }
    return left;
  }

  private additive(): Expr {
    return this.binary(ADDITIVE, () => this.concat());
  }

  private concat(): Expr {
    const { line } = this.current;
    const items = [this.multiplicative()];
    while (this.skipOp("~")) items.push(this.multiplicative());
    return items.length === 1 ? (items[0] as Expr) : { kind: "concat", items, line };
  }

  private multiplicative(): Expr {
    return this.binary(MULTIPLICATIVE, () => this.power());
  }

  private power(): Expr {
    return this.binary(new Set(["**"]), () => this.unary());
  }

  private unary(withFilter = true): Expr {
    const { line } = this.current;
    let node: Expr;
    if (this.skipOp("-")) node = { kind: "neg", operand: this.unary(false), line };
    else if (this.skipOp("+")) node = { kind: "pos", operand: this.unary(false), line };
    else node = this.primary();
    node = this.postfix(node);
    return withFilter ? this.filtersAndTests(node) : node;
  }

  protected primary(): Expr {
    const token = this.current;
    const { line } = token;
    if (token.type === "name") {
      this.next();
      if (Object.hasOwn(CONSTANTS, token.text)) return { kind: "const", value: CONSTANTS[token.text] ?? null, line };
      return { kind: "name", name: token.text, line };
    }
    if (token.type === "string") {
      let value = "";
      while (this.current.type === "string") value += this.next().text;
      return { kind: "const", value, line };
    }
    if (token.type === "number") {
      this.next();
      return { kind: "const", value: token.value ?? 0, line };
    }
    if (this.skipOp("(")) {
      const inner = this.tuple({ parentheses: true });
      this.expectOp(")");
      return inner;
    }
    if (this.skipOp("[")) return { kind: "list", items: this.sequence("]", () => this.expression()), line };
    if (this.skipOp("{")) {
      const items = this.sequence("}", (): [Expr, Expr] => {
        const key = this.expression();
        this.expectOp(":");
        return [key, this.expression()];
      });
      return { kind: "dict", items, line };
    }
    return this.fail(`Expected an expression, found ${this.describe(token)}.`);
  }

  private sequence<T>(close: string, item: () => T): T[] {
    const items: T[] = [];
    while (!this.isOp(close)) {
      if (items.length > 0) {
        this.expectOp(",");
        if (this.isOp(close)) break;
      }
      items.push(item());
    }
    this.expectOp(close);
    return items;
  }

  /** An expression, or a tuple where commas follow. `simple` takes names and literals only (assignment targets). */
  tuple(options: { simple?: boolean; withCond?: boolean; endWord?: string; parentheses?: boolean } = {}): Expr {
    const { line } = this.current;
    const one = (): Expr => (options.simple ? this.primary() : this.expression(options.withCond ?? true));
    const atEnd = (): boolean =>
      this.current.type === "variable_end" ||
      this.current.type === "block_end" ||
      this.isOp(")") ||
      (options.endWord !== undefined && this.isName(options.endWord));
    const items: Expr[] = [];
    let isTuple = false;
    for (;;) {
      if (items.length > 0) this.expectOp(",");
      if (atEnd()) break;
      items.push(one());
      if (!this.isOp(",")) break;
      isTuple = true;
    }
    if (isTuple) return { kind: "tuple", items, line };
    if (items.length > 0) return items[0] as Expr;
    if (!options.parentheses) this.fail(`Expected an expression, found ${this.describe(this.current)}.`);
    return { kind: "tuple", items, line };
  }

  /** Left side of an assignment. */
  target(options: { endWord?: string; namespace?: boolean; single?: boolean } = {}): Target {
    const token = this.current;
    if (options.namespace && token.type === "name" && this.isOp(".", this.look())) {
      this.next();
      this.next();
      return { kind: "nsref", name: token.text, attr: this.expectName("an attribute name").text, line: token.line };
    }
    const expr = options.single
      ? this.primary()
      : this.tuple(options.endWord === undefined ? { simple: true } : { simple: true, endWord: options.endWord });
    return this.asTarget(expr);
  }

  private asTarget(expr: Expr): Target {
    if (expr.kind === "name") {
      return { kind: "name", name: expr.name, line: expr.line };
    }
    if (expr.kind === "tuple")
      return { kind: "tuple", items: expr.items.map((item) => this.asTarget(item)), line: expr.line };
    const what = expr.kind === "const" ? `the constant ${String(expr.value)}` : `this ${expr.kind} expression`;
    return this.fail(`Cannot assign to ${what}.`, expr.line);
  }

  protected postfix(node: Expr): Expr {
    for (;;) {
      if (this.isOp(".") || this.isOp("[")) node = this.subscript(node);
      else if (this.isOp("(")) node = this.callOf(node);
      else return node;
    }
  }

  private callOf(target: Expr): Expr {
    const { line } = this.current;
    return { kind: "call", target, call: this.callArgs(), line };
  }

  private filtersAndTests(node: Expr): Expr {
    for (;;) {
      if (this.isOp("|")) node = this.filters(node) as Expr;
      else if (this.isName("is")) node = this.test(node);
      else if (this.isOp("(")) node = this.callOf(node);
      else return node;
    }
  }

  private subscript(target: Expr): Expr {
    const { text, line } = this.next();
    if (text === ".") {
      const token = this.next();
      if (token.type === "name") return { kind: "attr", target, name: token.text, line };
      if (token.type !== "number" || typeof token.value !== "number") {
        this.fail(`Expected a name or a number after '.', found ${this.describe(token)}.`, token.line);
      }
      return { kind: "item", target, key: { kind: "const", value: token.value, line }, line };
    }
    const keys = this.sequence("]", () => this.sliceOrExpression());
    if (keys.length === 0) this.fail("Empty subscript: write a key or a slice between the brackets.", line);
    const key: Expr = keys.length === 1 ? (keys[0] as Expr) : { kind: "tuple", items: keys, line };
    return { kind: "item", target, key, line };
  }

  private sliceOrExpression(): Expr {
    const { line } = this.current;
    const part = (): Expr | undefined =>
      this.isOp(":") || this.isOp("]") || this.isOp(",") ? undefined : this.expression();
    const start = part();
    if (!this.skipOp(":")) return start ?? this.fail(`Expected a subscript, found ${this.describe(this.current)}.`);
    const stop = part();
    const step = this.skipOp(":") ? part() : undefined;
    return { kind: "slice", start, stop, step, line };
  }

  callArgs(): CallArgs {
    const { line } = this.expectOp("(");
    const args: Expr[] = [];
    const kwargs: [string, Expr][] = [];
    let dynArgs: Expr | undefined;
    let dynKwargs: Expr | undefined;
    const ensure = (ok: boolean, reason: string): void => {
      if (!ok) this.fail(reason, line);
    };
    for (let first = true; !this.isOp(")"); first = false) {
      if (!first) {
        this.expectOp(",");
        if (this.isOp(")")) break;
      }
      if (this.skipOp("*")) {
        ensure(
          dynArgs === undefined && dynKwargs === undefined,
          "Only one '*args' is possible, and it stands before '**kwargs'.",
        );
        dynArgs = this.expression();
      } else if (this.skipOp("**")) {
        ensure(dynKwargs === undefined, "Only one '**kwargs' is possible.");
        dynKwargs = this.expression();
      } else if (this.current.type === "name" && this.isOp("=", this.look())) {
        ensure(dynKwargs === undefined, "Named arguments stand before '**kwargs'.");
        const key = this.next().text;
        this.next();
        if (FORBIDDEN_KEYWORDS.has(key)) this.fail(`'${key}' cannot be the name of an argument.`);
        if (kwargs.some(([known]) => known === key)) this.fail(`The argument '${key}' is given twice.`);
        kwargs.push([key, this.expression()]);
      } else {
        ensure(
          dynArgs === undefined && dynKwargs === undefined && kwargs.length === 0,
          "Positional arguments stand before named ones.",
        );
        args.push(this.expression());
      }
    }
    this.expectOp(")");
    return { args, kwargs, dynArgs, dynKwargs };
  }

  protected dotted(what: string): string {
    let name = this.expectName(what).text;
    while (this.skipOp(".")) name += `.${this.expectName(what).text}`;
    return name;
  }

  /** A chain of `|filter`; with `inline` the first one comes without its bar (`{% filter upper %}`). */
  filters(node: Expr | undefined, inline = false): Expr | undefined {
    while (inline || this.isOp("|")) {
      if (!inline) this.next();
      inline = false;
      const { line } = this.current;
      const name = this.dotted("the name of a filter");
      node = { kind: "filter", target: node, name, call: this.isOp("(") ? this.callArgs() : noArgs, line };
    }
    return node;
  }

  private test(target: Expr): Expr {
    this.next();
    const negated = this.skipName("not");
    const { line } = this.current;
    const name = this.dotted("the name of a test");
    let call = noArgs;
    const { current } = this;
    if (this.isOp("(")) call = this.callArgs();
    else if (
      current.type === "string" ||
      current.type === "number" ||
      this.isOp("[") ||
      this.isOp("{") ||
      (current.type === "name" && !["else", "or", "and", "if", "in", "not", "recursive"].includes(current.text))
    ) {
      if (this.isName("is")) this.fail("Tests cannot be chained with 'is'; write 'a is b and a is c'.");
      call = { ...noArgs, args: [this.postfix(this.primary())] };
    }
    const node: Expr = { kind: "test", target, name, call, line };
    return negated ? { kind: "not", operand: node, line } : node;
  }
}
