/**
 * Splits a template into data and tokens. All white-space rules (`-`, `+`, trim_blocks, lstrip_blocks, line statements,
 * the final newline) are settled here, so the parser never sees them. Source: Jinja, "Whitespace Control".
 */
import { excerptOf, TemplateSyntaxError } from "./errors.js";

export type TokenType =
  | "data"
  | "variable_begin"
  | "variable_end"
  | "block_begin"
  | "block_end"
  | "name"
  | "string"
  | "number"
  | "op"
  | "eof";

export interface Token {
  readonly type: TokenType;
  /** Text of names, operators and data; the value of strings. */
  readonly text: string;
  readonly line: number;
  /** Value of numbers. */
  readonly value?: number | bigint;
}

/** Delimiters and white-space rules. */
export interface Syntax {
  readonly blockStart: string;
  readonly blockEnd: string;
  readonly variableStart: string;
  readonly variableEnd: string;
  readonly commentStart: string;
  readonly commentEnd: string;
  readonly lineStatementPrefix: string | undefined;
  readonly lineCommentPrefix: string | undefined;
  readonly trimBlocks: boolean;
  readonly lstripBlocks: boolean;
  readonly keepTrailingNewline: boolean;
}

export const defaultSyntax: Syntax = {
  blockStart: "{%",
  blockEnd: "%}",
  variableStart: "{{",
  variableEnd: "}}",
  commentStart: "{#",
  commentEnd: "#}",
  lineStatementPrefix: undefined,
  lineCommentPrefix: undefined,
  trimBlocks: false,
  lstripBlocks: false,
  keepTrailingNewline: false,
};

const OPERATORS = [
  "//",
  "**",
  "==",
  "!=",
  ">=",
  "<=",
  "+",
  "-",
  "*",
  "/",
  "%",
  "~",
  "<",
  ">",
  "=",
  ".",
  ":",
  "|",
  ",",
  ";",
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
];
const CLOSER: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };
const NAME = /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}_]*/uy;
const NUMBER =
  /0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\da-fA-F])+|\d+(?:_\d+)*(?:\.\d+(?:_\d+)*)?(?:[eE][+-]?\d+(?:_\d+)*)?/y;
const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
  v: "\v",
  a: "\x07",
  "0": "\0",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "\n": "",
};

type Opening = "variable" | "block" | "comment" | "line_statement" | "line_comment";

const quote = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

class Lexer {
  readonly source: string;
  readonly name: string;
  readonly syntax: Syntax;
  readonly tokens: Token[] = [];
  pos = 0;
  line = 1;
  /** Whether the text from `pos` begins a line: at the start, and after a tag that swallowed its newline. */
  atLineStart = true;
  private readonly openings: readonly (readonly [Opening, string])[];
  private readonly rawTag: RegExp;
  private readonly endRawTag: RegExp;

  constructor(source: string, name: string, syntax: Syntax) {
    let text = source.replace(/\r\n|\r/g, "\n");
    if (!syntax.keepTrailingNewline && text.endsWith("\n")) text = text.slice(0, -1);
    this.source = text;
    this.name = name;
    this.syntax = syntax;
    const openings: [Opening, string][] = [
      ["variable", syntax.variableStart],
      ["block", syntax.blockStart],
      ["comment", syntax.commentStart],
    ];
    if (syntax.lineStatementPrefix !== undefined) openings.push(["line_statement", syntax.lineStatementPrefix]);
    if (syntax.lineCommentPrefix !== undefined) openings.push(["line_comment", syntax.lineCommentPrefix]);
    // The longest delimiter wins where two begin at the same place.
    this.openings = openings.sort((a, b) => b[1].length - a[1].length);
    this.rawTag = new RegExp(`${quote(syntax.blockStart)}([-+]?)\\s*raw\\s*(-?)${quote(syntax.blockEnd)}`, "y");
    this.endRawTag = new RegExp(
      `${quote(syntax.blockStart)}([-+]?)\\s*endraw\\s*([-+]?)${quote(syntax.blockEnd)}`,
      "g",
    );
  }

  fail(reason: string, line = this.line): never {
    throw new TemplateSyntaxError(reason, { template: this.name, line, excerpt: excerptOf(this.source, line) });
  }

  private push(type: TokenType, text: string, value?: number | bigint): void {
    this.tokens.push(value === undefined ? { type, text, line: this.line } : { type, text, line: this.line, value });
  }

  private advance(to: number): void {
    for (let i = this.source.indexOf("\n", this.pos); i >= 0 && i < to; i = this.source.indexOf("\n", i + 1))
      this.line++;
    this.pos = to;
  }

  /** Where each delimiter comes next; looked up again only when it lies behind, so that a scan stays linear. */
  private readonly upcoming = new Map<Opening, { at: number; length: number }>();

