/** The columns of the batch that is being filled; see event-batch.ts for their meaning. */
import {
  type CourseSegment,
  DICTIONARY_FIELDS,
  type EventBatch,
  FLAG_LATE,
  type RejectedLine,
  TEXT_COLUMNS,
} from '#shared/eventlog/event-batch';
import { type LineScanner, TEXT_FIELDS } from '#shared/tracking/line-scanner';
import { ByteDictionary } from './byte-dictionary.js';
import { type ColumnMemory, type RowColumns, rowColumns, rowMemory } from './column-memory.js';
import { TextValues } from './text-values.js';

const DAY_US = 86_400_000_000;
/** Where the fields of each kind stand among the scanner's text fields. */
const DICTIONARY_AT = DICTIONARY_FIELDS.map((field) => TEXT_FIELDS.indexOf(field));
const TEXT_AT = TEXT_COLUMNS.map((field) => TEXT_FIELDS.indexOf(field));

export class BatchColumns {
  readonly #scanner: LineScanner;
  readonly #file: number;
  readonly #endOfLogDateUs: number;
  readonly #lateBeforeUs: number;
  readonly #dictionaries = DICTIONARY_FIELDS.map(() => new ByteDictionary());
  readonly #takeColumns: () => ColumnMemory;
  #memory: ColumnMemory;
  #rows: RowColumns;
  readonly #texts: readonly TextValues[];
  #count = 0;
  #rejected: RejectedLine[] = [];

  constructor(
    scanner: LineScanner,
    options: {
      readonly file: number;
      readonly logDateStartUs: number;
      readonly skewUs: number;
      readonly takeColumns: () => ColumnMemory;
    },
  ) {
    this.#scanner = scanner;
    this.#file = options.file;
    this.#endOfLogDateUs = options.logDateStartUs + DAY_US - 1;
    this.#lateBeforeUs = options.logDateStartUs - options.skewUs;
    this.#takeColumns = options.takeColumns;
    this.#memory = options.takeColumns();
    this.#rows = rowColumns(this.#memory.rows);
    this.#texts = this.#memory.texts.map((text) => new TextValues(text));
  }

  /** Adds the event that the scanner has just read; says whether it is late. */
  add(window: Buffer, start: number, length: number, line: number): boolean {
    if (this.#count === this.#rows.capacity) this.#grow();
    const row = this.#count;
    this.#count += 1;
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
    this.#addTexts(window, row);
    return isLate;
  }

  #addTexts(window: Buffer, row: number): void {
    const { textStart, textLength, textDecoded } = this.#scanner;
    for (let at = 0; at < DICTIONARY_AT.length; at += 1) {
      const field = DICTIONARY_AT[at] as number; // the loop stays inside the table, here and below
      const start = textStart[field] as number;
      const dictionary = this.#dictionaries[at] as ByteDictionary;
      const decoded = start < 0 ? textDecoded[field] : undefined;
      (this.#rows.indexes[at] as Uint32Array)[row] =
        decoded === undefined
          ? dictionary.add(
              window,
              Math.max(start, 0),
              start < 0 ? 0 : (textLength[field] as number),
            )
          : dictionary.add(decoded, 0, decoded.length);
    }
    for (let at = 0; at < TEXT_AT.length; at += 1) {
      const field = TEXT_AT[at] as number;
      const start = textStart[field] as number;
      const decoded = start < 0 ? textDecoded[field] : undefined;
      const values = this.#texts[at] as TextValues;
      (this.#rows.ends[at] as Uint32Array)[row] =
        decoded === undefined
          ? values.add(window, Math.max(start, 0), start < 0 ? 0 : (textLength[field] as number))
          : values.add(decoded, 0, decoded.length);
    }
  }

  /** The memory that waits for the next batch, once there will be none. */
  get unused(): ColumnMemory {
    return this.#memory;
  }

  reject(rejected: RejectedLine): void {
    this.#rejected.push(rejected);
  }

  /** The batch so far, which takes `window` with it; undefined if it would be empty. */
  take(window: Buffer): EventBatch | undefined {
    if (this.#count === 0 && this.#rejected.length === 0) return undefined;
    const rows = this.#rows;
    const count = this.#count;
    const segments = orderRows(rows, count, this.#scanner.courses);
    const next = this.#takeColumns();
    const batch: EventBatch = {
      file: this.#file,
      rows: count,
      bytes: window,
      rawStart: rows.rawStart,
      rawLength: rows.rawLength,
      jsonAt: rows.jsonAt,
      line: rows.line,
      timeUs: rows.timeUs,
      flags: rows.flags,
      userId: rows.userId,
      dictionaries: this.#dictionaries.map((dictionary, at) => ({
        index: rows.indexes[at] as Uint32Array, // one index column for each dictionary
        ...dictionary.take(),
      })),
      texts: this.#texts.map((values, at) => ({
        valueBytes: values.take(next.texts[at] as SharedArrayBuffer), // as many as text columns
        valueEnd: rows.ends[at] as Uint32Array,
      })),
      order: rows.order,
      segments,
      rejected: this.#rejected,
    };
    this.#memory = next;
    this.#rows = rowColumns(next.rows);
    this.#count = 0;
    this.#rejected = [];
    return batch;
  }

  #grow(): void {
    const grown = rowColumns(rowMemory(this.#rows.capacity * 2));
    const old = this.#rows;
    grown.rawStart.set(old.rawStart);
    grown.rawLength.set(old.rawLength);
    grown.jsonAt.set(old.jsonAt);
    grown.line.set(old.line);
    grown.timeUs.set(old.timeUs);
    grown.flags.set(old.flags);
    grown.userId.set(old.userId);
    grown.course.set(old.course);
    for (const [at, column] of old.indexes.entries()) grown.indexes[at]?.set(column);
    for (const [at, column] of old.ends.entries()) grown.ends[at]?.set(column);
    this.#rows = grown;
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
