/** What the parts of one file share: its imports, its helpers, and what has to be said aloud. */
import type { Dialect } from "@athanor/core";
import { Imports } from "./source.js";

export class WriterScope {
  readonly dialect: Dialect;
  readonly imports = new Imports();
  readonly warnings: string[] = [];
  needsDatabaseType = false;
  needsCollated = false;
  needsSortable = false;
  readonly #spellings = new Map<string, string[]>();
  constructor(dialect: Dialect) {
    this.dialect = dialect;
  }
  warn(text: string): void {
    this.warnings.push(text);
  }
  /** Types that a new table would have a little otherwise: one warning for all columns of one spelling. */
  spelled(difference: string, column: string): void {
    const columns = this.#spellings.get(difference);
    if (columns === undefined) this.#spellings.set(difference, [column]);
    else columns.push(column);
  }
  allWarnings(): readonly string[] {
    return [
      ...this.warnings,
      ...[...this.#spellings].map(([difference, columns]) => `${columns.join(", ")}: the type is ${difference}`),
    ];
  }
}
