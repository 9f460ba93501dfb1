/**
 * Cuts the plaintext of one log file into lines and gathers them into batches of events.
 *
 *   chunks   "{..}\n{.." | "..}\n{..}"       (chunk edges fall anywhere)
 *   window   [ line \n line \n line \n li…   ]   becomes the bytes of a batch when it is full
 *
 * Every line gets its physical number, is masked in place, scanned, and counted as exactly one of
 * event, rejected, blank or filtered. A line over `lineBytesMax` is rejected with its first 64 KiB, its
 * length and its SHA-256, and reading goes on at the next LF.
 */
import { createHash, type Hash } from 'node:crypto';
import { assert } from '#shared/errors';
import type { EventBatch } from '#shared/eventlog/event-batch';
import { type LastLine, type LineCounts, noLines } from '#shared/eventlog/log-file-answer';
import { LINE_BLANK, LINE_EVENT, type LineScanner } from '#shared/tracking/line-scanner';
import { findSecretCandidate, maskSecrets } from '#shared/tracking/mask-secrets';
import { BatchColumns } from './batch-columns.js';
import type { ColumnMemory } from './column-memory.js';

const LF = 10;
const KEPT_OF_LONG_LINE = 64 << 10;

export interface BatchOptions {
  /** The number of the log file in this run. */
  readonly file: number;
  /** Microseconds since the epoch at which the log date begins. */
  readonly logDateStartUs: number;
  readonly skewUs: number;
  /** Lines over this are rejected. */
  readonly lineBytesMax: number;
  /** About how many bytes of lines a batch holds. */
  readonly batchBytes: number;
  readonly keepSecrets: boolean;
  /** Only these courses (UTF-8 bytes as latin1 strings); undefined: all. */
  readonly courses: ReadonlySet<string> | undefined;
  /** The number of the first line that will be pushed. */
  readonly fromLine: number;
  /** Memory for a window of this size, fresh or used before. */
  readonly takeWindow: (sizeBytes: number) => Buffer;
  /** Memory for the columns of a batch, fresh or used before. */
  readonly takeColumns: () => ColumnMemory;
  /** Takes memory back that no batch has taken with it. */
  readonly giveBack: (memory: { window?: Buffer; columns: ColumnMemory }) => void;
}

export class BatchBuilder {
  readonly counts: LineCounts = noLines();
  readonly #options: BatchOptions;
  readonly #scanner: LineScanner;
  readonly #columns: BatchColumns;
  #window: Buffer;
  /** Bytes of the window that are filled. */
  #used = 0;
  /** Where the line that is not finished yet begins. */
  #lineStart = 0;
  #line: number;
  /** The next offset at which the name of a secret may begin; -1: none up to `searchedTo`. */
  #candidate = -1;
  #searchedTo = 0;
  #long: { kept: Buffer; bytes: number; hash: Hash } | undefined;
  #last: LastLine | undefined;

  constructor(scanner: LineScanner, options: BatchOptions) {
    this.#options = options;
    this.#scanner = scanner;
    this.#columns = new BatchColumns(scanner, options);
    this.#window = options.takeWindow(options.batchBytes);
    this.#line = options.fromLine;
  }

  /** What became of the last line; undefined where there was none. */
  get last(): LastLine | undefined {
    return this.#last;
  }

