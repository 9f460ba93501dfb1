/**
 * Loads merged runs: ledger entry begun → rows → entry settled, for each log file.
 *
 *   run 1   loading(f1,f2)  insert …………  settle(f1)
 *   run 2                                loading(f3)  insert …………  settle(f2,f3)
 *
 * While one run is being inserted the next one is merged; there are never more than two.
 */
import type { EventBatch } from '#shared/eventlog/event-batch';
import type { MergedRun } from '#shared/eventlog/merged-run';
import type { Kernel } from '#shared/kernel/kernel';
import type { Warehouse } from '#shared/warehouse/warehouse';
import { EventEncoder } from './encode-events.js';
import { insertRun } from './insert-run.js';
import type { LoadingFile } from './loading-file.js';

export interface InsertedRun {
  readonly rows: number;
  readonly isEarly: boolean;
  readonly seconds: number;
}

export interface LoadOptions {
  readonly warehouse: Warehouse;
  readonly fileOf: (file: number) => LoadingFile;
  /** Called with log files before their first row is written, to enter them into a ledger. */
  readonly begin: (files: readonly number[]) => Promise<void>;
  /** Called when all rows of some log files are in; `touched` are those of which rows were just written. */
  readonly settle: (files: readonly number[], touched: readonly number[]) => Promise<void>;
  /** Whose memory the batches are in. */
  readonly kernel: Kernel;
  /** Called with each batch of which nothing is needed any more, to free it. */
  readonly free: (batch: EventBatch) => void;
  readonly onInserted: (run: InsertedRun) => void;
}

export async function loadRuns(
  runs: AsyncIterable<MergedRun>,
  options: LoadOptions,
): Promise<void> {
  const begun = new Set<number>();
  using encoder = new EventEncoder(options.kernel);
  const load = async (run: MergedRun): Promise<void> => {
    const files = new Set([...run.batches, ...run.arrived].map(({ file }) => file));
    const fresh = [...files].filter((file) => !begun.has(file));
    for (const file of fresh) begun.add(file);
    await options.begin(fresh);
    const beganMs = performance.now();
    await insertRun(options.warehouse, run, options.fileOf, encoder);
    for (const batch of run.batchesDone) options.free(batch);
    const { rows, isEarly } = run;
    options.onInserted({ rows, isEarly, seconds: (performance.now() - beganMs) / 1000 });
    await options.settle(run.filesDone, [...files]);
  };
  let inserting: Promise<void> = Promise.resolve();
  try {
    for await (const run of runs) {
      await inserting;
      inserting = load(run);
      // Its failure is met by the next `await`; until then it must not count as unhandled.
      inserting.catch(() => undefined);
    }
  } finally {
    await inserting;
  }
}
