/**
 * Loads a few files of one table together, so that a package of thousands of small files does not
 * become thousands of inserts.
 *
 *   file 1  begin rows end ┐
 *   file 2  begin rows end ├ held until `heldBytesMax` → one INSERT, which then streams on
 *   file 3  begin rows rows rows …  end               ┘
 *
 * Before the first row the ledger says `loading` of all of them, after the last insert what became
 * of each. A file that turns out broken fails alone: rows of it that were inserted are deleted.
 */
import { EdxstreamError } from '#shared/errors';
import type { Warehouse } from '#shared/warehouse/warehouse';
import type { CourseRegistry } from './course-registry.js';
import type { DatabaseFileToLoad, LedgerEntry, PackageOrigin } from './database-file.js';
import type { DatabaseFileLedger } from './database-file-ledger.js';
import type { EncodedPart, FileBegin, RejectedRow } from './encoded-part.js';
import type { SideTables } from './ensure-table.js';
import { insertOfRejectedRows } from './insert-rejected-rows.js';
import { insertOfRows } from './insert-rows.js';

export interface BatchContext {
  readonly warehouse: Warehouse;
  readonly ledger: DatabaseFileLedger;
  readonly tables: SideTables;
  readonly registry: CourseRegistry;
  readonly origin: PackageOrigin;
  readonly encode: (file: DatabaseFileToLoad, fileIndex: number) => AsyncIterable<EncodedPart>;
  /** Called for every part: rows that came, and those rejected. */
  readonly onRows?: (rows: number, rejected: number) => void;
  readonly signal?: AbortSignal;
}

export interface BatchFile {
  readonly file: DatabaseFileToLoad;
  readonly fileId: string;
  /** Earlier versions of the same snapshot, whose rows go once this one is in. */
  readonly replaces: readonly LedgerEntry[];
}

const HELD_BYTES_MAX = 8 << 20;
const REJECTED_BYTES_MAX = 8 << 20;

interface FileProgress extends BatchFile {
  entry: LedgerEntry;
  begin: FileBegin | undefined;
  wasInserted: boolean;
}

interface HeldRows {
  readonly of: FileProgress;
  readonly bytes: Uint8Array;
}

/** Returns the entries that the ledger has at the end, in the order of the files. */
export async function loadBatch(
  batch: readonly BatchFile[],
  context: BatchContext,
): Promise<readonly LedgerEntry[]> {
  const files = batch.map((member): FileProgress => {
    const entry = beginEntry(member, context);
    return { ...member, entry, begin: undefined, wasInserted: false };
  });
  await context.ledger.record(files.map(({ entry }) => entry));
  try {
    await new BatchLoading(files, context).run();
  } catch (error) {
    // Who stops a load wants to find whole files after it. Behind any other fault the warehouse may
    // refuse this too; then the next start does it.
    if (context.signal?.aborted === true) await takeBack(files, context.ledger);
    throw error;
  }

  const failed = files.filter(({ entry, wasInserted }) => entry.state === 'failed' && wasInserted);
  await context.ledger.deleteRows(failed.map(({ entry }) => entry));
  const replaced = files.flatMap(({ entry, replaces }) =>
    replaces
      // A version that failed replaces nothing but earlier failures.
      .filter((old) => entry.state === 'loaded' || old.state === 'failed')
      .map((old): LedgerEntry => ({ ...old, state: 'replaced' })),
  );
  await context.ledger.record([...files.map(({ entry }) => entry), ...replaced]);
  if (replaced.length > 0) {
    await context.ledger.deleteRows(replaced);
    await context.ledger.record(replaced.map((old) => ({ ...old, state: 'removed' })));
  }
  return files.map(({ entry }) => entry);
}

/** A name and rows that do not agree on the course: the rows keep theirs, and a person is told. */
function conflictOf({ begin, entry }: FileProgress): readonly string[] {
  const [first] = begin?.courseIds ?? [];
  if (first === undefined || !entry.isProvisional) return [];
  return [
    `The rows name the course ${first}, which the file name (${entry.coursePart}) does not spell; rows keep what they name, and ${entry.courseId} is a guess. Check with edX which course the file is of.`,
  ];
}

async function takeBack(files: readonly FileProgress[], ledger: DatabaseFileLedger): Promise<void> {
  const entries = files.map(({ entry }): LedgerEntry => ({ ...entry, state: 'removed' }));
  await ledger.deleteRows(entries);
  await ledger.record(entries);
}

class BatchLoading {
  readonly #files: readonly FileProgress[];
  readonly #context: BatchContext;
  #held: HeldRows[] = [];
  #heldBytes = 0;
  #rejected: { readonly of: FileProgress; readonly row: RejectedRow }[] = [];
  #rejectedBytes = 0;
  /** What all held rows look like; another header needs another insert. */
  #shape = '';

  constructor(files: readonly FileProgress[], context: BatchContext) {
    this.#files = files;
    this.#context = context;
  }

