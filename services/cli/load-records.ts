/** The records of `edxstream load --json`, one JSON object a line: see docs/json-output.md. */

import type { PackageIndex } from '#shared/packages/package-index';
import type { LoadProgress } from '#shared/progress/load-progress';
import type { Speed } from '#shared/progress/measure-speed';
import type { LedgerEntry } from '../tables/database-file.js';
import { type LoadAccount, outcomeOf } from './load-account.js';
import type { LogFileResult } from './load-log-files.js';

export interface JsonRecord {
  readonly type:
    | 'begin'
    | 'plan'
    | 'progress'
    | 'file'
    | 'table'
    | 'reject-summary'
    | 'fault'
    | 'summary';
  readonly data: object;
}

export function beginRecord(
  indexes: readonly PackageIndex[],
  begun: { readonly command: string; readonly data: string; readonly startedAt: string },
): JsonRecord {
  const packages = indexes.map(({ path, format, bytes, organization, packageDate, ...index }) => ({
    ...{ path, format, bytes, organization, packageDate },
    logFiles: index.logFiles.length,
    databaseFiles: index.databaseFiles.length,
  }));
  return { type: 'begin', data: { ...begun, packages } };
}

export function progressRecord(progress: LoadProgress, speed: Speed): JsonRecord {
  const { bytes, lineBytes, events, tableRows, secondsLeft } = speed;
  return {
    type: 'progress',
    data: { ...progress, perSecond: { bytes, lineBytes, events, tableRows }, secondsLeft },
  };
}

export function fileRecord(result: LogFileResult): JsonRecord {
  const { planned, answer } = result;
  const { organization, site, server, logDate, path } = planned.entry;
  const what = {
    ...{ package: planned.package, path, organization, site, server, logDate },
    ...{ provisional: planned.provisional, outcome: outcomeOf(result) },
  };
  if (answer.kind === 'failed') {
    return { type: 'file', data: { ...what, reason: answer.reason, detail: answer.detail } };
  }
  const counts = answer.kind === 'loaded' ? { fromLine: answer.fromLine, ...answer.counts } : {};
  const { warnings, delivered } = answer;
  return {
    type: 'file',
    data: { ...what, ...counts, plaintextBytes: delivered.plaintextBytes, warnings },
  };
}

export function tableRecord(entry: LedgerEntry): JsonRecord {
  const { package: from, path, organization, site, courseId, isProvisional, table } = entry;
  const { snapshotDate, state, rows, rejected, reason, detail } = entry;
  return {
    type: 'table',
    data: {
      ...{ package: from, path, organization, site, courseId, courseIsProvisional: isProvisional },
      ...{ table, snapshotDate, outcome: state, rows, rejected },
      ...(reason === '' ? {} : { reason, detail }),
    },
  };
}

/** What closes the stream: rejected lines by reason, every fault, and the summary. */
export function closingRecords(account: LoadAccount, exitStatus: number): readonly JsonRecord[] {
  const { failures, lines, ...rest } = account;
  return [
    ...Object.entries(lines.rejectedByReason).map(
      ([reason, count]): JsonRecord => ({ type: 'reject-summary', data: { reason, lines: count } }),
    ),
    ...failures.map((failure): JsonRecord => ({ type: 'fault', data: failure })),
    { type: 'summary', data: { exitStatus, failures: failures.length, lines, ...rest } },
  ];
}
