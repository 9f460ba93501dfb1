/**
 * One thread's side of scanning: the memory in which `assembly/` keeps what it knows between calls, with
 * the tables of courses and of distinct values. Where each thing stands there is told by assembly/layout.ts.
 */
import { assert } from '#shared/errors';
import { DICTIONARY_FIELDS } from '#shared/eventlog/event-batch';
import * as layout from '#shared/kernel/assembly/layout';
import type { Kernel } from '#shared/kernel/kernel';

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
    this.#place = kernel.blocks.take(layout.STATE_BYTES + layout.COURSES_BYTES);
    this.#courses = this.#place + layout.STATE_BYTES;
    kernel.bytes.fill(0, this.#place, this.#courses);
    this.forgetCourses();
    this.kind = new Uint8Array(buffer, this.#place + layout.KIND, layout.SLOTS);
    this.start = new Uint32Array(buffer, this.#place + layout.START, layout.SLOTS);
    this.end = new Uint32Array(buffer, this.#place + layout.END, layout.SLOTS);
    this.#words = new Uint32Array(buffer, this.#place, layout.STATE_BYTES / 4);
    this.#doubles = new Float64Array(buffer, this.#place, layout.STATE_BYTES / 8);
    this.#words[layout.COURSES / 4] = this.#courses;
  }

  /** True where the bytes between these places are one object; then the slots say what stands in it. */
  walk(open: number, end: number): boolean {
    return this.kernel.functions.walk(this.#place, open, end) !== 0;
  }

  /** Says what holds for all lines of a log file, and forgets the values of one that was given up. */
  beginFile(options: { readonly lineBytesMax: number; readonly lateBeforeUs: number }): void {
    if (this.#dictionaryCapacity > 0) this.#emptyDictionaries();
    this.#words[layout.LINE_BYTES_MAX / 4] = options.lineBytesMax;
    this.#doubles[layout.LATE_BEFORE / 8] = options.lateBeforeUs;
  }

  /** Says where rows go from now on, and how many of them are there already. */
  useColumns(place: number, capacity: number, rows: number): void {
    this.#words[layout.COLUMNS / 4] = place;
    this.#words[layout.CAPACITY / 4] = capacity;
    this.#words[layout.ROWS / 4] = rows;
    if (capacity > this.#dictionaryCapacity) this.#growDictionaries(capacity);
  }

  /** How many rows are in the columns. */
  get rows(): number {
    return this.#words[layout.ROWS / 4] as number; // the words reach beyond, here and below
  }

  set rows(rows: number) {
    this.#words[layout.ROWS / 4] = rows;
  }

  /** Reads usual lines into the columns; true where it stopped at a line that the caller must read. */
  scanLines({ start, filled, candidate, line }: LinesToScan): boolean {
    const words = this.#words;
    words[layout.LINE_START / 4] = start;
    words[layout.FILLED / 4] = filled;
    words[layout.CANDIDATE / 4] = candidate ?? NO_CANDIDATE;
    words[layout.LINE / 4] = line;
    words[layout.LATE / 4] = 0;
    return this.kernel.functions.scanLines(this.#place) !== 0;
  }

  /** After `scanLines`: where the first line begins that was not read. */
  get lineStart(): number {
    return this.#words[layout.LINE_START / 4] as number;
  }

  /** After `scanLines`: the number of that line. */
  get line(): number {
    return this.#words[layout.LINE / 4] as number;
  }

  /** After `scanLines`: how many of the events were late. */
  get late(): number {
    return this.#words[layout.LATE / 4] as number;
  }

  /** These bytes of `context.course_id` are from now on the course with this number. */
  rememberCourse(start: number, length: number, course: number): void {
    this.kernel.functions.rememberCourse(this.#courses, start, length, course);
  }

  /** No course is known any more. */
  forgetCourses(): void {
    this.kernel.bytes.fill(0, this.#courses, this.#courses + layout.COURSES_BYTES);
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
    return this.#dictionaryBlock + column * layout.DICTIONARY_BYTES;
  }

  #valuesOf(column: number): DistinctValues {
    const head = headOf(this.kernel, this.#dictionary(column));
    const count = head[layout.COUNT / 4] as number; // the words of a head, here and below
    const copy = (at: number): Uint32Array<ArrayBuffer> =>
      Uint32Array.from(new Uint32Array(this.kernel.bytes.buffer, head[at / 4] as number, count));
    return { valueStart: copy(layout.VALUE_STARTS), valueLength: copy(layout.VALUE_LENGTHS) };
  }

  /** There are never more distinct values than rows. */
  #growDictionaries(rows: number): void {
    const before =
      this.#dictionaryCapacity > 0 ? DICTIONARY_FIELDS.map((_, at) => this.#valuesOf(at)) : [];
    const old = this.#dictionaryBlock;
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(rows, 64)));
    const heads = DICTIONARY_FIELDS.length * layout.DICTIONARY_BYTES;
    const headBytes = Math.ceil(heads / 64) * 64;
    const block = this.kernel.blocks.take(
      headBytes + DICTIONARY_FIELDS.length * capacity * layout.VALUE_BYTES,
    );
    let place = block + headBytes;
    for (const [column] of DICTIONARY_FIELDS.entries()) {
      const head = headOf(this.kernel, block + column * layout.DICTIONARY_BYTES);
      head[layout.MASK / 4] = capacity * 2 - 1;
      head[layout.VALUE_SLOTS / 4] = place;
      head[layout.VALUE_HASHES / 4] = place + capacity * 8;
      head[layout.VALUE_STARTS / 4] = place + capacity * 12;
      head[layout.VALUE_LENGTHS / 4] = place + capacity * 16;
      place += capacity * layout.VALUE_BYTES;
    }
    if (this.#dictionaryCapacity > 0) this.kernel.blocks.give(old);
    this.#dictionaryBlock = block;
    this.#dictionaryCapacity = capacity;
    this.#words[layout.DICTIONARIES / 4] = block;
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

/** The words at the beginning of a dictionary. */
function headOf({ bytes }: Kernel, place: number): Uint32Array {
  return new Uint32Array(bytes.buffer, place, layout.DICTIONARY_BYTES / 4);
}
