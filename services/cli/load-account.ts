/**
 * The account of a load: what became of every log file and database file, and what needs attention. It
 * is kept while the load runs, so that one that was stopped can say what is in.
 */
import type { LogFileAnswer } from '#shared/eventlog/log-file-answer';
import type { PackageIndex } from '#shared/packages/package-index';
import type { SkippedFile } from '../fetch/find-packages.js';
import { type LogFilePlan, loaded } from '../fetch/plan-log-files.js';
import type { LedgerEntry as DatabaseFileLedgerEntry } from '../tables/database-file.js';
import type { LoadedFiles } from '../tables/load-database-files.js';
import type { LogFileResult } from './load-log-files.js';

/** Something that is not in and should be: what, why, and what to do about it. */
export interface Failure {
  readonly kind: 'package' | 'log-file' | 'database-file' | 'file';
  readonly name: string;
  readonly reason: string;
  readonly detail: string;
}

/** A file of which so many lines were rejected that a person should look at it. */
export interface RejectedShare {
  readonly name: string;
  readonly lines: number;
  readonly rejected: number;
}

export interface LoadAccount {
  readonly startedAt: string;
  seconds: number;
  packages: number;
  readonly recovered: { logFiles: number; databaseFiles: number };
  readonly logFiles: {
    /** Not in the warehouse before. */
    new: number;
    /** In it before, and now with lines at its end. */
    grown: number;
    /** In it before with another content, which this one has replaced. */
    replaced: number;
    /** Encrypted anew with the same content, or with less of it. */
    same: number;
    /** Recognised without being read. */
    unchanged: number;
    /** Delivered again by a newer package. */
    superseded: number;
    failed: number;
    /** Planned and not come to, because the load was stopped. */
    left: number;
  };
  readonly lines: {
    lines: number;
    events: number;
    rejected: number;
    blank: number;
    filtered: number;
    masked: number;
    late: number;
    /** Lines of daily log files, of this run or earlier ones, that were left out because a tar has them. */
    superseded: number;
    rejectedByReason: Record<string, number>;
  };
  earlyReleases: number;
  /** Log files that are in but no longer in the newest package: `server/date`. */
  readonly missing: string[];
  readonly databaseFiles: {
    loaded: number;
    unchanged: number;
    failed: number;
    keptOut: number;
    filtered: number;
    rows: number;
    rejected: number;
    /** Planned and not come to, because the load was stopped. */
    left: number;
  };
  readonly failures: Failure[];
  readonly warnings: string[];
  readonly overRejected: RejectedShare[];
  /** Files that lay beside the packages and are none. */
  readonly skipped: string[];
}

export function newAccount(startedAt: Date): LoadAccount {
  return {
    startedAt: startedAt.toISOString(),
    seconds: 0,
    packages: 0,
    recovered: { logFiles: 0, databaseFiles: 0 },
    logFiles: {
      ...{ new: 0, grown: 0, replaced: 0, same: 0 },
      ...{ unchanged: 0, superseded: 0, failed: 0, left: 0 },
    },
    lines: {
      ...{ lines: 0, events: 0, rejected: 0, blank: 0, filtered: 0, masked: 0, late: 0 },
      superseded: 0,
      rejectedByReason: {},
    },
    earlyReleases: 0,
    missing: [],
    databaseFiles: {
      ...{ loaded: 0, unchanged: 0, failed: 0, keptOut: 0, filtered: 0 },
      ...{ rows: 0, rejected: 0, left: 0 },
    },
    failures: [],
    warnings: [],
    overRejected: [],
    skipped: [],
  };
}

export function addPackages(
  account: LoadAccount,
  indexes: readonly PackageIndex[],
  skipped: readonly SkippedFile[],
): void {
  account.packages = indexes.length;
  for (const index of indexes) addFaults(account, index);
  addSkipped(account, skipped);
}

/** What is wrong with a package, and what of it is not understood. */
export function addFaults(account: LoadAccount, index: PackageIndex): void {
  for (const { reason, detail } of index.faults) {
    account.failures.push({ kind: 'package', name: index.path, reason, detail });
  }
  for (const { path, reason, detail } of index.unrecognised) {
    account.warnings.push(`${index.path}: ${path}: ${reason}: ${detail}`);
  }
}

