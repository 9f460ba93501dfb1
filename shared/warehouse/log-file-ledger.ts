/**
 * The ledger of log files: what was loaded, from which package, with which fingerprints.
 *
 *   loading ──rows inserted──► loaded ──replaced──► removing ──rows deleted──► (no entry)
 *      └──crash──► rows and entry deleted by the next start
 *
 * An entry changes by a row with a higher revision; one insert of several rows is all or nothing, so
 * what must change together is written together. No row of `events` counts that has no entry `loaded`.
 */
import { randomInt } from 'node:crypto';
import { deleteRows } from '#shared/warehouse/delete-rows';
import type { Warehouse } from '#shared/warehouse/warehouse';

/** A row of log_file_versions. */
export interface LedgerEntry {
  readonly file_id: number;
  readonly revision: number;
  readonly organization: string;
  readonly site: string;
  readonly server: string;
  /** YYYY-MM-DD. */
  readonly log_date: string;
  readonly state: 'loading' | 'loaded' | 'failed' | 'removing';
  readonly package: string;
  /** YYYY-MM-DD. */
  readonly package_date: string;
  readonly path: string;
  readonly stored_bytes: number;
  readonly fingerprint: string;
  readonly recognised: readonly string[];
  readonly plaintext_bytes: number;
  readonly plaintext_digest: string;
  readonly tail_bytes: number;
  readonly from_line: number;
  readonly lines: number;
  readonly events: number;
  readonly rejected: number;
  readonly blank: number;
  readonly filtered: number;
  readonly masked: number;
  readonly late: number;
  readonly last_kind: string;
  readonly last_masked: boolean;
  readonly last_late: boolean;
  readonly trim_from_line: number;
  readonly courses: readonly string[];
  readonly secrets_kept: boolean;
  readonly skew_seconds: number;
  readonly provisional: boolean;
  readonly reason: string;
  readonly detail: string;
  readonly changed_at: string;
  /** Lines of a daily log file that a tar has too; see services/load/settle-overlaps.ts. */
  readonly superseded: number;
  readonly overlaps: string;
}

/** The types of the columns, in the order of the interface above. */
const COLUMNS = {
  file_id: 'UInt64',
  revision: 'UInt64',
  organization: 'String',
  site: 'String',
  server: 'String',
  log_date: 'Date',
  state: 'String',
  package: 'String',
  package_date: 'Date',
  path: 'String',
  stored_bytes: 'UInt64',
  fingerprint: 'String',
  recognised: 'Array(String)',
  plaintext_bytes: 'UInt64',
  plaintext_digest: 'String',
  tail_bytes: 'UInt64',
  from_line: 'UInt64',
  lines: 'UInt64',
  events: 'UInt64',
  rejected: 'UInt64',
  blank: 'UInt64',
  filtered: 'UInt64',
  masked: 'UInt64',
  late: 'UInt64',
  last_kind: 'String',
  last_masked: 'Bool',
  last_late: 'Bool',
  trim_from_line: 'UInt64',
  courses: 'Array(String)',
  secrets_kept: 'Bool',
  skew_seconds: 'UInt32',
  provisional: 'Bool',
  reason: 'String',
  detail: 'String',
  changed_at: "DateTime64(3, 'UTC')",
  superseded: 'UInt64',
  overlaps: 'String',
} as const satisfies Record<keyof LedgerEntry, string>;

/** Several threads would each make a block of what they read. */
export const ONE_BLOCK = {
  input_format_parallel_parsing: 0,
  max_threads: 1,
  max_insert_threads: 1,
};

const NUMBERS = [
  'file_id',
  'revision',
  'stored_bytes',
  'plaintext_bytes',
  'tail_bytes',
  'from_line',
  'lines',
  'events',
  'rejected',
  'blank',
  'filtered',
  'masked',
  'late',
  'trim_from_line',
  'superseded',
] as const;

/** Tables with rows of log files. */
const ROW_TABLES = ['events', 'rejected_lines', 'superseded_events', 'superseded_rejected_lines'];

