/**
 * A run over several databases. Where DDL is transactional, none of them commits before all are done; with two-phase
 * commit not even a crash between two commits can part them. Tenants follow one another, each for itself.
 */
import { randomBytes } from "node:crypto";
import { CommandError, MigrationError } from "../errors.js";
import type { MigrationContext, PendingTransaction, RunSettings } from "../runtime/index.js";
import type { CommandEnvironment } from "./config.js";
import type { MigrationTarget } from "./target.js";

type Work = (target: MigrationTarget, context: MigrationContext, settings: RunSettings) => Promise<void>;

/** Runs the work in every target of the command. @throws what the work throws; CommandError when tenants failed */
export async function runTogether(environment: CommandEnvironment, work: Work): Promise<void> {
  const targets = await environment.targets();
  const databases = targets.filter((t) => t.tenant === undefined);
  const tenants = targets.filter((t) => t.tenant !== undefined);
  if (databases.length > 0) await inDatabases(environment, databases, work);
  if (tenants.length > 0) await inTenants(environment, tenants, work);
}

async function inDatabases(
  environment: CommandEnvironment,
  databases: readonly MigrationTarget[],
  work: Work,
): Promise<void> {
  const { log } = environment;
  const twoPhase = environment.config.twoPhase ?? false;
  const pending: { readonly target: MigrationTarget; readonly transaction: PendingTransaction }[] = [];
  const finished: MigrationTarget[] = [];
  const from = async (at: number): Promise<void> => {
    const target = databases[at];
    if (target === undefined) {
      if (twoPhase) await commitAll(pending);
      return;
    }
    if (target.scope !== undefined) log.info("env", `Migrating ${target.label}`);
    await target.online(async (context) => {
      if (twoPhase && !context.canPrepare) throw cannotPrepare(target, context);
      const beforeLast = async (transaction: PendingTransaction | undefined) => {
        if (transaction === undefined) finished.push(target);
        else pending.push({ target, transaction });
        await from(at + 1);
      };
      await work(target, context, databases.length > 1 || twoPhase ? { beforeLast } : {});
    });
  };
  try {
    await from(0);
  } catch (error) {
    if (databases.length > 1) {
      const back = pending.map((p) => p.target.scope?.name ?? "");
      const stay = finished.map((t) => t.scope?.name ?? "");
      if (back.length > 0) log.warn("env", `Rolled back too: ${back.join(", ")}`);
      if (stay.length > 0)
        log.warn("env", `Migrated and kept, since DDL cannot be taken back there: ${stay.join(", ")}`);
    }
    throw error;
  }
}

function cannotPrepare(target: MigrationTarget, context: MigrationContext): CommandError {
  return new CommandError(
    "migrate.two-phase",
    `twoPhase: ${target.label || context.dialect.name} cannot hold the run in one prepared transaction`,
    {
      hint: "It takes PostgreSQL, without transactionPerMigration. Leave twoPhase out; commits then follow each other.",
    },
  );
}
async function commitAll(
  pending: readonly { readonly target: MigrationTarget; readonly transaction: PendingTransaction }[],
): Promise<void> {
  const run = randomBytes(6).toString("hex");
  const named = pending.map(({ target, transaction }, i) => ({ target, transaction, name: `athanor_${run}_${i}` }));
  const prepared: typeof named = [];
  try {
    for (const one of named) {
      await one.transaction.prepare(one.name);
      prepared.push(one);
    }
  } catch (error) {
    for (const one of prepared) await one.transaction.rollbackPrepared(one.name);
    throw error;
  }
  const left = [...prepared];
  try {
    for (const one of prepared) {
      await one.transaction.commitPrepared(one.name);
      left.shift();
    }
  } catch (cause) {
    throw new CommandError("migrate.two-phase", "All databases were prepared, but not all could be committed", {
      cause,
      hint: `Finish by hand: ${left.map((o) => `${o.target.label}: COMMIT PREPARED '${o.name}'`).join("; ")}.`,
    });
  }
}

async function inTenants(
  environment: CommandEnvironment,
  tenants: readonly MigrationTarget[],
  work: Work,
): Promise<void> {
  const { log } = environment;
  const failed: { readonly name: string; readonly error: unknown }[] = [];
  for (const [i, target] of tenants.entries()) {
    log.info("env", `Migrating ${target.label} (${i + 1} of ${tenants.length})`);
    try {
      await target.online((context) => work(target, context, {}), { announce: i === 0 });
    } catch (error) {
      const names = (list: readonly MigrationTarget[]) => list.map((t) => t.tenant).join(", ") || "none";
      if (!(environment.config.keepGoing ?? false) || !(error instanceof MigrationError)) {
        log.warn(
          "env",
          `Failed in ${target.label}. Done: ${names(tenants.slice(0, i))}. Not begun: ${names(tenants.slice(i + 1))}.`,
        );
        throw error;
      }
      log.warn("env", `Failed in ${target.label}: ${error.message}`);
      failed.push({ name: target.tenant ?? "", error });
    }
  }
  const [first] = failed;
  if (first === undefined) return;
  throw new CommandError(
    "migrate.tenants",
    `${failed.length} of ${tenants.length} tenants failed: ${failed.map((f) => f.name).join(", ")}`,
    {
      cause: first.error,
      hint: "The others are done. Correct the cause and run the command again: it goes on where a tenant stopped.",
    },
  );
}
