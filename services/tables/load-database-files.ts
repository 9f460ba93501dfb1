/**
 * Loads the database files of one package into the side tables.
 *
 * In go the members that the index found, with fingerprints. Out comes an account of each. Files that
 * tell the course come first, one table after another, because the others need to know it; within a
 * table, and after that, batches run side by side.
 *
 * What surprises: a file that was loaded before is loaded again where its course is now known to be
 * another, such as when the enrolments failed the first time.
 */
import { randomBytes } from 'node:crypto';
import type { KeyRing } from '#shared/openpgp/key-ring';
import { openMember } from '#shared/packages/member-source';
import type { Warehouse } from '#shared/warehouse/warehouse';
import { CourseRegistry, TEACHING_TABLES } from './course-registry.js';
import type { DatabaseFileToLoad, LedgerEntry, PackageOrigin } from './database-file.js';
import { openDatabaseFileLedger } from './database-file-ledger.js';
import { encodeDatabaseFile } from './encode-database-file.js';
import type { EncodedPart } from './encoded-part.js';
import { SideTables } from './ensure-table.js';
import { type BatchContext, type BatchFile, loadBatch } from './load-batch.js';
import { type PlannedFile, planAgainst } from './plan-database-files.js';

export interface LoadOptions {
  readonly warehouse: Warehouse;
  readonly keys: KeyRing;
  /** Only files of these courses; empty or absent: all. */
  readonly courses?: readonly string[];
  /** Encodes one file; by default in this thread. A pool of workers can take its place. */
  readonly encode?: (file: DatabaseFileToLoad, fileIndex: number) => AsyncIterable<EncodedPart>;
  /** Batches that are decrypted at the same time. */
  readonly batchesMax?: number;
  /** Decimal UInt64, never twice the same. */
  readonly newFileId?: () => string;
  readonly signal?: AbortSignal;
  /** Read messages that carry no integrity code, with a warning. Default: refuse them. */
  readonly allowUnprotected?: boolean;
  /** Called while a file is read, with how many rows came and how many were rejected since. */
  readonly onRows?: (rows: number, rejected: number) => void;
  /** Called for every file that is done. */
  readonly onFile?: (entry: LedgerEntry) => void;
}

export interface LoadedFiles {
  /** Files that were loaded, or loaded anew, by this call. */
  readonly loaded: readonly LedgerEntry[];
  /** Recognised as loaded before; nothing was read. */
  readonly unchanged: readonly LedgerEntry[];
  readonly failed: readonly LedgerEntry[];
  readonly keptOut: readonly LedgerEntry[];
  /** Files of courses that were not asked for. */
  readonly filtered: number;
  /** Of the loaded files. */
  readonly rows: number;
  readonly rejected: number;
}

/** A batch is small in stored bytes; what it grows to is bounded by load-batch.ts. */
const BATCH_BYTES_MAX = 2 << 20;
const BATCH_FILES_MAX = 200;
const BATCHES_DEFAULT = 2;

