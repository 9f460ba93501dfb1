/** The columns of the batch that is being filled; see event-batch.ts for their meaning. */
import {
  type CourseSegment,
  DICTIONARY_FIELDS,
  type EventBatch,
  FLAG_LATE,
  type RejectedLine,
  TEXT_COLUMNS,
} from '#shared/eventlog/event-batch';
import type { ScanState } from '#shared/kernel/scan-state';
import { type LineScanner, TEXT_FIELDS } from '#shared/tracking/line-scanner';
import type { LineWindow } from './line-window.js';
import { copyRowColumns, fillRowColumns, type RowColumns, takeRowColumns } from './row-columns.js';

const DAY_US = 86_400_000_000;
/** As many as a window of 4 MiB has lines of ordinary length. */
const ROWS_AT_FIRST = 9_000;
const SIDE_BYTES = 1 << 16;
/** Where the fields of each kind stand among the scanner's text fields. */
const DICTIONARY_AT = DICTIONARY_FIELDS.map((field) => TEXT_FIELDS.indexOf(field));
const TEXT_AT = TEXT_COLUMNS.map((field) => TEXT_FIELDS.indexOf(field));

export class BatchColumns {
  readonly #state: ScanState;
  readonly #scanner: LineScanner;
  readonly #file: number;
  readonly #endOfLogDateUs: number;
  readonly #lateBeforeUs: number;
  #rows: RowColumns;
  #rejected: RejectedLine[] = [];
  /** Blocks for values that do not stand in their line as they are, because they were escaped. */
  #sideBlocks: number[] = [];
  #sideAt = 0;
  #sideEnd = 0;

  constructor(
    state: ScanState,
    scanner: LineScanner,
    options: {
      readonly file: number;
      readonly logDateStartUs: number;
      readonly skewUs: number;
    },
  ) {
    this.#state = state;
    this.#scanner = scanner;
    this.#file = options.file;
    this.#endOfLogDateUs = options.logDateStartUs + DAY_US - 1;
    this.#lateBeforeUs = options.logDateStartUs - options.skewUs;
    const rows = takeRowColumns(state.kernel, ROWS_AT_FIRST);
    this.#rows = rows;
    state.kernel.blocks.orGive(rows.place, () => state.useColumns(rows.place, rows.capacity, 0));
  }

