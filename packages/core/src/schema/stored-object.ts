/**
 * Objects that hold SQL instead of rows: views, functions, procedures, triggers. A change replaces them as a whole.
 * Source: Alembic cookbook, "Replaceable Objects".
 */
import { ArgumentError } from "../errors/errors.js";
import { DdlElement } from "./ddl.js";

export type StoredKind = "view" | "materializedView" | "function" | "procedure" | "trigger";
/** Takes objects in; a MetaData. */
export interface StoredObjectHome {
  readonly schema: string | undefined;
  addObject(object: StoredObject): StoredObject;
}
export interface StoredObjectOptions {
  readonly schema?: string | undefined;
  /** Created and dropped with its tables, and compared by autogenerate. */
  readonly metadata?: StoredObjectHome | undefined;
}
interface StoredParts {
  /** After AS for views; after the parameters for functions; after the table for triggers. */
  readonly definition: string;
  /** Of functions and procedures: `n integer, word text`. */
  readonly parameters?: string | undefined;
  /** Of triggers. */
  readonly table?: string | undefined;
  /** Of triggers: `BEFORE UPDATE OF title`. */
  readonly timing?: string | undefined;
}

/** One such object, as data. */
export class StoredObject {
  readonly kind: StoredKind;
  readonly name: string;
  readonly schema: string | undefined;
  readonly definition: string;
  readonly parameters: string;
  readonly table: string | undefined;
  readonly timing: string | undefined;
  constructor(kind: StoredKind, name: string, parts: StoredParts, options: StoredObjectOptions = {}) {
    for (const [what, text] of Object.entries({ name, definition: parts.definition })) {
      if (typeof text !== "string" || text.trim() === "")
        throw new ArgumentError(`${kind}(${JSON.stringify(name)}): the ${what} is a text that is not empty.`);
    }
    this.kind = kind;
    this.name = name;
    this.schema = options.schema ?? options.metadata?.schema;
    this.definition = parts.definition.trim().replace(/;$/, "").trimEnd();
    this.parameters = parts.parameters ?? "";
    this.table = parts.table;
    this.timing = parts.timing;
    options.metadata?.addObject(this);
  }
  get fullName(): string {
    return this.schema === undefined ? this.name : `${this.schema}.${this.name}`;
  }
  /** The same under another name, in no MetaData. */
  renamed(name: string): StoredObject {
    return new StoredObject(this.kind, name, this, { schema: this.schema });
  }
}

/** @example view("adults", "SELECT id, name FROM person WHERE age >= 18", { metadata }) */
export function view(name: string, query: string, options: StoredObjectOptions = {}): StoredObject {
  return new StoredObject("view", name, { definition: query }, options);
}
/** A view whose rows are kept (PostgreSQL). */
export function materializedView(name: string, query: string, options: StoredObjectOptions = {}): StoredObject {
  return new StoredObject("materializedView", name, { definition: query }, options);
}
/** @example storedFunction("add_one", "n integer", "RETURNS integer LANGUAGE sql AS $$ SELECT n + 1 $$", { metadata }) */
export function storedFunction(
  name: string,
  parameters: string,
  definition: string,
  options: StoredObjectOptions = {},
): StoredObject {
  return new StoredObject("function", name, { definition, parameters }, options);
}
export function storedProcedure(
  name: string,
  parameters: string,
  definition: string,
  options: StoredObjectOptions = {},
): StoredObject {
  return new StoredObject("procedure", name, { definition, parameters }, options);
}
/** @example trigger("person_touch", "person", "BEFORE UPDATE", "FOR EACH ROW EXECUTE FUNCTION touch()", { metadata }) */
export function trigger(
  name: string,
  table: string,
  timing: string,
  definition: string,
  options: StoredObjectOptions = {},
): StoredObject {
  return new StoredObject("trigger", name, { definition, table, timing }, options);
}

export class CreateStoredObject extends DdlElement {
  readonly kind = "createStoredObject";
  readonly object: StoredObject;
  constructor(object: StoredObject) {
    super();
    this.object = object;
  }
}
export class DropStoredObject extends DdlElement {
  readonly kind = "dropStoredObject";
  readonly object: StoredObject;
  readonly ifExists: boolean;
  constructor(object: StoredObject, options: { ifExists?: boolean } = {}) {
    super();
    this.object = object;
    this.ifExists = options.ifExists ?? false;
  }
}

/** The text before a closing parenthesis that opened just before `from`, and what follows it. */
export function splitParameters(text: string, from: number): { readonly parameters: string; readonly rest: string } {
  let depth = 1;
  for (let i = from; i < text.length; i++) {
    const c = text[i];
    if (c === "'" || c === '"' || c === "`") i = Math.max(text.indexOf(c, i + 1), i);
    else if (c === "(") depth += 1;
    else if (c === ")" && --depth === 0) return { parameters: text.slice(from, i), rest: text.slice(i + 1).trim() };
  }
  return { parameters: text.slice(from), rest: "" };
}
