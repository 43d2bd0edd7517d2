/** What tracers see of flushes: `athanor:flush:start`, `:end` and `:error`, as the channels of `@athanor/core`. */
import { TraceChannels } from "@athanor/core";

export interface FlushTrace {
  readonly session: object;
  /** Objects to be inserted, updated and deleted, as known before the flush. */
  readonly "athanor.flush.new": number;
  readonly "athanor.flush.dirty": number;
  readonly "athanor.flush.deleted": number;
  milliseconds?: number;
  error?: unknown;
  "error.type"?: string;
}
export const flushes = new TraceChannels<FlushTrace>("flush");
