/** RETURNING in an order nobody promised. */
import type { Engine } from "../index.js";

/**
 * Rows of INSERT … RETURNING come back in another order, the same one for the same seed: no database promises any, and code
 * that relies on it works by chance. Gives the function that stops it.
 */
export function shuffleReturning(engine: Engine, seed = 12345): () => void {
  let state = seed;
  const random = (): number => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
  return engine.on("afterExecute", ({ sql, result }) => {
    if (!/^INSERT/i.test(sql)) return;
    for (let i = result.rows.length - 1; i > 0; i--) {
      const k = Math.floor(random() * (i + 1));
      [result.rows[i], result.rows[k]] = [result.rows[k] as unknown[], result.rows[i] as unknown[]];
    }
  });
}
