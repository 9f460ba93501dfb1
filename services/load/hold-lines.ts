/** Compares the lines of a shorter delivery with what is loaded, without sending either anywhere. */
import type { LineSum } from '#shared/eventlog/log-file-answer';
import type { LedgerEntry } from '#shared/warehouse/log-file-ledger';
import type { Integer64, Warehouse } from '#shared/warehouse/warehouse';

/** Where lines of a log file are, superseded ones too. */
const TABLES = ['events', 'rejected_lines', 'superseded_events', 'superseded_rejected_lines'];

/**
 * Whether the warehouse holds exactly these lines at the beginning of a log file: then a shorter
 * delivery is a prefix of what is loaded and adds nothing.
 */
export async function holdsLines(
  warehouse: Warehouse,
  held: readonly LedgerEntry[],
  { lines, rows, sum, tail }: LineSum,
): Promise<boolean> {
  const month = held[0]?.log_date.slice(0, 7).replace('-', '') ?? '0';
  const ids = held.map(({ file_id }) => file_id).join(', ') || '0';
  const stored = `(${TABLES.map(
    (table) =>
      `SELECT line, raw FROM ${table} WHERE toYYYYMM(log_date) = ${month} AND file_id IN (${ids})`,
  ).join(' UNION ALL ')})`;
  const [found] = await warehouse.query<{ rows: Integer64; sum: string }>(
    `SELECT count() AS rows, toString(sum(toUInt64(CRC32(raw)) * (line % 65521 + 1))) AS sum
     FROM ${stored} WHERE line <= ${lines}`,
  );
  if (Number(found?.rows ?? 0) !== rows || (found?.sum ?? '0') !== sum) return false;
  if (tail.length === 0) return true;
  const [next] = await warehouse.query<{ isPrefix: number }>(
    `SELECT startsWith(raw, unhex({tail:String})) AS isPrefix FROM ${stored} WHERE line = ${lines + 1}`,
    { tail: Buffer.from(tail).toString('hex') },
  );
  return next?.isPrefix === 1;
}
