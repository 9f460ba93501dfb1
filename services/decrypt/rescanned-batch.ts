/**
 * Makes batches again of lines that came through Kafka: the lines were accepted by the scanner before they
 * were published, and scanning them once more costs less than carrying their columns along.
 *
 *   records   lines 17, 21, 40 of one course, lines 18, 19 of another
 *   window    [ 17 \n 21 \n 40 \n 18 \n 19 \n ]     scanned as lines 1 to 5, and numbered anew
 */
import { assert } from '#shared/errors';
import type { EventBatch, RejectedLine } from '#shared/eventlog/event-batch';
import type { LineRun } from '#shared/kafka/part-reader';
import type { LineScanner } from '#shared/tracking/line-scanner';
import { BatchBuilder } from './batch-builder.js';

export interface RescannedFile {
  /** The number of the log file, as the merge knows it. */
  readonly file: number;
  readonly logDateStartUs: number;
  readonly skewUs: number;
}

const LF = Buffer.from('\n');
/** Lines were bounded before they were published. */
const LINE_BYTES_MAX = 2 ** 30;
const WINDOW_BYTES_MIN = 4096;

/** Batches of these lines, which come in the order of the log file for each course; nearly always one. */
export function rescannedBatches(
  scanner: LineScanner,
  file: RescannedFile,
  {
    runs,
    rejected,
  }: { readonly runs: readonly LineRun[]; readonly rejected: readonly RejectedLine[] },
): EventBatch[] {
  let bytes = WINDOW_BYTES_MIN;
  for (const run of runs) bytes += run.bytes.length + 1;
  using builder = new BatchBuilder(scanner, {
    ...file,
    lineBytesMax: LINE_BYTES_MAX,
    batchBytes: bytes,
    keepSecrets: true,
    courses: undefined,
    fromLine: 1,
  });
  const batches: EventBatch[] = [];
  const numbers: number[] = [];
  for (const run of runs) {
    batches.push(...builder.push(run.skip === 0 ? run.bytes : behind(run)), ...builder.push(LF));
    for (const line of run.lines.subarray(run.skip)) numbers.push(line);
  }
  for (const line of rejected) builder.reject(line);
  batches.push(...builder.finish());
  const { events } = builder.counts;
  assert(events === numbers.length, 'lines that were published as events are events');
  for (const { line, rows } of batches) {
    // As many numbers as lines were pushed.
    for (let row = 0; row < rows; row += 1) {
      line[row] = numbers[(line[row] as number) - 1] as number;
    }
  }
  return batches;
}

/** What comes after the lines that are not wanted. */
function behind({ bytes, skip }: LineRun): Buffer {
  let start = 0;
  for (let line = 0; line < skip; line += 1) start = bytes.indexOf(LF, start) + 1;
  return bytes.subarray(start);
}
