/**
 * Reads the statements SQLite keeps in `sqlite_master`: names of constraints, checks, generated columns, collations
 * and partial indexes are nowhere else. Source: SQLite documentation, "CREATE TABLE", "CREATE INDEX".
 */

interface Token {
  /** The name or word itself: quotes taken off. */
  readonly text: string;
  /** In lower case for unquoted words, empty for anything quoted: what keywords are compared with. */
  readonly word: string;
  readonly from: number;
  readonly to: number;
}

/** Words, quoted names, strings, numbers and single characters; comments and spaces are skipped. */
function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  const pattern =
    /\s+|--[^\n]*|\/\*[\s\S]*?\*\/|"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|\[([^\]]*)\]|'((?:[^']|'')*)'|([\p{L}_\u0080-\uffff][\p{L}\p{N}_$\u0080-\uffff]*)|\d[\w.]*|[\s\S]/gu;
  for (const m of sql.matchAll(pattern)) {
    const [whole, double, back, bracket, single, word] = m;
    if (/^(?:\s|--|\/\*)/.test(whole)) continue;
    const quoted =
      double?.replaceAll('""', '"') ?? back?.replaceAll("``", "`") ?? bracket ?? single?.replaceAll("''", "'");
    tokens.push({
      text: quoted ?? whole,
      word: quoted !== undefined ? "" : (word ?? whole).toLowerCase(),
      from: m.index,
      to: m.index + whole.length,
    });
  }
  return tokens;
}
/** Position of the parenthesis that closes the one at `open`. */
function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    if (tokens[i]?.word === "(") depth++;
    else if (tokens[i]?.word === ")" && --depth === 0) return i;
  }
  return tokens.length - 1;
}
function splitAtCommas(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.word === "(") depth++;
    else if (token.word === ")") depth--;
    if (depth === 0 && token.word === ",") parts.push([]);
    else (parts[parts.length - 1] as Token[]).push(token);
  }
  return parts.filter((p) => p.length > 0);
}

export interface ParsedCheck {
  readonly name: string | undefined;
  readonly sql: string;
  readonly column: string | undefined;
}
export interface ParsedKey {
  readonly name: string | undefined;
  readonly columns: readonly string[];
  /** The word behind ON CONFLICT. */
  onConflict?: string | undefined;
}
export interface ParsedForeignKey extends ParsedKey {
  readonly referredTable: string;
  /** SQLite keeps the word and forgets the meaning: its pragma always says NONE. */
  readonly match: string | undefined;
  readonly deferrable: boolean | undefined;
  readonly initially: "DEFERRED" | "IMMEDIATE" | undefined;
}
export interface ParsedColumn {
  readonly name: string;
  readonly collation: string | undefined;
  readonly generated: string | undefined;
  readonly autoincrement: boolean;
  /** The word behind NOT NULL ON CONFLICT. */
  readonly notNullConflict: string | undefined;
}
export interface ParsedTable {
  readonly columns: ReadonlyMap<string, ParsedColumn>;
  readonly primaryKey: ParsedKey | undefined;
  readonly uniques: readonly ParsedKey[];
  readonly foreignKeys: readonly ParsedForeignKey[];
  readonly checks: readonly ParsedCheck[];
}

/** Words that start a constraint, and so end the type of a column. */
const CONSTRAINT_WORDS = new Set([
  "constraint",
  "primary",
  "not",
  "null",
  "unique",
  "check",
  "default",
  "collate",
  "references",
  "generated",
  "as",
  "foreign",
]);

class Collector {
  readonly columns = new Map<string, ParsedColumn>();
  primaryKey: ParsedKey | undefined;
  readonly uniques: ParsedKey[] = [];
  readonly foreignKeys: ParsedForeignKey[] = [];
  readonly checks: ParsedCheck[] = [];
  readonly sql: string;
  constructor(sql: string) {
    this.sql = sql;
  }

