/**
 * One thread's side of scanning: the memory in which `assembly/` keeps what it knows between calls, with
 * the tables of courses and of distinct values. `assembly/layout.ts` has the same places.
 */
import { assert } from '#shared/errors';
import { DICTIONARY_FIELDS } from '#shared/eventlog/event-batch';
import type { Kernel } from '#shared/kernel/kernel';

export const ABSENT = 0;
/** A string without escapes; its slot spans what stands between the quotes. */
export const STRING = 1;
/** A string with escapes; its slot spans what stands between the quotes. */
export const ESCAPED = 2;
export const NULL = 3;
/** NaN, true, a number and so on; the slot spans the text. */
export const OTHER = 4;
export const OBJECT = 5;

/** The first twelve slots are the text fields. */
export const TIME_SLOT = 12;
export const EVENT_SLOT = 13;
export const USER_ID_SLOT = 15;
export const COURSE_ID_SLOT = 16;

const SLOTS = 17;
const START = 32;
const END = 128;
const LINE_START = 1024 / 4;
const FILLED = 1028 / 4;
const CANDIDATE = 1032 / 4;
const LINE = 1036 / 4;
const ROWS = 1040 / 4;
const CAPACITY = 1044 / 4;
const COLUMNS = 1048 / 4;
const LINE_BYTES_MAX = 1052 / 4;
const LINE_END = 1056 / 4;
const LATE = 1060 / 4;
const LATE_BEFORE = 1064 / 8;
const COURSES = 1072 / 4;
const DICTIONARIES = 1076 / 4;
const STATE_BYTES = 2048;

const COURSES_BYTES = 2048 * 256;
const DICTIONARY_BYTES = 24;
/** Of each value: two slots, a hash, its start and its length. */
const VALUE_BYTES = 20;
const NO_CANDIDATE = 0xffff_ffff;

/** The distinct values of a column: where they stand, in order of first sight. */
export interface DistinctValues {
  readonly valueStart: Uint32Array<ArrayBuffer>;
  readonly valueLength: Uint32Array<ArrayBuffer>;
}

export interface LinesToScan {
  /** Where the first line begins, and where what is filled ends. */
  readonly start: number;
  readonly filled: number;
  /** The next place at which the name of a secret may stand; undefined: none. */
  readonly candidate: number | undefined;
  /** The number of the first line. */
  readonly line: number;
}

