/** What the decrypt pool is asked for: plain data that crosses threads. */
import type { MemberLocation } from '#shared/packages/member-source';

/** What the ledger knows of an earlier delivery of the same log file. */
export interface EarlierVersion {
  readonly plaintextBytes: number;
  readonly plaintextDigest: string;
  /** Bytes after its last LF; 0 where its last line was terminated. */
  readonly tailBytes: number;
  readonly lines: number;
}

export interface LogFileTask {
  /** The number of the log file in this run. */
  readonly file: number;
  /** For messages: `prod-edxapp-003/2013-10-22_UniversityA.log.gpg`. */
  readonly name: string;
  readonly location: MemberLocation;
  /** Microseconds since the epoch at which the log date begins. */
  readonly logDateStartUs: number;
  readonly skewUs: number;
  readonly lineBytesMax: number;
  readonly batchBytes: number;
  readonly keepSecrets: boolean;
  readonly allowUnprotected: boolean;
  /** Only these courses; undefined: all. */
  readonly courses: readonly string[] | undefined;
  /** What is loaded of this log file already, to load only what is new. */
  readonly earlier: EarlierVersion | undefined;
  /** True where the earlier version came in a package of the same date: then neither is newer. */
  readonly isSameDate: boolean;
}
