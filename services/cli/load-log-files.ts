/**
 * Composes the stages for log files in one process:
 *
 *   plan ─► decrypt pool ─► publish ─► event log ─► merge ─► load ─► ledger
 *
 * Whatever fails, all stages are stopped and waited for before the fault is passed on, so that nothing
 * writes any more when the command ends.
 */
import { assert } from '#shared/errors';
import { type EventBatch, freeBatch } from '#shared/eventlog/event-batch';
import { inProcessEventLog } from '#shared/eventlog/in-process';
import type { LogFileAnswer } from '#shared/eventlog/log-file-answer';
import type { Kernel } from '#shared/kernel/kernel';
import type { LogFileEntry } from '#shared/packages/package-index';
import type { LoadProgress } from '#shared/progress/load-progress';
import { letLargeMerges, withLargeMergesHeld } from '#shared/warehouse/held-merges';
import {
  type LedgerEntry,
  logFileKey,
  readEntries,
  writeEntries,
} from '#shared/warehouse/log-file-ledger';
import type { Warehouse } from '#shared/warehouse/warehouse';
import type { DecryptPool } from '../decrypt/decrypt-pool.js';
import { type LogFilePlan, loaded, type PlannedLogFile } from '../fetch/plan-log-files.js';
import { holdsLines } from '../load/hold-lines.js';
import { loadRuns } from '../load/load-runs.js';
import {
  type LogFileToSettle,
  recogniseDelivery,
  settleLogFiles,
} from '../load/settle-log-files.js';
import { mergeByTime } from '../merge/merge-by-time.js';
import { publishLogFiles } from '../publish/publish-log-files.js';
import {
  deliveryOf,
  loadingFile,
  type RunningFile,
  ranks,
  runningFile,
  SKEW_SECONDS,
} from './running-file.js';

/** Loads log files of which no two are the same; by default in this process. */
export type LoadRound = (
  files: readonly PlannedLogFile[],
  options: LoadLogFilesOptions,
) => Promise<readonly LogFileResult[]>;

export interface LoadLogFilesOptions {
  readonly warehouse: Warehouse;
  readonly loadRound: LoadRound;
  readonly courses: readonly string[];
  readonly keepSecrets: boolean;
  readonly allowUnprotected: boolean;
  readonly lineBytesMax: number;
  readonly batchBytes: number;
  readonly releaseBytes: number;
  readonly windowBytesMax: number;
  readonly progress: LoadProgress;
  readonly signal: AbortSignal;
  /** Called for every log file once it is settled, so that what is done is known even after a stop. */
  readonly onFile?: (result: LogFileResult) => void;
  readonly fingerprint: (entry: LogFileEntry) => Promise<string>;
  /** Called with older deliveries that are read because the newest could not be. */
  readonly onSubstitutes?: (files: readonly PlannedLogFile[]) => void;
}

/** A log file of this run and what came of it. */
export interface LogFileResult {
  readonly planned: PlannedLogFile;
  readonly answer: Exclude<LogFileAnswer, { kind: 'shorter' }>;
}

export async function loadLogFiles(
  plan: LogFilePlan,
  options: LoadLogFilesOptions,
): Promise<readonly LogFileResult[]> {
  await writeEntries(options.warehouse, plan.unchanged.flatMap(recognised));
  if (plan.rounds.length === 0 && plan.superseded.length === 0) {
    await letLargeMerges(options.warehouse);
    return [];
  }
  return withLargeMergesHeld(options.warehouse, () => loadRounds(plan, options));
}

async function loadRounds(
  plan: LogFilePlan,
  options: LoadLogFilesOptions,
): Promise<readonly LogFileResult[]> {
  const results: LogFileResult[] = [];
  for (const [index, round] of plan.rounds.entries()) {
    // A later round holds other deliveries of log files that an earlier one has just loaded.
    const files = index === 0 ? round : await withLedger(round, options.warehouse);
    results.push(...(await options.loadRound(files, options)));
  }
  let unread = plan.superseded;
  for (;;) {
    const substitutes = await substitutesFor(results, unread, options);
    if (substitutes.length === 0) return results;
    unread = unread.filter(({ entry }) => !substitutes.some((one) => one.entry === entry));
    options.onSubstitutes?.(substitutes);
    results.push(...(await options.loadRound(substitutes, options)));
  }
}

/**
 * The next older delivery of each log file of which nothing is loaded, because what was newer could not be
 * read: a day that is nearly whole is better than none, and is replaced when a sound copy comes.
 */
async function substitutesFor(
  results: readonly LogFileResult[],
  unread: readonly PlannedLogFile[],
  { warehouse, fingerprint }: LoadLogFilesOptions,
): Promise<readonly PlannedLogFile[]> {
  const failed = new Set(
    results.filter(({ answer }) => answer.kind === 'failed').map(({ planned }) => planned.key),
  );
  if (failed.size === 0) return [];
  const newest = new Map<string, PlannedLogFile>();
  for (const planned of await withLedger(
    unread.filter(({ key }) => failed.has(key)),
    warehouse,
  )) {
    const before = newest.get(planned.key);
    const isNewer = before === undefined || planned.packageDate > before.packageDate;
    if (isNewer && loaded(planned.known).length === 0) newest.set(planned.key, planned);
  }
  return Promise.all(
    [...newest.values()].map(async (planned) => ({
      ...planned,
      fingerprint: await fingerprint(planned.entry),
    })),
  );
}

