/**
 * One load into a warehouse that is open:
 *
 *   recover ─► plan ─► log files ─► database files of each package, older snapshots first ─► account
 *
 * Faults of packages and files stand in the account and stop nothing. Where the load is stopped, or the
 * warehouse fails, what was half-way is taken back before the fault is passed on, so that a plain SELECT
 * shows no half-loaded file.
 */
import { basename } from 'node:path';
import { createKernel } from '#shared/kernel/kernel';
import type { KeyRing } from '#shared/openpgp/key-ring';
import type { PackageIndex } from '#shared/packages/package-index';
import type { LoadProgress } from '#shared/progress/load-progress';
import { readEntries } from '#shared/warehouse/log-file-ledger';
import type { Warehouse } from '#shared/warehouse/warehouse';
import { openDecryptPool } from '../decrypt/decrypt-pool.js';
import { Fingerprints } from '../fetch/fingerprint.js';
import { type LogFilePlan, planLogFiles } from '../fetch/plan-log-files.js';
import { settleOverlaps } from '../load/settle-overlaps.js';
import type { DatabaseFileToLoad, LedgerEntry, PackageOrigin } from '../tables/database-file.js';
import { decryptHere } from './decrypt-here.js';
import type { IndexedPackages } from './index-packages.js';
import { kernelBytes } from './kernel-bytes.js';
import {
  addDatabaseFile,
  addFaults,
  addIdleDatabaseFiles,
  addLogFile,
  addPackages,
  addPlan,
  addSkipped,
  type LoadAccount,
} from './load-account.js';
import { type LoadRound, type LogFileResult, loadLogFiles } from './load-log-files.js';
import { recoverWarehouse } from './recover-warehouse.js';

export interface LoadSettings {
  readonly course: readonly string[];
  readonly keepSecrets: boolean;
  readonly allowUnprotected: boolean;
  readonly rejectsMax: number;
  readonly workers: number;
  readonly batchBytes: number;
  readonly releaseBytes: number;
  readonly windowBytesMax: number;
  readonly lineBytesMax: number;
}

export interface LoadPackagesOptions {
  readonly warehouse: Warehouse;
  readonly keys: KeyRing;
  readonly settings: LoadSettings;
  readonly account: LoadAccount;
  readonly progress: LoadProgress;
  readonly signal: AbortSignal;
  /** Indexes packages of stores once more; without it what was replaced is told as failed. */
  readonly indexAgain?: (indexes: readonly PackageIndex[]) => Promise<IndexedPackages>;
  /** How log files are loaded where others do it; without it this process does. */
  readonly loadRound?: LoadRound | undefined;
  readonly onPlan?: (plan: LogFilePlan) => void;
  readonly onLogFile?: (result: LogFileResult) => void;
  readonly onDatabaseFile?: (entry: LedgerEntry) => void;
}

/** Fills the account; throws only where the load was stopped or an outside system failed. */
export async function loadPackages(
  { indexes, skipped }: IndexedPackages,
  options: LoadPackagesOptions,
): Promise<void> {
  const { warehouse, account, progress } = options;
  addPackages(account, indexes, skipped);
  progress.tablesTotal = indexes.reduce((sum, { databaseFiles }) => sum + databaseFiles.length, 0);
  account.databaseFiles.left = progress.tablesTotal;
  Object.assign(account.recovered, await recoverWarehouse(warehouse));
  const beganMs = Date.now();
  try {
    await loadInTurns(indexes, options);
    account.lines.superseded = await settleOverlaps(warehouse, options.signal);
    progress.stage = 'done';
  } catch (error) {
    // Also after a fault of the warehouse: a full disk still lets rows be deleted, often. If it does
    // not, the next start does the same, and the first fault is the one to tell.
    await recoverWarehouse(warehouse).catch(() => undefined);
    throw error;
  } finally {
    account.seconds = (Date.now() - beganMs) / 1000;
    account.earlyReleases = progress.earlyReleases;
  }
}

