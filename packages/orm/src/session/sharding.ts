/**
 * Sessions over several databases of one shape: which shard a new object goes to, where a key may be, where a statement
 * runs. Every object remembers its shard as its identity token, so equal keys of two shards are two objects.
 * Source: SQLAlchemy "Horizontal Sharding".
 */
import {
  ArgumentError,
  type Connection,
  type Element,
  type Engine,
  type ExecutionOptions,
  type Fetched,
  type MaybePromise,
} from "@athanor/core";
import type { MappedColumn, Mapper, RelationshipProperty } from "../mapping/mapper.js";
import type { RowEventName } from "../mapping/model-events.js";
import { type Managed, tokenOf } from "../mapping/state.js";
import type { Bind } from "./connections.js";
import type { OrmExecuteState } from "./execute-state.js";
import type { IdentityMap } from "./identity-map.js";
import type { ByKeyOptions, SessionInternals, StatementCall } from "./internals.js";
import type { TransactionFrame } from "./transaction-frame.js";
import type { FlushHost } from "./unit-of-work/host.js";

export type ShardId = string | number;
export interface ShardOptions {
  /** Engines by shard. */
  readonly shards: ReadonlyMap<ShardId, Bind> | { readonly [id: string]: Bind };
  /** Where a new object goes; `instance` is undefined for an INSERT statement. */
  readonly shardChooser: (mapper: Mapper | null, instance: object | undefined, statement?: Element) => ShardId;
  /** Where the row of a key may be, best guess first; asked by `get()` for objects the session does not have. */
  readonly identityChooser: (mapper: Mapper, primaryKey: readonly unknown[]) => readonly ShardId[];
  /**
   * Where a statement runs; default: on all. Answers of several shards are put together: rows sorted and cut to the limit
   * anew, `count`, `sum`, `min` and `max` combined, the rest refused.
   */
  readonly executeChooser?: (state: OrmExecuteState) => readonly ShardId[];
}

