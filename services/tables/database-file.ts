/** A database file to load, what may become of it, and where it belongs. */
import type { DatabaseFileEntry } from '#shared/packages/package-index';

/** What the index says of the member, and the fingerprint of its stored bytes. */
export interface DatabaseFileToLoad extends DatabaseFileEntry {
  readonly fingerprint: string;
}

/** What the files of one package have in common. */
export interface PackageOrigin {
  /** The package as the user named it. */
  readonly package: string;
  readonly organization: string;
  /** `YYYY-MM-DD`. */
  readonly snapshotDate: string;
}

export type FileState = 'loading' | 'loaded' | 'failed' | 'kept-out' | 'replaced' | 'removed';

export interface FileCourse {
  readonly courseId: string;
  readonly isProvisional: boolean;
}

/** One entry of the ledger. */
export interface LedgerEntry extends FileCourse {
  readonly fileId: string;
  readonly organization: string;
  readonly site: string;
  readonly coursePart: string;
  readonly table: string;
  readonly extension: string;
  readonly snapshotDate: string;
  readonly state: FileState;
  readonly package: string;
  readonly path: string;
  readonly storedBytes: number;
  readonly fingerprint: string;
  readonly rows: number;
  readonly rejected: number;
  readonly blank: number;
  readonly reason: string;
  readonly detail: string;
}

/** The same from week to week and from package to package of one date. */
export function identityOf(file: {
  readonly site: string;
  readonly coursePart: string;
  readonly table: string;
  readonly extension: string;
}): string {
  return [file.site, file.coursePart, file.table, file.extension].join('\n');
}