export async function loadDatabaseFiles(
  files: readonly DatabaseFileToLoad[],
  origin: PackageOrigin,
  options: LoadOptions,
): Promise<LoadedFiles> {
  const { warehouse, courses = [], newFileId = randomFileId, signal, onFile } = options;
  const ledger = await openDatabaseFileLedger(warehouse);
  const plan = planAgainst(files, await ledger.entriesOf(origin), courses);
  const registry = new CourseRegistry();
  const context: BatchContext = {
    warehouse,
    ledger,
    registry,
    origin,
    tables: new SideTables(warehouse),
    encode: options.encode ?? encodeHere(options),
    ...(options.onRows && { onRows: options.onRows }),
    ...(signal && { signal }),
  };

  const keptOut = keptOutEntries(plan, origin, registry, newFileId);
  await ledger.record(keptOut.filter(({ isNew }) => isNew).map(({ entry }) => entry));
  for (const { entry } of keptOut) onFile?.(entry);

  const unchanged = new Map<DatabaseFileToLoad, LedgerEntry>();
  for (const planned of plan) {
    if (planned.action !== 'unchanged') continue;
    const { entry, file } = planned;
    unchanged.set(file, entry);
    if (!entry.isProvisional) registry.learn(file.site, entry.table, [entry.courseId]);
  }

  const done: LedgerEntry[] = [];
  const loadAll = async (some: readonly BatchFile[]) => {
    await inParallel(batchesOf(some), options.batchesMax ?? BATCHES_DEFAULT, async (batch) => {
      for (const entry of await loadBatch(batch, context)) {
        done.push(entry);
        onFile?.(entry);
      }
    });
  };
  const toLoad = plan.flatMap((planned): BatchFile[] =>
    planned.action === 'load'
      ? [{ file: planned.file, fileId: newFileId(), replaces: planned.replaces }]
      : [],
  );
  // A name that was cut before the table ('') may be that of a file that tells the course.
  const first = [...TEACHING_TABLES, ''];
  for (const table of first) {
    await loadAll(toLoad.filter(({ file }) => file.table === table));
  }
  const others = toLoad.filter(({ file }) => !first.includes(file.table));
  for (const [file, entry] of unchanged) {
    if (registry.courseOf(file).courseId === entry.courseId) continue;
    unchanged.delete(file);
    others.push({ file, fileId: newFileId(), replaces: [entry] });
  }
  await loadAll(others);

  const loaded = done.filter((entry) => entry.state === 'loaded');
  return {
    loaded,
    unchanged: [...unchanged.values()],
    failed: done.filter((entry) => entry.state === 'failed'),
    keptOut: keptOut.map(({ entry }) => entry),
    filtered: plan.filter((planned) => planned.action === 'filter').length,
    rows: loaded.reduce((sum, entry) => sum + entry.rows, 0),
    rejected: loaded.reduce((sum, entry) => sum + entry.rejected, 0),
  };
}

function encodeHere({
  keys,
  signal,
  allowUnprotected = false,
}: LoadOptions): BatchContext['encode'] {
  return async function* encodeMember(file, fileIndex) {
    await using member = openMember(file.path, file.location);
    yield* encodeDatabaseFile(member, file, {
      keys,
      fileIndex,
      allowUnprotected,
      ...(signal && { signal }),
    });
  };
}

function keptOutEntries(
  plan: readonly PlannedFile[],
  origin: PackageOrigin,
  registry: CourseRegistry,
  newFileId: () => string,
): readonly { readonly entry: LedgerEntry; readonly isNew: boolean }[] {
  return plan.flatMap((planned): { readonly entry: LedgerEntry; readonly isNew: boolean }[] => {
    if (planned.action !== 'keep-out') return [];
    if (planned.entry !== undefined) return [{ entry: planned.entry, isNew: false }];
    const { file, reason, detail } = planned;
    const entry: LedgerEntry = {
      fileId: newFileId(),
      ...origin,
      ...registry.courseOf(file),
      ...{ site: file.site, coursePart: file.coursePart, table: file.table },
      ...{ extension: file.extension, path: file.path, fingerprint: file.fingerprint },
      storedBytes: file.location.bytes,
      ...{ state: 'kept-out', rows: 0, rejected: 0, blank: 0, reason, detail },
    };
    return [{ entry, isNew: true }];
  });
}

/** Files of one table each, as many as are small together. */
function batchesOf(files: readonly BatchFile[]): readonly (readonly BatchFile[])[] {
  const sorted = [...files].sort((a, b) => (a.file.table < b.file.table ? -1 : 1));
  const batches: BatchFile[][] = [];
  let bytes = 0;
  for (const member of sorted) {
    const last = batches.at(-1);
    const stored = member.file.location.bytes;
    const fits =
      last !== undefined &&
      last.length < BATCH_FILES_MAX &&
      last[0]?.file.table === member.file.table &&
      bytes + stored <= BATCH_BYTES_MAX;
    if (fits) last.push(member);
    else batches.push([member]);
    bytes = fits ? bytes + stored : stored;
  }
  return batches;
}

async function inParallel<T>(
  items: readonly T[],
  parallelMax: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const lane = async () => {
    for (const item of queue) await work(item);
  };
  // Every lane is waited for, so that nothing runs on behind an error that is thrown.
  const lanes = await Promise.allSettled(Array.from({ length: parallelMax }, lane));
  for (const outcome of lanes) if (outcome.status === 'rejected') throw outcome.reason;
}

function randomFileId(): string {
  return randomBytes(8).readBigUInt64BE().toString();
}
