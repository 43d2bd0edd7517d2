/** What a lint rule is, and what it is told. */
import type { DatabaseFamily } from "../impl/index.js";
import type { MigrateOp } from "../ops/index.js";

export type LintLevel = "error" | "warning" | "notice";
export interface LintRule {
  /** Stable: named in comments and options that turn it off. */
  readonly id: string;
  readonly level: LintLevel;
  /** Where it applies; default everywhere. */
  readonly databases?: readonly DatabaseFamily[];
  /** One sentence for the list of rules. */
  readonly about: string;
  /** The safe way. */
  readonly instead: string;
  /** What is wrong with the operation, or undefined. */
  check(op: MigrateOp, at: LintPlace): string | undefined;
}
export interface LintPlace {
  readonly family: DatabaseFamily;
  readonly autocommit: boolean;
  /** The table was created by the same migration: it is empty and nobody uses it. */
  isNew(table: string | undefined, schema?: string | undefined): boolean;
  /** Operations of the same migration before this one. */
  readonly before: readonly MigrateOp[];
  readonly all: readonly MigrateOp[];
}
export const tableKey = (table: string, schema?: string | undefined): string =>
  schema === undefined ? table : `${schema}.${table}`;

/** SQL written by hand, without comments and the contents of strings; undefined for other operations. */
export function sqlText(op: MigrateOp): string | undefined {
  if (op.kind !== "execute") return undefined;
  const { statement } = op as unknown as { readonly statement: unknown };
  const text = typeof statement === "string" ? statement : textOf(statement);
  return text
    ?.replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\//g, " ")
    .replaceAll(/'(?:[^']|'')*'/g, "''")
    .replaceAll(/\s+/g, " ")
    .trim();
}
function textOf(statement: unknown): string | undefined {
  try {
    return String(statement);
  } catch {
    return undefined;
  }
}
/** The name after the words, quotes taken off. */
export function named(text: string, pattern: RegExp): string | undefined {
  return pattern.exec(text)?.[1]?.replaceAll(/["`[\]]/g, "");
}
