/** The merge across servers by event time: batches in memory to positions in the order of the table. */
import type { EventBatch } from '#shared/eventlog/event-batch';
import type { LogRecord } from '#shared/eventlog/event-log';
import type * as MergeModule from '../../services/merge/merge-by-time.js';
import {
  batchesOf,
  type HeldFile,
  holdPlaintext,
  load,
  logDateStartUs,
  SKEW_US,
} from './build-batches.js';
import { importBuilt } from './built.js';
import { stageInput, timed } from './stage-input.js';

const { mergeByTime } = await importBuilt<typeof MergeModule>('services/merge/merge-by-time');

/** The merge runs in the main thread of a load, so it does here. */
const held = await holdPlaintext(stageInput());
const batches = held.map((file, number) => [...batchesOf(file, number)]);
const startUs = held.map(({ file }) => logDateStartUs(file));

const answer = await timed(async () => {
  let events = 0;
  // A checksum of the order: it changes where two events change places.
  let order = 0;
  const runs = mergeByTime(recordsOf(held, batches), {
    releaseBytes: load.releaseBytes,
    windowBytesMax: load.windowBytesMax,
    skewUs: SKEW_US,
    fileRank: (file) => file,
    logDateStartUs: (file) => startUs[file] ?? 0,
  });
  for await (const run of runs) {
    for (let at = 0; at < run.rows; at += 1) {
      const batch = run.batches[run.batchOf[at] ?? 0];
      const line = batch?.line[run.rowOf[at] ?? 0] ?? 0;
      order = (Math.imul(order, 31) + line + (batch?.file ?? 0)) | 0;
    }
    events += run.rows;
  }
  return {
    events,
    plaintextBytes: held.reduce((sum, { plaintextBytes }) => sum + plaintextBytes, 0),
    checksum: `${events} events, ${order}`,
  };
});
process.stdout.write(`${JSON.stringify(answer)}\n`);

async function* recordsOf(
  files: readonly HeldFile[],
  batchesOfFile: readonly (readonly EventBatch[])[],
): AsyncIterable<LogRecord> {
  for (const [file, held] of files.entries()) {
    for (const batch of batchesOfFile[file] ?? []) yield { kind: 'batch', batch };
    yield { kind: 'file-ended', file };
    const isLastOfDate = files[file + 1]?.file.logDate !== held.file.logDate;
    if (isLastOfDate) yield { kind: 'date-complete', logDateStartUs: logDateStartUs(held.file) };
  }
}
