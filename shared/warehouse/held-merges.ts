/**
 * Keeps a server from merging large parts of `events` while they are being loaded, and lets it afterwards.
 *
 * Inserts of a load are large, and in the table's order already. Merged as they come, each row is written again
 * several times, five parts at a time, by the processors that the load could use; merged once all are there, fewer
 * times, as up to a hundred parts are taken at once. Small parts are merged meanwhile too, so that their number is
 * bounded. The setting of a load that was killed is taken back by the next one, which has its log files to load.
 */
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
  await warehouse.statement(`ALTER TABLE events MODIFY SETTING ${SETTING} = ${MERGED_BYTES_MAX}`);
  try {
    return await work();
  } finally {
    // Of a server that is away the fault of `work` is told, not this one.
    await warehouse.statement(`ALTER TABLE events RESET SETTING ${SETTING}`).catch(() => undefined);
  }
}
