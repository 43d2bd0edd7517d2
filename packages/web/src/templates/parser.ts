/** The statement half of the parser: tags, bodies, nesting errors that name the open tag. */
import { didYouMean } from "@athanor/core";
import { ExpressionParser } from "./expressions.js";
import { type Syntax, type Token, tokenize } from "./lexer.js";
import type { Expr, Signature, Stmt, Target, TemplateNode } from "./nodes.js";

const TAGS = [
  "for",
  "if",
  "set",
  "with",
  "block",
  "extends",
  "include",
  "import",
  "from",
  "macro",
  "call",
  "filter",
  "autoescape",
  "do",
  "break",
  "continue",
  "print",
  "raw",
];

class Parser extends ExpressionParser {
  /** Open tags, innermost last, for error messages. */
  private readonly open: { readonly tag: string; readonly ends: readonly string[]; readonly line: number }[] = [];
  private readonly blockNames = new Map<string, number>();
  private loopDepth = 0;

  template(): TemplateNode {
    return { name: this.name, body: this.statements([]) };
  }

  /** Statements up to a tag named in `ends`, which stays current (its name token). */
  private statements(ends: readonly string[]): Stmt[] {
    const out: Stmt[] = [];
    for (;;) {
      const token = this.current;
      switch (token.type) {
        case "eof":
          if (ends.length > 0) this.unclosed(token);
          return out;
        case "data":
          this.next();
          out.push({ kind: "data", text: token.text, line: token.line });
          break;
        case "variable_begin": {
          this.next();
          const expr = this.tuple();
          this.endOf("variable_end");
          out.push({ kind: "output", expr, line: token.line });
          break;
        }
        case "block_begin": {
          this.next();
          if (this.current.type === "name" && ends.includes(this.current.text)) return out;
          const statement = this.statement();
          if (Array.isArray(statement)) out.push(...statement);
          else out.push(statement);
          this.endOf("block_end");
          break;
        }
        default:
          this.fail(`Unexpected ${this.describe(token)}.`);
      }
    }
  }

  private unclosed(token: Token): never {
    const innermost = this.open.at(-1);
    const wanted = (innermost?.ends ?? []).map((end) => `'${end}'`).join(" or ");
    this.fail(
      `The template ends too early: expected ${wanted} for the '${innermost?.tag}' of line ${innermost?.line}.`,
      token.line,
    );
  }

  private endOf(type: "block_end" | "variable_end"): void {
    if (this.current.type !== type) this.fail(`Expected the end of the tag, found ${this.describe(this.current)}.`);
    this.next();
  }

  /** A body from the end of the opening tag; leaves the closing tag's name consumed and gives it back. */
  private body(tag: string, line: number, ends: readonly string[]): { body: Stmt[]; end: string } {
    this.skipOp(":");
    this.endOf("block_end");
    this.open.push({ tag, ends, line });
    const body = this.statements(ends);
    this.open.pop();
    return { body, end: this.next().text };
  }

  private statement(): Stmt | Stmt[] {
    const token = this.current;
    const { line } = token;
    if (token.type !== "name") this.fail(`Expected the name of a tag, found ${this.describe(token)}.`);
    this.next();
    switch (token.text) {
      case "for":
        return this.forLoop(line);
      case "if":
        return this.ifChain(line);
      case "set":
        return this.set(line);
      case "with":
        return this.with(line);
      case "block":
        return this.block(line);
      case "extends":
        return { kind: "extends", template: this.expression(), line };
      case "include":
        return this.include(line);
      case "import": {
        const template = this.expression();
        this.expectWord("as");
        const name = this.assignable(this.expectName());
        return { kind: "import", template, name, withContext: this.contextFlag(false), line };
      }
      case "from":
        return this.from(line);
      case "macro": {
        const name = this.assignable(this.expectName("the name of the macro"));
        const signature = this.signature();
        const { body } = this.outsideLoop(() => this.body("macro", line, ["endmacro"]));
        if (this.current.type === "name") this.next();
        return { kind: "macro", name, signature, body, line };
      }
      case "call":
        return this.callBlock(line);
      case "filter": {
        const filter = this.filters(undefined, true) as Expr;
        const { body } = this.outsideLoop(() => this.body("filter", line, ["endfilter"]));
        return { kind: "filterblock", filter, body, line };
      }
      case "autoescape": {
        const value = this.expression();
        return { kind: "autoescape", value, body: this.body("autoescape", line, ["endautoescape"]).body, line };
      }
      case "do":
        return { kind: "do", expr: this.tuple(), line };
      case "break":
      case "continue":
        if (this.loopDepth === 0) this.fail(`'${token.text}' stands outside of a loop.`, line);
        return { kind: token.text, line };
      case "print": {
        const out: Stmt[] = [];
        while (this.current.type !== "block_end") {
          if (out.length > 0) this.expectOp(",");
          out.push({ kind: "output", expr: this.expression(), line });
        }
        return out;
      }
      default:
        return this.unknownTag(token);
    }
  }

  private unknownTag(token: Token): never {
    const innermost = this.open.at(-1);
    const nesting =
      innermost === undefined
        ? ""
        : ` The innermost open tag is '${innermost.tag}' of line ${innermost.line}, which wants ${innermost.ends.map((e) => `'${e}'`).join(" or ")}.`;
    this.fail(
      `Unknown tag '${token.text}'.${didYouMean(token.text, [...TAGS, ...(innermost?.ends ?? [])])}${nesting}`,
      token.line,
    );
  }

  private assignable(token: Token): string {
    if (["true", "false", "none", "True", "False", "None"].includes(token.text))
      this.fail(`Cannot assign to '${token.text}'.`, token.line);
    return token.text;
  }

