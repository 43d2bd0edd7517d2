/**
 * `op.createView` and its kin. An object stands in the revision file that made it, so that a later one can bring it back:
 * `replaces: "28af9800143f.adults"` names the revision and its export. Source: Alembic "Replaceable Objects".
 */
import type { StoredKind, StoredObject } from "@athanor/core";
import { didYouMean, StoredObject as Stored } from "@athanor/core";
import { OperationError } from "../errors.js";
import { CreateObjectOp, DropObjectOp, ReplaceObjectOp } from "../ops/index.js";

/** Which old definition goes (`replaces`) or comes back (`replaceWith`): an object, or `revision.export`. */
export interface ReplaceOptions {
  /** In upgrade(): what the new one replaces. Without it whatever goes by the name. */
  readonly replaces?: string | StoredObject | undefined;
  /** In downgrade(): what comes back instead. */
  readonly replaceWith?: string | StoredObject | undefined;
}
/** Finds `revision.export` among the revisions before the running one. */
export type FindObject = (revision: string) => Promise<Readonly<Record<string, unknown>>>;

export function createObject(object: StoredObject, kinds: readonly StoredKind[], where: string): CreateObjectOp {
  return new CreateObjectOp(checked(object, kinds, where));
}
export function dropObject(
  object: StoredObject,
  kinds: readonly StoredKind[],
  where: string,
  options: { readonly ifExists?: boolean | undefined },
): DropObjectOp {
  return new DropObjectOp(checked(object, kinds, where), options);
}
export async function replaceObject(
  object: StoredObject,
  kinds: readonly StoredKind[],
  where: string,
  options: ReplaceOptions,
  find: FindObject | undefined,
): Promise<ReplaceObjectOp> {
  const given = checked(object, kinds, where);
  const { replaces, replaceWith } = options;
  if (replaces !== undefined && replaceWith !== undefined)
    throw new OperationError("migrate.replace", `${where}: replaces and replaceWith exclude each other`);
  const named = replaces ?? replaceWith;
  const other = typeof named === "string" ? await lookUp(named, where, find) : named;
  if (other !== undefined) checked(other, kinds, where);
  return replaceWith === undefined
    ? new ReplaceObjectOp(given, other ?? given)
    : new ReplaceObjectOp(other ?? given, given);
}

function checked(object: unknown, kinds: readonly StoredKind[], where: string): StoredObject {
  if (object instanceof Stored && kinds.includes(object.kind)) return object;
  const what = object instanceof Stored ? `a ${object.kind}` : typeof object;
  throw new OperationError("migrate.object", `${where} takes ${kinds.map((k) => `${k}(…)`).join(" or ")}, not ${what}`);
}
async function lookUp(reference: string, where: string, find: FindObject | undefined): Promise<StoredObject> {
  const dot = reference.indexOf(".");
  const [revision, name] = [reference.slice(0, dot), reference.slice(dot + 1)];
  if (dot <= 0 || name === "")
    throw new OperationError("migrate.replace", `${where}: '${reference}' is not "revision.export"`);
  if (find === undefined) {
    throw new OperationError("migrate.replace", `${where}: '${reference}' can be looked up only while revisions run`, {
      hint: "Give the object itself.",
    });
  }
  const exports = await find(revision);
  const found = exports[name];
  if (found instanceof Stored) return found;
  const known = Object.keys(exports).filter((key) => exports[key] instanceof Stored);
  throw new OperationError(
    "migrate.replace",
    `${where}: revision ${revision} exports no object '${name}'.${didYouMean(name, known)}`,
    { hint: `Write in that file: export const ${name} = view(…);` },
  );
}
