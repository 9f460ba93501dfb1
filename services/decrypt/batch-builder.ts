/**
 * Cuts the plaintext of one log file into lines and gathers them into batches of events.
 *
 *   chunks   "{..}\n{.." | "..}\n{..}"       (chunk edges fall anywhere)
 *   window   [ line \n line \n line \n li…   ]   becomes the bytes of a batch when it is full
 *
 * Every line gets its physical number, is masked in place, scanned, and counted as exactly one of
 * event, rejected, blank or filtered. A line over `lineBytesMax` is rejected (long-line.ts), and reading
 * goes on at the next LF.
 */
import type { EventBatch, RejectedLine } from '#shared/eventlog/event-batch';
import { type LastLine, type LineCounts, noLines } from '#shared/eventlog/log-file-answer';
import type { ScanState } from '#shared/kernel/scan-state';
import { LINE_BLANK, LINE_EVENT, type LineScanner } from '#shared/tracking/line-scanner';
import { maskSecrets } from '#shared/tracking/mask-secrets';
import { BatchColumns } from './batch-columns.js';
import { LineWindow } from './line-window.js';
import { LongLine } from './long-line.js';

const LF = 10;

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
}

export class BatchBuilder {
  readonly counts: LineCounts = noLines();
  readonly #options: BatchOptions;
  readonly #state: ScanState;
  readonly #scanner: LineScanner;
  readonly #columns: BatchColumns;
  #window: LineWindow;
  /** Bytes of the window that are filled. */
  #used = 0;
  /** Where the line that is not finished yet begins. */
  #lineStart = 0;
  #line: number;
  /** The next offset at which the name of a secret may begin; -1: none up to `searchedTo`. */
  #candidate = -1;
  #searchedTo = 0;
  /** False once a batch has taken the window with it. */
  #isWindowOurs = true;
  #long: LongLine | undefined;
  #last: LastLine | undefined;

