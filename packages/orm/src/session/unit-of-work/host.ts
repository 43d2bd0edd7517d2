/** What the unit of work needs of its session. */
import type { Connection, Engine, MaybePromise } from "@athanor/core";
import type { Mapper, RelationshipProperty } from "../../mapping/mapper.js";
import type { RowEventName } from "../../mapping/model-events.js";
import type { Managed, SessionFace } from "../../mapping/state.js";
import type { IdentityMap } from "../identity-map.js";
import type { TransactionFrame } from "../transaction-frame.js";

/** Where the rows of a mapper are written. */
export interface WriteHost {
  connectionFor(mapper: Mapper | null): MaybePromise<Connection>;
  engineFor(mapper: Mapper | null): Engine;
}
export interface FlushHost extends WriteHost {
  readonly face: SessionFace;
  readonly identity: IdentityMap;
  /** The innermost transaction: what a flush does is noted there. */
  readonly frame: TransactionFrame;
  /** Objects may belong to several places. */
  readonly spreads: boolean;
  /** Objects by place, new ones are given one. */
  split(instances: readonly Managed[]): readonly (readonly [FlushHost, readonly Managed[]])[];
  /** Loads a relationship of one object, within the flush. */
  loadRelation(owner: Managed, property: RelationshipProperty): Promise<void>;
  /** Takes a pending object out of the session. */
  dropPending(instance: Managed): void;
  /** Whether there are hooks of this kind. */
  hears(name: RowEventName): boolean;
  /** Runs the hooks of single rows; cheap while there are none. */
  rowHook(name: RowEventName, instances: readonly Managed[]): void;
  /** Marks for deletion, with everything the delete cascade reaches. */
  markDeleted(instance: Managed): Promise<void>;
}