/** What is being replaced in its store all the time is told as failed after so many turns. */
const TURNS_MAX = 3;

interface Turn {
  /** What is counted once is counted in the first turn. */
  readonly isFirst: boolean;
  /** Paths of packages that were replaced in their store; undefined in the last turn. */
  readonly stale: Set<string> | undefined;
}

/** Loads packages, and those once more that were replaced in their store while they were read. */
async function loadInTurns(
  indexes: readonly PackageIndex[],
  options: LoadPackagesOptions,
): Promise<void> {
  const { account, indexAgain } = options;
  let current = indexes;
  for (let turn = 1; current.length > 0; turn += 1) {
    const stale = turn < TURNS_MAX && indexAgain !== undefined ? new Set<string>() : undefined;
    const state = { isFirst: turn === 1, stale };
    await loadAllLogFiles(current, state, options);
    await loadAllDatabaseFiles(current, state, options);
    if (stale === undefined || stale.size === 0 || indexAgain === undefined) return;
    const again = await indexAgain(current.filter(({ path }) => stale.has(path)));
    for (const index of again.indexes) addFaults(account, index);
    addSkipped(account, again.skipped);
    current = again.indexes;
  }
}

async function loadAllLogFiles(
  indexes: readonly PackageIndex[],
  { isFirst, stale }: Turn,
  options: LoadPackagesOptions,
): Promise<void> {
  const { warehouse, keys, settings, account, progress, signal } = options;
  const { course: courses, workers, rejectsMax } = settings;
  const fingerprints = new Fingerprints();
  const plan = await planLogFiles(indexes, {
    entries: await readEntries(warehouse),
    courses,
    fingerprint: (entry) => fingerprints.of(entry.location),
  });
  signal.throwIfAborted();
  if (isFirst) addPlan(account, plan);
  options.onPlan?.(plan);
  const toRead = plan.rounds.flat();
  if (!isFirst) account.logFiles.left += toRead.length;
  progress.filesTotal += toRead.length;
  progress.bytesTotal += toRead.reduce((sum, { entry }) => sum + entry.location.bytes, 0);
  progress.stage = 'log files';
  // More workers than log files would only be started and stopped.
  const count = Math.max(1, Math.min(workers, toRead.length));
  await using here = decryptHere(() => {
    const kernel = createKernel(kernelBytes(settings, count));
    return { kernel, pool: openDecryptPool({ keys, workers: count, kernel }) };
  });
  // Workers come up while the ledger is written.
  if (toRead.length > 0 && options.loadRound === undefined) here.start();
  await loadLogFiles(plan, {
    warehouse,
    loadRound: options.loadRound ?? here.loadRound,
    courses,
    keepSecrets: settings.keepSecrets,
    allowUnprotected: settings.allowUnprotected,
    lineBytesMax: settings.lineBytesMax,
    batchBytes: settings.batchBytes,
    releaseBytes: settings.releaseBytes,
    windowBytesMax: settings.windowBytesMax,
    progress,
    signal,
    fingerprint: (entry) => fingerprints.of(entry.location),
    onSubstitutes: (files) => {
      account.logFiles.superseded -= files.length;
      account.logFiles.left += files.length;
      progress.filesTotal += files.length;
      for (const { entry } of files) progress.bytesTotal += entry.location.bytes;
    },
    onFile: (result) => {
      const { planned, answer } = result;
      if (stale !== undefined && answer.kind === 'failed' && answer.reason === 'replaced') {
        stale.add(planned.entry.location.path);
        account.logFiles.left -= 1;
        return;
      }
      addLogFile(account, result, { rejectsMax });
      options.onLogFile?.(result);
    },
  });
}

