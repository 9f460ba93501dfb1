/**
 * Brings the ledger to what has become of log files, once all of their rows are in.
 *
 * The entries that change together are written by one insert, so that a crash leaves either the old truth
 * or the new one; rows that count no more are deleted after that, and by the next start if it does
 * not come to it here.
 */
import type { LogFileAnswer } from '#shared/eventlog/log-file-answer';
import {
  type LedgerEntry,
  removeEntries,
  trimEntry,
  writeEntries,
} from '#shared/warehouse/log-file-ledger';
import type { Warehouse } from '#shared/warehouse/warehouse';

export interface LogFileToSettle {
  /** The entry as it was written before the first row: state `loading`. */
  readonly loading: LedgerEntry;
  /** What the ledger held of this log file before. */
  readonly known: readonly LedgerEntry[];
  readonly answer: Exclude<LogFileAnswer, { kind: 'shorter' }>;
}

/** Settles several log files by one insert; each of them is whole on its own. */
export async function settleLogFiles(
  warehouse: Warehouse,
  files: readonly LogFileToSettle[],
): Promise<void> {
  // Rows that were published before a fault showed belong to no loaded entry: they go first.
  const withoutRows = files.filter(({ answer }) => answer.kind !== 'loaded');
  await removeEntries(
    warehouse,
    withoutRows.map(({ loading }) => loading),
  );
  const written = files.flatMap(settledEntries);
  await writeEntries(warehouse, written);
  // What failed in a newer package stays told: another, older copy may stand in for it until it is mended.
  const failedBefore = files.flatMap(({ known, loading }) =>
    known.filter(
      ({ state, package_date, fingerprint }) =>
        state === 'failed' &&
        (package_date <= loading.package_date || fingerprint === loading.fingerprint),
    ),
  );
  const replaced = written.filter(({ state }) => state === 'removing');
  await removeEntries(warehouse, [...replaced, ...failedBefore]);
  for (const entry of written) {
    if (entry.trim_from_line > 0) await trimEntry(warehouse, entry);
  }
}

function settledEntries({ loading, known, answer }: LogFileToSettle): LedgerEntry[] {
  const held = known.filter(({ state }) => state === 'loaded');
  switch (answer.kind) {
    case 'failed':
      return [
        { ...loading, revision: 1, state: 'failed', reason: answer.reason, detail: answer.detail },
      ];
    case 'same':
    case 'superseded':
      return recogniseDelivery(held, loading, answer.kind === 'same');
    case 'loaded':
      return loadedEntries(loading, held, answer);
    default:
      return answer satisfies never;
  }
}

/** The entries of a log file that was delivered again and has nothing new, with what it came in. */
export function recogniseDelivery(
  held: readonly LedgerEntry[],
  delivery: Pick<
    LedgerEntry,
    'package' | 'package_date' | 'path' | 'stored_bytes' | 'fingerprint' | 'provisional'
  >,
  isSame: boolean,
): LedgerEntry[] {
  return held.map((entry) => ({
    ...entry,
    // Of two deliveries with the same content the newer one is what the ledger names.
    ...(isSame && delivery.package_date >= entry.package_date
      ? {
          package: delivery.package,
          package_date: delivery.package_date,
          path: delivery.path,
          stored_bytes: delivery.stored_bytes,
          fingerprint: delivery.fingerprint,
          provisional: delivery.provisional,
        }
      : {}),
    recognised: [...new Set([...entry.recognised, entry.fingerprint, delivery.fingerprint])],
    revision: entry.revision + 1,
  }));
}

function loadedEntries(
  loading: LedgerEntry,
  held: readonly LedgerEntry[],
  { delivered, counts, last, fromLine }: Extract<LogFileAnswer, { kind: 'loaded' }>,
): LedgerEntry[] {
  const loadedNow: LedgerEntry = {
    ...loading,
    revision: loading.revision + 1,
    state: 'loaded',
    plaintext_bytes: delivered.plaintextBytes,
    plaintext_digest: delivered.plaintextDigest,
    tail_bytes: delivered.tailBytes,
    from_line: fromLine,
    lines: counts.lines,
    events: counts.events,
    rejected: counts.rejected,
    blank: counts.blank,
    filtered: counts.filtered,
    masked: counts.masked,
    late: counts.late,
    last_kind: last?.kind ?? '',
    last_masked: last?.isMasked ?? false,
    last_late: last?.isLate ?? false,
  };
  const before =
    fromLine === 1
      ? held.map((entry) => ({
          ...entry,
          state: 'removing' as const,
          revision: entry.revision + 1,
        }))
      : held.map((entry) => ({
          ...(entry.from_line + entry.lines > fromLine ? withoutLastLine(entry) : entry),
          package: loading.package,
          package_date: loading.package_date,
          provisional: loading.provisional,
          revision: entry.revision + 1,
        }));
  return [...before, loadedNow];
}

/** The entry less its last line, which was not terminated and comes again, whole, with what is new. */
function withoutLastLine(entry: LedgerEntry): LedgerEntry {
  const one = (kind: string): number => (entry.last_kind === kind ? 1 : 0);
  return {
    ...entry,
    lines: entry.lines - 1,
    events: entry.events - one('event'),
    rejected: entry.rejected - one('rejected'),
    blank: entry.blank - one('blank'),
    filtered: entry.filtered - one('filtered'),
    masked: entry.masked - (entry.last_masked ? 1 : 0),
    late: entry.late - (entry.last_late ? 1 : 0),
    tail_bytes: 0,
    trim_from_line: entry.from_line + entry.lines - 1,
  };
}
