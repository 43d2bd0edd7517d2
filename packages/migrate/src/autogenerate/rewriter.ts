/** Changes generated operations before they are written. Source: Alembic `Rewriter`. */
import { groupByTable, type MigrateOp, ModifyTableOps } from "../ops/index.js";

type Rewrite<O extends MigrateOp> = (
  op: O,
) => MigrateOp | readonly MigrateOp[] | null | Promise<MigrateOp | readonly MigrateOp[] | null>;
type OpClass<O extends MigrateOp> = abstract new (...args: never[]) => O;

/**
 * What a rewrite gives is not given to the same rewriter again, so that it may hold an operation of the same class; the
 * next of a chain sees it. `null` leaves the operation out.
 *
 * @example
 * const rewriter = new Rewriter().rewrites(AddColumnOp, (op) => [op, new ExecuteOp("…")]);
 * const migrate = new Migrate({ …, processRevisionDirectives: rewriter.process });
 */
export class Rewriter {
  readonly #rewrites: { readonly of: OpClass<MigrateOp>; readonly rewrite: Rewrite<MigrateOp> }[] = [];
  readonly #seen = new WeakSet<MigrateOp>();
  #next: Rewriter | undefined;

  /** The first rewrite whose class fits an operation is taken. */
  rewrites<O extends MigrateOp>(of: OpClass<O>, rewrite: Rewrite<O>): this {
    // The class is looked at before the function is called.
    this.#rewrites.push({ of, rewrite: rewrite as unknown as Rewrite<MigrateOp> });
    return this;
  }
  /** This rewriter, then the other one, as a new one. */
  chain(next: Rewriter): Rewriter {
    const both = new Rewriter();
    both.#rewrites.push(...this.#rewrites);
    both.#next = this.#next === undefined ? next : this.#next.chain(next);
    return both;
  }
  /** For `processRevisionDirectives`. */
  readonly process = async (ops: readonly MigrateOp[]): Promise<readonly MigrateOp[]> => {
    const made = await this.#own(ops);
    return this.#next === undefined ? made : this.#next.process(made);
  };
  async #own(ops: readonly MigrateOp[], inGroup = false): Promise<readonly MigrateOp[]> {
    const made: MigrateOp[] = [];
    // Who rewrites groups is given groups; what is in a group is rewritten in it.
    const isGrouping = !inGroup && this.#rewrites.some((r) => r.of === ModifyTableOps);
    for (const op of isGrouping ? groupByTable(ops) : ops) {
      const found = this.#seen.has(op) ? undefined : this.#rewrites.find((r) => op instanceof r.of);
      const given = found === undefined ? [op] : [(await found.rewrite(op)) ?? []].flat();
      for (const one of given) {
        this.#seen.add(one);
        if (!(one instanceof ModifyTableOps)) made.push(one);
        else {
          const inner = new ModifyTableOps(one.tableName, await this.#own(one.ops, true), { schema: one.schema });
          this.#seen.add(inner);
          if (!inner.isEmpty) made.push(inner);
        }
      }
    }
    return made;
  }
}