async function loadAllDatabaseFiles(
  indexes: readonly PackageIndex[],
  { isFirst, stale }: Turn,
  options: LoadPackagesOptions,
): Promise<void> {
  const { warehouse, keys, settings, account, progress, signal } = options;
  const { course: courses, rejectsMax } = settings;
  const withFiles = indexes.filter(({ databaseFiles }) => databaseFiles.length > 0);
  if (withFiles.length === 0) return;
  progress.stage = 'database files';
  const { workers, allowUnprotected } = settings;
  // Only here, because a tracking tar has none, and they are a tenth of what a command reads to start.
  const [{ openEncodePool }, { loadDatabaseFiles }] = await Promise.all([
    import('../tables/encode-pool.js'),
    import('../tables/load-database-files.js'),
  ]);
  await using pool = openEncodePool({ keys, workers, allowUnprotected });
  for (const index of withFiles.toSorted(olderFirst)) {
    signal.throwIfAborted();
    const origin = originOf(index);
    if (index.databaseFiles.every(({ table }) => table === 'credentials')) {
      account.warnings.push(credentials(index));
      account.databaseFiles.keptOut += index.databaseFiles.length;
      account.databaseFiles.left -= index.databaseFiles.length;
      continue;
    }
    if (origin === undefined) {
      account.failures.push(undated(index));
      account.databaseFiles.left -= index.databaseFiles.length;
      continue;
    }
    if (!isFirst) account.databaseFiles.left += index.databaseFiles.length;
    const before = { tables: progress.tablesDone, rows: progress.tableRows };
    const files = await loadDatabaseFiles(await withFingerprints(index), origin, {
      warehouse,
      keys,
      courses,
      encode: (file, fileIndex) => pool.encode(file, fileIndex, signal),
      signal,
      onRows: (rows) => {
        progress.tableRows += rows;
      },
      onFile: (entry) => {
        progress.tablesDone += 1;
        const isStale = stale !== undefined && entry.reason === 'replaced';
        if (isStale) stale.add(index.path);
        if (isStale || (!isFirst && entry.state === 'kept-out')) {
          account.databaseFiles.left -= 1;
          return;
        }
        addDatabaseFile(account, entry, { rejectsMax });
        options.onDatabaseFile?.(entry);
      },
    });
    if (isFirst) addIdleDatabaseFiles(account, files);
    else account.databaseFiles.left -= files.unchanged.length + files.filtered;
    // Unchanged and filtered files are not told one by one.
    progress.tablesDone = before.tables + index.databaseFiles.length;
    // Rows were counted as they came, also those of a file that failed at its end.
    progress.tableRows = before.rows + files.rows;
  }
}

/** What the files of a package have in common; undefined where nothing says its date. */
export function originOf(index: PackageIndex): PackageOrigin | undefined {
  const { path, organization, packageDate } = index;
  return packageDate === undefined
    ? undefined
    : { package: basename(path), organization, snapshotDate: packageDate };
}

export async function withFingerprints(
  index: PackageIndex,
): Promise<readonly DatabaseFileToLoad[]> {
  const fingerprints = new Fingerprints();
  return await Promise.all(
    index.databaseFiles.map(async (file) => ({
      ...file,
      fingerprint: await fingerprints.of(file.location),
    })),
  );
}

/** They come once, to be used and not loaded. */
function credentials({ path }: PackageIndex): string {
  return `${path} holds the access keys that edX made for you, and no records, so nothing of it is loaded. \`gpg -d\` shows them; write them to a profile with \`aws configure\`.`;
}

function undated({ path, databaseFiles }: PackageIndex) {
  return {
    kind: 'package',
    name: path,
    reason: 'no-date',
    detail: `${path} holds ${databaseFiles.length} database files, and neither its name nor a folder inside says of which date and organization. Name it as edX does, {organization}-{date}.zip, and run the same command again.`,
  } as const;
}

function olderFirst(a: PackageIndex, b: PackageIndex): number {
  return (a.packageDate ?? '') < (b.packageDate ?? '') ? -1 : 1;
}
