/**
 * `edxstream load --dry-run`: what a load would do, from indexes, fingerprints and the ledger. No key is
 * needed, nothing is decrypted, and a data directory that is not there is not made.
 *
 * The estimate: lines are about six times as large as GnuPG's compressed messages, and the table takes
 * about as much as the messages do; ClickHouse needs the same again while it merges. (388 MB of lines in
 * 64 MB of messages made 58 MB of table.)
 */
import { existsSync } from 'node:fs';
import { EdxstreamError } from '#shared/errors';
import type { PackageIndex } from '#shared/packages/package-index';
import { renderBytes, renderCount, renderCounted } from '#shared/progress/quantities';
import { readEntries } from '#shared/warehouse/log-file-ledger';
import type { OpenedWarehouse, Warehouse } from '#shared/warehouse/warehouse';
import { Fingerprints } from '../fetch/fingerprint.js';
import { loaded, planLogFiles } from '../fetch/plan-log-files.js';
import type { LedgerEntry } from '../tables/database-file.js';
import { type PlannedFile, planAgainst, planDatabaseFiles } from '../tables/plan-database-files.js';
import { EXIT } from './exit-status.js';
import { indexPackages, isInStore } from './index-packages.js';
import { knownIndexes } from './known-indexes.js';
import { addPackages, isAllIn, newAccount } from './load-account.js';
import type { LoadCommandSettings } from './load-command.js';
import { originOf, withFingerprints } from './load-packages.js';
import { openExistingWarehouse, placeName } from './open-warehouse.js';
import { list } from './render-account.js';
import type { Shell } from './shell.js';
import { storeOf } from './store-settings.js';

const LINES_PER_STORED = 6;
const DISK_PER_STORED = 1;
const DISK_WHILE_MERGING = 2;

export interface LoadPlanSummary {
  readonly logFiles: {
    readonly new: number;
    readonly changed: number;
    readonly unchanged: number;
    readonly superseded: number;
    readonly storedBytes: number;
  };
  readonly databaseFiles: {
    readonly new: number;
    readonly changed: number;
    /** Failed before and is tried again. */
    readonly retried: number;
    readonly unchanged: number;
    readonly keptOut: number;
    readonly filtered: number;
    readonly storedBytes: number;
  };
  readonly estimate: {
    readonly lineBytes: number;
    readonly diskBytes: number;
    readonly diskBytesWhileMerging: number;
  };
}

export async function dryRun(
  paths: readonly string[],
  settings: LoadCommandSettings,
  { shell, isJson }: { readonly shell: Shell; readonly isJson: boolean },
): Promise<number> {
  const options = { except: [settings.data], store: storeOf(settings), signal: shell.stop };
  const isStored = paths.some(isInStore);
  // What is typed wrong is said before a data directory is opened, which may be busy.
  const found = isStored ? undefined : await indexPackages(paths, options);
  await using warehouse = await openIfThere(settings, shell);
  const { indexes, skipped } =
    found ??
    (await indexPackages(paths, {
      ...options,
      ...(warehouse && { known: knownIndexes(warehouse) }),
    }));
  const account = newAccount(new Date());
  addPackages(account, indexes, skipped);
  const summary = await summarizePlan(indexes, settings.course, warehouse);
  const exitStatus = isAllIn(account) ? EXIT.allIn : EXIT.someFailed;
  if (isJson) {
    const { failures, skipped: others } = account;
    const data = { ...summary, failures, skipped: others, exitStatus };
    await shell.out.write(`${JSON.stringify({ type: 'plan', data })}\n`);
  } else {
    const failures = list(
      'Cannot be loaded',
      account.failures.map(({ name, reason, detail }) => `${name}: ${reason}. ${detail}`),
    );
    await shell.out.write(
      `${renderPlan(summary, { packages: indexes.length, data: placeName(settings) })}${failures === '' ? '' : `\n${failures}\n`}`,
    );
  }
  return exitStatus;
}

