/** Differences in words, for `check`. */
import type { MigrateOp } from "../ops/index.js";

/** `addColumn todo.completed`: one per operation. */
export function describeDifferences(ops: readonly MigrateOp[]): string[] {
  return ops.map((op) => {
    const parts = op as unknown as {
      readonly table?: { readonly fullName?: string; readonly tableName?: string };
      readonly tableName?: string;
      readonly schema?: string;
      readonly columnName?: string;
      readonly name?: string | null;
      readonly index?: { readonly name?: string | null };
      readonly constraint?: { readonly name?: string | null };
      readonly type?: { readonly name?: string };
    };
    const bare = parts.tableName ?? parts.table?.fullName ?? parts.table?.tableName;
    const table = bare === undefined || parts.schema === undefined ? bare : `${parts.schema}.${bare}`;
    const inner = parts.columnName ?? parts.name ?? parts.index?.name ?? parts.constraint?.name ?? parts.type?.name;
    return [op.kind, [table, inner].filter((p) => p !== undefined && p !== null).join(".")].join(" ").trim();
  });
}
