/** Where columns stand in a table that is made anew. Source: Alembic `ApplyBatchImpl`, "insert_before", "partial_reordering". */
import { didYouMean } from "@athanor/core";
import { OperationError } from "../errors.js";

/** Beside which column a new one is to stand. */
export interface ColumnPlace {
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

/** The order of columns while they are added and dropped; several that were put after one column keep their order. */
export class ColumnOrder {
  #names: string[];
  /** The last column that was put after this one. */
  readonly #lastAfter = new Map<string, string>();
  constructor(names: readonly string[]) {
    this.#names = [...names];
  }
  get names(): readonly string[] {
    return this.#names;
  }
  drop(name: string): void {
    this.#names = this.#names.filter((n) => n !== name);
    this.#lastAfter.delete(name);
  }
  /** @throws OperationError when the neighbour does not exist */
  add(name: string, place: ColumnPlace | undefined): void {
    const { before, after } = place ?? {};
    if (before !== undefined) {
      this.#names.splice(this.#at(before), 0, name);
      return;
    }
    if (after === undefined) {
      this.#names.push(name);
      return;
    }
    let last = after;
    for (let next = this.#lastAfter.get(last); next !== undefined; next = this.#lastAfter.get(last)) last = next;
    this.#names.splice(this.#at(last) + 1, 0, name);
    this.#lastAfter.set(last, name);
  }
  #at(name: string): number {
    const at = this.#names.indexOf(name);
    if (at >= 0) return at;
    throw new OperationError(
      "migrate.no-column",
      `A column is to stand beside '${name}', which does not exist.${didYouMean(name, this.#names)}`,
    );
  }
  /**
   * Each list says an order of some columns; the others stay as near to where they were as that allows: what waits for
   * nothing comes first, as in SQLAlchemy's `topological.sort`.
   * @throws OperationError for unknown columns and for orders that contradict each other
   */
  reorder(orders: readonly (readonly string[])[]): void {
    const before = new Map<string, Set<string>>();
    for (const order of orders) {
      for (const name of order) this.#at(name);
      for (let i = 1; i < order.length; i++) {
        const [first, second] = [order[i - 1] as string, order[i] as string];
        before.set(second, (before.get(second) ?? new Set()).add(first));
      }
    }
    const done: string[] = [];
    for (let left = this.#names; left.length > 0; ) {
      const waiting = new Set(left);
      const ready = left.filter((n) => ![...(before.get(n) ?? [])].some((b) => waiting.has(b)));
      if (ready.length === 0) {
        throw new OperationError("migrate.order", `The orders of columns contradict each other: ${left.join(", ")}`);
      }
      done.push(...ready);
      left = left.filter((n) => !ready.includes(n));
    }
    this.#names = done;
  }
}
