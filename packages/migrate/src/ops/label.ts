/** An operation in a few words: what kind it is and what it is about. */
import type { MigrateOp } from "./op.js";

/** `addColumn todo.completed`; for SQL the text itself. */
export function labelOf(op: MigrateOp): string {
  const parts = op as unknown as {
    readonly table?: { readonly fullName?: string; readonly tableName?: string };
    readonly tableName?: string;
    readonly schema?: string;
    readonly columnName?: string;
    readonly name?: string | null;
    readonly index?: { readonly name?: string | null };
    readonly constraint?: { readonly name?: string | null };
    readonly type?: { readonly name?: string };
    readonly statement?: unknown;
  };
  if (typeof parts.statement === "string") return `${op.kind} ${parts.statement.replaceAll(/\s+/g, " ").trim()}`;
  const bare = parts.tableName ?? parts.table?.fullName ?? parts.table?.tableName;
  const table = bare === undefined || parts.schema === undefined ? bare : `${parts.schema}.${bare}`;
  const inner = parts.columnName ?? parts.name ?? parts.index?.name ?? parts.constraint?.name ?? parts.type?.name;
  return [op.kind, [table, inner].filter((p) => p !== undefined && p !== null).join(".")].join(" ").trim();
}