export class Shards {
  readonly #binds: ReadonlyMap<ShardId, Bind>;
  readonly #options: ShardOptions;
  constructor(options: ShardOptions) {
    this.#options = options;
    const { shards } = options;
    this.#binds = shards instanceof Map ? shards : new Map(Object.entries(shards));
    if (this.#binds.size === 0) throw new ArgumentError("shards: at least one is needed.", "session.shards");
  }
  bind(id: unknown): Bind {
    const bind = this.#binds.get(id as ShardId);
    if (bind !== undefined) return bind;
    throw new ArgumentError(
      `There is no shard ${JSON.stringify(id)}; known: ${[...this.#binds.keys()].join(", ")}.`,
      "session.shards",
    );
  }
  get ids(): readonly ShardId[] {
    return [...this.#binds.keys()];
  }
  forInstance(mapper: Mapper, instance: Managed | undefined, statement?: Element): ShardId {
    return this.#options.shardChooser(mapper, instance, statement);
  }
  forKey(mapper: Mapper, key: readonly unknown[]): readonly ShardId[] {
    return this.#options.identityChooser(mapper, key);
  }
  forStatement(state: OrmExecuteState): readonly ShardId[] {
    if (state.isInsert) return [this.#options.shardChooser(state.bindMapper, undefined, state.statement)];
    return this.#options.executeChooser?.(state) ?? this.ids;
  }
}
/** What a view of a session needs of it. */
export interface WholeSession extends SessionInternals, FlushHost {
  readonly identity: IdentityMap;
  connectionFor(mapper: Mapper | null, statement?: Element): MaybePromise<Connection>;
  engineFor(mapper: Mapper | null, statement?: Element): Engine;
  connectionAt(bind: Bind): MaybePromise<Connection>;
  engineOf(bind: Bind): Engine;
  /** Somebody listens to statements. */
  readonly listens: boolean;
  intercept(call: StatementCall, from?: SessionInternals): MaybePromise<Fetched>;
}
/** The session as seen from one place: its own identity map and engine, everything else shared. */
export class PlaceView implements SessionInternals, FlushHost {
  readonly #core: WholeSession;
  readonly token: unknown;
  readonly identity: IdentityMap;
  readonly face: WholeSession["face"];
  readonly waiting: WholeSession["waiting"];
  readonly #bind: Bind | undefined;
  constructor(core: WholeSession, token: unknown, bind: Bind | undefined) {
    this.#core = core;
    this.token = token;
    this.identity = core.identity.under(token);
    this.face = core.face;
    this.waiting = core.waiting;
    this.#bind = bind;
  }
  connectionFor(mapper: Mapper | null, statement?: Element): MaybePromise<Connection> {
    return this.#bind === undefined ? this.#core.connectionFor(mapper, statement) : this.#core.connectionAt(this.#bind);
  }
  engineFor(mapper: Mapper | null, statement?: Element): Engine {
    return this.#bind === undefined ? this.#core.engineFor(mapper, statement) : this.#core.engineOf(this.#bind);
  }
  autoflush(): Promise<void> | undefined {
    return this.#core.autoflush();
  }
  planCache(engine: Engine): ReturnType<WholeSession["planCache"]> {
    return this.#core.planCache(engine);
  }
  register(instance: Managed): void {
    this.#core.register(instance);
  }
  get(mapper: Mapper, values: readonly unknown[], options: ByKeyOptions): MaybePromise<Managed | null> {
    return this.#core.get(mapper, values, { identityToken: this.token, ...options });
  }
  noteFailed(by: { readonly isAsked: boolean }, error: unknown): void {
    this.#core.noteFailed(by, error);
  }
  within<T>(options: ExecutionOptions, work: () => MaybePromise<T>): Promise<T> {
    return this.#core.within(options, work);
  }
  enqueue<T>(work: () => MaybePromise<T>): Promise<T> {
    return this.#core.enqueue(work);
  }
  overwritten(instance: Managed, attributes: readonly MappedColumn[]): void {
    this.#core.overwritten(instance, attributes);
  }
  removed(instance: Managed): void {
    this.#core.removed(instance);
  }
  get executionOptions(): WholeSession["executionOptions"] {
    return this.#core.executionOptions;
  }
  get intercepts(): boolean {
    return this.#core.listens;
  }
  intercept(call: StatementCall): MaybePromise<Fetched> {
    return this.#core.intercept(call, this);
  }
  at(token: unknown): SessionInternals {
    return token === this.token ? this : this.#core.at(token);
  }
  get rowEvents(): WholeSession["rowEvents"] {
    return this.#core.rowEvents;
  }
  bulkDone(statement: Element, rowCount: number): MaybePromise<void> {
    return this.#core.bulkDone(statement, rowCount);
  }

  // ---- for flushes

  readonly spreads = false;
  split(instances: readonly Managed[]): readonly (readonly [FlushHost, readonly Managed[]])[] {
    return [[this, instances]];
  }
  get frame(): TransactionFrame {
    return this.#core.frame;
  }
  loadRelation(owner: Managed, property: RelationshipProperty): Promise<void> {
    return this.#core.loadRelation(owner, property);
  }
  dropPending(instance: Managed): void {
    this.#core.dropPending(instance);
  }
  hears(name: RowEventName): boolean {
    return this.#core.hears(name);
  }
  rowHook(name: RowEventName, instances: readonly Managed[]): void {
    this.#core.rowHook(name, instances);
  }
  markDeleted(instance: Managed): Promise<void> {
    return this.#core.markDeleted(instance);
  }
}
/** Objects by place, in the order in which the places come up. */
export function byPlace(instances: readonly Managed[]): Map<unknown, Managed[]> {
  const groups = new Map<unknown, Managed[]>();
  for (const instance of instances) {
    const token = tokenOf(instance);
    const group = groups.get(token);
    if (group === undefined) groups.set(token, [instance]);
    else group.push(instance);
  }
  return groups;
}
