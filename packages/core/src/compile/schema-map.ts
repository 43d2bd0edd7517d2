/**
 * One compiled text for many schemas: table names carry a token for their schema, which is filled in after the cache, so
 * that tenants share the compiled form. Source: SQLAlchemy "Translation of Schema Names".
 */
import type { Compiled, InsertPlan, SchemaForms, SchemaMap } from "./compiled.js";

/** Stands before a table's name; like the marks of parameters it is made of NUL, which no part of a text may hold. */
const TOKEN = /\0([:'])([^\0]*)\0/;
/** How many forms of one statement are kept; beyond, the oldest go. */
const KEPT = 200;

/** What the compiler writes in front of a table's name; `quoted`: where that stands inside of a string. */
export function schemaToken(schema: string | undefined, quoted = false): string {
  return `\0${quoted ? "'" : ":"}${schema ?? ""}\0`;
}
/** The text with every schema written out, renamed by the map if there is one. */
export function writeSchemas(text: string, quote: (name: string) => string, map?: SchemaMap): string {
  const parts = text.split(TOKEN);
  for (let i = 1; i < parts.length; i += 3) {
    const name = translatedSchema(parts[i + 1], map);
    const words = name === undefined ? "" : `${quote(name)}.`;
    parts[i + 1] = parts[i] === "'" ? words.replaceAll("'", "''") : words;
    parts[i] = "";
  }
  return parts.join("");
}
/** The schema that stands for `own` under the map; undefined: the connection's default, which the map knows as "". */
export function translatedSchema(own: string | undefined, map: SchemaMap | undefined): string | undefined {
  const key = own ?? "";
  const name = map !== undefined && Object.hasOwn(map, key) ? map[key] : key;
  return name === "" || name === null ? undefined : name;
}

/** `sql`, `pieces` and the rows' texts of a compiled statement, as they were before schemas were written out. */
export interface Tokenised {
  readonly sql: string;
  readonly pieces: readonly string[] | undefined;
  readonly insert: InsertPlan | undefined;
}
export class TokenisedForms implements SchemaForms {
  readonly #base: () => Compiled;
  readonly #tokenised: Tokenised;
  readonly #quote: (name: string) => string;
  readonly #made = new Map<string, Compiled>();
  constructor(base: () => Compiled, tokenised: Tokenised, quote: (name: string) => string) {
    this.#base = base;
    this.#tokenised = tokenised;
    this.#quote = quote;
  }
  under(map: SchemaMap): Compiled {
    const key = JSON.stringify(
      Object.keys(map)
        .sort()
        .map((name) => [name, map[name]]),
    );
    let found = this.#made.get(key);
    if (found === undefined) {
      if (this.#made.size >= KEPT) this.#made.delete(this.#made.keys().next().value as string);
      this.#made.set(key, (found = this.#make(map)));
    }
    return found;
  }
  #make(map: SchemaMap): Compiled {
    const write = (text: string) => writeSchemas(text, this.#quote, map);
    const { sql, pieces, insert } = this.#tokenised;
    return {
      ...this.#base(),
      sql: write(sql),
      pieces: pieces?.map(write),
      insert: insert === undefined ? undefined : withWriter(insert, write),
      schemas: this,
      hits: 0,
    };
  }
}
/** The plan with every text passed through `write`. */
export function withWriter(plan: InsertPlan, write: (text: string) => string): InsertPlan {
  return { ...plan, render: (rows) => write(plan.render(rows)), texts: new Map() };
}
