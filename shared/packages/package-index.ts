/**
 * What an index of a package says. The index is made from names, headers and directories alone: no
 * member is read, no key is needed. It is plain data, so that it can be posted, printed and kept.
 */
import type { DatabaseFileName } from '#shared/packages/database-file-name';
import type { LogFilePath } from '#shared/packages/log-file-path';
import type { MemberLocation } from '#shared/packages/member-source';

export interface LogFileEntry extends LogFilePath {
  /** The member's path inside the package. */
  readonly path: string;
  readonly location: MemberLocation;
}

export interface DatabaseFileEntry extends DatabaseFileName {
  readonly path: string;
  readonly location: MemberLocation;
}

export interface UnrecognisedMember {
  readonly path: string;
  readonly reason: 'name-unknown' | 'not-a-file' | 'repeated';
  readonly detail: string;
}

export type PackageFaultReason =
  /** The tar ends inside a header, a member or its padding. */
  | 'tar-cut'
  /** Bytes that are no tar header stand where one should be. */
  | 'tar-damaged'
  /** The directory at the end of the zip, or a header it points to, cannot be read. */
  | 'zip-damaged'
  /** One member of a zip is refused (its name, its size, its encryption); the others are usable. */
  | 'member-refused'
  /** The file is neither a tar, nor a zip, nor a message under a name that is known. */
  | 'not-a-package';

export interface PackageFault {
  readonly reason: PackageFaultReason;
  /** What, where, and what to do next. */
  readonly detail: string;
  /** The member concerned, where there is one. */
  readonly path?: string;
}

export interface PackageIndex {
  readonly path: string;
  readonly bytes: number;
  /** What the file is by its content; `message` is a single encrypted file beside no package. */
  readonly format: 'tar' | 'zip' | 'message' | 'unknown';
  /** What it mostly holds. Either kind may hold members of the other: go by the two lists. */
  readonly kind: 'tracking' | 'database' | 'unknown';
  /** From the name, else from the members; '' where neither tells. */
  readonly organization: string;
  /** From the name, else the folder inside, else the newest log date inside. */
  readonly packageDate: string | undefined;
  readonly logFiles: readonly LogFileEntry[];
  readonly databaseFiles: readonly DatabaseFileEntry[];
  readonly unrecognised: readonly UnrecognisedMember[];
  readonly faults: readonly PackageFault[];
}
