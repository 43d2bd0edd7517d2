/** Directives of one's own: how they are called, run and written. Source: Alembic "Operation Plugins". */
import { OperationError } from "../errors.js";
import type { MigrateOp } from "../ops/index.js";

type Run = (op: never, operations: never) => Promise<void>;
const runs = new Map<string, Run>();

export function ownOperation(kind: string): ((op: MigrateOp, operations: unknown) => Promise<void>) | undefined {
  return runs.get(kind) as ((op: MigrateOp, operations: unknown) => Promise<void>) | undefined;
}
export function setOwnOperation(kind: string, run: Run): void {
  runs.set(kind, run);
}

/** Puts a method on a class of operations. @throws OperationError where there is one already and it is not to be replaced */
export function addDirective(
  target: object,
  name: string,
  method: (...args: never[]) => unknown,
  replace: boolean,
): void {
  if (name in target && !replace) {
    throw new OperationError("migrate.directive-exists", `There is a directive '${name}' already`, {
      hint: "Give it another name, or say { replace: true }.",
    });
  }
  Object.defineProperty(target, name, { value: method, configurable: true, writable: true });
}