  private outsideLoop<T>(run: () => T): T {
    const depth = this.loopDepth;
    this.loopDepth = 0;
    const result = run();
    this.loopDepth = depth;
    return result;
  }

  private forLoop(line: number): Stmt {
    const target = this.target({ endWord: "in" });
    this.expectWord("in");
    const iter = this.tuple({ withCond: false, endWord: "recursive" });
    const test = this.skipName("if") ? this.expression() : undefined;
    const recursive = this.skipName("recursive");
    this.loopDepth++;
    const { body, end } = this.body("for", line, ["endfor", "else"]);
    this.loopDepth--;
    const otherwise = end === "else" ? this.body("for", line, ["endfor"]).body : [];
    return { kind: "for", target, iter, test, body, otherwise, recursive, line };
  }

  private ifChain(line: number): Stmt {
    const branches: [Expr, Stmt[]][] = [];
    for (;;) {
      const test = this.tuple({ withCond: false });
      const { body, end } = this.body("if", line, ["elif", "else", "endif"]);
      branches.push([test, body]);
      if (end === "elif") continue;
      const otherwise = end === "else" ? this.body("if", line, ["endif"]).body : [];
      return { kind: "if", branches, otherwise, line };
    }
  }

  private set(line: number): Stmt {
    const target = this.target({ namespace: true });
    if (this.skipOp("=")) return { kind: "set", target, value: this.tuple(), line };
    const filter = this.filters(undefined);
    const { body } = this.outsideLoop(() => this.body("set", line, ["endset"]));
    return { kind: "setblock", target, filter, body, line };
  }

  private with(line: number): Stmt {
    const targets: Target[] = [];
    const values: Expr[] = [];
    while (this.current.type !== "block_end") {
      if (targets.length > 0) this.expectOp(",");
      targets.push(this.target({ single: true }));
      this.expectOp("=");
      values.push(this.expression());
    }
    return { kind: "with", targets, values, body: this.body("with", line, ["endwith"]).body, line };
  }

  private block(line: number): Stmt {
    const name = this.expectName("the name of the block").text;
    if (this.isOp("-")) this.fail("Block names take no hyphens; use an underscore.");
    const known = this.blockNames.get(name);
    if (known !== undefined)
      this.fail(`The block '${name}' is already defined on line ${known}; use self.${name}() to repeat it.`, line);
    this.blockNames.set(name, line);
    const scoped = this.skipName("scoped");
    const required = this.skipName("required");
    const { body } = this.outsideLoop(() => this.body("block", line, ["endblock"]));
    if (this.current.type === "name") {
      const end = this.next();
      if (end.text !== name)
        this.fail(`This closes block '${end.text}', but the open one is '${name}' of line ${line}.`, end.line);
    }
    if (required && !body.every((s) => s.kind === "data" && s.text.trim() === "")) {
      this.fail(`The required block '${name}' can only hold white space and comments.`, line);
    }
    return { kind: "block", name, body, scoped, required, line };
  }

  private contextFlag(standard: boolean): boolean {
    if ((this.isName("with") || this.isName("without")) && this.isName("context", this.look())) {
      const flag = this.next().text === "with";
      this.next();
      return flag;
    }
    return standard;
  }

  private include(line: number): Stmt {
    const template = this.expression();
    let ignoreMissing = false;
    if (this.isName("ignore") && this.isName("missing", this.look())) {
      this.next();
      this.next();
      ignoreMissing = true;
    }
    return { kind: "include", template, ignoreMissing, withContext: this.contextFlag(true), line };
  }

  private from(line: number): Stmt {
    const template = this.expression();
    this.expectWord("import");
    const names: [string, string][] = [];
    let withContext: boolean | undefined;
    const flag = (): boolean => {
      if (
        withContext !== undefined ||
        !["with", "without"].includes(this.current.text) ||
        !this.isName("context", this.look())
      )
        return false;
      withContext = this.contextFlag(false);
      return true;
    };
    while (this.current.type === "name") {
      if (flag()) break;
      const name = this.next();
      if (name.text.startsWith("_"))
        this.fail(
          `'${name.text}' cannot be imported: names that begin with an underscore are private to their template.`,
          name.line,
        );
      names.push([name.text, this.skipName("as") ? this.assignable(this.expectName()) : name.text]);
      if (flag() || !this.skipOp(",")) break;
    }
    flag();
    if (names.length === 0) this.fail("Expected the names to import.");
    return { kind: "from", template, names, withContext: withContext ?? false, line };
  }

  private signature(): Signature {
    const params: string[] = [];
    const defaults: Expr[] = [];
    this.expectOp("(");
    while (!this.isOp(")")) {
      if (params.length > 0) {
        this.expectOp(",");
        if (this.isOp(")")) break;
      }
      const name = this.assignable(this.expectName("the name of a parameter"));
      if (params.includes(name)) this.fail(`The parameter '${name}' is given twice.`);
      params.push(name);
      if (this.skipOp("=")) defaults.push(this.expression());
      else if (defaults.length > 0)
        this.fail(`The parameter '${name}' needs a default, because one before it has one.`);
    }
    this.expectOp(")");
    return { params, defaults };
  }

  private callBlock(line: number): Stmt {
    const signature = this.isOp("(") ? this.signature() : { params: [], defaults: [] };
    const call = this.expression();
    if (call.kind !== "call") this.fail("A 'call' block needs a call, such as {% call dialog('title') %}.", line);
    const { body } = this.outsideLoop(() => this.body("call", line, ["endcall"]));
    return { kind: "callblock", call, signature, body, line };
  }
}

/**
 * Parses a template.
 * @throws TemplateSyntaxError with line and excerpt
 */
export function parse(source: string, name: string, syntax: Syntax): TemplateNode {
  return new Parser(tokenize(source, name, syntax), source, name).template();
}
