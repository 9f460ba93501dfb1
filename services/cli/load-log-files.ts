/**
 * Composes the stages for log files in one process:
 *
 *   plan ─► decrypt pool ─► publish ─► event log ─► merge ─► load ─► ledger
 *
 * Whatever fails, all stages are stopped and waited for before the fault is passed on, so that nothing
 * writes any more when the command ends.
 */
import { assert } from '#shared/errors';
import type { EventBatch } from '#shared/eventlog/event-batch';
import { inProcessEventLog } from '#shared/eventlog/in-process';
import type { LogFileAnswer } from '#shared/eventlog/log-file-answer';
import type { LoadProgress } from '#shared/progress/load-progress';
import {
  type LedgerEntry,
  logFileKey,
  newFileId,
  readEntries,
  writeEntries,
} from '#shared/warehouse/log-file-ledger';
import type { Warehouse } from '#shared/warehouse/warehouse';
import type { DecryptPool } from '../decrypt/decrypt-pool.js';
import type { LogFileTask } from '../decrypt/log-file-task.js';
import {
  coversCourses,
  type LogFilePlan,
  loaded,
  type PlannedLogFile,
} from '../fetch/plan-log-files.js';
import { holdsLines } from '../load/hold-lines.js';
import { loadRuns } from '../load/load-runs.js';
import type { LoadingFile } from '../load/loading-file.js';
import {
  type LogFileToSettle,
  recogniseDelivery,
  settleLogFiles,
} from '../load/settle-log-files.js';
import { mergeByTime } from '../merge/merge-by-time.js';
import { publishLogFiles } from '../publish/publish-log-files.js';

/** Phones and clocks: an event this much earlier than its log date is late. Part of the ledger. */
export const SKEW_SECONDS = 6 * 3600;