async function openIfThere(
  settings: LoadCommandSettings,
  shell: Shell,
): Promise<OpenedWarehouse | undefined> {
  if (settings.warehouse === undefined && !existsSync(settings.data)) return undefined;
  try {
    return await openExistingWarehouse(settings, {
      command: 'load --dry-run',
      tell: (note) => void shell.err.write(`${note}\n`),
    });
  } catch (error) {
    if (error instanceof EdxstreamError && error.code === 'WAREHOUSE_EMPTY') return undefined;
    throw error;
  }
}

export async function summarizePlan(
  indexes: readonly PackageIndex[],
  courses: readonly string[],
  warehouse: Warehouse | undefined,
): Promise<LoadPlanSummary> {
  const fingerprints = new Fingerprints();
  const plan = await planLogFiles(indexes, {
    entries: warehouse === undefined ? [] : await readEntries(warehouse),
    courses,
    fingerprint: (entry) => fingerprints.of(entry.location),
  });
  const toRead = plan.rounds.flat();
  const databaseFiles: PlannedFile[] = [];
  for (const index of indexes) {
    const origin = originOf(index);
    if (index.databaseFiles.length === 0 || origin === undefined) continue;
    const files = await withFingerprints(index);
    databaseFiles.push(
      ...(warehouse === undefined
        ? planAgainst(files, [], courses)
        : await planDatabaseFiles(files, origin, { warehouse, courses })),
    );
  }
  const filesToLoad = databaseFiles.filter(({ action }) => action === 'load');
  const replacing = (state: LedgerEntry['state']): number =>
    filesToLoad.filter(
      (planned) =>
        planned.action === 'load' && planned.replaces.some((entry) => entry.state === state),
    ).length;
  const filesChanged = replacing('loaded');
  const filesRetried = replacing('failed');
  const logBytes = toRead.reduce((sum, { entry }) => sum + entry.location.bytes, 0);
  const tableBytes = filesToLoad.reduce((sum, { file }) => sum + file.location.bytes, 0);
  const changed = toRead.filter(({ known }) => loaded(known).length > 0).length;
  const counted = (action: PlannedFile['action']): number =>
    databaseFiles.filter((planned) => planned.action === action).length;
  return {
    logFiles: {
      new: toRead.length - changed,
      changed,
      unchanged: plan.unchanged.length,
      superseded: plan.superseded.length,
      storedBytes: logBytes,
    },
    databaseFiles: {
      new: filesToLoad.length - filesChanged - filesRetried,
      changed: filesChanged,
      retried: filesRetried,
      unchanged: counted('unchanged'),
      keptOut: counted('keep-out'),
      filtered: counted('filter'),
      storedBytes: tableBytes,
    },
    estimate: {
      lineBytes: logBytes * LINES_PER_STORED,
      diskBytes: (logBytes + tableBytes) * DISK_PER_STORED,
      diskBytesWhileMerging: (logBytes + tableBytes) * DISK_WHILE_MERGING,
    },
  };
}

function renderPlan(
  { logFiles, databaseFiles, estimate }: LoadPlanSummary,
  { packages, data }: { readonly packages: number; readonly data: string },
): string {
  return [
    `Would load ${renderCounted(packages, 'package')} into ${data}`,
    `  Log files       ${renderCount(logFiles.new)} new, ${renderCount(logFiles.changed)} changed, ${renderCount(logFiles.unchanged)} unchanged, ${renderCount(logFiles.superseded)} in a newer package`,
    `  Database files  ${renderCount(databaseFiles.new)} new, ${renderCount(databaseFiles.changed)} changed, ${renderCount(databaseFiles.retried)} to try again, ${renderCount(databaseFiles.unchanged)} unchanged, ${renderCount(databaseFiles.keptOut)} kept out, ${renderCount(databaseFiles.filtered)} of other courses`,
    `  To read         ${renderBytes(logFiles.storedBytes)} of log files, ${renderBytes(databaseFiles.storedBytes)} of database files`,
    `  Estimate        ${renderBytes(estimate.lineBytes)} of lines; ${renderBytes(estimate.diskBytes)} on disk, ${renderBytes(estimate.diskBytesWhileMerging)} while it is loaded`,
    `                  (lines are about ${LINES_PER_STORED} times what is stored, the table about as large as what is stored)`,
    '',
  ].join('\n');
}
