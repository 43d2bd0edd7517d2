/**
 * Objects that hold SQL instead of rows: views, functions, procedures, triggers. A change replaces them as a whole. What
 * a view reads is SQL text or a select, which becomes text where the dialect is known.
 * Source: Alembic cookbook, "Replaceable Objects".
 */
import type { Dialect } from "../dialects/dialect.js";
import { ArgumentError } from "../errors/errors.js";
import { requireKnownOptions } from "../errors/known-options.js";
import type { Element } from "../sql/element.js";
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
export interface ViewObjectOptions extends StoredObjectOptions {
  /** Names of the view's columns, where they are not those of the query. */
  readonly columns?: readonly string[] | undefined;
  /** What has to be there first, where it is declared later. What a select reads is known. */
  readonly dependsOn?: readonly StoredObject[] | undefined;
}
const OPTIONS = ["schema", "metadata"] as const satisfies readonly (keyof StoredObjectOptions)[];
export const VIEW_OPTIONS = [
  ...OPTIONS,
  "columns",
  "dependsOn",
] as const satisfies readonly (keyof ViewObjectOptions)[];
interface StoredParts<D> {
  /** After AS for views; after the parameters for functions; after the table for triggers. */
  readonly definition: D;
  /** Of functions and procedures: `n integer, word text`. */
  readonly parameters?: string | undefined;
  /** Of triggers. */
  readonly table?: string | undefined;
  /** Of triggers: `BEFORE UPDATE OF title`. */
  readonly timing?: string | undefined;
  /** Of views. */
  readonly columns?: readonly string[] | undefined;
  readonly dependsOn?: readonly StoredObject[] | undefined;
}

/** One such object, as data. `D`: whether its SQL is text, or also a select. */
export class StoredObject<D extends string | Element = string | Element> {
  readonly kind: StoredKind;
  readonly name: string;
  readonly schema: string | undefined;
  readonly definition: D;
  readonly parameters: string;
  readonly table: string | undefined;
  readonly timing: string | undefined;
  readonly columns: readonly string[] | undefined;
  readonly dependsOn: readonly StoredObject[];
  constructor(kind: StoredKind, name: string, parts: StoredParts<D>, options: StoredObjectOptions = {}) {
    const isText = typeof parts.definition === "string";
    for (const [what, text] of Object.entries({ name, ...(isText && { definition: parts.definition }) })) {
      if (typeof text !== "string" || text.trim() === "")
        throw new ArgumentError(`${kind}(${JSON.stringify(name)}): the ${what} is a text that is not empty.`);
    }
    this.kind = kind;
    this.name = name;
    this.schema = options.schema ?? options.metadata?.schema;
    this.definition = (isText ? trimmed(parts.definition as string) : parts.definition) as D;
    this.parameters = parts.parameters ?? "";
    this.table = parts.table;
    this.timing = parts.timing;
    this.columns = parts.columns;
    this.dependsOn = parts.dependsOn ?? [];
    options.metadata?.addObject(this);
  }
  get fullName(): string {
    return this.schema === undefined ? this.name : `${this.schema}.${this.name}`;
  }
  /** The same under another name, in no MetaData. */
  renamed(name: string): StoredObject<D> {
    return new StoredObject(this.kind, name, this, { schema: this.schema });
  }
  get isView(): boolean {
    return this.kind === "view" || this.kind === "materializedView";
  }
  /** With its SQL as text, as this dialect writes it. */
  on(dialect: Dialect): StoredObject<string> {
    const { definition: given } = this;
    const definition = typeof given === "string" ? given : dialect.createDdlCompiler().queryText(given);
    return new StoredObject(this.kind, this.name, { ...this, definition }, { schema: this.schema });
  }
}
const trimmed = (text: string): string => text.trim().replace(/;$/, "").trimEnd();

/** @example view("adults", "SELECT id, name FROM person WHERE age >= 18", { metadata }) */
export function view(name: string, query: string, options: ViewObjectOptions = {}): StoredObject<string> {
  requireKnownOptions(options, VIEW_OPTIONS, "view()", "object.option");
  return new StoredObject("view", name, { ...viewParts(options), definition: query }, options);
}
/** A view whose rows are kept (PostgreSQL). */
export function materializedView(name: string, query: string, options: ViewObjectOptions = {}): StoredObject<string> {
  requireKnownOptions(options, VIEW_OPTIONS, "materializedView()", "object.option");
  return new StoredObject("materializedView", name, { ...viewParts(options), definition: query }, options);
}
export function viewParts({ columns, dependsOn }: ViewObjectOptions): Pick<ViewObjectOptions, "columns" | "dependsOn"> {
  return { columns, dependsOn };
}
/** @example storedFunction("add_one", "n integer", "RETURNS integer LANGUAGE sql AS $$ SELECT n + 1 $$", { metadata }) */
export function storedFunction(
  name: string,
  parameters: string,
  definition: string,
  options: StoredObjectOptions = {},
): StoredObject<string> {
  requireKnownOptions(options, OPTIONS, "storedFunction()", "object.option");
  return new StoredObject("function", name, { definition, parameters }, options);
}
export function storedProcedure(
  name: string,
  parameters: string,
  definition: string,
  options: StoredObjectOptions = {},
): StoredObject<string> {
  requireKnownOptions(options, OPTIONS, "storedProcedure()", "object.option");
  return new StoredObject("procedure", name, { definition, parameters }, options);
}
/** @example trigger("person_touch", "person", "BEFORE UPDATE", "FOR EACH ROW EXECUTE FUNCTION touch()", { metadata }) */
export function trigger(
  name: string,
  table: string,
  timing: string,
  definition: string,
  options: StoredObjectOptions = {},
): StoredObject<string> {
  requireKnownOptions(options, OPTIONS, "trigger()", "object.option");
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
    requireKnownOptions(options, ["ifExists"], "new DropStoredObject()", "ddl.option");
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
