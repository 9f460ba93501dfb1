/**
 * Bytes of a database file → its rows, still escaped.
 *
 * A row ends at an LF and at nothing else: CR, U+2028, NUL and bytes that are no UTF-8 are data. An
 * LF after an odd number of backslashes is data too, so a row can span lines of the file:
 *
 *   5 TAB {"a": 1} LF          a row of one line
 *   6 TAB one \ LF two LF      a row of two lines, whose field holds an LF
 *
 * A row longer than `rowBytesMax` does not come as a row: what comes is its head, its length and its
 * digest, so memory is bounded by that and by one chunk.
 */
import { createHash, type Hash } from 'node:crypto';
import { BACKSLASH, LF } from './unescape-tsv.js';

export const ROW_BYTES_MAX = 16 << 20;
/** How much of a row that is too long is kept. */
export const ROW_HEAD_BYTES = 64 << 10;

export type TsvRow =
  | {
      readonly kind: 'row';
      /** The physical line on which the row begins, from 1. */
      readonly line: number;
      /** Physical lines that the row spans. */
      readonly lines: number;
      /** Without the LF that ends it. A view of the chunk it came with. */
      readonly bytes: Buffer;
    }
  | {
      readonly kind: 'too-long';
      readonly line: number;
      readonly lines: number;
      readonly head: Buffer;
      readonly length: number;
      readonly sha256: string;
    };

export interface SplitOptions {
  readonly rowBytesMax?: number;
  /** False for files in which a backslash before an LF means nothing, such as one JSON a line. */
  readonly isContinued?: boolean;
}

interface LongRow {
  readonly head: Buffer;
  readonly digest: Hash;
  length: number;
  lines: number;
  isOddAtEnd: boolean;
}

/** Yields the rows of each chunk together, because one promise a row would cost more than the row. */
export async function* splitTsvRows(
  chunks: AsyncIterable<Buffer>,
  { rowBytesMax = ROW_BYTES_MAX, isContinued = true }: SplitOptions = {},
): AsyncIterable<readonly TsvRow[]> {
  let carry: Buffer = Buffer.alloc(0);
  let carryLines = 0;
  // Chunks without any LF, put together only when one comes: joining at each would be quadratic.
  let pieces: Buffer[] = [];
  let pieceBytes = 0;
  let long: LongRow | undefined;
  let line = 1;

  for await (const chunk of chunks) {
    const rows: TsvRow[] = [];
    let bytes: Buffer = chunk;
    if (long !== undefined) {
      const end = endOfLongRow(bytes, long, isContinued);
      if (end < 0) continue;
      rows.push(finishLongRow(long, line));
      line += long.lines;
      long = undefined;
      bytes = bytes.subarray(end);
    } else if (bytes.indexOf(LF) < 0 && carry.length + pieceBytes + bytes.length <= rowBytesMax) {
      pieces.push(bytes);
      pieceBytes += bytes.length;
      continue;
    } else if (carry.length + pieceBytes > 0) {
      bytes = Buffer.concat([carry, ...pieces, bytes]);
    }
    // What the carry holds was searched before: only its line ends that are data count.
    let searchFrom = carry.length;
    let lines = carryLines;
    let start = 0;
    carry = Buffer.alloc(0);
    carryLines = 0;
    pieces = [];
    pieceBytes = 0;
    for (;;) {
      const end = bytes.indexOf(LF, searchFrom);
      if (end < 0) break;
      lines += 1;
      searchFrom = end + 1;
      if (isContinued && endsInOddBackslashes(bytes, start, end)) continue;
      rows.push(rowOf(bytes.subarray(start, end), line, lines, rowBytesMax));
      line += lines;
      lines = 0;
      start = searchFrom;
    }
    if (bytes.length - start > rowBytesMax) {
      long = beginLongRow(bytes.subarray(start), lines);
    } else if (start < bytes.length) {
      carry = bytes.subarray(start);
      carryLines = lines;
    }
    if (rows.length > 0) yield rows;
  }
  // A last row without an LF is a row.
  if (long !== undefined) {
    long.lines += 1;
    yield [finishLongRow(long, line)];
  } else if (carry.length + pieceBytes > 0) {
    yield [rowOf(Buffer.concat([carry, ...pieces]), line, carryLines + 1, rowBytesMax)];
  }
}

function rowOf(bytes: Buffer, line: number, lines: number, rowBytesMax: number): TsvRow {
  if (bytes.length <= rowBytesMax) return { kind: 'row', line, lines, bytes };
  const long = beginLongRow(bytes, lines);
  return finishLongRow(long, line);
}

function beginLongRow(bytes: Buffer, lines: number): LongRow {
  return {
    // A copy, so that the chunk can go.
    head: Buffer.from(bytes.subarray(0, ROW_HEAD_BYTES)),
    digest: createHash('sha256').update(bytes),
    length: bytes.length,
    lines,
    isOddAtEnd: endsInOddBackslashes(bytes, 0, bytes.length),
  };
}

/** Takes what belongs to the long row; returns where the next row begins, or -1. */
function endOfLongRow(bytes: Buffer, long: LongRow, isContinued: boolean): number {
  let searchFrom = 0;
  let end = -1;
  for (;;) {
    end = bytes.indexOf(LF, searchFrom);
    if (end < 0) break;
    long.lines += 1;
    searchFrom = end + 1;
    if (!isContinued || !isOdd(bytes, end, long.isOddAtEnd)) break;
  }
  const taken = end < 0 ? bytes : bytes.subarray(0, end);
  long.digest.update(taken);
  long.length += taken.length;
  long.isOddAtEnd = isOdd(bytes, taken.length, long.isOddAtEnd);
  return end < 0 ? -1 : end + 1;
}

function finishLongRow(long: LongRow, line: number): TsvRow {
  return {
    kind: 'too-long',
    line,
    lines: long.lines,
    head: long.head,
    length: long.length,
    sha256: long.digest.digest('hex'),
  };
}

/** Whether the run of backslashes before `end` is odd, where `wasOdd` tells of the chunk before. */
function isOdd(bytes: Buffer, end: number, wasOdd: boolean): boolean {
  let at = end;
  while (at > 0 && bytes[at - 1] === BACKSLASH) at--;
  const run = end - at;
  return (run + (at === 0 && wasOdd ? 1 : 0)) % 2 === 1;
}

export function endsInOddBackslashes(bytes: Buffer, start: number, end: number): boolean {
  let at = end;
  while (at > start && bytes[at - 1] === BACKSLASH) at--;
  return (end - at) % 2 === 1;
}
