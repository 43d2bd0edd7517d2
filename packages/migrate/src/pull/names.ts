/** Names in TypeScript for names in a database: words, singular and plural, and no two alike. */

/** `AlbumId`, `album_id`, `ALBUM-ID` → album, id. */
export function wordsOf(name: string): string[] {
  return name
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .split(/[^\p{L}\p{N}]+/u)
    .filter((w) => w !== "")
    .map((w) => w.toLowerCase());
}
const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
/** An identifier may not begin with a digit, nor be nothing. */
const identifier = (name: string, fallback: string): string =>
  name === "" ? fallback : /^\p{N}/u.test(name) ? `_${name}` : name;
export function pascalCase(words: readonly string[]): string {
  return identifier(words.map(capital).join(""), "Unnamed");
}
export function camelCase(words: readonly string[]): string {
  return identifier(words.map((w, i) => (i === 0 ? w : capital(w))).join(""), "unnamed");
}

const UNCOUNTED = new Set(["data", "media", "news", "series", "species", "information", "equipment", "sheep", "fish"]);
const IRREGULAR: readonly (readonly [one: string, many: string])[] = [
  ["person", "people"],
  ["child", "children"],
  ["man", "men"],
  ["woman", "women"],
  ["foot", "feet"],
  ["tooth", "teeth"],
  ["mouse", "mice"],
  ["goose", "geese"],
  ["datum", "data"],
  ["index", "indices"],
  ["matrix", "matrices"],
  ["analysis", "analyses"],
  ["basis", "bases"],
  ["crisis", "crises"],
  ["movie", "movies"],
  ["cookie", "cookies"],
  ["shelf", "shelves"],
  ["half", "halves"],
  ["life", "lives"],
  ["knife", "knives"],
  ["leaf", "leaves"],
  ["hero", "heroes"],
  ["potato", "potatoes"],
];
function plural(word: string): string {
  if (UNCOUNTED.has(word)) return word;
  const irregular = IRREGULAR.find(([one]) => one === word);
  if (irregular !== undefined) return irregular[1];
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`;
  if (/(s|x|z|ch|sh)$/.test(word)) return `${word}es`;
  return `${word}s`;
}
function singular(word: string): string {
  if (UNCOUNTED.has(word)) return word;
  const irregular = IRREGULAR.find(([, many]) => many === word);
  if (irregular !== undefined) return irregular[0];
  if (/[^aeiou]ies$/.test(word) && word.length > 4) return `${word.slice(0, -3)}y`;
  if (/(sses|xes|ches|shes|zzes)$/.test(word)) return word.slice(0, -2);
  // address, status, analysis: the s belongs to them.
  if (/(ss|us|is)$/.test(word) || !word.endsWith("s") || word.length < 3) return word;
  if (/(statuses|buses|viruses|bonuses|campuses|aliases|biases)$/.test(word)) return word.slice(0, -2);
  return word.slice(0, -1);
}
/** The last word says how many: `order_lines` → order, line. */
export const singularOf = (words: readonly string[]): string[] =>
  words.map((w, i) => (i === words.length - 1 ? singular(w) : w));
/** Of a singular or plural name. */
export const pluralOf = (words: readonly string[]): string[] =>
  singularOf(words).map((w, i) => (i === words.length - 1 ? plural(w) : w));

/** `artist_id` → artist; undefined where the name does not end in what says "key". */
export function withoutKeySuffix(words: readonly string[]): string[] | undefined {
  const last = words[words.length - 1] as string;
  return words.length > 1 && /^(id|fk|key|code|no|uuid|pk)$/.test(last) ? words.slice(0, -1) : undefined;
}

/** Names given out so far in one place. */
export class NameSpace {
  readonly #taken: Set<string>;
  constructor(reserved: Iterable<string> = []) {
    this.#taken = new Set(reserved);
  }
  has(name: string): boolean {
    return this.#taken.has(name);
  }
  /** The first of the candidates that is free, else the last one with a number. */
  take(...candidates: readonly string[]): string {
    let name = candidates.find((c) => !this.#taken.has(c));
    const last = candidates[candidates.length - 1] as string;
    for (let n = 2; name === undefined; n++) if (!this.#taken.has(`${last}${n}`)) name = `${last}${n}`;
    this.#taken.add(name);
    return name;
  }
}
/** What an attribute of a model cannot be called, and what would hide a member every object has. */
export const RESERVED_PROPERTIES = [
  "constructor",
  "then",
  "prototype",
  "__proto__",
  "toJSON",
  "toString",
  "valueOf",
  "hasOwnProperty",
  "isPrototypeOf",
];
/** Globals and names of the written file that a class must not hide. */
export const RESERVED_CLASSES = [
  "Base",
  "Column",
  "ColumnDefinition",
  "DatabaseType",
  "Family",
  "Sortable",
  "TextExpr",
  "Pick",
  "Array",
  "Boolean",
  "Date",
  "Error",
  "Function",
  "Map",
  "Number",
  "Object",
  "Promise",
  "Record",
  "RegExp",
  "Set",
  "String",
  "Symbol",
  "Uint8Array",
  "Unnamed",
];
/** Words TypeScript keeps for itself, and functions of the written file; a table's constant cannot be called so. */
export const RESERVED_CONSTANTS = [
  "break",
  "case",
  "catch",
  "class",
  "const",
  "continue",
  "debugger",
  "default",
  "delete",
  "do",
  "else",
  "enum",
  "export",
  "extends",
  "false",
  "finally",
  "for",
  "function",
  "if",
  "import",
  "in",
  "instanceof",
  "new",
  "null",
  "return",
  "super",
  "switch",
  "this",
  "throw",
  "true",
  "try",
  "typeof",
  "var",
  "void",
  "while",
  "with",
  "yield",
  "let",
  "static",
  "implements",
  "interface",
  "package",
  "private",
  "protected",
  "public",
  "await",
  "async",
  "undefined",
  "eval",
  "arguments",
  "array",
  "bigInteger",
  "binary",
  "boolean",
  "check",
  "collated",
  "databaseType",
  "date",
  "dateTime",
  "declarativeBase",
  "double",
  "enumeration",
  "float",
  "foreignKey",
  "index",
  "integer",
  "json",
  "manyToMany",
  "manyToOne",
  "numeric",
  "oneToMany",
  "oneToOne",
  "primaryKeyConstraint",
  "smallInteger",
  "sql",
  "string",
  "table",
  "text",
  "time",
  "unique",
  "uuid",
];