export function addSkipped(account: LoadAccount, skipped: readonly SkippedFile[]): void {
  for (const { path, reason, isExplicit } of skipped) {
    if (!isExplicit) account.skipped.push(path);
    else {
      account.failures.push({ kind: 'file', name: path, reason: 'not-a-package', detail: reason });
    }
  }
}

export function addPlan(account: LoadAccount, plan: LogFilePlan): void {
  const { logFiles } = account;
  logFiles.unchanged += plan.unchanged.length;
  logFiles.superseded += plan.superseded.length;
  logFiles.left += plan.rounds.reduce((sum, round) => sum + round.length, 0);
  for (const { organization, site, server, log_date } of plan.missing) {
    account.missing.push([organization, site, server, log_date].filter(Boolean).join('/'));
  }
}

export type LogFileOutcome = 'new' | 'grown' | 'replaced' | 'same' | 'superseded' | 'failed';

export function outcomeOf({ planned, answer }: LogFileResult): LogFileOutcome {
  switch (answer.kind) {
    case 'loaded':
      if (answer.fromLine > 1) return 'grown';
      return loaded(planned.known).length > 0 ? 'replaced' : 'new';
    case 'same':
    case 'superseded':
      return 'same';
    case 'failed':
      return 'failed';
    default:
      return answer satisfies never;
  }
}

export function addLogFile(
  account: LoadAccount,
  result: LogFileResult,
  { rejectsMax }: { readonly rejectsMax: number },
): void {
  const { planned, answer } = result;
  const name = `${planned.package}: ${planned.entry.path}`;
  account.logFiles.left -= 1;
  account.logFiles[outcomeOf(result)] += 1;
  if (answer.kind === 'failed') {
    const { reason, detail } = answer;
    account.failures.push({ kind: 'log-file', name, reason, detail });
    return;
  }
  account.warnings.push(...answer.warnings.map((warning) => `${name}: ${warning}`));
  if (answer.kind === 'loaded') addLines(account, name, answer, rejectsMax);
}

function addLines(
  account: LoadAccount,
  name: string,
  { counts }: Extract<LogFileAnswer, { kind: 'loaded' }>,
  rejectsMax: number,
): void {
  const { lines } = account;
  for (const field of [
    ...(['lines', 'events', 'rejected', 'blank', 'filtered', 'masked', 'late'] as const),
  ]) {
    lines[field] += counts[field];
  }
  for (const [reason, count] of Object.entries(counts.rejectedByReason)) {
    lines.rejectedByReason[reason] = (lines.rejectedByReason[reason] ?? 0) + count;
  }
  if (counts.rejected > rejectsMax * counts.lines) {
    account.overRejected.push({ name, lines: counts.lines, rejected: counts.rejected });
  }
}

export function addDatabaseFile(
  account: LoadAccount,
  entry: DatabaseFileLedgerEntry,
  { rejectsMax }: { readonly rejectsMax: number },
): void {
  const name = `${entry.package}: ${entry.path}`;
  const { databaseFiles } = account;
  databaseFiles.left -= 1;
  if (entry.state === 'failed') {
    const { reason, detail } = entry;
    databaseFiles.failed += 1;
    account.failures.push({ kind: 'database-file', name, reason, detail });
  } else if (entry.state === 'kept-out') {
    databaseFiles.keptOut += 1;
  } else {
    databaseFiles.loaded += 1;
    databaseFiles.rows += entry.rows;
    databaseFiles.rejected += entry.rejected;
  }
  const lines = entry.rows + entry.rejected;
  if (entry.state === 'loaded' && entry.rejected > rejectsMax * lines) {
    account.overRejected.push({ name, lines, rejected: entry.rejected });
  }
}

/** The files of a package that were not told one by one, because nothing was done with them. */
export function addIdleDatabaseFiles(account: LoadAccount, files: LoadedFiles): void {
  const { databaseFiles } = account;
  databaseFiles.unchanged += files.unchanged.length;
  databaseFiles.filtered += files.filtered;
  databaseFiles.left -= files.unchanged.length + files.filtered;
}

/** True where everything is in, and no file had more rejected lines than is allowed. */
export function isAllIn({ failures, overRejected }: LoadAccount): boolean {
  return failures.length === 0 && overRejected.length === 0;
}
