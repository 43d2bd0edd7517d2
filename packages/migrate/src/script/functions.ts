/** What a revision does in one of several databases. */
import { didYouMean } from "@athanor/core";
import { ScriptError } from "../errors.js";
import type { Revision } from "../graph/index.js";
import type { RevisionFunctions, RevisionModule } from "./file.js";

/** A revision as a run takes it: plain functions of the operations. */
export interface RunnableRevision<Op> {
  readonly upgrade: (op: Op) => unknown;
  /** Absent when the revision cannot be undone. */
  readonly downgrade?: ((op: Op) => unknown) | undefined;
  readonly irreversible?: string | undefined;
  readonly transaction?: boolean | undefined;
  /** What the file exports besides: views and the like that later revisions replace. */
  readonly exports?: Readonly<Record<string, unknown>> | undefined;
}
/** Which database of the configuration a run is about; undefined where the configuration has one only. */
export interface DatabaseScope {
  readonly name: string;
  /** All names, the default database first. */
  readonly all: readonly string[];
}

/**
 * The functions for one database. A function that takes a second argument is called for every database, with its name;
 * one that does not is the first database's, as it was when there was no other. Of functions by name, those of other
 * databases are left alone.
 *
 * @throws ScriptError for functions of a database the configuration does not have
 */
export function runnable<Op>(
  module: RevisionModule<Op>,
  scope: DatabaseScope | undefined,
  revision: Revision,
): RunnableRevision<Op> {
  const { irreversible, transaction } = module;
  const upgrade = pick(module.upgrade, scope, revision);
  const down = module.downgrade === undefined ? undefined : pick(module.downgrade, scope, revision);
  // Where nothing was done there is nothing to undo.
  const downgrade = down ?? (upgrade === undefined ? () => {} : undefined);
  return {
    upgrade: upgrade ?? (() => {}),
    downgrade: irreversible === undefined || upgrade === undefined ? downgrade : undefined,
    irreversible,
    transaction,
    exports: module as unknown as Readonly<Record<string, unknown>>,
  };
}

/** Undefined: nothing for this database. */
function pick<Op>(
  functions: RevisionFunctions<Op>,
  scope: DatabaseScope | undefined,
  revision: Revision,
): ((op: Op) => unknown) | undefined {
  if (typeof functions === "function") {
    if (scope === undefined) return (op) => functions(op, "default");
    if (functions.length < 2 && scope.name !== scope.all[0]) return undefined;
    return (op) => functions(op, scope.name);
  }
  const names = Object.keys(functions);
  if (scope === undefined) {
    throw new ScriptError(
      "migrate.databases",
      `Revision ${revision} has functions for the databases ${names.join(", ")}, but the configuration names no databases`,
      { hint: "Name them: databases: { users: { url, metadata }, … } in the configuration or the env file's answer." },
    );
  }
  const unknown = names.find((name) => !scope.all.includes(name));
  if (unknown !== undefined) {
    throw new ScriptError(
      "migrate.databases",
      `Revision ${revision} has a function for '${unknown}', which is no database of the configuration`,
      { hint: `${didYouMean(unknown, scope.all)} The databases are ${scope.all.join(", ")}.`.trim() },
    );
  }
  return functions[scope.name];
}