  /** One builder at a time may use the scanner. */
  constructor(scanner: LineScanner, options: BatchOptions) {
    const { lineBytesMax, logDateStartUs, skewUs } = options;
    this.#options = options;
    this.#state = scanner.state;
    this.#scanner = scanner;
    this.#state.beginFile({ lineBytesMax, lateBeforeUs: logDateStartUs - skewUs });
    const { kernel } = this.#state;
    this.#window = new LineWindow(kernel, options.batchBytes);
    this.#columns = kernel.blocks.orGive(
      this.#window.place,
      () => new BatchColumns(this.#state, scanner, options),
    );
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
        offset = this.#skipLongLine(this.#long, chunk, offset);
        continue;
      }
      const room = this.#window.sizeBytes - this.#used;
      if (room === 0) {
        const full = this.#makeRoom();
        if (full !== undefined) yield full;
        continue;
      }
      const taken = Math.min(chunk.length - offset, room);
      const part = chunk.subarray(offset, offset + taken);
      // A fill of just this length is a plain copy; V8's own, into shared memory, takes twice as long.
      this.#window.bytes.fill(part, this.#used, this.#used + taken);
      offset += taken;
      this.#used += taken;
      this.#readLines();
    }
  }

  /** Takes a line that was rejected before; it goes with the batch. */
  reject(line: RejectedLine): void {
    this.#columns.reject(line);
  }

  /** The end of the log file: takes a last line without LF, and yields what is left. */
  *finish(): Iterable<EventBatch> {
    if (this.#long !== undefined) this.#endLongLine(this.#long);
    if (this.#lineStart < this.#used) {
      this.#readLine(this.#used);
      this.#lineStart = this.#used;
    }
    const batch = this.#seal();
    if (batch !== undefined) yield batch;
  }

  /** Gives the memory back that no batch has taken with it; nothing can be pushed afterwards. */
  [Symbol.dispose](): void {
    if (this.#isWindowOurs) this.#state.kernel.blocks.give(this.#window.place);
    this.#columns[Symbol.dispose]();
  }

  #readLines(): void {
    const isFiltered = this.#options.courses !== undefined;
    while (isFiltered || this.#scanUsualLines()) {
      const from = this.#window.place + this.#lineStart;
      const filled = this.#window.place + this.#used;
      const end = this.#state.kernel.functions.findByte(LF, from, filled) >>> 0;
      if (end === filled) return;
      this.#readLine(end - this.#window.place);
      this.#lineStart = end - this.#window.place + 1;
    }
  }

  /** Reads lines without a call for each; true where it stopped at one that must be read in full. */
  #scanUsualLines(): boolean {
    const state = this.#state;
    const { place } = this.#window;
    if (!this.#options.keepSecrets) this.#searchOn(this.#lineStart);
    const rowsBefore = state.rows;
    const isOdd = state.scanLines({
      start: place + this.#lineStart,
      filled: place + this.#used,
      candidate: this.#candidate < 0 ? undefined : place + this.#candidate,
      line: this.#line,
    });
    const events = state.rows - rowsBefore;
    if (events > 0) {
      this.#lineStart = state.lineStart - place;
      this.#line = state.line;
      this.counts.lines += events;
      this.counts.events += events;
      this.counts.late += state.late;
      this.#last = { kind: 'event', isMasked: false, isLate: this.#columns.isLastLate };
    }
    return isOdd;
  }

  #readLine(end: number): void {
    const start = this.#lineStart;
    if (end - start > this.#options.lineBytesMax) {
      // The window may hold more than the limit: what is too long must not depend on where it stands.
      this.#endLongLine(new LongLine(this.#window.bytes.subarray(start, end)));
      // A secret found in this line says nothing about the lines behind it.
      if (this.#candidate !== -1 && this.#candidate < end) this.#search(end);
      return;
    }
    const isMasked = !this.#options.keepSecrets && this.#mask(start, end);
    const line = this.#line;
    this.#line += 1;
    this.counts.lines += 1;
    if (isMasked) this.counts.masked += 1;
    const { place } = this.#window;
    const kind = this.#scanner.scan(place + start, place + end);
    if (kind === LINE_BLANK) {
      this.counts.blank += 1;
      this.#last = { kind: 'blank', isMasked, isLate: false };
    } else if (kind === LINE_EVENT) {
      this.#keepEvent(start, end, line, isMasked);
    } else {
      const { rejectReason, rejectDetail } = this.#scanner;
      // A copy: the window travels with the events and may be large, rejected lines are few.
      const raw = Uint8Array.prototype.slice.call(this.#window.bytes, start, end);
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
    const isLate = this.#columns.add(this.#window.place + start, end - start, line);
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
    this.#searchOn(start);
    if (this.#candidate === -1 || this.#candidate >= end) return false;
    const isMasked = maskSecrets(this.#window.bytes, start, end) > 0;
    this.#search(end);
    return isMasked;
  }

  /** Makes sure that `#candidate` is the first one from `start` on in all that is filled. */
  #searchOn(start: number): void {
    if (this.#candidate < start) this.#candidate = -1;
    if (this.#candidate === -1 && this.#searchedTo < this.#used) {
      // A name may have been cut by the end of what was searched last time.
      this.#search(Math.max(start, this.#searchedTo - 64));
    }
  }

  #search(from: number): void {
    const { place } = this.#window;
    const filled = place + this.#used;
    const found = this.#state.kernel.functions.findSecret(place + from, filled) >>> 0;
    this.#candidate = found === filled ? -1 : found - place;
    this.#searchedTo = this.#used;
  }

  /** The window is full: its lines become a batch, or the window grows for a line that fills it. */
  #makeRoom(): EventBatch | undefined {
    const unfinished = this.#window.bytes.subarray(this.#lineStart, this.#used);
    const { batchBytes, lineBytesMax } = this.#options;
    if (unfinished.length > lineBytesMax) {
      this.#long = new LongLine(unfinished);
      return this.#replaceWindow(batchBytes, Buffer.alloc(0));
    }
    const size = Math.max(unfinished.length * 2, batchBytes);
    return this.#replaceWindow(Math.min(size, lineBytesMax + batchBytes), unfinished);
  }

  #replaceWindow(size: number, begin: Buffer): EventBatch | undefined {
    const next = new LineWindow(this.#state.kernel, size);
    next.bytes.set(begin);
    const batch = this.#state.kernel.blocks.orGive(next.place, () => this.#seal());
    if (this.#isWindowOurs) this.#state.kernel.blocks.give(this.#window.place);
    this.#isWindowOurs = true;
    this.#window = next;
    this.#used = begin.length;
    this.#lineStart = 0;
    this.#candidate = -1;
    this.#searchedTo = 0;
    return batch;
  }

  #seal(): EventBatch | undefined {
    const isSparse = this.#lineStart * 2 < this.#window.sizeBytes;
    const batch = isSparse
      ? this.#columns.takeCopy(this.#window, this.#lineStart)
      : this.#columns.take(this.#window, this.#lineStart);
    if (batch !== undefined && !isSparse) this.#isWindowOurs = false;
    // No row waits for the number of its course any more.
    this.#scanner.boundCourses();
    return batch;
  }

  #skipLongLine(long: LongLine, chunk: Buffer, offset: number): number {
    const end = chunk.indexOf(LF, offset);
    long.push(chunk.subarray(offset, end < 0 ? chunk.length : end));
    if (end < 0) return chunk.length;
    this.#endLongLine(long);
    return end + 1;
  }

  #endLongLine(long: LongLine): void {
    this.#long = undefined;
    const { raw, detail, isMasked } = long.end(this.#options);
    this.counts.lines += 1;
    if (isMasked) this.counts.masked += 1;
    this.#reject(this.#line, 'line-too-long', detail, raw, isMasked);
    this.#line += 1;
  }
}
