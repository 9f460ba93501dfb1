/**
 * Loads merged runs: ledger entry begun → rows → entry settled, for each log file.
 *
 *   run 1   loading(f1,f2)  insert ………………  settle(f1)
 *   run 2             loading(f3)  insert …………………   settle(f2,f3)
 *   run 3                                    loading(f4)  insert …
 *
 * While runs are being inserted the next one is merged. Whatever is done with a run once it is in waits for
 * the run before.
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
  /**
   * How many runs may be inserted side by side. The engine reads a run to its end before it writes the part, so with
   * two of them one is read while the other is written.
   */
  readonly insertsAtOnce: 1 | 2;
  /** Whose memory the batches are in. */
  readonly kernel: Kernel;
  /** Called with each batch of which nothing is needed any more, to free it. */
  readonly free: (batch: EventBatch) => void;
  readonly onInserted: (run: InsertedRun) => void;
  /** Told of a failure at once; the promise rejects with the first one when nothing is under way any more. */
  readonly onFailed: (error: unknown) => void;
}

export async function loadRuns(
  runs: AsyncIterable<MergedRun>,
  options: LoadOptions,
): Promise<void> {
  const begun = new Set<number>();
  using encoders = new Encoders(options.kernel, options.insertsAtOnce);
  let beginning: Promise<void> = Promise.resolve();
  const load = async (run: MergedRun, turn: number, before: Promise<void>): Promise<void> => {
    const files = new Set([...run.batches, ...run.arrived].map(({ file }) => file));
    const fresh = [...files].filter((file) => !begun.has(file));
    for (const file of fresh) begun.add(file);
    // Also what the run before has begun must be in the ledger before there are rows of it.
    beginning = beginning.then(() => options.begin(fresh));
    await beginning;
    const beganMs = performance.now();
    await insertRun(options.warehouse, run, options.fileOf, encoders.at(turn));
    const seconds = (performance.now() - beganMs) / 1000;
    // A log file is settled when all runs up to its last are in, and the run before may still read batches.
    await before;
    for (const batch of run.batchesDone) options.free(batch);
    const { rows, isEarly } = run;
    options.onInserted({ rows, isEarly, seconds });
    await options.settle(run.filesDone, [...files]);
  };
  const inserting: Promise<void>[] = [];
  let last: Promise<void> = Promise.resolve();
  let turn = 0;
  try {
    for await (const run of runs) {
      if (inserting.length >= options.insertsAtOnce) await inserting.shift();
      last = load(run, turn, last);
      turn += 1;
      // Its failure is met by a later `await` too, but what that stops would complain first.
      last.catch(options.onFailed);
      inserting.push(last);
    }
  } finally {
    // All of them end before anybody takes back what a failure has left half-way.
    await Promise.allSettled(inserting);
    await last;
  }
}

/** One for each insert that is under way. */
class Encoders {
  readonly #encoders: readonly EventEncoder[];

  constructor(kernel: Kernel, count: number) {
    this.#encoders = Array.from({ length: count }, () => new EventEncoder(kernel));
  }

  at(turn: number): EventEncoder {
    return this.#encoders[turn % this.#encoders.length] as EventEncoder; // there is one at least
  }

  [Symbol.dispose](): void {
    for (const encoder of this.#encoders) encoder[Symbol.dispose]();
  }
}
