/**
 * A source that does not end: at the end of the courses it looks again, now and then, for what was loaded
 * meanwhile, and goes on behind the last event.
 *
 *   round   ├─ open ─ events behind the position ─ count what is before it ─ release ─┤ wait ├─ open …
 *
 * What was loaded since and belongs before the position is not emitted, as order is the promise of a replay;
 * it is counted: what is before the position must be what was there at first and what was emitted since.
 *
 * While a load is under way on a server nothing is read: its log files come one by one, and what one of them
 * has before the position of another would be lost. An embedded directory is closed between two rounds, so
 * that a load can have it.
 */
import type { Warehouse } from '#shared/warehouse/warehouse';
import { countBefore, isLoading } from './count-events.js';
import type { EventSource } from './replay.js';
import type { ReplayClock } from './replay-clock.js';
import type { ReplayScope } from './replay-scope.js';
import type { StartPoint } from './replayed-event.js';
import { warehouseSource } from './warehouse-source.js';

export interface WarehouseAccess {
  /**
   * Undefined where it cannot be had now, such as while another command has the directory, or where nothing
   * can have come since it was released, unless it is to be looked into all the same.
   */
  take(options: { readonly isFirst: boolean }): Promise<Warehouse | undefined>;
  release(warehouse: Warehouse): Promise<void>;
}

export interface FollowOptions {
  readonly access: WarehouseAccess;
  readonly courses: readonly string[];
  readonly scope: ReplayScope;
  readonly clock: ReplayClock;
  readonly pollMs: number;
  /** Told how many events were loaded that belong before the position. */
  readonly onEarlier: (events: number) => void;
}

export function followSource(options: FollowOptions): EventSource {
  return {
    async *open(start, signal) {
      const { access, clock, pollMs } = options;
      const position: Position = { at: start, eventsBefore: undefined };
      while (!signal.aborted) {
        const isFirst = position.eventsBefore === undefined;
        const warehouse = await access.take({ isFirst });
        try {
          if (warehouse !== undefined && !(await isLoading(warehouse))) {
            yield* round(warehouse, position, options, signal);
          }
        } finally {
          if (warehouse !== undefined) await access.release(warehouse);
        }
        // Nothing, which says that what follows was not there before.
        yield [];
        await clock.wait(pollMs, signal);
      }
    },
  };
}

interface Position {
  at: StartPoint;
  /** Events at the position or before it that are accounted for; undefined before the first round. */
  eventsBefore: number | undefined;
}

async function* round(
  warehouse: Warehouse,
  position: Position,
  { courses, scope, onEarlier }: FollowOptions,
  signal: AbortSignal,
): ReturnType<EventSource['open']> {
  position.eventsBefore ??= await countBefore(warehouse, courses, scope, position.at);
  for await (const slice of warehouseSource(warehouse, { courses, scope }).open(
    position.at,
    signal,
  )) {
    const last = slice.at(-1);
    if (last === undefined) continue;
    position.at = { kind: 'after', place: last };
    position.eventsBefore += slice.length;
    yield slice;
  }
  const found = await countBefore(warehouse, courses, scope, position.at);
  if (found > position.eventsBefore) onEarlier(found - position.eventsBefore);
  position.eventsBefore = found;
}