/** Entries in one INSERT: far below what an insert would be cut at, so all of them are one block. */
const ENTRIES_PER_INSERT = 2000;

/** A new id. 48 random bits stay exact in a double, and two of a hundred thousand files do not meet. */
export function newFileId(): number {
  return randomInt(1, 2 ** 48 - 1);
}

/** What two deliveries of the same log file have in common; organizations differ in case at times. */
export function logFileKey(file: {
  readonly organization: string;
  readonly site: string;
  readonly server: string;
  readonly logDate: string;
}): string {
  return [file.organization.toLowerCase(), file.site, file.server, file.logDate].join('\u0000');
}

/** Writes entries; up to two thousand of them are written together or not at all. */
export async function writeEntries(
  warehouse: Warehouse,
  entries: readonly LedgerEntry[],
): Promise<void> {
  for (let from = 0; from < entries.length; from += ENTRIES_PER_INSERT) {
    const rows = entries
      .slice(from, from + ENTRIES_PER_INSERT)
      .map((entry) => `${JSON.stringify({ ...entry, changed_at: now() })}\n`)
      .join('');
    // A body, not a parameter: a server takes no parameter of more than 128 KiB.
    await warehouse.bulkInsert({
      table: 'log_file_versions',
      columns: Object.keys(COLUMNS),
      structure: Object.entries(COLUMNS)
        .map((column) => column.join(' '))
        .join(', '),
      format: 'JSONEachRow',
      body: (async function* () {
        yield Buffer.from(rows);
      })(),
      settings: ONE_BLOCK,
    });
  }
}

/** All entries as they hold now. */
export async function readEntries(warehouse: Warehouse): Promise<readonly LedgerEntry[]> {
  const rows = await warehouse.query<Record<string, unknown>>(
    'SELECT * FROM log_file_versions FINAL ORDER BY log_date, organization, site, server, from_line',
  );
  return rows.map((row) => {
    const numbers = Object.fromEntries(NUMBERS.map((name) => [name, Number(row[name])]));
    // The columns of the table are the members of the interface, by construction of the schema.
    return { ...row, ...numbers } as unknown as LedgerEntry;
  });
}

/** Deletes the rows of entries and then the entries themselves. */
export async function removeEntries(
  warehouse: Warehouse,
  entries: readonly Pick<LedgerEntry, 'file_id' | 'log_date'>[],
): Promise<void> {
  if (entries.length === 0) return;
  const ids = entries.map(({ file_id }) => file_id).join(', ');
  for (const month of new Set(
    entries.map(({ log_date }) => log_date.slice(0, 7).replace('-', '')),
  )) {
    for (const table of ROW_TABLES) {
      await deleteRows(warehouse, { table, month, where: `file_id IN (${ids})` });
    }
  }
  await deleteRows(warehouse, { table: 'log_file_versions', where: `file_id IN (${ids})` });
}

/** Finishes a removal of lines that a later entry brings (see trim_from_line). */
export async function trimEntry(warehouse: Warehouse, entry: LedgerEntry): Promise<void> {
  const month = entry.log_date.slice(0, 7).replace('-', '');
  const where = `file_id = ${entry.file_id} AND line >= ${entry.trim_from_line}`;
  for (const table of ROW_TABLES) await deleteRows(warehouse, { table, month, where });
  await writeEntries(warehouse, [{ ...entry, revision: entry.revision + 1, trim_from_line: 0 }]);
}

/** Puts right what an interrupted run left; says how many log files it was about. */
export async function recoverLogFiles(warehouse: Warehouse): Promise<number> {
  const entries = await readEntries(warehouse);
  const halfway = entries.filter(({ state }) => state === 'loading' || state === 'removing');
  await removeEntries(warehouse, halfway);
  const untrimmed = entries.filter(
    ({ state, trim_from_line }) => state === 'loaded' && trim_from_line > 0,
  );
  for (const entry of untrimmed) await trimEntry(warehouse, entry);
  return halfway.length + untrimmed.length;
}

function now(): string {
  return new Date().toISOString().replace('T', ' ').replace('Z', '');
}
