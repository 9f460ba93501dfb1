/**
 * Deletes rows of a table, and waits until they are gone.
 *
 * The engine rewrites a mask in every part that it looks at, and begins a part only while the disk has as much free
 * room as the part is large, although the mask takes next to nothing. Where it has less, the deletion stands in line
 * without a word, and who waits for it waits for ever. So in process we wait ourselves, and give up when
 * room is missing and nothing is under way that could make some. A server has an operator who sees to its disks.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { EdxstreamError } from '#shared/errors';
import { asEngineError } from '#shared/warehouse/engine-errors';
import type { Integer64, Warehouse } from '#shared/warehouse/warehouse';

/** How much more room than the part the engine wants. */
const ROOM_FACTOR = 1.1;
const LOOK_MS_MAX = 200;
/** How long there must be too little room before it is believed: merges take some for a while. */
const STUCK_MS = 3_000;
/** What merges have replaced is removed within half a minute, which makes room. */
const OUTDATED_MS = 60_000;

/** One after another: who gives up withdraws what is pending, which must not be what somebody else waits for. */
const turns = new WeakMap<Warehouse, Promise<void>>();

export interface RowsToDelete {
  readonly table: string;
  /** YYYYMM of the log dates, where all rows are of one month: only its parts are looked at. */
  readonly month?: string;
  readonly where: string;
}

/**
 * Says whether there were any rows.
 * @throws EdxstreamError DISK_FULL where the disk has less room than the largest part.
 */
export async function deleteRows(warehouse: Warehouse, rows: RowsToDelete): Promise<boolean> {
  const { table, month, where } = rows;
  const isOfMonth = month === undefined ? '' : `toYYYYMM(log_date) = ${month} AND `;
  // A deletion costs something for each part, so nothing is asked for in vain.
  const found = await warehouse.query(
    `SELECT 1 FROM \`${table}\` WHERE ${isOfMonth}${where} LIMIT 1`,
  );
  if (found.length === 0) return false;
  const partition = month === undefined ? '' : `IN PARTITION ${month}`;
  const deletion = `DELETE FROM \`${table}\` ${partition} WHERE ${where}`;
  if (warehouse.kind === 'server') {
    await warehouse.statement(deletion);
    return true;
  }
  const turn = (turns.get(warehouse) ?? Promise.resolve()).then(async () => {
    await warehouse.statement(`${deletion} SETTINGS lightweight_deletes_sync = 0`);
    await untilGone(warehouse, table);
  });
  turns.set(
    warehouse,
    turn.catch(() => undefined),
  );
  await turn;
  return true;
}

async function untilGone(warehouse: Warehouse, table: string): Promise<void> {
  let stuckSinceMs: number | undefined;
  for (let lookMs = 2; ; lookMs = Math.min(2 * lookMs, LOOK_MS_MAX)) {
    const [pending] = await warehouse.query<{ failure: string }>(
      `SELECT max(latest_fail_reason) AS failure FROM system.mutations
       WHERE ${ofTable(table)} AND NOT is_done HAVING count() > 0`,
    );
    if (pending === undefined) return;
    if (pending.failure !== '') await giveUp(warehouse, table, new Error(pending.failure));
    const room = lookMs < LOOK_MS_MAX ? undefined : await missingRoom(warehouse, table);
    if (room === undefined) stuckSinceMs = undefined;
    else {
      stuckSinceMs ??= performance.now();
      const stuckMs = performance.now() - stuckSinceMs;
      if (stuckMs > (room.free + room.outdated < room.wanted ? STUCK_MS : OUTDATED_MS)) {
        await giveUp(warehouse, table, tooLittle(table, room));
      }
    }
    await pause(lookMs);
  }
}

interface Room {
  readonly wanted: number;
  readonly free: number;
  /** Bytes of parts that will be removed soon. */
  readonly outdated: number;
}

/** The room for what stands in line, if it is too little and nothing works that could give some back. */
async function missingRoom(warehouse: Warehouse, table: string): Promise<Room | undefined> {
  const [found] = await warehouse.query<
    Record<'largest' | 'free' | 'outdated' | 'busy', Integer64>
  >(
    `SELECT
       (SELECT max(bytes_on_disk) FROM system.parts WHERE ${ofTable(table)} AND active AND name IN
         (SELECT arrayJoin(parts_to_do_names) FROM system.mutations WHERE ${ofTable(table)} AND NOT is_done)) AS largest,
       (SELECT min(unreserved_space) FROM system.disks) AS free,
       (SELECT sum(bytes_on_disk) FROM system.parts WHERE NOT active) AS outdated,
       (SELECT count() FROM system.merges) AS busy`,
  );
  if (found === undefined || Number(found.busy) > 0) return undefined;
  const wanted = Math.ceil(Number(found.largest) * ROOM_FACTOR);
  const free = Number(found.free);
  return free < wanted ? { wanted, free, outdated: Number(found.outdated) } : undefined;
}

/** What is not done would stand in line for as long as the table lives, and come into effect some day. */
async function giveUp(warehouse: Warehouse, table: string, reason: Error): Promise<never> {
  await warehouse.statement(`KILL MUTATION WHERE ${ofTable(table)} AND NOT is_done`);
  throw asEngineError(reason, `deleting from ${table}`);
}

function tooLittle(table: string, { wanted, free }: Room): EdxstreamError {
  return new EdxstreamError(
    'DISK_FULL',
    `The disk is full: to delete rows from ${table}, the engine wants ${wanted} bytes of free room, as much as the largest part and a tenth; there are ${free}.`,
  );
}

function ofTable(table: string): string {
  return `database = currentDatabase() AND table = '${table}'`;
}