export class ScanState {
  readonly kernel: Kernel;
  /** Per slot what stands there, and from where to where; of the line that was walked last. */
  readonly kind: Uint8Array;
  readonly start: Uint32Array;
  readonly end: Uint32Array;
  readonly #place: number;
  readonly #courses: number;
  readonly #words: Uint32Array;
  readonly #doubles: Float64Array;
  #dictionaryBlock = 0;
  #dictionaryCapacity = 0;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    const { buffer } = kernel.bytes;
    this.#place = kernel.blocks.take(STATE_BYTES + COURSES_BYTES);
    this.#courses = this.#place + STATE_BYTES;
    kernel.bytes.fill(0, this.#place, this.#courses + COURSES_BYTES);
    this.kind = new Uint8Array(buffer, this.#place, SLOTS);
    this.start = new Uint32Array(buffer, this.#place + START, SLOTS);
    this.end = new Uint32Array(buffer, this.#place + END, SLOTS);
    this.#words = new Uint32Array(buffer, this.#place, STATE_BYTES / 4);
    this.#doubles = new Float64Array(buffer, this.#place, STATE_BYTES / 8);
    this.#words[COURSES] = this.#courses;
  }

  /** True where the bytes between these places are one object; then the slots say what stands in it. */
  walk(open: number, end: number): boolean {
    return this.kernel.functions.walk(this.#place, open, end) !== 0;
  }

  /** Says what holds for all lines of a log file, and forgets the values of one that was given up. */
  beginFile(options: { readonly lineBytesMax: number; readonly lateBeforeUs: number }): void {
    if (this.#dictionaryCapacity > 0) this.#emptyDictionaries();
    this.#words[LINE_BYTES_MAX] = options.lineBytesMax;
    this.#doubles[LATE_BEFORE] = options.lateBeforeUs;
  }

  /** Says where rows go from now on, and how many of them are there already. */
  useColumns(place: number, capacity: number, rows: number): void {
    this.#words[COLUMNS] = place;
    this.#words[CAPACITY] = capacity;
    this.#words[ROWS] = rows;
    if (capacity > this.#dictionaryCapacity) this.#growDictionaries(capacity);
  }

  /** How many rows are in the columns. */
  get rows(): number {
    return this.#words[ROWS] as number; // the words reach beyond, here and below
  }

  set rows(rows: number) {
    this.#words[ROWS] = rows;
  }

  /** Reads usual lines into the columns; true where it stopped at a line that the caller must read. */
  scanLines({ start, filled, candidate, line }: LinesToScan): boolean {
    const words = this.#words;
    words[LINE_START] = start;
    words[FILLED] = filled;
    words[CANDIDATE] = candidate ?? NO_CANDIDATE;
    words[LINE] = line;
    words[LATE] = 0;
    return this.kernel.functions.scanLines(this.#place) !== 0;
  }

  /** After `scanLines`: where the first line begins that was not read. */
  get lineStart(): number {
    return this.#words[LINE_START] as number;
  }

  /** After `scanLines` said true: where that line ends. */
  get lineEnd(): number {
    return this.#words[LINE_END] as number;
  }

  /** After `scanLines`: the number of that line. */
  get line(): number {
    return this.#words[LINE] as number;
  }

  /** After `scanLines`: how many of the events were late. */
  get late(): number {
    return this.#words[LATE] as number;
  }

  /** These bytes of `context.course_id` are from now on the course with this number. */
  rememberCourse(start: number, length: number, course: number): void {
    this.kernel.functions.rememberCourse(this.#courses, start, length, course);
  }

  /** The number of a value in a dictionary column. */
  numberOf(column: number, start: number, length: number): number {
    return this.kernel.functions.numberOf(this.#dictionary(column), start, length);
  }

  /** The values of each dictionary column so far; the dictionaries are empty afterwards. */
  takeDictionaries(): DistinctValues[] {
    const values = DICTIONARY_FIELDS.map((_, column) => this.#valuesOf(column));
    this.#emptyDictionaries();
    return values;
  }

  [Symbol.dispose](): void {
    this.kernel.blocks.give(this.#place);
    if (this.#dictionaryCapacity > 0) this.kernel.blocks.give(this.#dictionaryBlock);
  }

  #emptyDictionaries(): void {
    for (const [column] of DICTIONARY_FIELDS.entries()) {
      this.kernel.functions.emptyDictionary(this.#dictionary(column));
    }
  }

  #dictionary(column: number): number {
    return this.#dictionaryBlock + column * DICTIONARY_BYTES;
  }

  #valuesOf(column: number): DistinctValues {
    const header = new Uint32Array(this.kernel.bytes.buffer, this.#dictionary(column), 6);
    const count = header[0] as number; // six words, here and below
    const copy = (at: number): Uint32Array<ArrayBuffer> =>
      Uint32Array.from(new Uint32Array(this.kernel.bytes.buffer, header[at] as number, count));
    return { valueStart: copy(4), valueLength: copy(5) };
  }

  /** There are never more distinct values than rows. */
  #growDictionaries(rows: number): void {
    const before =
      this.#dictionaryCapacity > 0 ? DICTIONARY_FIELDS.map((_, at) => this.#valuesOf(at)) : [];
    const old = this.#dictionaryBlock;
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(rows, 64)));
    const heads = DICTIONARY_FIELDS.length * DICTIONARY_BYTES;
    const headBytes = Math.ceil(heads / 64) * 64;
    const block = this.kernel.blocks.take(
      headBytes + DICTIONARY_FIELDS.length * capacity * VALUE_BYTES,
    );
    let place = block + headBytes;
    for (const [column] of DICTIONARY_FIELDS.entries()) {
      const header = new Uint32Array(
        this.kernel.bytes.buffer,
        block + column * DICTIONARY_BYTES,
        6,
      );
      header[1] = capacity * 2 - 1;
      header[2] = place;
      header[3] = place + capacity * 8;
      header[4] = place + capacity * 12;
      header[5] = place + capacity * 16;
      place += capacity * VALUE_BYTES;
    }
    if (this.#dictionaryCapacity > 0) this.kernel.blocks.give(old);
    this.#dictionaryBlock = block;
    this.#dictionaryCapacity = capacity;
    this.#words[DICTIONARIES] = block;
    this.#emptyDictionaries();
    for (const [column] of DICTIONARY_FIELDS.entries()) {
      const { valueStart, valueLength } = before[column] ?? {};
      for (const [id, start] of (valueStart ?? []).entries()) {
        const number = this.numberOf(column, start, valueLength?.[id] ?? 0);
        assert(number === id, 'values keep their numbers');
      }
    }
  }
}