  private locate(kind: Opening, mark: string): { at: number; length: number } {
    const known = this.upcoming.get(kind);
    if (known !== undefined && known.at >= this.pos) return known;
    let found = { at: this.source.indexOf(mark, this.pos), length: mark.length };
    if (kind === "line_statement" || kind === "line_comment") {
      // A line statement stands behind blanks only; a line comment may follow text, and takes the blanks between.
      const lead = kind === "line_statement" ? "^[ \\t\\v]*" : "(?:^|(?<=\\S))[^\\S\\n]*";
      const pattern = new RegExp(`${lead}${quote(mark)}`, "gm");
      pattern.lastIndex = this.pos;
      const m = pattern.exec(this.source);
      found = { at: m?.index ?? -1, length: m?.[0].length ?? 0 };
    }
    if (found.at < 0) found.at = Number.POSITIVE_INFINITY;
    this.upcoming.set(kind, found);
    return found;
  }

  /** The nearest delimiter from `pos`; at the same place the longest one. */
  private find(): { kind: Opening; at: number; length: number } | undefined {
    let best: { kind: Opening; at: number; length: number } | undefined;
    for (const [kind, mark] of this.openings) {
      const { at, length } = this.locate(kind, mark);
      if (at < (best?.at ?? Number.POSITIVE_INFINITY)) best = { kind, at, length };
    }
    return best;
  }

  private data(until: number, strip: string, canLstrip: boolean): void {
    let text = this.source.slice(this.pos, until);
    if (strip === "-") text = text.trimEnd();
    else if (strip !== "+" && canLstrip && this.syntax.lstripBlocks) {
      const lineStart = text.lastIndexOf("\n") + 1;
      if ((lineStart > 0 || this.atLineStart) && /^\s*$/.test(text.slice(lineStart))) text = text.slice(0, lineStart);
    }
    if (text !== "") this.push("data", text);
    this.advance(until);
  }

  /** Behind a closing tag: `-` eats all white space, otherwise trim_blocks eats one newline. */
  private afterTag(end: number, sign: string, trims: boolean): void {
    let to = end;
    if (sign === "-") while (to < this.source.length && /\s/.test(this.source[to] as string)) to++;
    else if (trims && sign !== "+" && this.syntax.trimBlocks && this.source[to] === "\n") to++;
    this.atLineStart = this.source[to - 1] === "\n";
    this.advance(to);
  }

  run(): Token[] {
    for (let open = this.find(); open !== undefined; open = this.find()) {
      const after = this.source[open.at + open.length] ?? "";
      const sign =
        (after === "-" || after === "+") && open.kind !== "line_statement" && open.kind !== "line_comment" ? after : "";
      switch (open.kind) {
        case "comment":
          this.comment(open.at, open.length, sign);
          break;
        case "line_comment": {
          this.data(open.at, "", false);
          const end = this.source.indexOf("\n", this.pos);
          this.atLineStart = false;
          this.advance(end < 0 ? this.source.length : end);
          break;
        }
        case "line_statement":
          this.data(open.at, "", false);
          this.advance(open.at + open.length);
          this.push("block_begin", "");
          this.expression("line");
          break;
        case "block":
          this.rawTag.lastIndex = open.at;
          if (this.rawTag.test(this.source)) {
            this.raw(open.at, sign);
            break;
          }
          this.data(open.at, sign, true);
          this.push("block_begin", this.syntax.blockStart);
          this.advance(open.at + open.length + sign.length);
          this.expression("block");
          break;
        default: {
          // A `-` right behind `{{` strips; `{{-x}}` cannot mean a negative number. `{{+` is a plus sign.
          this.data(open.at, sign === "-" ? "-" : "", false);
          this.push("variable_begin", this.syntax.variableStart);
          this.advance(open.at + open.length + (sign === "-" ? 1 : 0));
          this.expression("variable");
        }
      }
    }
    if (this.pos < this.source.length) this.data(this.source.length, "+", false);
    this.push("eof", "");
    return this.tokens;
  }

  private comment(at: number, length: number, sign: string): void {
    this.data(at, sign, true);
    const end = this.source.indexOf(this.syntax.commentEnd, at + length);
    if (end < 0) this.fail(`This comment is never closed; '${this.syntax.commentEnd}' is missing.`);
    const before = this.source[end - 1] ?? "";
    this.advance(end);
    const closing = end > at + length && (before === "-" || before === "+") ? before : "";
    this.afterTag(end + this.syntax.commentEnd.length, closing, true);
  }

  private raw(at: number, sign: string): void {
    this.data(at, sign, true);
    this.rawTag.lastIndex = at;
    const open = this.rawTag.exec(this.source);
    const line = this.line;
    this.afterTag(this.rawTag.lastIndex, open?.[2] ?? "", false);
    this.endRawTag.lastIndex = this.pos;
    const close = this.endRawTag.exec(this.source);
    if (close === null) this.fail("This 'raw' block is never closed; 'endraw' is missing.", line);
    const resume = this.endRawTag.lastIndex;
    this.data(close.index, close[1] ?? "", true);
    this.afterTag(resume, close[2] ?? "", true);
  }