  /** The flags of the row that was added last. */
  get isLastLate(): boolean {
    return ((this.#rows.flags[this.#state.rows - 1] ?? 0) & FLAG_LATE) !== 0;
  }

  /** Adds the event that the scanner has just read; says whether it is late. */
  add(start: number, length: number, line: number): boolean {
    const state = this.#state;
    if (state.rows === this.#rows.capacity) this.#grow();
    const row = state.rows;
    state.rows = row + 1;
    const rows = this.#rows;
    const scanner = this.#scanner;
    const isUsable = scanner.timeState === 0;
    const timeUs = isUsable ? scanner.timeUs : this.#endOfLogDateUs;
    const isLate = isUsable && timeUs < this.#lateBeforeUs;
    rows.rawStart[row] = start;
    rows.rawLength[row] = length;
    rows.jsonAt[row] = scanner.jsonAt;
    rows.line[row] = line;
    rows.timeUs[row] = timeUs;
    rows.flags[row] = scanner.timeState | (isLate ? FLAG_LATE : 0);
    rows.userId[row] = scanner.userId;
    rows.course[row] = scanner.course;
    this.#addTexts(row);
    return isLate;
  }

  #addTexts(row: number): void {
    const { textStart, textLength, textDecoded } = this.#scanner;
    const placeOf = (field: number): number => {
      const start = textStart[field] as number; // the tables hold fields of the scanner
      return start >= 0 ? start : this.#putAside(textDecoded[field] ?? Buffer.alloc(0));
    };
    for (const [at, field] of DICTIONARY_AT.entries()) {
      const column = this.#rows.indexes[at] as Uint32Array; // one for each, here and below
      column[row] = this.#state.numberOf(at, placeOf(field), textLength[field] as number);
    }
    for (const [at, field] of TEXT_AT.entries()) {
      (this.#rows.textStarts[at] as Uint32Array)[row] = placeOf(field);
      (this.#rows.textLengths[at] as Uint32Array)[row] = textLength[field] as number;
    }
  }

  #putAside(value: Buffer): number {
    const { kernel } = this.#state;
    if (this.#sideAt + value.length > this.#sideEnd) {
      const place = kernel.blocks.take(Math.max(SIDE_BYTES, value.length));
      this.#sideBlocks.push(place);
      this.#sideAt = place;
      this.#sideEnd = place + kernel.blocks.sizeOf(place);
    }
    const place = this.#sideAt;
    kernel.bytes.set(value, place);
    this.#sideAt += value.length;
    return place;
  }

  reject(rejected: RejectedLine): void {
    this.#rejected.push(rejected);
  }

  /** The batch so far, which takes the window with it; undefined if it would be empty. */
  take(window: LineWindow, lineBytes: number): EventBatch | undefined {
    const rows = this.#state.rows;
    if (rows === 0 && this.#rejected.length === 0) return undefined;
    const next = takeRowColumns(this.#state.kernel, ROWS_AT_FIRST);
    return this.#seal(window, { lineBytes, rows, next });
  }

  /**
   * The same, with the window and the columns copied to blocks that just hold them: a small log file must not
   * carry megabytes around for its few lines.
   */
  takeCopy(window: LineWindow, lineBytes: number): EventBatch | undefined {
    const rows = this.#state.rows;
    if (rows === 0 && this.#rejected.length === 0) return undefined;
    const { kernel } = this.#state;
    const small = window.copy(kernel, lineBytes);
    // The columns go on being filled once the rows have left them.
    const next = this.#rows;
    this.#rows = kernel.blocks.orGive(small.place, () => copyRowColumns(kernel, next, rows));
    const moved = (starts: Uint32Array, count: number): void => {
      for (let at = 0; at < count; at += 1) {
        const start = starts[at] as number; // at < count
        const isInWindow = start >= window.place && start < window.place + window.sizeBytes;
        if (isInWindow) starts[at] = start - window.place + small.place;
      }
    };
    moved(this.#rows.rawStart, rows);
    for (const column of this.#rows.textStarts) moved(column, rows);
    const batch = this.#seal(small, { lineBytes, rows, next });
    for (const { valueStart } of batch.dictionaries) moved(valueStart, valueStart.length);
    return batch;
  }

  #seal(
    window: LineWindow,
    {
      lineBytes,
      rows,
      next,
    }: { readonly lineBytes: number; readonly rows: number; readonly next: RowColumns },
  ): EventBatch {
    const { kernel } = this.#state;
    const columns = this.#rows;
    const segments = orderRows(columns, rows, this.#scanner.courses);
    const values = this.#state.takeDictionaries();
    const blocks = [window.place, columns.place, ...this.#sideBlocks];
    const batch: EventBatch = {
      file: this.#file,
      rows,
      bytes: kernel.bytes,
      lineBytes,
      blocks,
      blockBytes: blocks.reduce((sum, place) => sum + kernel.blocks.sizeOf(place), 0),
      rawStart: columns.rawStart,
      rawLength: columns.rawLength,
      jsonAt: columns.jsonAt,
      line: columns.line,
      timeUs: columns.timeUs,
      flags: columns.flags,
      userId: columns.userId,
      dictionaries: values.map((value, at) => ({
        index: columns.indexes[at] as Uint32Array, // one for each dictionary
        ...value,
      })),
      texts: columns.textStarts.map((valueStart, at) => ({
        valueStart,
        valueLength: columns.textLengths[at] as Uint32Array, // as many as starts
      })),
      order: columns.order,
      segments,
      rejected: this.#rejected,
    };
    this.#rejected = [];
    this.#sideBlocks = [];
    this.#sideAt = 0;
    this.#sideEnd = 0;
    this.#rows = next;
    this.#state.useColumns(this.#rows.place, this.#rows.capacity, 0);
    return batch;
  }

  /** Gives the memory back that no batch has taken with it; nothing can be added afterwards. */
  [Symbol.dispose](): void {
    const { blocks } = this.#state.kernel;
    for (const place of [this.#rows.place, ...this.#sideBlocks]) blocks.give(place);
  }

  #grow(): void {
    const { kernel } = this.#state;
    const old = this.#rows;
    const rows = this.#state.rows;
    const larger = takeRowColumns(kernel, old.capacity * 2);
    fillRowColumns(larger, old, rows);
    this.#rows = larger;
    kernel.blocks.give(old.place);
    this.#state.useColumns(larger.place, larger.capacity, rows);
  }
}

/**
 * Fills `order` with the rows sorted by (course, time, line), and returns a segment for each course. Rows come in the order of their lines; a counting sort by course
 * keeps that order, and a server writes a course's events mostly in order of time, so most segments
 * need only be looked over.
 */
export function orderRows(
  { course, timeUs, order }: Pick<RowColumns, 'course' | 'timeUs' | 'order'>,
  count: number,
  courses: readonly string[],
): CourseSegment[] {
  const counts = new Uint32Array(courses.length);
  for (let row = 0; row < count; row += 1) {
    const at = course[row] as number; // row < count
    counts[at] = (counts[at] as number) + 1; // the scanner numbers courses from 0 without gaps
  }
  const present = [...counts.keys()].filter((at) => (counts[at] as number) > 0);
  present.sort((a, b) => compareText(courses[a] ?? '', courses[b] ?? ''));
  const next = new Uint32Array(courses.length);
  const segments: CourseSegment[] = [];
  let from = 0;
  for (const at of present) {
    next[at] = from;
    const to = from + (counts[at] as number); // `present` holds indexes of `counts`
    segments.push({ course: courses[at] ?? '', from, to });
    from = to;
  }
  for (let row = 0; row < count; row += 1) {
    const at = course[row] as number; // row < count
    const position = next[at] as number;
    order[position] = row;
    next[at] = position + 1;
  }
  for (const segment of segments) {
    const part = order.subarray(segment.from, segment.to);
    if (!isOrdered(part, timeUs)) {
      part.sort((a, b) => (timeUs[a] as number) - (timeUs[b] as number) || a - b);
    }
  }
  return segments;
}

function isOrdered(part: Uint32Array, timeUs: Float64Array): boolean {
  let before = Number.NEGATIVE_INFINITY;
  for (const row of part) {
    const now = timeUs[row] as number; // rows come from the same batch
    if (now < before) return false;
    before = now;
  }
  return true;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
