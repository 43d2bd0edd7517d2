/** Names: properties to columns and tables, and conventions for constraints. Source: SQLAlchemy "Configuring Constraint Naming Conventions". */

import { createHash } from "node:crypto";
import { didYouMean } from "../errors/did-you-mean.js";
import { ArgumentError, InvalidRequestError } from "../errors/errors.js";

/** `userId` → `user_id`, `HTTP2Request` → `http2_request`, `ABC` → `abc`. */
export function camelToSnake(name: string): string {
  return name
    .replace(/(?<=[a-z0-9])([A-Z])|(?<=[A-Za-z])([A-Z])(?=[a-z])/g, (c) => `_${c}`)
    .replace(/^_/, "")
    .toLowerCase();
}

/** How properties and model names become names in the database; may be replaced per MetaData. */
export interface NamingStrategy {
  column(property: string): string;
  table(model: string): string;
}
export const snakeCaseNaming: NamingStrategy = {
  column: (property) => property.replace(/[A-Z]+/g, (run, at: number) => `${at === 0 ? "" : "_"}${run.toLowerCase()}`),
  table: camelToSnake,
};

/** What a convention is applied to. The faces of a constraint, reduced to what names are made of. */
export interface NameSubject {
  readonly table: { readonly tableName: string; readonly schema?: string | undefined };
  readonly columns: readonly { readonly key: string; readonly columnName: string }[];
  /** Foreign keys only. */
  readonly referredTable?: string | undefined;
  readonly referredColumns?: readonly string[] | undefined;
}
/** A token of the user's own: `{ fk_guid: (constraint) => hash(constraint.columns) }`. */
export type NamingToken = (subject: NameSubject) => string;
/**
 * Templates by kind. Tokens: `%(table_name)s`, `%(referred_table_name)s`, `%(constraint_name)s`, and for the columns
 * `%(column_0_name)s`, `%(column_0N_name)s` (all, run together), `%(column_0_N_name)s` (all, with `_` between), each
 * also as `_key` and `_label` (table and column), and `%(referred_column_0_name)s` likewise. Any other key of the
 * convention that is a function is a token too.
 */
export interface NamingConvention {
  readonly ix?: string;
  readonly uq?: string;
  readonly ck?: string;
  readonly fk?: string;
  readonly pk?: string;
  /** Exclusion constraints (PostgreSQL). */
  readonly ex?: string;
  readonly [token: string]: string | NamingToken | undefined;
}
export type NamedKind = "ix" | "uq" | "ck" | "fk" | "pk" | "ex";

/** A name that no convention touches again, as `op.f()` makes in migrations. */
export class ConventionalName {
  readonly value: string;
  constructor(value: string) {
    this.value = value;
  }
  toString(): string {
    return this.value;
  }
}
/**
 * Marks a name as finished: a `ck` convention with `%(constraint_name)s` would otherwise be applied to it once more.
 *
 * @example check("price > 0", conv("ck_cars_positive"))
 */
export function conv(name: string): ConventionalName {
  return new ConventionalName(name);
}
export type GivenName = string | ConventionalName | null | undefined;

/** The name of a constraint or index under a convention; `name` stays undefined where nothing gives one. */
export function conventionalName(
  kind: NamedKind,
  given: GivenName,
  subject: NameSubject,
  convention: NamingConvention,
): { readonly name: string | null | undefined; readonly generated: boolean } {
  if (given instanceof ConventionalName) return { name: given.value, generated: true };
  if (given === null) return { name: null, generated: false };
  const template = convention[kind];
  if (typeof template !== "string") return { name: given, generated: false };
  if (given !== undefined && !template.includes("%(constraint_name)s")) return { name: given, generated: false };
  const name = template.replace(/%\((\w+)\)s/g, (_, token: string) =>
    tokenValue(token, kind, given, subject, convention),
  );
  return { name, generated: true };
}

function tokenValue(
  token: string,
  kind: NamedKind,
  given: string | undefined,
  subject: NameSubject,
  convention: NamingConvention,
): string {
  const own = convention[token];
  if (typeof own === "function") return own(subject);
  const { table, columns } = subject;
  switch (token) {
    case "table_name":
      return table.tableName;
    case "constraint_name":
      if (given !== undefined) return given;
      throw new InvalidRequestError(
        `The naming convention of '${kind}' holds %(constraint_name)s, so this constraint of table '${table.tableName}' needs a name of its own.`,
        "naming.constraint-name",
      );
    case "referred_table_name":
      if (subject.referredTable !== undefined) return subject.referredTable;
      break;
  }
  const column = /^(referred_)?column_(\d+)(_?N)?_(name|key|label)$/.exec(token);
  if (column === null) {
    throw new ArgumentError(
      `The naming convention of '${kind}' holds %(${token})s, which is no token.${didYouMean(token, TOKENS)}`,
      "naming.token",
    );
  }
  const [, referred, first, many, what] = column;
  const list =
    referred === undefined
      ? columns.map((c) => (what === "key" ? c.key : what === "label" ? label(table, c.columnName) : c.columnName))
      : (subject.referredColumns ?? []).map((c) => (what === "label" ? `${subject.referredTable}_${c}` : c));
  const from = Number(first);
  if (many !== undefined) return list.slice(from).join(many === "_N" ? "_" : "");
  const one = list[from];
  if (one === undefined) {
    throw new ArgumentError(
      `The naming convention of '${kind}' holds %(${token})s, but the constraint of table '${table.tableName}' has ${list.length} column(s). Give it a name.`,
      "naming.token",
    );
  }
  return one;
}
const TOKENS = [
  "table_name",
  "referred_table_name",
  "constraint_name",
  "column_0_name",
  "column_0_key",
  "column_0_label",
  "column_0N_name",
  "column_0_N_name",
  "column_0_N_key",
  "column_0_N_label",
  "referred_column_0_name",
];
function label(table: NameSubject["table"], column: string): string {
  const schema = table.schema === undefined ? "" : `${table.schema.replaceAll(".", "_")}_`;
  return `${schema}${table.tableName}_${column}`;
}

/**
 * A generated name that fits the database: cut, with four digits of a hash of the whole, always the same for the same
 * name. Source: SQLAlchemy, "Creating Specific Names" (length limits).
 */
export function truncatedName(name: string, longest: number): string {
  if (name.length <= longest) return name;
  const hash = createHash("md5").update(name).digest("hex").slice(-4);
  return `${name.slice(0, longest - 8)}_${hash}`;
}
/** What SQLAlchemy does out of the box: only indexes get names. */
export const DEFAULT_NAMING_CONVENTION: NamingConvention = { ix: "ix_%(column_0_label)s" };
/** Names for everything: worth having where constraints are to be dropped or altered by name later. */
export const RECOMMENDED_NAMING_CONVENTION: NamingConvention = {
  ix: "ix_%(column_0_label)s",
  uq: "uq_%(table_name)s_%(column_0_N_name)s",
  ck: "ck_%(table_name)s_%(constraint_name)s",
  fk: "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
  pk: "pk_%(table_name)s",
};