async function withLedger(
  files: readonly PlannedLogFile[],
  warehouse: Warehouse,
): Promise<readonly PlannedLogFile[]> {
  const entries = await readEntries(warehouse);
  return files.map((planned) => ({
    ...planned,
    known: entries.filter(
      (entry) => logFileKey({ ...entry, logDate: entry.log_date }) === planned.key,
    ),
  }));
}

/** A newer package that holds the log file as it is loaded is from now on the one that delivered it. */
function recognised(planned: PlannedLogFile): LedgerEntry[] {
  const held = loaded(planned.known);
  return held.some(({ package_date }) => package_date < planned.packageDate)
    ? recogniseDelivery(held, deliveryOf(planned), true)
    : [];
}

/** All stages in this process; batches of the pool come in the memory of `kernel`. */
export async function loadInProcess(
  round: readonly PlannedLogFile[],
  { pool, kernel }: { readonly pool: DecryptPool; readonly kernel: Kernel },
  options: LoadLogFilesOptions,
): Promise<readonly LogFileResult[]> {
  const { warehouse, progress } = options;
  const files = round.map((planned, file) => runningFile(planned, file, options));
  const fileAt = (file: number): RunningFile => files[file] as RunningFile; // stages pass on our own numbers
  const rankOf = ranks(files);
  const answers = new Map<number, LogFileResult['answer']>();
  const results: LogFileResult[] = [];
  const failed = new AbortController();
  /** The first fault is the cause; what others say when they are stopped by it is not. */
  const fail = (error: unknown): void => {
    if (!failed.signal.aborted) failed.abort(error);
  };
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const eventLog = inProcessEventLog({ bytesMax: 2 * options.batchBytes });

  const decrypt = async (file: RunningFile, publish: (batch: EventBatch) => Promise<void>) => {
    const take = async (batch: EventBatch): Promise<void> => {
      progress.eventsRead += batch.rows;
      progress.rejected += batch.rejected.length;
      progress.lineBytes += batch.lineBytes;
      await publish(batch);
    };
    const answer = await readLogFile(file, { pool, warehouse, take, signal });
    answers.set(file.file, answer);
    progress.filesDone += 1;
    progress.bytesDone += file.planned.entry.location.bytes;
    if (answer.kind === 'failed') progress.filesFailed += 1;
  };
  const settle = async (done: readonly number[]): Promise<void> => {
    const settled = done.map((file): LogFileResult & LogFileToSettle => {
      const { planned, loading } = fileAt(file);
      const answer = answers.get(file);
      assert(answer !== undefined, 'a log file that has ended has an answer');
      return { planned, loading, known: planned.known, answer };
    });
    await settleLogFiles(warehouse, settled);
    for (const { planned, answer } of settled) {
      const result = { planned, answer };
      results.push(result);
      options.onFile?.(result);
    }
  };

  const publishing = publishLogFiles(files, {
    eventLog,
    filesInflightMax: pool.workers,
    decrypt,
    signal,
  });
  const loading = loadRuns(
    mergeByTime(eventLog.read(), {
      releaseBytes: options.releaseBytes,
      windowBytesMax: options.windowBytesMax,
      skewUs: SKEW_SECONDS * 1e6,
      fileRank: (file) => rankOf[file] as number, // one rank for each file
      logDateStartUs: (file) => fileAt(file).logDateStartUs,
    }),
    {
      insertsAtOnce: 2,
      warehouse,
      fileOf: (file) => loadingFile(fileAt(file)),
      begin: (begun) =>
        writeEntries(
          warehouse,
          begun.map((file) => fileAt(file).loading),
        ),
      settle,
      kernel,
      free: (batch) => freeBatch(kernel, batch),
      onInserted: ({ rows, isEarly }) => {
        progress.eventsLoaded += rows;
        if (isEarly) progress.earlyReleases += 1;
      },
      onFailed: fail,
    },
  );
  await Promise.all([publishing, loading].map((stage) => stage.catch(fail)));
  if (failed.signal.aborted) throw failed.signal.reason;
  return results;
}

async function readLogFile(
  { task, planned }: RunningFile,
  {
    pool,
    warehouse,
    take,
    signal,
  }: {
    readonly pool: DecryptPool;
    readonly warehouse: Warehouse;
    readonly take: (batch: EventBatch) => Promise<void>;
    readonly signal: AbortSignal;
  },
): Promise<LogFileResult['answer']> {
  const answer = await pool.decrypt(task, take, signal);
  if (answer.kind !== 'shorter') return answer;
  const { delivered, warnings, sum } = answer;
  if (await holdsLines(warehouse, loaded(planned.known), sum)) {
    return { kind: 'superseded', delivered, warnings };
  }
  const whole = await pool.decrypt({ ...task, earlier: undefined }, take, signal);
  assert(whole.kind !== 'shorter', 'a log file with no earlier version is not shorter than it');
  return whole;
}
