/**
 * Reads the constants at the head of a revision file without running it, so that a directory of thousands of files
 * lists at once. Understands exactly the literal forms the generator writes (and the usual variations); anything else
 * makes it give up, and the caller imports the file instead. It never guesses.
 */

/** A constant's value as far as a revision header can hold it. */
export type HeaderValue = string | number | boolean | null | undefined | readonly string[];
export type HeaderConstants = ReadonlyMap<string, HeaderValue>;

/** The file's first comment without its stars and slashes, or "". */
export function leadingComment(text: string): string {
  const start = /^\uFEFF?(?:#![^\n]*\n)?\s*/u.exec(text)![0].length;
  const rest = text.slice(start);
  if (rest.startsWith("/*")) {
    const end = rest.indexOf("*/");
    const inner = rest.slice(2, end < 0 ? undefined : end).replace(/^\*/u, "");
    const lines = inner.split(/\r?\n/u).map((line, i) => (i === 0 ? line : line.replace(/^\s*\* ?/u, "")));
    return lines
      .map((line) => line.trimEnd())
      .join("\n")
      .trim();
  }
  const lines = /^(?:\/\/[^\n]*(?:\n[ \t]*|$))+/u.exec(rest)?.[0].split(/\r?\n/u) ?? [];
  return lines
    .map((line) => line.replace(/^\s*\/\/+ ?/u, "").trimEnd())
    .join("\n")
    .trim();
}

/** What may stand after the header without adding constants to it: exported functions. Anything else needs the loader. */
const otherExport = /\bexport\b(?!\s+(?:async\s+)?function\b|\s+const\s+(?:upgrade|downgrade)\b)/u;

/**
 * The exported constants of the head, or undefined when they are not plain literals.
 * @example scanHeader('export const revision = "a", downRevision = null;') // Map { revision → "a", downRevision → null }
 */
export function scanHeader(text: string): HeaderConstants | undefined {
  const scanner = new Scanner(text);
  const constants = new Map<string, HeaderValue>();
  for (;;) {
    scanner.skipBlank();
    if (scanner.skipImport()) continue;
    const start = scanner.at;
    if (!scanner.word("export")) break;
    if (!scanner.word("const") || scanner.isNext(/(?:upgrade|downgrade)\b/uy)) {
      scanner.at = start;
      break;
    }
    do {
      const name = scanner.identifier();
      if (name === undefined || constants.has(name) || !scanner.annotation()) return undefined;
      const value = scanner.value();
      if (value === failed) return undefined;
      constants.set(name, value);
    } while (scanner.symbol(","));
    if (!scanner.endOfStatement()) return undefined;
  }
  return otherExport.test(text.slice(scanner.at)) ? undefined : constants;
}

const failed = Symbol("not a literal");
const simpleEscapes: Readonly<Record<string, string>> = {
  b: "\b",
  f: "\f",
  n: "\n",
  t: "\t",
  r: "\r",
  "\\": "\\",
  '"': '"',
  "'": "'",
  "`": "`",
  $: "$",
};

class Scanner {
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    this.at = /^\uFEFF?(?:#![^\n]*\n)?/u.exec(text)![0].length;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.at = pattern.lastIndex;
    return match;
  }

  /** White space and comments. */
  skipBlank(): void {
    this.#match(/(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|;)*/uy);
  }

  #blank(): void {
    this.#match(/(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/uy);
  }

  isNext(pattern: RegExp): boolean {
    const start = this.at;
    this.#blank();
    const found = this.#match(pattern) !== null;
    this.at = start;
    return found;
  }

  /** `import "x";`, `import type { a, b as c } from "x";`, `import * as y from 'x'` */
  skipImport(): boolean {
    return (
      this.#match(/import\b(?!\s*[(.])[\w$\s{},*]*(?:"[^"\n]*"|'[^'\n]*')(?:\s*with\s*\{[^}]*\})?\s*;?/uy) !== null
    );
  }

  word(word: string): boolean {
    const start = this.at;
    this.#blank();
    if (this.#match(/[\p{L}_$][\p{L}\p{N}_$]*/uy)?.[0] === word) return true;
    this.at = start;
    return false;
  }

  identifier(): string | undefined {
    this.#blank();
    return this.#match(/[\p{L}_$][\p{L}\p{N}_$]*/uy)?.[0];
  }

  symbol(symbol: string): boolean {
    const start = this.at;
    this.#blank();
    if (this.#text.startsWith(symbol, this.at)) {
      this.at += symbol.length;
      return true;
    }
    this.at = start;
    return false;
  }

  /** An optional type, then the equals sign. */
  annotation(): boolean {
    if (this.symbol(":")) this.#match(/[\w\s|[\]<>"'.]*/uy);
    return this.symbol("=") && !/^[=>]/u.test(this.#text.slice(this.at));
  }

  value(): HeaderValue | typeof failed {
    const value = this.#literal();
    if (value !== failed && this.word("as")) {
      return this.word("const") ? value : failed;
    }
    return value;
  }

  #literal(): HeaderValue | typeof failed {
    this.#blank();
    const text = this.#string();
    if (text !== undefined) return text;
    if (this.symbol("[")) return this.#list();
    const word = this.#match(/(?:null|undefined|true|false|-?\d+(?:\.\d+)?)(?![\p{L}\p{N}_$.])/uy)?.[0];
    switch (word) {
      case undefined:
        return failed;
      case "null":
        return null;
      case "undefined":
        return undefined;
      case "true":
        return true;
      case "false":
        return false;
      default:
        return Number(word);
    }
  }

  #list(): readonly string[] | typeof failed {
    const items: string[] = [];
    while (!this.symbol("]")) {
      this.#blank();
      const item = this.#string();
      if (item === undefined) return failed;
      items.push(item);
      if (!this.symbol(",")) {
        if (!this.symbol("]")) return failed;
        break;
      }
    }
    return items;
  }

  #string(): string | undefined {
    const start = this.at;
    const match = this.#match(/"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\$\r]|\\.|\$(?!\{))*)`/uy);
    if (match === null) return undefined;
    const raw = match[1] ?? match[2] ?? match[3]!;
    let known = true;
    const value = raw.replace(
      /\\(?:u([\da-fA-F]{4})|x([\da-fA-F]{2})|([\s\S]))/gu,
      (_, wide, narrow, simple: string) => {
        const code = (wide ?? narrow) as string | undefined;
        if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
        const plain = simpleEscapes[simple];
        if (plain === undefined) known = false;
        return plain ?? "";
      },
    );
    if (known) return value;
    this.at = start;
    return undefined;
  }

  /** A semicolon, the end of the file, or a line break after which a new statement begins. */
  endOfStatement(): boolean {
    if (this.symbol(";")) return true;
    const before = this.at;
    this.#blank();
    if (this.at === this.#text.length) return true;
    return (
      this.#text.slice(before, this.at).includes("\n") &&
      /^(?:export|import|const|let|var|async|function)\b/u.test(this.#text.slice(this.at))
    );
  }
}
