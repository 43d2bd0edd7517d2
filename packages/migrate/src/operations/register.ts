/** `registerOperation`: the door through which directives of one's own come in. */
import { registerRenderer } from "../autogenerate/render.js";
import type { SourceWriter } from "../autogenerate/render-types.js";
import { OperationError } from "../errors.js";
import type { MigrateOp } from "../ops/index.js";
import { BatchOperations } from "./batch.js";
import { Operations } from "./operations.js";
import { addDirective, setOwnOperation } from "./own.js";

/** A directive of one's own. */
export interface OwnDirective<O extends MigrateOp, A extends readonly never[], B extends readonly never[]> {
  /** `op.<name>(…)`, and the `kind` of the operation. */
  readonly name: string;
  /** Makes the operation of what the call was given. */
  readonly make: (...args: A) => O;
  /** Runs it, with the operations there are. */
  readonly run: (op: O, operations: Operations) => Promise<void>;
  /** How autogenerate writes it: lines of source. */
  readonly render?: ((op: O, writer: SourceWriter) => readonly string[]) | undefined;
  /** Also `batch.<name>(…)`, with the table's name and schema in front of what it is given. */
  readonly makeForBatch?: ((table: { name: string; schema: string | undefined }, ...args: B) => O) | undefined;
  /** Take the place of a directive or operation of this name. */
  readonly replace?: boolean | undefined;
}

/**
 * Teaches `op` a directive of one's own: its call, what it runs, how it is written. TypeScript learns of it by merging.
 * With a kind and a function alone only `op.invoke` is taught.
 *
 * @example
 * class GrantOp extends MigrateOp { readonly kind = "grant"; … reverse() { return new RevokeOp(this.table, this.to); } }
 * registerOperation({
 *   name: "grant",
 *   make: (table: string, to: string) => new GrantOp(table, to),
 *   run: (op, operations) => operations.execute(`GRANT SELECT ON ${op.table} TO ${op.to}`),
 *   render: (op) => [`await op.grant(${JSON.stringify(op.table)}, ${JSON.stringify(op.to)});`],
 * });
 * declare module "@athanor/migrate" {
 *   interface Operations { grant(table: string, to: string): Promise<void>; }
 * }
 * @throws OperationError `migrate.directive-exists`
 */
export function registerOperation<O extends MigrateOp, A extends readonly never[], B extends readonly never[]>(
  directive: OwnDirective<O, A, B>,
): void;
export function registerOperation<O extends MigrateOp>(
  kind: string,
  run: (op: O, operations: Operations) => Promise<void>,
): void;
export function registerOperation<O extends MigrateOp, A extends readonly never[], B extends readonly never[]>(
  given: string | OwnDirective<O, A, B>,
  run?: (op: O, operations: Operations) => Promise<void>,
): void {
  if (typeof given === "string") {
    if (run === undefined)
      throw new OperationError("migrate.directive", `registerOperation("${given}"): nothing to run`);
    setOwnOperation(given, run as never);
    return;
  }
  const { name, make, makeForBatch, render, replace = false } = given;
  addDirective(
    Operations.prototype,
    name,
    function (this: Operations, ...args: never[]) {
      return this.invoke(make(...(args as unknown as A)));
    },
    replace,
  );
  if (makeForBatch !== undefined) {
    addDirective(
      BatchOperations.prototype,
      name,
      function (this: BatchOperations, ...args: never[]) {
        this.push(makeForBatch(this.table, ...(args as unknown as B)));
      },
      replace,
    );
  }
  setOwnOperation(name, given.run as never);
  if (render !== undefined) registerRenderer<O>(name, render);
}
