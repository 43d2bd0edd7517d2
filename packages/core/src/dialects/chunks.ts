/** Sizes of the chunks a cursor is read in. */
import type { ChunkRows } from "./driver.js";

/** The size of each next chunk: always the same, or four times the one before until the most is reached. */
export function chunkSizes(rows: ChunkRows): () => number {
  if (typeof rows === "number") return () => rows;
  let next = Math.min(rows.first, rows.most);
  return () => {
    const size = next;
    next = Math.min(rows.most, next * 4);
    return size;
  };
}
