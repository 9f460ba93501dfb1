/**
 * Keeps a server from merging large parts of `events` while they are being loaded, and lets it afterwards.
 *
 * Inserts of a load are large, and in the table's order already. Merged as they come, each row is written again
 * several times, five parts at a time, by the processors that the load could use; merged once all are there, fewer
 * times, as up to a hundred parts are taken at once. Small parts are merged meanwhile too, so that their number is
 * bounded. What a load that was killed has left is taken back by the next one. Where an operator has given the table a
 * bound of their own, it stays.
 */
import { EdxstreamError } from '#shared/errors';
import type { Warehouse } from '#shared/warehouse/warehouse';

const SETTING = 'max_bytes_to_merge_at_max_space_in_pool';
/** As they lie on disk: a full insert of a sink has about as much. */
const MERGED_BYTES_MAX = 8 << 20;

export async function withLargeMergesHeld<Result>(
  warehouse: Warehouse,
  work: () => Promise<Result>,
): Promise<Result> {
  // In process they never are, see migrate.ts.
  if (warehouse.kind === 'embedded') return work();
  const bound = await mergeBound(warehouse);
  if (bound !== undefined && bound !== MERGED_BYTES_MAX) return work();
  await warehouse.statement(`ALTER TABLE events MODIFY SETTING ${SETTING} = ${MERGED_BYTES_MAX}`);
  let isAway = false;
  try {
    return await work();
  } catch (error) {
    isAway = error instanceof EdxstreamError && error.code === 'WAREHOUSE_UNREACHABLE';
    throw error;
  } finally {
    // A server that is away would only be waited for once more; and the fault of `work` is the one to tell.
    if (!isAway) await reset(warehouse).catch(() => undefined);
  }
}

/** Takes back what a load has left that was killed, or whose server was away at its end. */
export async function letLargeMerges(warehouse: Warehouse): Promise<void> {
  if (warehouse.kind === 'embedded') return;
  if ((await mergeBound(warehouse)) === MERGED_BYTES_MAX) await reset(warehouse);
}

/** The bound that the table has of its own, if any. */
async function mergeBound(warehouse: Warehouse): Promise<number | undefined> {
  const [table] = await warehouse.query<{ engine_full: string }>(
    "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = 'events'",
  );
  const bound = new RegExp(`${SETTING} = (\\d+)`).exec(table?.engine_full ?? '')?.[1];
  return bound === undefined ? undefined : Number(bound);
}

async function reset(warehouse: Warehouse): Promise<void> {
  await warehouse.statement(`ALTER TABLE events RESET SETTING ${SETTING}`);
}
