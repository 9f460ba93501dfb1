/**
 * What merge hands to load: events in the order (course, time, identity), as positions in the batches
 * that hold them, so that nothing is copied before it is encoded.
 */
import type { EventBatch } from '#shared/eventlog/event-batch';

/** The events of a run, as positions in its batches. */
export interface MergedRows {
  /** Per event: which batch, and which of its rows. */
  readonly batchOf: Uint32Array;
  readonly rowOf: Uint32Array;
  readonly rows: number;
  /** The courses one after another, each with the event at which it ends. */
  readonly courses: readonly { readonly course: string; readonly to: number }[];
}

export interface MergedRun extends MergedRows {
  readonly batches: readonly EventBatch[];
  /** Batches whose rejected lines go with this run. */
  readonly arrived: readonly EventBatch[];
  /** Batches of which nothing is left to come. */
  readonly batchesDone: readonly EventBatch[];
  /** Log files that have ended and of which nothing is left to come. */
  readonly filesDone: readonly number[];
  /** True where the window was full before the date was complete. */
  readonly isEarly: boolean;
}