  /** Takes some plaintext; yields the batches that became full. */
  *push(chunk: Buffer): Iterable<EventBatch> {
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#long !== undefined) {
        offset = this.#skipLongLine(chunk, offset);
        continue;
      }
      const room = this.#window.length - this.#used;
      if (room === 0) {
        const full = this.#makeRoom();
        if (full !== undefined) yield full;
        continue;
      }
      const taken = chunk.copy(
        this.#window,
        this.#used,
        offset,
        Math.min(chunk.length, offset + room),
      );
      offset += taken;
      this.#used += taken;
      this.#readLines();
    }
  }

  /** The end of the log file: takes a last line without LF, and yields what is left. */
  *finish(): Iterable<EventBatch> {
    if (this.#long !== undefined) this.#endLongLine();
    if (this.#lineStart < this.#used) {
      this.#readLine(this.#used);
      this.#lineStart = this.#used;
    }
    const window = this.#window;
    const batch = this.#seal();
    const isWindowTaken = batch?.bytes.buffer === window.buffer;
    this.#options.giveBack({
      ...(isWindowTaken ? {} : { window }),
      columns: this.#columns.unused,
    });
    if (batch !== undefined) yield batch;
  }

  #readLines(): void {
    // Only what is filled: a search to the end of the window would touch memory that nothing stands in.
    const filled = this.#window.subarray(0, this.#used);
    for (;;) {
      const end = filled.indexOf(LF, this.#lineStart);
      if (end < 0) return;
      this.#readLine(end);
      this.#lineStart = end + 1;
    }
  }

  #readLine(end: number): void {
    const start = this.#lineStart;
    if (end - start > this.#options.lineBytesMax) {
      // The window may hold more than the limit: what is too long must not depend on where it stands.
      this.#beginLongLine(this.#window.subarray(start, end));
      this.#endLongLine();
      // A secret found in this line says nothing about the lines behind it.
      if (this.#candidate !== -1 && this.#candidate < end) this.#search(end);
      return;
    }
    const isMasked = !this.#options.keepSecrets && this.#mask(start, end);
    const line = this.#line;
    this.#line += 1;
    this.counts.lines += 1;
    if (isMasked) this.counts.masked += 1;
    const kind = this.#scanner.scan(this.#window, start, end);
    if (kind === LINE_BLANK) {
      this.counts.blank += 1;
      this.#last = { kind: 'blank', isMasked, isLate: false };
    } else if (kind === LINE_EVENT) {
      this.#keepEvent(start, end, line, isMasked);
    } else {
      const { rejectReason, rejectDetail } = this.#scanner;
      // A copy: the window travels with the events and may be large, rejected lines are few.
      const raw = Uint8Array.prototype.slice.call(this.#window, start, end);
      this.#reject(line, rejectReason, rejectDetail, raw, isMasked);
    }
  }

  #keepEvent(start: number, end: number, line: number, isMasked: boolean): void {
    const { courses } = this.#options;
    if (courses !== undefined && !courses.has(this.#scanner.courses[this.#scanner.course] ?? '')) {
      this.counts.filtered += 1;
      this.#last = { kind: 'filtered', isMasked, isLate: false };
      return;
    }
    const isLate = this.#columns.add(this.#window, start, end - start, line);
    this.counts.events += 1;
    if (isLate) this.counts.late += 1;
    this.#last = { kind: 'event', isMasked, isLate };
  }

  #reject(line: number, reason: string, detail: string, raw: Uint8Array, isMasked: boolean): void {
    this.counts.rejected += 1;
    this.counts.rejectedByReason[reason] = (this.counts.rejectedByReason[reason] ?? 0) + 1;
    this.#columns.reject({ line, reason, detail, raw });
    this.#last = { kind: 'rejected', isMasked, isLate: false };
  }

  /** Masks the line if the name of a secret may stand in it; says whether it changed. */
  #mask(start: number, end: number): boolean {
    if (this.#candidate < start) this.#candidate = -1;
    if (this.#candidate === -1 && this.#searchedTo < this.#used) {
      // A name may have been cut by the end of what was searched last time.
      this.#search(Math.max(start, this.#searchedTo - 64));
    }
    if (this.#candidate === -1 || this.#candidate >= end) return false;
    const isMasked = maskSecrets(this.#window, start, end) > 0;
    this.#search(end);
    return isMasked;
  }

  #search(from: number): void {
    this.#candidate = findSecretCandidate(this.#window, from, this.#used);
    this.#searchedTo = this.#used;
  }

  /** The window is full: its lines become a batch, or the window grows for a line that fills it. */
  #makeRoom(): EventBatch | undefined {
    const unfinished = this.#window.subarray(this.#lineStart, this.#used);
    const { batchBytes, lineBytesMax } = this.#options;
    if (unfinished.length > lineBytesMax) {
      this.#beginLongLine(unfinished);
      return this.#replaceWindow(batchBytes, Buffer.alloc(0));
    }
    const size = Math.max(unfinished.length * 2, batchBytes);
    return this.#replaceWindow(Math.min(size, lineBytesMax + batchBytes), unfinished);
  }

  #replaceWindow(size: number, begin: Buffer): EventBatch | undefined {
    const next = this.#options.takeWindow(size);
    begin.copy(next);
    const batch = this.#seal();
    this.#window = next;
    this.#used = begin.length;
    this.#lineStart = 0;
    this.#candidate = -1;
    this.#searchedTo = 0;
    return batch;
  }

  #seal(): EventBatch | undefined {
    // A small log file must not carry a window of megabytes around for its few lines.
    const isSparse = this.#lineStart * 2 < this.#window.length;
    return this.#columns.take(isSparse ? copyOf(this.#window, this.#lineStart) : this.#window);
  }

  #beginLongLine(bytes: Buffer): void {
    const kept = Buffer.from(bytes.subarray(0, KEPT_OF_LONG_LINE));
    // A copy, because digests are not made of shared memory.
    const hash = createHash('sha256').update(Buffer.from(bytes));
    this.#long = { kept, bytes: bytes.length, hash };
  }

  #skipLongLine(chunk: Buffer, offset: number): number {
    const long = this.#long;
    assert(long !== undefined, 'a long line is being skipped');
    const end = chunk.indexOf(LF, offset);
    const part = chunk.subarray(offset, end < 0 ? chunk.length : end);
    const room = KEPT_OF_LONG_LINE - long.kept.length;
    // Where the limit is below what is kept, the window held only the beginning of it.
    if (room > 0) long.kept = Buffer.concat([long.kept, part.subarray(0, room)]);
    long.hash.update(part);
    long.bytes += part.length;
    if (end < 0) return chunk.length;
    this.#endLongLine();
    return end + 1;
  }

  #endLongLine(): void {
    const long = this.#long;
    assert(long !== undefined, 'a long line has ended');
    this.#long = undefined;
    const isMasked = !this.#options.keepSecrets && maskSecrets(long.kept, 0, long.kept.length) > 0;
    this.counts.lines += 1;
    if (isMasked) this.counts.masked += 1;
    const detail = `The line has ${long.bytes} bytes, more than the ${this.#options.lineBytesMax} that are kept; SHA-256 ${long.hash.digest('hex')}.`;
    this.#reject(this.#line, 'line-too-long', detail, new Uint8Array(long.kept), isMasked);
    this.#line += 1;
  }
}

/** The first `length` bytes in memory of their own. */
function copyOf(bytes: Buffer, length: number): Buffer {
  const copy = Buffer.from(new SharedArrayBuffer(length));
  bytes.copy(copy, 0, 0, length);
  return copy;
}
