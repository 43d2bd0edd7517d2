/**
 * Read replicas of a session: what only reads goes to one of them, everything else to the primary. Replicas lag, so a
 * session that has written stays with the primary until it is closed: it must find what it wrote, also after its commit.
 */
import {
  ArgumentError,
  DeleteStatement,
  type Element,
  Engine,
  FromStatement,
  InsertStatement,
  iterate,
  NextValue,
  QueryStatement,
  SelectStatement,
  Statement,
  UpdateStatement,
} from "@athanor/core";
import type { Bind } from "./connections.js";

/** Replicas of the session's `bind`; or, where it has several engines, those of each. */
export type ReplicaOptions = readonly Engine[] | ReadonlyMap<Engine, readonly Engine[]>;

/** Checked: who has which replicas. One for all sessions of a factory. */
export class ReplicaSets {
  readonly #of = new Map<Bind, readonly Engine[]>();

  /** @throws ArgumentError where no engine is given to be read from, or where it speaks another dialect */
  constructor(options: ReplicaOptions, bind: Bind | undefined) {
    const entries = options instanceof Map ? [...options] : [[bind, options] as const];
    for (const [primary, replicas] of entries) {
      if (!(primary instanceof Engine))
        throw new ArgumentError(
          "replicas: the session needs an engine as its bind to have replicas of; with several engines give new Map([[engine, [replica]]]).",
          "session.replicas",
        );
      for (const replica of replicas) {
        if (!(replica instanceof Engine))
          throw new ArgumentError("replicas: each is an engine, from createEngine(url).", "session.replicas");
        if (replica.dialect.name !== primary.dialect.name)
          throw new ArgumentError(
            `replicas: a replica of a ${primary.dialect.name} engine cannot be one of ${replica.dialect.name}.`,
            "session.replicas",
          );
      }
      if (replicas.length > 0) this.#of.set(primary, replicas);
    }
  }
  of(primary: Bind): readonly Engine[] | undefined {
    return this.#of.get(primary);
  }
}

/** What one session reads from. */
export class ReplicaChoice {
  readonly #sets: ReplicaSets;
  readonly #chosen = new Map<Bind, Engine>();
  #wrote = false;

  constructor(sets: ReplicaSets) {
    this.#sets = sets;
  }
  /** The engine for a statement whose primary is known. `asked`: the execution option `replica`. */
  choose(primary: Bind, statement: Element | undefined, asked: unknown): Bind {
    const replicas = this.#sets.of(primary);
    if (replicas === undefined || !this.#reads(statement, asked)) return primary;
    let chosen = this.#chosen.get(primary);
    // One for the whole session: another one might lag further behind than what was read already.
    if (chosen === undefined)
      this.#chosen.set(primary, (chosen = replicas[Math.floor(Math.random() * replicas.length)] as Engine));
    return chosen;
  }
  /** A statement is about to run, or the session's connection is given away (no statement). */
  running(statement: Element | undefined, asked: unknown): void {
    if (this.#wrote) return;
    const effect = effectOf(statement);
    this.#wrote = effect === "writes" || (effect === "unknown" && asked !== true);
  }
  #reads(statement: Element | undefined, asked: unknown): boolean {
    if (asked === false) return false;
    const effect = effectOf(statement);
    if (asked === true) return effect !== "writes";
    return effect === "reads" && !this.#wrote;
  }
  /** A new life: the session was reset. */
  reset(): void {
    this.#wrote = false;
    this.#chosen.clear();
  }
}

type Effect = "reads" | "writes" | "unknown";
const known = new WeakMap<Element, Effect>();
function effectOf(statement: Element | undefined): Effect {
  if (statement === undefined) return "writes";
  let effect = known.get(statement);
  if (effect === undefined) known.set(statement, (effect = findEffect(statement)));
  return effect;
}
/** A SELECT with locks, DML in a CTE or the next value of a sequence is one that a replica would refuse. */
function findEffect(statement: Element): Effect {
  if (statement instanceof FromStatement) return effectOf(statement.source);
  for (const node of iterate(statement)) {
    if (node instanceof SelectStatement && node.forUpdate !== undefined) return "writes";
    if (node instanceof InsertStatement || node instanceof UpdateStatement || node instanceof DeleteStatement)
      return "writes";
    if (node instanceof NextValue) return "writes";
  }
  return statement instanceof QueryStatement ? "reads" : "unknown";
}
/** The option of one statement, else of the session. */
export function replicaOption(statement: Element | undefined, session: { readonly [name: string]: unknown }): unknown {
  const own = statement instanceof Statement ? statement.executionOptionsValue?.replica : undefined;
  return own ?? session.replica;
}
