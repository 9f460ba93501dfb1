/**
 * Sums the rows of batches in a way that ClickHouse can repeat over what is stored
 * (`sum(CRC32(raw) * (line % 65521 + 1))`), so that two versions of a log file can be compared line by
 * line without either of them being sent anywhere.
 */
import { crc32 } from 'node:zlib';
import type { EventBatch } from '#shared/eventlog/event-batch';

const MODULUS = 65_521;

export interface SumOfLines {
  rows: number;
  sum: bigint;
}

/** Adds the rows of a batch whose line number is below `beforeLine`. */
export function addBatch(total: SumOfLines, batch: EventBatch, beforeLine: number): void {
  for (let row = 0; row < batch.rows; row += 1) {
    const start = batch.rawStart[row] ?? 0;
    // A copy, because checksums are not made of shared memory.
    const raw = Uint8Array.prototype.slice.call(
      batch.bytes,
      start,
      start + (batch.rawLength[row] ?? 0),
    );
    addLine(total, batch.line[row] ?? 0, raw, beforeLine);
  }
  for (const { line, raw } of batch.rejected) addLine(total, line, raw, beforeLine);
}

function addLine(total: SumOfLines, line: number, raw: Uint8Array, beforeLine: number): void {
  if (line >= beforeLine) return;
  total.rows += 1;
  total.sum = BigInt.asUintN(64, total.sum + BigInt(crc32(raw)) * BigInt((line % MODULUS) + 1));
}
