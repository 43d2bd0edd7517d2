/** What a session is made with. */
import {
  ArgumentError,
  checkedExecutionOptions,
  declareExecutionOptions,
  didYouMean,
  requireKnownOptions,
} from "@athanor/core";
import { type BindKey, Binds } from "./binds.js";
import { connectionOptionsIn } from "./connection-options.js";
import type { Bind, JoinTransactionMode } from "./connections.js";
import type { CoreOptions, GetBind } from "./core.js";
import { type ReplicaOptions, ReplicaSets } from "./replicas.js";
import { type ShardOptions, Shards } from "./sharding.js";

export interface SessionOptions {
  readonly bind?: Bind;
  /**
   * Engines by model, by base (what `declarativeBase()` gave or was given) or by table; the nearest one wins, `bind` is for the rest.
   *
   * @example binds: [[User, mainEngine], [LogBase, logEngine], [countries, mainEngine]]
   */
  readonly binds?: Iterable<readonly [BindKey, Bind]>;
  /** false: the session works only between `begin()` and the end of that transaction. Default true. */
  readonly autobegin?: boolean;
  /** Commit in two phases, over all engines of the session: all of them or none. Needs databases that can. */
  readonly twoPhase?: boolean;
  /** Flush before every query and lazy load. Default true. */
  readonly autoflush?: boolean;
  /** After a commit, objects are stale: values stay readable, the next row overwrites them. Default true. */
  readonly expireOnCommit?: boolean;
  /**
   * Chooses the engine for a model and a statement: read replicas, tenants. undefined leaves it to `binds` and `bind`.
   * What the session writes itself comes with `flushing: true` and without a statement.
   */
  readonly getBind?: GetBind;
  /** How to take part in the transaction of a connection given as `bind`. Default "conditionalSavepoint". */
  readonly joinTransactionMode?: JoinTransactionMode;
  /**
   * For all statements of the session, those of flushes and loads included.
   *
   * @example { schemaTranslateMap: { tenant: "acme" } }, { timeout: 2000 }, { signal: request.signal }
   */
  readonly executionOptions?: { readonly [name: string]: unknown };
  /** Anything; for the program's own use. */
  readonly info?: { readonly [key: string]: unknown };
  /**
   * Read replicas of `bind`, or, in a Map, those of each engine. Queries and loads go to one of them, the same for the
   * whole session; locks, DML and text go to the primary, and so does everything from the first write on, also after the
   * commit, until `close()` or `reset()`. The execution option `replica` says otherwise: false, always the primary; true,
   * a replica all the same (text that only reads, rows that may be old).
   *
   * @example new Session({ bind: primary, replicas: [near, far] })
   */
  readonly replicas?: ReplicaOptions;
  /** The session works on several databases of one shape. */
  readonly sharding?: ShardOptions;
}
const OPTIONS = [
  "bind",
  "binds",
  "autobegin",
  "twoPhase",
  "autoflush",
  "expireOnCommit",
  "getBind",
  "joinTransactionMode",
  "executionOptions",
  "info",
  "replicas",
  "sharding",
];
declareExecutionOptions(
  "autoflush",
  "populateExisting",
  "identityToken",
  "loaderCriteria",
  "synchronizeSession",
  "dmlStrategy",
  "renderNulls",
);
const MODES: readonly JoinTransactionMode[] = [
  "conditionalSavepoint",
  "rollbackOnly",
  "controlFully",
  "createSavepoint",
];

export const DEFAULTS: CoreOptions = {
  binds: undefined,
  getBind: undefined,
  autobegin: true,
  twoPhase: false,
  autoflush: true,
  expireOnCommit: true,
  joinTransactionMode: "conditionalSavepoint",
  executionOptions: {},
  connectionOptions: undefined,
  shards: undefined,
  replicas: undefined,
};

/** An engine or a connection, where options may stand too. */
export function isBind(given: Bind | SessionOptions): given is Bind {
  const { execute, connect } = given as { readonly execute?: unknown; readonly connect?: unknown };
  return typeof execute === "function" || typeof connect === "function";
}
/** Checked and complete. @throws ArgumentError for an unknown option or value */
export function coreOptions(all: SessionOptions): CoreOptions {
  requireKnownOptions(all, OPTIONS, "Session", "session.option");
  checkedExecutionOptions(all.executionOptions ?? {}, "Session");
  const mode = all.joinTransactionMode ?? "conditionalSavepoint";
  if (!MODES.includes(mode))
    throw new ArgumentError(
      `joinTransactionMode is one of ${MODES.join(", ")}, not '${mode}'.${didYouMean(mode, MODES)}`,
      "session.option",
    );
  if (all.replicas !== undefined && (all.sharding !== undefined || all.twoPhase === true))
    throw new ArgumentError(
      `replicas do not go with ${all.sharding !== undefined ? "sharding: name them as shards, or choose in executeChooser" : "twoPhase: a replica cannot prepare a transaction"}.`,
      "session.replicas",
    );
  return {
    binds: all.binds === undefined ? undefined : new Binds(all.binds),
    getBind: all.getBind,
    autobegin: all.autobegin ?? true,
    twoPhase: all.twoPhase ?? false,
    autoflush: all.autoflush ?? true,
    expireOnCommit: all.expireOnCommit ?? true,
    joinTransactionMode: mode,
    executionOptions: all.executionOptions ?? {},
    connectionOptions: connectionOptionsIn(all.executionOptions),
    shards: all.sharding === undefined ? undefined : new Shards(all.sharding),
    replicas: all.replicas === undefined ? undefined : new ReplicaSets(all.replicas, all.bind),
  };
}
