/** Pieces of TypeScript source, and the imports they need. */

/** A string as source. Line separators are legal in strings, but some tools stumble over them. */
export function quoted(text: string): string {
  return JSON.stringify(text).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}
export const isIdentifier = (text: string): boolean => /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(text);
export const propertyKey = (key: string): string => (isIdentifier(key) ? key : quoted(key));
/** A value as source: what JSON has. */
export function literal(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object" && value !== null)
    return objectOf(Object.entries(value).map(([k, v]) => [k, literal(v)]));
  return String(value);
}
/** `{ a: 1, b: 2 }` of parts that are source already; without any, "". */
export function objectOf(entries: readonly (readonly [key: string, source: string | undefined])[]): string {
  const present = entries.filter(([, source]) => source !== undefined);
  return present.length === 0
    ? ""
    : `{ ${present.map(([key, source]) => `${propertyKey(key)}: ${source}`).join(", ")} }`;
}
/** `, x` for an argument that is there. */
export const more = (argument: string): string => (argument === "" ? "" : `, ${argument}`);
/** A comment of one line whatever the text: it comes from the database. */
export function lineComment(text: string): string {
  return `// ${text.replace(/[\r\n\u2028\u2029]+/g, " ").trim()}`;
}

/** What the file imports; a name asked for twice is imported once. */
export class Imports {
  readonly #core = new Set<string>();
  readonly #types = new Set<string>();
  readonly #orm = new Set<string>();
  core(name: string): string {
    this.#core.add(name);
    return name;
  }
  type(name: string): string {
    this.#types.add(name);
    return name;
  }
  orm(name: string): string {
    this.#orm.add(name);
    return name;
  }
  /** `umbrella`: everything from "athanor". */
  lines(umbrella: boolean): string[] {
    const core = [...this.#core, ...[...this.#types].map((t) => `type ${t}`)];
    const bare = (name: string) => name.replace("type ", "").toLowerCase();
    const sorted = (names: Iterable<string>) => [...names].sort((a, b) => (bare(a) < bare(b) ? -1 : 1));
    const line = (names: readonly string[], from: string): string[] => {
      if (names.length === 0) return [];
      const whole = `import { ${names.join(", ")} } from "${from}";`;
      return whole.length <= 120 ? [whole] : ["import {", ...names.map((n) => `  ${n},`), `} from "${from}";`];
    };
    if (umbrella) return line(sorted([...core, ...this.#orm]), "athanor");
    return [...line(sorted(core), "@athanor/core"), ...line(sorted(this.#orm), "@athanor/orm")];
  }
}
