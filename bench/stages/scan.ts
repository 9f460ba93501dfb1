/** Split and scan: plaintext in memory to batches of events (lines, secrets, course, time, columns). */
import type * as EventBatchModule from '../../shared/eventlog/event-batch.js';
import { batchesOf, holdPlaintext, kernel } from './build-batches.js';
import { importBuilt } from './built.js';
import { runInWorker } from './in-worker.js';
import { stageInput, timed } from './stage-input.js';

const { freeBatch } = await importBuilt<typeof EventBatchModule>('shared/eventlog/event-batch');

await runInWorker(import.meta.url, async () => {
  const held = await holdPlaintext(stageInput());
  return timed(async () => {
    const sums = { events: 0, rejected: 0, lines: 0, timesUs: 0 };
    for (const [number, file] of held.entries()) {
      for (const batch of batchesOf(file, number)) {
        sums.events += batch.rows;
        sums.rejected += batch.rejected.length;
        for (let row = 0; row < batch.rows; row += 1) {
          sums.lines += batch.line[row] ?? 0;
          sums.timesUs = (sums.timesUs + (batch.timeUs[row] ?? 0)) % Number.MAX_SAFE_INTEGER;
        }
        freeBatch(kernel, batch);
      }
    }
    return {
      events: sums.events,
      plaintextBytes: held.reduce((sum, { plaintextBytes }) => sum + plaintextBytes, 0),
      checksum: `${sums.events} events, ${sums.rejected} rejected, ${sums.lines}, ${sums.timesUs}`,
    };
  });
});