  async run(): Promise<void> {
    for (const [index, progress] of this.#files.entries()) {
      this.#context.signal?.throwIfAborted();
      const parts = this.#context.encode(progress.file, index)[Symbol.asyncIterator]();
      try {
        await this.#takeFile(progress, parts);
      } finally {
        await parts.return?.();
      }
    }
    if (this.#held.length > 0) await this.#insert(async function* () {});
    await this.#insertRejected();
  }

  async #takeFile(progress: FileProgress, parts: AsyncIterator<EncodedPart>): Promise<void> {
    for (;;) {
      const next = await parts.next();
      if (next.done === true) return;
      const part = next.value;
      if (part.kind === 'begin') await this.#begin(progress, part);
      else if (part.kind === 'rows') {
        this.#context.onRows?.(part.rows, 0);
        this.#held.push({ of: progress, bytes: part.bytes });
        this.#heldBytes += part.bytes.length;
        if (this.#heldBytes > HELD_BYTES_MAX) {
          await this.#insert(() => this.#rest(progress, parts));
        }
      } else this.#note(progress, part);
      if (this.#rejectedBytes > REJECTED_BYTES_MAX) {
        if (this.#held.length > 0) await this.#insert(async function* () {});
        await this.#insertRejected();
      }
    }
  }

  async #begin(progress: FileProgress, begin: FileBegin): Promise<void> {
    const { file } = progress;
    const { registry, tables } = this.#context;
    registry.learn(file.site, begin.table, begin.courseIds);
    const course = registry.courseOf(file);
    progress.begin = begin;
    progress.entry = { ...progress.entry, ...course, table: begin.table };
    if (begin.table !== file.table) {
      // Only the header told which table it is; a recovery must know it too.
      await this.#context.ledger.record([progress.entry]);
    }
    if (begin.table !== '') await tables.ensure(begin.table, begin.columns);
    const shape = JSON.stringify([begin.table, begin.columns]);
    if (shape !== this.#shape && this.#held.length > 0) await this.#insert(async function* () {});
    this.#shape = shape;
  }

  /** The rows of a large file as they come, until it ends or its rejected rows are too many. */
  async *#rest(
    progress: FileProgress,
    parts: AsyncIterator<EncodedPart>,
  ): AsyncIterable<Uint8Array> {
    while (this.#rejectedBytes <= REJECTED_BYTES_MAX) {
      const next = await parts.next();
      if (next.done === true) return;
      if (next.value.kind === 'rows') {
        this.#context.onRows?.(next.value.rows, 0);
        yield next.value.bytes;
      } else this.#note(progress, next.value);
    }
  }

  #note(progress: FileProgress, part: Exclude<EncodedPart, { kind: 'rows' }>): void {
    switch (part.kind) {
      case 'begin':
        throw new EdxstreamError('BUG', `${progress.file.path} has begun twice.`);
      case 'rejected':
        this.#context.onRows?.(0, part.rows.length);
        for (const row of part.rows) {
          this.#rejected.push({ of: progress, row });
          this.#rejectedBytes += row.raw.length;
        }
        return;
      case 'end': {
        const { rows, rejected, blank, note: reason, warnings } = part;
        const empty = 'The file has no bytes, not even a header: it counts as no rows.';
        const notes = [...(reason === '' ? [] : [empty]), ...conflictOf(progress), ...warnings];
        const detail = notes.join(' ');
        progress.entry = {
          ...progress.entry,
          ...{ state: 'loaded', rows, rejected, blank, reason, detail },
        };
        return;
      }
      case 'fault': {
        const { reason, detail } = part;
        progress.entry = {
          ...progress.entry,
          ...{ state: 'failed', rows: 0, rejected: 0, blank: 0, reason, detail },
        };
        this.#held = this.#held.filter(({ of }) => of !== progress);
        this.#rejected = this.#rejected.filter(({ of }) => of !== progress);
        return;
      }
      default:
        part satisfies never;
    }
  }

  /** Inserts what is held, and then what `rest` yields, of the file that came last. */
  async #insert(rest: () => AsyncIterable<Uint8Array>): Promise<void> {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    const begin = held[0]?.of.begin;
    if (begin === undefined) throw new EdxstreamError('BUG', 'Rows came before their columns.');
    for (const { of } of held) of.wasInserted = true;
    const { origin, warehouse, signal } = this.#context;
    const files = this.#files.map(({ fileId, file, entry }) => ({
      fileId,
      site: file.site,
      courseId: entry.courseId,
    }));
    const body = (async function* () {
      for (const { bytes } of held) yield bytes;
      yield* rest();
    })();
    await warehouse.bulkInsert(
      insertOfRows({ begin, ...origin, files, body, ...(signal && { signal }) }),
    );
  }

  async #insertRejected(): Promise<void> {
    const rejected = this.#rejected;
    this.#rejected = [];
    this.#rejectedBytes = 0;
    if (rejected.length === 0) return;
    for (const { of } of rejected) of.wasInserted = true;
    await this.#context.warehouse.bulkInsert(
      insertOfRejectedRows(rejected.map(({ of, row }) => ({ entry: of.entry, row }))),
    );
  }
}

function beginEntry({ file, fileId }: BatchFile, context: BatchContext): LedgerEntry {
  const { organization, snapshotDate, package: packageName } = context.origin;
  return {
    fileId,
    organization,
    snapshotDate,
    package: packageName,
    ...context.registry.courseOf(file),
    site: file.site,
    coursePart: file.coursePart,
    table: file.table,
    extension: file.extension,
    path: file.path,
    storedBytes: file.location.bytes,
    fingerprint: file.fingerprint,
    state: 'loading',
    rows: 0,
    rejected: 0,
    blank: 0,
    reason: '',
    detail: '',
  };
}
