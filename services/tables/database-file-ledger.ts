/**
 * The ledger of database files: which were loaded, from what, and how it went.
 *
 *   loading ──insert──► loaded ──► replaced ──rows gone──► removed
 *      └──rows gone──► failed (or removed, where the process ended in between)
 *
 * Entries are only added; the one with the highest revision holds. The entry `loaded` of a new
 * version and `replaced` of the old one are added by one statement, so the tables show one of them
 * at any moment.
 */
import { deleteRows } from '#shared/warehouse/delete-rows';
import type { Integer64, Warehouse } from '#shared/warehouse/warehouse';
import type { FileState, LedgerEntry, PackageOrigin } from './database-file.js';
import { quoteText, snapshotsTable } from './table-statements.js';

export interface DatabaseFileLedger {
  /** The entries that hold of one snapshot: every one that is not removed. */
  entriesOf(origin: PackageOrigin): Promise<readonly LedgerEntry[]>;
  /** Adds one entry for each, in the order given and by one statement. */
  record(entries: readonly LedgerEntry[]): Promise<void>;
  /** Takes the rows of these files out of their tables. */
  deleteRows(entries: readonly Pick<LedgerEntry, 'fileId' | 'table'>[]): Promise<void>;
}

interface EntryRow {
  readonly file_id: string;
  readonly organization: string;
  readonly site: string;
  readonly course_part: string;
  readonly course_id: string;
  readonly course_is_provisional: boolean;
  readonly table_name: string;
  readonly extension: string;
  readonly snapshot_date: string;
  readonly state: FileState;
  readonly package: string;
  readonly path: string;
  readonly stored_bytes: Integer64;
  readonly fingerprint: string;
  readonly rows: Integer64;
  readonly rejected: Integer64;
  readonly blank: Integer64;
  readonly reason: string;
  readonly detail: string;
}

/** Text, because a UInt64 is more than a number of JavaScript can hold. */
const ENTRY_COLUMNS = '* REPLACE (toString(file_id) AS file_id)';

/** Keeps a statement with many entries well below the longest one that ClickHouse parses. */
const ENTRIES_PER_STATEMENT = 100;
const FILE_IDS_PER_STATEMENT = 1000;

export async function openDatabaseFileLedger(warehouse: Warehouse): Promise<DatabaseFileLedger> {
  const [last] = await warehouse.query<{ revision: string }>(
    'SELECT toString(max(revision)) AS revision FROM database_file_versions',
  );
  let revision = BigInt(last?.revision ?? 0);
  return {
    async entriesOf(origin) {
      const rows = await warehouse.query<EntryRow>(
        `SELECT ${ENTRY_COLUMNS} FROM database_file_versions FINAL
         WHERE organization = {organization:String} AND snapshot_date = {snapshotDate:Date}
           AND state != 'removed'
         ORDER BY revision`,
        { organization: origin.organization, snapshotDate: origin.snapshotDate },
      );
      return rows.map(entryOf);
    },
    async record(entries) {
      for (let from = 0; from < entries.length; from += ENTRIES_PER_STATEMENT) {
        const some = entries.slice(from, from + ENTRIES_PER_STATEMENT);
        const values = some.map((entry) => valuesOf(entry, ++revision));
        await warehouse.statement(
          `INSERT INTO database_file_versions (file_id, revision, organization, site, course_part,
           course_id, course_is_provisional, table_name, extension, snapshot_date, state, package,
           path, stored_bytes, fingerprint, rows, rejected, blank, reason, detail, changed_at)
           VALUES ${values.join(', ')}`,
        );
      }
    },
    async deleteRows(entries) {
      const byTable = new Map<string, string[]>();
      for (const { fileId, table } of entries) {
        const ids = byTable.get(table) ?? [];
        ids.push(fileId);
        byTable.set(table, ids);
      }
      for (const [table, ids] of byTable) {
        for (let from = 0; from < ids.length; from += FILE_IDS_PER_STATEMENT) {
          const list = ids.slice(from, from + FILE_IDS_PER_STATEMENT).join(', ');
          const names = [snapshotsTable(table), 'rejected_rows'];
          for (const name of await existing(warehouse, names)) {
            await deleteRows(warehouse, { table: name, where: `file_id IN (${list})` });
          }
        }
      }
    },
  };
}

/**
 * Removes what an earlier process left half-way: rows of files that were being loaded, and rows of
 * versions that had been replaced. Returns how many files that were.
 */
export async function recoverTables(warehouse: Warehouse): Promise<number> {
  const rows = await warehouse.query<EntryRow>(
    `SELECT ${ENTRY_COLUMNS} FROM database_file_versions FINAL
     WHERE state IN ('loading', 'replaced')`,
  );
  if (rows.length === 0) return 0;
  const ledger = await openDatabaseFileLedger(warehouse);
  const entries = rows.map(entryOf);
  await ledger.deleteRows(entries);
  await ledger.record(entries.map((entry) => ({ ...entry, state: 'removed' })));
  return entries.length;
}

async function existing(warehouse: Warehouse, names: readonly string[]): Promise<string[]> {
  const rows = await warehouse.query<{ name: string }>(
    `SELECT name FROM system.tables
     WHERE database = currentDatabase() AND name IN (${names.map(quoteText).join(', ')})`,
  );
  return rows.map((row) => row.name);
}

function valuesOf(entry: LedgerEntry, revision: bigint): string {
  const values = [
    entry.fileId,
    String(revision),
    quoteText(entry.organization),
    quoteText(entry.site),
    quoteText(entry.coursePart),
    quoteText(entry.courseId),
    String(entry.isProvisional),
    quoteText(entry.table),
    quoteText(entry.extension),
    quoteText(entry.snapshotDate),
    quoteText(entry.state),
    quoteText(entry.package),
    quoteText(entry.path),
    String(entry.storedBytes),
    quoteText(entry.fingerprint),
    String(entry.rows),
    String(entry.rejected),
    String(entry.blank),
    quoteText(entry.reason),
    quoteText(entry.detail),
    'now64(3)',
  ];
  return `(${values.join(', ')})`;
}

function entryOf(row: EntryRow): LedgerEntry {
  return {
    fileId: row.file_id,
    organization: row.organization,
    site: row.site,
    coursePart: row.course_part,
    courseId: row.course_id,
    isProvisional: row.course_is_provisional,
    table: row.table_name,
    extension: row.extension,
    snapshotDate: row.snapshot_date,
    state: row.state,
    package: row.package,
    path: row.path,
    storedBytes: Number(row.stored_bytes),
    fingerprint: row.fingerprint,
    rows: Number(row.rows),
    rejected: Number(row.rejected),
    blank: Number(row.blank),
    reason: row.reason,
    detail: row.detail,
  };
}