export interface LoadLogFilesOptions {
  readonly warehouse: Warehouse;
  readonly pool: DecryptPool;
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
  const results: LogFileResult[] = [];
  for (const [index, round] of plan.rounds.entries()) {
    // A later round holds other deliveries of log files that an earlier one has just loaded.
    const files = index === 0 ? round : await withLedger(round, options.warehouse);
    results.push(...(await loadRound(files, options)));
  }
  return results;
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

interface RunningFile {
  readonly file: number;
  readonly logDateStartUs: number;
  readonly planned: PlannedLogFile;
  readonly loading: LedgerEntry;
  readonly task: LogFileTask;
}

async function loadRound(
  round: readonly PlannedLogFile[],
  options: LoadLogFilesOptions,
): Promise<readonly LogFileResult[]> {
  const { warehouse, pool, progress } = options;
  const files = round.map((planned, file) => runningFile(planned, file, options));
  const fileAt = (file: number): RunningFile => files[file] as RunningFile; // stages pass on our own numbers
  const rankOf = ranks(files);
  const answers = new Map<number, LogFileResult['answer']>();
  const results: LogFileResult[] = [];
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const eventLog = inProcessEventLog({ bytesMax: 2 * options.batchBytes });

  const decrypt = async (file: RunningFile, publish: (batch: EventBatch) => Promise<void>) => {
    const take = async (batch: EventBatch): Promise<void> => {
      progress.eventsRead += batch.rows;
      progress.rejected += batch.rejected.length;
      progress.lineBytes += batch.bytes.length;
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
      warehouse,
      fileOf: (file) => loadingFile(fileAt(file)),
      loadingEntry: (file) => fileAt(file).loading,
      settle,
      onBatchDone: (batch) => pool.recycle(batch),
      onInserted: ({ rows, isEarly }) => {
        progress.eventsLoaded += rows;
        if (isEarly) progress.earlyReleases += 1;
      },
    },
  );
  const stages = [publishing, loading].map((stage) =>
    stage.catch((error: unknown) => {
      // The first fault is the cause; what the others say when they are stopped is not.
      if (!failed.signal.aborted) failed.abort(error);
    }),
  );
  await Promise.all(stages);
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

function runningFile(
  planned: PlannedLogFile,
  file: number,
  options: LoadLogFilesOptions,
): RunningFile {
  const { entry } = planned;
  const held = loaded(planned.known);
  const last = held.at(-1);
  const isCovered = last === undefined || coversCourses(last, options.courses);
  // Asked for other courses than before: the log file is loaded anew with both.
  const courses = isCovered
    ? (last?.courses ?? options.courses)
    : union(last.courses, options.courses);
  const logDateStartUs = Date.parse(`${entry.logDate}T00:00:00Z`) * 1000;
  const earlier =
    last !== undefined && isCovered
      ? {
          plaintextBytes: last.plaintext_bytes,
          plaintextDigest: last.plaintext_digest,
          tailBytes: last.tail_bytes,
          lines: last.from_line + last.lines - 1,
        }
      : undefined;
  return {
    file,
    logDateStartUs,
    planned,
    loading: loadingEntry(planned, courses, options.keepSecrets),
    task: {
      file,
      name: `${planned.package}: ${entry.path}`,
      location: entry.location,
      logDateStartUs,
      skewUs: SKEW_SECONDS * 1e6,
      lineBytesMax: options.lineBytesMax,
      batchBytes: options.batchBytes,
      keepSecrets: options.keepSecrets,
      allowUnprotected: options.allowUnprotected,
      // Course ids are compared as the scanner has them: bytes of UTF-8, one a character.
      courses:
        courses.length === 0
          ? undefined
          : courses.map((course) => Buffer.from(course).toString('latin1')),
      earlier,
      isSameDate: last?.package_date === planned.packageDate,
    },
  };
}

function union(before: readonly string[], asked: readonly string[]): readonly string[] {
  // No course at all means every course.
  return before.length === 0 || asked.length === 0 ? [] : [...new Set([...before, ...asked])];
}

function deliveryOf({ entry, ...planned }: PlannedLogFile) {
  return {
    package: planned.package,
    package_date: planned.packageDate,
    path: entry.path,
    stored_bytes: entry.location.bytes,
    fingerprint: planned.fingerprint,
    provisional: planned.provisional,
  };
}

function loadingEntry(
  planned: PlannedLogFile,
  courses: readonly string[],
  keepSecrets: boolean,
): LedgerEntry {
  const { organization, site, server, logDate } = planned.entry;
  return {
    file_id: newFileId(),
    revision: 0,
    organization,
    site,
    server,
    log_date: logDate,
    state: 'loading',
    ...deliveryOf(planned),
    recognised: [],
    plaintext_bytes: 0,
    plaintext_digest: '',
    tail_bytes: 0,
    from_line: 1,
    lines: 0,
    events: 0,
    rejected: 0,
    blank: 0,
    filtered: 0,
    masked: 0,
    late: 0,
    last_kind: '',
    last_masked: false,
    last_late: false,
    trim_from_line: 0,
    courses,
    secrets_kept: keepSecrets,
    skew_seconds: SKEW_SECONDS,
    reason: '',
    detail: '',
    changed_at: '',
  };
}

function loadingFile({ planned, loading }: RunningFile): LoadingFile {
  const { organization, site, server, logDate } = planned.entry;
  return { organization, site, server, logDate, fileId: loading.file_id };
}

/** Files with events of the same time stand in the order of the table: site, organization, server, date. */
function ranks(files: readonly RunningFile[]): Uint32Array {
  const identity = ({ planned: { entry } }: RunningFile): Buffer =>
    Buffer.from([entry.site, entry.organization, entry.server, entry.logDate].join('\u0000'));
  const sorted = [...files].sort((a, b) => Buffer.compare(identity(a), identity(b)));
  const rankOf = new Uint32Array(files.length);
  for (const [rank, { file }] of sorted.entries()) rankOf[file] = rank;
  return rankOf;
}
