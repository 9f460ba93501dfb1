/**
 * What has to be done for the log files of some packages, given what the ledger knows: index minus
 * ledger.
 *
 *   newer package first │ known fingerprint       → unchanged, costs nothing
 *                       │ older than what is in   → superseded, never replaces
 *                       │ not in the ledger       → load
 *                       │ in it, other ciphertext → compare, and load what is new
 *
 * Of several packages that hold a log file under one name only the newest counts; packages of the same
 * date are all looked at, one after the other, in `rounds`.
 */

import { basename } from 'node:path';
import type { LogFileEntry, PackageIndex } from '#shared/packages/package-index';
import { type LedgerEntry, logFileKey } from '#shared/warehouse/log-file-ledger';

export interface PlannedLogFile {
  readonly entry: LogFileEntry;
  readonly key: string;
  readonly package: string;
  readonly packageDate: string;
  readonly fingerprint: string;
  /** True on the last day of its package, which is partial until the next package comes. */
  readonly provisional: boolean;
  /** What the ledger holds of it, in the order of lines; empty for one that is new. */
  readonly known: readonly LedgerEntry[];
}

export interface LogFilePlan {
  /** Log files to read, by date; a later round holds other deliveries of the same log files. */
  readonly rounds: readonly (readonly PlannedLogFile[])[];
  /** Recognised by their fingerprint. */
  readonly unchanged: readonly PlannedLogFile[];
  /** Delivered again by a newer package, here or in the ledger. */
  readonly superseded: readonly PlannedLogFile[];
  /** In the ledger, of the same organization, but no longer in the newest package. They stay. */
  readonly missing: readonly LedgerEntry[];
}

export interface PlanOptions {
  readonly entries: readonly LedgerEntry[];
  readonly courses: readonly string[];
  readonly fingerprint: (entry: LogFileEntry) => Promise<string>;
}

/** One after the other they were a tenth of a refresh; daily log files are files of their own, open meanwhile. */
const FINGERPRINTS_AT_ONCE = 64;

export async function planLogFiles(
  packages: readonly PackageIndex[],
  { entries, courses, fingerprint }: PlanOptions,
): Promise<LogFilePlan> {
  const known = byKey(entries);
  const candidates = new Map<string, PlannedLogFile[]>();
  for (const index of packages) {
    const lastDay = latest(index.logFiles.map(({ logDate }) => logDate));
    for (const entry of index.logFiles) {
      const key = logFileKey(entry);
      const planned: PlannedLogFile = {
        entry,
        key,
        package: basename(index.path),
        packageDate: index.packageDate ?? lastDay,
        fingerprint: '',
        provisional: index.format === 'tar' && entry.logDate === lastDay,
        known: known.get(key) ?? [],
      };
      const same = candidates.get(key);
      if (same === undefined) candidates.set(key, [planned]);
      else same.push(planned);
    }
  }
  const superseded: PlannedLogFile[] = [];
  /** Per log file what may have to be read, larger first. */
  const newestOnes: PlannedLogFile[][] = [];
  for (const same of candidates.values()) {
    const all = same.toSorted(largestFirst);
    const newest = latest(all.map(({ packageDate }) => packageDate));
    const loadedDate = loaded(all[0]?.known ?? []).at(-1)?.package_date ?? '';
    const isOlder = ({ packageDate }: PlannedLogFile) =>
      packageDate < newest || packageDate < loadedDate;
    superseded.push(...all.filter(isOlder));
    newestOnes.push(all.filter((one) => !isOlder(one)));
  }
  const withFingerprints: PlannedLogFile[][] = [];
  for (let from = 0; from < newestOnes.length; from += FINGERPRINTS_AT_ONCE) {
    const some = newestOnes.slice(from, from + FINGERPRINTS_AT_ONCE);
    const withFingerprint = async (one: PlannedLogFile): Promise<PlannedLogFile> => ({
      ...one,
      fingerprint: await fingerprint(one.entry),
    });
    withFingerprints.push(
      ...(await Promise.all(some.map((ones) => Promise.all(ones.map(withFingerprint))))),
    );
  }
  const rounds: PlannedLogFile[][] = [];
  const unchanged: PlannedLogFile[] = [];
  for (const ones of withFingerprints) {
    unchanged.push(...ones.filter((one) => isRecognised(one, courses)));
    const toRead = ones.filter((one) => !isRecognised(one, courses));
    for (const [round, one] of toRead.entries()) {
      rounds[round] ??= [];
      rounds[round]?.push(one);
    }
  }
  for (const round of rounds) round.sort(byDate);
  return { rounds, unchanged, superseded, missing: missingFrom(packages, candidates, entries) };
}

/** The entries that hold, in the order of their lines. */
export function loaded(known: readonly LedgerEntry[]): readonly LedgerEntry[] {
  return known
    .filter(({ state }) => state === 'loaded')
    .toSorted((a, b) => a.from_line - b.from_line);
}

/** Whether the courses asked for (none: all) are among those an entry was loaded with. */
export function coversCourses(entry: LedgerEntry, courses: readonly string[]): boolean {
  if (entry.courses.length === 0) return true;
  return courses.length > 0 && courses.every((course) => entry.courses.includes(course));
}

function isRecognised({ known, fingerprint }: PlannedLogFile, courses: readonly string[]): boolean {
  return loaded(known).some(
    (entry) =>
      (entry.fingerprint === fingerprint || entry.recognised.includes(fingerprint)) &&
      coversCourses(entry, courses),
  );
}

function byKey(entries: readonly LedgerEntry[]): Map<string, LedgerEntry[]> {
  const map = new Map<string, LedgerEntry[]>();
  for (const entry of entries) {
    const key = logFileKey({ ...entry, logDate: entry.log_date });
    const same = map.get(key);
    if (same === undefined) map.set(key, [entry]);
    else same.push(entry);
  }
  return map;
}

function missingFrom(
  packages: readonly PackageIndex[],
  candidates: ReadonlyMap<string, unknown>,
  entries: readonly LedgerEntry[],
): LedgerEntry[] {
  const cumulative = packages.filter(
    ({ format, logFiles }) => format === 'tar' && logFiles.length > 0,
  );
  const organizations = new Set(
    cumulative.flatMap(({ logFiles }) =>
      logFiles.map(({ organization }) => organization.toLowerCase()),
    ),
  );
  const lastDay = latest(
    cumulative.flatMap(({ logFiles }) => logFiles.map(({ logDate }) => logDate)),
  );
  return entries.filter(
    (entry) =>
      entry.state === 'loaded' &&
      entry.from_line === 1 &&
      // Daily log files, which have no server, are never in a tar.
      entry.server !== '' &&
      entry.log_date <= lastDay &&
      organizations.has(entry.organization.toLowerCase()) &&
      !candidates.has(logFileKey({ ...entry, logDate: entry.log_date })),
  );
}

function latest(dates: readonly string[]): string {
  return dates.toSorted().at(-1) ?? '';
}

function largestFirst(a: PlannedLogFile, b: PlannedLogFile): number {
  return b.entry.location.bytes - a.entry.location.bytes;
}

/** By date, then server: the order in which dates become complete soonest. */
function byDate(a: PlannedLogFile, b: PlannedLogFile): number {
  if (a.entry.logDate !== b.entry.logDate) return a.entry.logDate < b.entry.logDate ? -1 : 1;
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}
