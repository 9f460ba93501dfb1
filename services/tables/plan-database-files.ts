/**
 * What would be done with the database files of a package: load, or not, and why. Nothing is read
 * but the ledger, so this is also what a dry run prints.
 */
import type { Warehouse } from '#shared/warehouse/warehouse';
import { fileFormOf } from './course-registry.js';
import {
  type DatabaseFileToLoad,
  identityOf,
  type LedgerEntry,
  type PackageOrigin,
} from './database-file.js';
import { openDatabaseFileLedger } from './database-file-ledger.js';

export type PlannedFile = { readonly file: DatabaseFileToLoad } & (
  | { readonly action: 'load'; readonly replaces: readonly LedgerEntry[] }
  | { readonly action: 'unchanged'; readonly entry: LedgerEntry }
  /** Not a table, or a twin of one: recorded, with the reason. */
  | {
      readonly action: 'keep-out';
      readonly reason: string;
      readonly detail: string;
      /** The entry that already says so. */
      readonly entry: LedgerEntry | undefined;
    }
  /** Of a course that was not asked for: not recorded, so that a later run can load it. */
  | { readonly action: 'filter' }
);

export interface PlanOptions {
  readonly warehouse: Warehouse;
  /** Only files of these courses; empty or absent: all. */
  readonly courses?: readonly string[];
}

export async function planDatabaseFiles(
  files: readonly DatabaseFileToLoad[],
  origin: PackageOrigin,
  { warehouse, courses = [] }: PlanOptions,
): Promise<readonly PlannedFile[]> {
  const ledger = await openDatabaseFileLedger(warehouse);
  return planAgainst(files, await ledger.entriesOf(origin), courses);
}

/** The plan, given the entries of the ledger for this snapshot. */
export function planAgainst(
  files: readonly DatabaseFileToLoad[],
  entries: readonly LedgerEntry[],
  courses: readonly string[],
): readonly PlannedFile[] {
  const loaded = entries.filter((entry) => entry.state === 'loaded');
  const wanted = new Set(courses.map(fileFormOf));
  const taken = new Set<string>();
  const sqlNames = new Set(
    files
      .filter((file) => file.extension === 'sql')
      .map((file) => identityOf({ ...file, extension: 'xml' })),
  );
  const sorted = [...files].sort(bySoundness);
  return sorted.map((file): PlannedFile => {
    if (wanted.size > 0 && !isWanted(file, wanted)) return { file, action: 'filter' };
    const identity = identityOf(file);
    // A cut name does not say which table it is, so two such files are never twins.
    const isTwin = file.table !== '' && taken.has(identity);
    taken.add(identity);
    const kept = keptOut(file, sqlNames) ?? (isTwin ? TWIN : undefined);
    if (kept !== undefined) {
      const entry = entries.find(
        ({ state, path, fingerprint, reason }) =>
          state === 'kept-out' &&
          path === file.path &&
          fingerprint === file.fingerprint &&
          reason === kept.reason,
      );
      return { file, action: 'keep-out', ...kept, entry };
    }
    const same = loaded.find(
      (entry) =>
        entry.fingerprint === file.fingerprint &&
        entry.storedBytes === file.location.bytes &&
        (file.table === '' ? entry.coursePart === file.coursePart : identityOf(entry) === identity),
    );
    if (same !== undefined) return { file, action: 'unchanged', entry: same };
    const replaces = entries.filter(
      (entry) =>
        entry.state !== 'loading' && identityOf(entry) === identity && !isKept(entry, file),
    );
    return { file, action: 'load', replaces };
  });
}

/** A twin that was kept out under another path stays on record. */
function isKept(entry: LedgerEntry, file: DatabaseFileToLoad): boolean {
  return entry.state === 'kept-out' && entry.path !== file.path;
}

/** Sound files before failed twins of theirs, then by path: the first of an identity is taken. */
function bySoundness(a: DatabaseFileToLoad, b: DatabaseFileToLoad): number {
  return Number(a.isFailed) - Number(b.isFailed) || (a.path < b.path ? -1 : 1);
}

function isWanted(file: DatabaseFileToLoad, wanted: ReadonlySet<string>): boolean {
  const form = fileFormOf(file.coursePart);
  if (wanted.has(form)) return true;
  return file.isCut && [...wanted].some((course) => course.startsWith(form));
}

const TWIN = {
  reason: 'twin',
  detail:
    'The package holds another file of the same course, site and table, and that one is taken. Nothing to do, unless this one is the right one: then take the other out of the package.',
};

function keptOut(
  file: DatabaseFileToLoad,
  sqlNames: ReadonlySet<string>,
): { reason: string; detail: string } | undefined {
  switch (file.extension) {
    case 'xml':
      return sqlNames.has(identityOf(file))
        ? {
            reason: 'xml-twin',
            detail: 'The same rows are in the .sql file of the package, which is taken.',
          }
        : {
            reason: 'xml-only',
            detail:
              'Tables in XML (until September 2013) are not read, and the package has no .sql file of this one. Ask edX for the .sql file if the table matters.',
          };
    case 'xml.tar.gz':
      return {
        reason: 'not-a-table',
        detail:
          "This is an archive of the course's own pages (OLX), not a table. Decrypt it with gpg to import it into Studio.",
      };
    case '7z':
      return {
        reason: 'not-a-table',
        detail: 'This is an archive and not a table. Decrypt it with gpg and unpack it by hand.',
      };
    case 'csv':
      return file.table === 'email_opt_in'
        ? undefined
        : {
            reason: 'not-a-table',
            detail: 'This file holds credentials and no records, so it is not loaded.',
          };
    case 'sql':
    case 'mongo':
    case 'json':
      return undefined;
    default:
      return file.extension satisfies never;
  }
}
