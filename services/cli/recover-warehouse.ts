/**
 * Puts right what a command that was killed left half-way, so that whoever reads sees no half-loaded file.
 * Every command does this before it reads; where nothing was left it costs three small queries.
 */
import { recoverLogFiles } from '#shared/warehouse/log-file-ledger';
import type { Warehouse } from '#shared/warehouse/warehouse';
import { settleOverlaps } from '../load/settle-overlaps.js';
import { recoverTables } from '../tables/database-file-ledger.js';

export interface Recovered {
  readonly logFiles: number;
  readonly databaseFiles: number;
}

export async function recoverWarehouse(warehouse: Warehouse): Promise<Recovered> {
  // Reading the whole ledger takes a second where it holds ten years, so it is only read if it must be.
  const [left] = await warehouse.query<{ files: string }>(
    `SELECT count() AS files FROM log_file_versions FINAL
     WHERE state IN ('loading', 'removing') OR trim_from_line > 0`,
  );
  const logFiles = Number(left?.files) === 0 ? 0 : await recoverLogFiles(warehouse);
  await settleOverlaps(warehouse);
  return { logFiles, databaseFiles: await recoverTables(warehouse) };
}
