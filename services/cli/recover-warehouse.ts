/**
 * Puts right what a command that was killed left half-way, so that whoever reads sees no half-loaded file.
 * Every command does this before it reads; where nothing was left it costs three small queries.
 */
import { recoverLogFiles } from '#shared/warehouse/log-file-ledger';
import type { Integer64, Warehouse } from '#shared/warehouse/warehouse';
import { isOverlapOpen, settleOverlaps } from '../load/settle-overlaps.js';
import { recoverTables } from '../tables/database-file-ledger.js';

export interface Recovered {
  readonly logFiles: number;
  readonly databaseFiles: number;
}

/** Whether a command was interrupted, or is at work just now. Three small queries. */
export async function isHalfway(warehouse: Warehouse): Promise<boolean> {
  return (await areRowsLeft(warehouse)) || (await isOverlapOpen(warehouse));
}

export async function recoverWarehouse(warehouse: Warehouse): Promise<Recovered> {
  const isLeft = await areRowsLeft(warehouse);
  if (isLeft) await warehouse.endStragglers?.();
  // Reading the whole ledger takes a second where it holds ten years, so it is only read if it must be.
  const logFiles = isLeft ? await recoverLogFiles(warehouse) : 0;
  await settleOverlaps(warehouse);
  return { logFiles, databaseFiles: isLeft ? await recoverTables(warehouse) : 0 };
}

/** Rows of files that were not finished, or that count no more. */
async function areRowsLeft(warehouse: Warehouse): Promise<boolean> {
  return (await logFilesLeft(warehouse)) || (await tablesLeft(warehouse));
}

function logFilesLeft(warehouse: Warehouse): Promise<boolean> {
  return hasRows(
    warehouse,
    `log_file_versions FINAL WHERE state IN ('loading', 'removing') OR trim_from_line > 0`,
  );
}

function tablesLeft(warehouse: Warehouse): Promise<boolean> {
  return hasRows(warehouse, `database_file_versions FINAL WHERE state IN ('loading', 'replaced')`);
}

async function hasRows(warehouse: Warehouse, from: string): Promise<boolean> {
  const [left] = await warehouse.query<{ files: Integer64 }>(
    `SELECT count() AS files FROM ${from}`,
  );
  return Number(left?.files) > 0;
}
