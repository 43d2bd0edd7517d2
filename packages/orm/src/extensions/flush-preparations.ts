/**
 * Work that extensions do before every flush of any session, such as numbering ordered collections. A list of its own,
 * so that sessions know no extension.
 */
import type { RelationshipProperty } from "../mapping/mapper.js";
import type { Managed } from "../mapping/state.js";

/** What preparations see of a session. */
export interface Flushing {
  readonly pending: readonly Managed[];
  readonly dirty: readonly Managed[];
  /** Loads a relationship in the session's turn. */
  loadRelation(owner: Managed, property: RelationshipProperty): Promise<void>;
}
export type FlushPreparation = (session: Flushing) => Promise<void>;
/** Run in order, after the `beforeFlush` hooks of the session. */
export const flushPreparations: FlushPreparation[] = [];
