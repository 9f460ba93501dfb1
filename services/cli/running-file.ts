/**
 * A log file in the run that loads it: the task for the decrypt pool, the entry for the ledger, and where it
 * stands among files with events of the same time.
 */
import { type LedgerEntry, newFileId } from '#shared/warehouse/log-file-ledger';
import type { LogFileTask } from '../decrypt/log-file-task.js';
import { coversCourses, loaded, type PlannedLogFile } from '../fetch/plan-log-files.js';
import type { LoadingFile } from '../load/loading-file.js';

/** Phones and clocks: an event this much earlier than its log date is late. Part of the ledger. */
export const SKEW_SECONDS = 6 * 3600;

export interface RunningFile {
  /** Its number in this run, by which the stages know it. */
  readonly file: number;
  readonly logDateStartUs: number;
  readonly planned: PlannedLogFile;
  readonly loading: LedgerEntry;
  readonly task: LogFileTask;
}

export interface RunningOptions {
  readonly courses: readonly string[];
  readonly keepSecrets: boolean;
  readonly allowUnprotected: boolean;
  readonly lineBytesMax: number;
  readonly batchBytes: number;
}

/** What is to be done for a planned log file, given what the ledger holds of it. */
export function runningFile(
  planned: PlannedLogFile,
  file: number,
  options: RunningOptions,
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

/** What the ledger says of the package that a log file comes in. */
export function deliveryOf({ entry, ...planned }: PlannedLogFile) {
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
    superseded: 0,
    overlaps: '',
  };
}

/** What loading needs to know of it. */
export function loadingFile({ planned, loading }: RunningFile): LoadingFile {
  const { organization, site, server, logDate } = planned.entry;
  return { organization, site, server, logDate, fileId: loading.file_id };
}

/** Files with events of the same time stand in the order of the table: site, organization, server, date. */
export function ranks(files: readonly RunningFile[]): Uint32Array {
  const identity = ({ planned: { entry } }: RunningFile): Buffer =>
    Buffer.from([entry.site, entry.organization, entry.server, entry.logDate].join('\u0000'));
  const sorted = [...files].sort((a, b) => Buffer.compare(identity(a), identity(b)));
  const rankOf = new Uint32Array(files.length);
  for (const [rank, { file }] of sorted.entries()) rankOf[file] = rank;
  return rankOf;
}
