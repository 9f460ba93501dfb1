/** What came of reading a log file: plain data, told by whoever decrypted it to whoever loads it. */

/** What became of the lines of a log file: every line is exactly one of the four. */
export interface LineCounts {
  lines: number;
  events: number;
  rejected: number;
  blank: number;
  /** Events of courses that were not asked for. */
  filtered: number;
  /** Lines in which at least one value of a secret was masked. */
  masked: number;
  /** Events that are late. */
  late: number;
  rejectedByReason: Record<string, number>;
}

export function noLines(): LineCounts {
  return {
    lines: 0,
    events: 0,
    rejected: 0,
    blank: 0,
    filtered: 0,
    masked: 0,
    late: 0,
    rejectedByReason: {},
  };
}

/** What became of the last line, for a log file whose last line is not terminated. */
export interface LastLine {
  readonly kind: 'event' | 'rejected' | 'blank' | 'filtered';
  readonly isMasked: boolean;
  readonly isLate: boolean;
}

/** The log file as delivered now. */
export interface Delivered {
  readonly plaintextBytes: number;
  readonly plaintextDigest: string;
  readonly tailBytes: number;
}

/** How the content compares with the earlier version. */
export type LogFileAnswer =
  /** The message could not be read; what was already published of it has to be removed. */
  | { readonly kind: 'failed'; readonly reason: string; readonly detail: string }
  /** The same plaintext as before: nothing was published. */
  | { readonly kind: 'same'; readonly delivered: Delivered; readonly warnings: readonly string[] }
  /** Another text of the same date, of which the earlier one holds: nothing was published. */
  | {
      readonly kind: 'superseded';
      readonly delivered: Delivered;
      readonly warnings: readonly string[];
    }
  /** Shorter than before: nothing was published, only summed up to be compared with what is loaded. */
  | {
      readonly kind: 'shorter';
      readonly delivered: Delivered;
      readonly sum: LineSum;
      readonly warnings: readonly string[];
    }
  /** Published from `fromLine` on: 1 for a whole log file, more for what had grown. */
  | {
      readonly kind: 'loaded';
      readonly delivered: Delivered;
      readonly fromLine: number;
      readonly counts: LineCounts;
      readonly last: LastLine | undefined;
      readonly warnings: readonly string[];
    };

/** A sum over the terminated lines of a log file that the warehouse can compute too. */
export interface LineSum {
  /** Terminated lines, blank ones included. */
  readonly lines: number;
  /** Of these, how many are rows. */
  readonly rows: number;
  /** Sum over the rows of CRC-32(raw) × (line mod 65521 + 1), modulo 2^64, in decimal. */
  readonly sum: string;
  /** The masked bytes of a last line without LF; empty where there is none. */
  readonly tail: Uint8Array;
}