  /** Tokens up to the end of a tag. Inside brackets the closing delimiter is ordinary text: `{{ {'a': {}} }}`. */
  private expression(kind: "block" | "variable" | "line"): void {
    const { source } = this;
    const endMark = kind === "block" ? this.syntax.blockEnd : this.syntax.variableEnd;
    const startLine = this.line;
    const open: string[] = [];
    for (;;) {
      const c = source[this.pos];
      if (kind === "line" && open.length === 0 && (c === "\n" || c === undefined)) {
        this.push("block_end", "\n");
        this.advance(Math.min(this.pos + 1, source.length));
        this.atLineStart = true;
        return;
      }
      if (c === undefined) {
        if (open.length > 0) this.fail(`'${open.at(-1)}' is missing: the template ends inside a tag.`, startLine);
        this.fail(`'${endMark}' is missing: this tag is never closed.`, startLine);
      }
      if (kind === "line" && open.length === 0 && c === ":" && /^:[^\S\n]*(?:\n|$)/.test(source.slice(this.pos))) {
        this.advance(this.pos + 1);
        continue;
      }
      if (/\s/.test(c)) {
        this.advance(this.pos + 1);
        continue;
      }
      if (open.length === 0 && kind !== "line") {
        const sign = c === "-" || (c === "+" && kind === "block") ? c : "";
        if (source.startsWith(endMark, this.pos + sign.length)) {
          this.push(kind === "block" ? "block_end" : "variable_end", endMark);
          this.afterTag(this.pos + sign.length + endMark.length, sign, kind === "block");
          return;
        }
      }
      this.token(c, open);
    }
  }

  private token(c: string, open: string[]): void {
    const { source } = this;
    NAME.lastIndex = this.pos;
    const name = NAME.exec(source);
    if (name !== null) {
      this.push("name", name[0].normalize("NFKC"));
      this.advance(NAME.lastIndex);
      return;
    }
    if (c >= "0" && c <= "9") {
      NUMBER.lastIndex = this.pos;
      // `xs.0.1` is two subscripts, not a fraction.
      const afterDot = this.tokens.at(-1)?.type === "op" && this.tokens.at(-1)?.text === ".";
      const text = (afterDot ? /^\d+/.exec(source.slice(this.pos)) : NUMBER.exec(source))?.[0] ?? c;
      this.push("number", text, numberValue(text.replaceAll("_", "")));
      this.advance(this.pos + text.length);
      return;
    }
    if (c === '"' || c === "'") {
      this.string(c);
      return;
    }
    const op = OPERATORS.find((candidate) => source.startsWith(candidate, this.pos));
    if (op === undefined) this.fail(`Unexpected character ${JSON.stringify(c)}.`);
    if (op in CLOSER) open.push(CLOSER[op] as string);
    else if (op === ")" || op === "]" || op === "}") {
      const wanted = open.pop();
      if (wanted === undefined) this.fail(`Unexpected '${op}': nothing is open here.`);
      if (wanted !== op) this.fail(`Unexpected '${op}', expected '${wanted}'.`);
    }
    this.push("op", op);
    this.advance(this.pos + op.length);
  }

  private string(mark: string): void {
    let out = "";
    let i = this.pos + 1;
    for (; ; i++) {
      const c = this.source[i];
      if (c === undefined) this.fail(`This string is never closed; ${mark} is missing.`);
      if (c === mark) break;
      if (c !== "\\") {
        out += c;
        continue;
      }
      const next = this.source[++i] ?? "";
      const hex = next === "x" ? 2 : next === "u" ? 4 : next === "U" ? 8 : 0;
      if (hex > 0) {
        const code = this.source.slice(i + 1, i + 1 + hex);
        if (!new RegExp(`^[0-9a-fA-F]{${hex}}$`).test(code)) this.fail(`\\${next} needs ${hex} hexadecimal digits.`);
        out += String.fromCodePoint(Number.parseInt(code, 16));
        i += hex;
      } else {
        out += Object.hasOwn(ESCAPES, next) ? (ESCAPES[next] as string) : `\\${next}`;
      }
    }
    this.push("string", out);
    this.advance(i + 1);
  }
}

function numberValue(text: string): number | bigint {
  if (/^\d+$/.test(text) || /^0[bBoOxX]/.test(text)) {
    const small = Number(text);
    return Number.isSafeInteger(small) ? small : BigInt(text);
  }
  return Number(text);
}

/**
 * Splits a template into tokens.
 * @throws TemplateSyntaxError with the line of the culprit
 */
export function tokenize(source: string, name: string, syntax: Syntax): Token[] {
  return new Lexer(source, name, syntax).run();
}
