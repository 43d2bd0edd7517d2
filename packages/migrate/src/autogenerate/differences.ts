/** Differences in words, for `check`. */
import { labelOf, type MigrateOp } from "../ops/index.js";

/** `addColumn todo.completed`: one per operation. */
export function describeDifferences(ops: readonly MigrateOp[]): string[] {
  return ops.map(labelOf);
}