  /** One item of the table's parentheses: a column or a table constraint. */
  item(tokens: readonly Token[]): void {
    const first = tokens[0] as Token;
    if (["constraint", "primary", "unique", "check", "foreign"].includes(first.word)) {
      this.constraints(tokens, 0, undefined);
      return;
    }
    const name = first.text;
    let at = 1;
    while (at < tokens.length && !CONSTRAINT_WORDS.has(tokens[at]?.word as string)) {
      at = tokens[at]?.word === "(" ? closing(tokens, at) + 1 : at + 1;
    }
    const found = this.constraints(tokens, at, name);
    this.columns.set(name, { name, ...found });
  }
  /** Constraints one after the other, of a column or of the table. */
  constraints(tokens: readonly Token[], start: number, column: string | undefined): Omit<ParsedColumn, "name"> {
    let at = start;
    let name: string | undefined;
    let collation: string | undefined;
    let generated: string | undefined;
    let autoincrement = false;
    let notNullConflict: string | undefined;
    let key: ParsedKey | undefined;
    const word = (i: number) => tokens[i]?.word;
    const inside = (open: number, close: number) => this.sql.slice(tokens[open]?.to, tokens[close]?.from).trim();
    const namesIn = (open: number, close: number) =>
      splitAtCommas(tokens.slice(open + 1, close)).map((p) => (p[0] as Token).text);
    while (at < tokens.length) {
      switch (word(at)) {
        case "constraint":
          name = tokens[at + 1]?.text;
          at += 2;
          continue;
        case "primary":
        case "unique": {
          const primary = word(at) === "primary";
          at += primary ? 2 : 1;
          let columns = column === undefined ? [] : [column];
          if (word(at) === "(") {
            const close = closing(tokens, at);
            columns = namesIn(at, close);
            at = close + 1;
          }
          key = { name, columns };
          if (primary) this.primaryKey = key;
          else this.uniques.push(key);
          break;
        }
        case "check": {
          const close = closing(tokens, at + 1);
          this.checks.push({ name, sql: inside(at + 1, close), column });
          at = close + 1;
          break;
        }
        case "foreign": {
          const close = closing(tokens, at + 2);
          at = this.reference(tokens, close + 1, name, namesIn(at + 2, close));
          break;
        }
        case "references":
          at = this.reference(tokens, at, name, column === undefined ? [] : [column]);
          break;
        case "collate":
          collation = tokens[at + 1]?.text;
          at += 2;
          break;
        case "generated":
        case "as": {
          while (word(at) !== "(" && at < tokens.length) at++;
          const close = closing(tokens, at);
          generated = inside(at, close);
          at = close + 1;
          break;
        }
        case "default":
          at += 1;
          if (word(at) === "(") at = closing(tokens, at) + 1;
          else at += word(at) === "+" || word(at) === "-" ? 2 : 1;
          break;
        case "not":
          key = undefined;
          at += 2;
          break;
        case "on": {
          // ON CONFLICT, of the key or the NOT NULL in front of it.
          const action = tokens[at + 2]?.text.toUpperCase();
          if (key === undefined) notNullConflict = action;
          else key.onConflict = action;
          at += 3;
          continue;
        }
        case "autoincrement":
          autoincrement = true;
          at++;
          continue;
        default:
          // NULL, ASC, STORED …: nothing that has a name.
          at++;
          continue;
      }
      name = undefined;
    }
    return { collation, generated, autoincrement, notNullConflict };
  }
  /** From REFERENCES on; gives the position behind it. */
  reference(tokens: readonly Token[], start: number, name: string | undefined, columns: readonly string[]): number {
    let at = start + 1;
    const referredTable = tokens[at]?.text ?? "";
    at++;
    if (tokens[at]?.word === "(") at = closing(tokens, at) + 1;
    let deferrable: boolean | undefined;
    let initially: "DEFERRED" | "IMMEDIATE" | undefined;
    let match: string | undefined;
    for (; at < tokens.length; ) {
      const word = tokens[at]?.word;
      if (word === "on" || word === "match") {
        const action = tokens[at + 2]?.word;
        if (word === "match") match = tokens[at + 1]?.text.toUpperCase();
        at += word === "match" ? 2 : action === "set" || action === "no" ? 4 : 3;
      } else if (word === "not" && tokens[at + 1]?.word === "deferrable") {
        deferrable = false;
        at += 2;
      } else if (word === "deferrable") {
        deferrable = true;
        at++;
      } else if (word === "initially") {
        initially = tokens[at + 1]?.word === "deferred" ? "DEFERRED" : "IMMEDIATE";
        at += 2;
      } else break;
    }
    this.foreignKeys.push({ name, columns, referredTable, match, deferrable, initially });
    return at;
  }
}

/** A CREATE TABLE statement; undefined when there is no list of columns in it (a virtual table, CREATE … AS). */
export function parseCreateTable(sql: string): ParsedTable | undefined {
  const tokens = tokenize(sql);
  if (tokens[1]?.word === "virtual") return undefined;
  const open = tokens.findIndex((t) => t.word === "(");
  if (open < 0) return undefined;
  const collector = new Collector(sql);
  for (const part of splitAtCommas(tokens.slice(open + 1, closing(tokens, open)))) collector.item(part);
  return collector;
}

/** `"a", b` → the names. */
export function parseNames(list: string): readonly string[] {
  return splitAtCommas(tokenize(list)).flatMap(([token]) => (token === undefined ? [] : [token.text]));
}
export interface ParsedIndex {
  /** Each indexed expression without ASC or DESC. */
  readonly parts: readonly { readonly sql: string; readonly isColumn: boolean }[];
  readonly where: string | undefined;
}
/** A CREATE INDEX statement. */
export function parseCreateIndex(sql: string): ParsedIndex {
  const tokens = tokenize(sql);
  const open = tokens.findIndex((t) => t.word === "(");
  const close = closing(tokens, open);
  const parts = splitAtCommas(tokens.slice(open + 1, close)).map((given) => {
    const last = given[given.length - 1]?.word;
    const part = (last === "asc" || last === "desc") && given.length > 1 ? given.slice(0, -1) : given;
    return {
      sql: sql.slice(part[0]?.from, part[part.length - 1]?.to),
      isColumn: part.length === 1,
    };
  });
  const where = tokens[close + 1];
  return { parts, where: where?.word === "where" ? sql.slice(where.to).trim() : undefined };
}
