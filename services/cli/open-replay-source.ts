/** The source of a replay: the courses as they are in the warehouse, or with what is loaded later (`--follow`). */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ValuesOf } from '#shared/config/settings';
import { EdxstreamError } from '#shared/errors';
import { renderCounted } from '#shared/progress/quantities';
import { lockPath } from '#shared/warehouse/directory-lock';
import type { Warehouse } from '#shared/warehouse/warehouse';
import { checkCondition } from '../replay/check-condition.js';
import { requireCourses } from '../replay/find-courses.js';
import { followSource, type WarehouseAccess } from '../replay/follow-source.js';
import type { EventSource } from '../replay/replay.js';
import type { ReplayClock } from '../replay/replay-clock.js';
import type { ReplayScope } from '../replay/replay-scope.js';
import { warehouseSource } from '../replay/warehouse-source.js';
import { openExistingWarehouse } from './open-warehouse.js';
import type { replaySettings } from './replay-settings.js';

type ReplaySettings = ValuesOf<typeof replaySettings>;

export interface ReplaySource extends AsyncDisposable {
  readonly source: EventSource;
  /** Events that were loaded after the replay had passed their place. */
  earlier(): number;
}

export interface OpenSourceOptions {
  readonly clock: ReplayClock;
  readonly say: (text: string) => void;
}

const COMMAND = { command: 'replay' };

/** Opens the warehouse and checks that it has these courses, and that the condition is one. */
export async function openReplaySource(
  settings: ReplaySettings,
  { clock, say }: OpenSourceOptions,
): Promise<ReplaySource> {
  const { course: courses, where } = settings;
  const scope: ReplayScope = {
    sites: settings.site,
    fromUs: settings.from,
    toUs: settings.to,
    where,
    skipUntimed: settings.untimed === 'skip',
  };
  const warehouse = await openExistingWarehouse(settings, COMMAND);
  try {
    await requireCourses(warehouse, courses);
    if (where !== undefined) await checkCondition(warehouse, where);
  } catch (error) {
    await warehouse[Symbol.asyncDispose]();
    throw error;
  }
  if (!settings.follow) {
    return {
      source: warehouseSource(warehouse, { courses, scope }),
      earlier: () => 0,
      [Symbol.asyncDispose]: () => warehouse[Symbol.asyncDispose](),
    };
  }
  let earlier = 0;
  const access = followedWarehouse(warehouse, settings, say);
  return {
    source: followSource({
      ...{ access, courses, scope, clock, pollMs: settings.poll / 1000 },
      onEarlier: (events) => {
        earlier += events;
        say(
          `${renderCounted(events, 'event')} loaded since belong before what was sent, and are left out.\n`,
        );
      },
    }),
    earlier: () => earlier,
    [Symbol.asyncDispose]: () => access.close(),
  };
}

/**
 * A server stays connected. An embedded directory is given back between two looks, and opened again only
 * where another command has had it since: its lock comes and goes in the directory around it.
 */
function followedWarehouse(
  first: Warehouse,
  settings: ReplaySettings,
  say: (text: string) => void,
): WarehouseAccess & { close(): Promise<void> } {
  const around = dirname(lockPath(settings.data));
  const changedMs = (): number => statSync(around).mtimeMs;
  let open: Warehouse | undefined = first;
  let isBusySaid = false;
  let releasedMs = Number.NaN;
  const close = async (): Promise<void> => {
    await open?.[Symbol.asyncDispose]();
    open = undefined;
  };
  return {
    close,
    async take({ isFirst }) {
      if (open !== undefined) return open;
      if (!isFirst && changedMs() === releasedMs) return undefined;
      try {
        open = await openExistingWarehouse(settings, COMMAND);
        isBusySaid = false;
        return open;
      } catch (error) {
        if (!(error instanceof EdxstreamError) || error.code !== 'DATA_DIRECTORY_BUSY') throw error;
        if (!isBusySaid) say('Another command has the data directory; waiting for it.\n');
        isBusySaid = true;
        return undefined;
      }
    },
    async release(warehouse) {
      if (warehouse.kind === 'server') return;
      await close();
      releasedMs = changedMs();
    },
  };
}
