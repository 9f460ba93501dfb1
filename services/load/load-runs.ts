/**
 * Loads merged runs: entry `loading` → rows → entry settled, for each log file.
 *
 *   run 1   loading(f1,f2)  insert …………  settle(f1)
 *   run 2                                loading(f3)  insert …………  settle(f2,f3)
 *
 * While one run is being inserted the next one is merged; there are never more than two.
 */
import { freeBatch } from '#shared/eventlog/event-batch';
import type { MergedRun } from '#shared/eventlog/merged-run';
import type { Kernel } from '#shared/kernel/kernel';
import { type LedgerEntry, writeEntries } from '#shared/warehouse/log-file-ledger';
import type { Warehouse } from '#shared/warehouse/warehouse';
import { EventEncoder } from './encode-events.js';
import { insertRun } from './insert-run.js';
import type { LoadingFile } from './loading-file.js';

export interface LoadOptions {
  readonly warehouse: Warehouse;
  readonly fileOf: (file: number) => LoadingFile;
  /** The entry to write before the first row of a log file. */
  readonly loadingEntry: (file: number) => LedgerEntry;
  /** Called when all rows of some log files are in. */
  readonly settle: (files: readonly number[]) => Promise<void>;
  /** Whose memory the batches are in; they are freed once they are loaded. */
  readonly kernel: Kernel;
  readonly onInserted: (run: { readonly rows: number; readonly isEarly: boolean }) => void;
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
    await writeEntries(options.warehouse, fresh.map(options.loadingEntry));
    await insertRun(options.warehouse, run, options.fileOf, encoder);
    for (const batch of run.batchesDone) freeBatch(options.kernel, batch);
    options.onInserted(run);
    await options.settle(run.filesDone);
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
