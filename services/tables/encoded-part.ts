/**
 * What becomes of a database file on its way to the warehouse: a `begin`, then rows and rejected
 * rows, then an `end` or a `fault`. Parts are plain data, so that they can be posted by a worker.
 *
 *   begin   the table, its columns in the order of the rows, the course ids in the first rows
 *   rows    rows of ClickHouse's TabSeparated, whole, each followed by its line and its file's place
 *   end     the books: rows + rejected + blank
 *
 * `begin` is held back until the first chunk of rows is full (or the file is at its end), so that
 * the course of a file is known before anything of it is written.
 */
import { encodedBytesMax, encodeTsvRow } from './encode-tsv-row.js';
import type { TableColumn } from './table-columns.js';

export interface RejectedRow {
  readonly line: number;
  readonly reason: 'ragged' | 'row-too-long' | 'not-json';
  readonly detail: string;
  readonly raw: Uint8Array;
}

export interface FileBegin {
  readonly kind: 'begin';
  readonly table: string;
  readonly columns: readonly TableColumn[];
  /** True where the four letters NULL stand for NULL; else it is `\N`. */
  readonly isNullText: boolean;
  readonly courseIds: readonly string[];
}

export interface FileEnd {
  readonly kind: 'end';
  readonly rows: number;
  readonly rejected: number;
  readonly blank: number;
  /** Something to know about the file, such as that it is empty; else ''. */
  readonly note: '' | 'zero-bytes';
  /** What to know about the message, such as that it was read without an integrity code. */
  readonly warnings: readonly string[];
}

export interface FileFault {
  readonly kind: 'fault';
  readonly reason: string;
  readonly detail: string;
}

export type EncodedPart =
  | FileBegin
  | { readonly kind: 'rows'; readonly bytes: Uint8Array; readonly rows: number }
  | { readonly kind: 'rejected'; readonly rows: readonly RejectedRow[] }
  | FileEnd
  | FileFault;

/** Large enough that a part costs little, small enough to hold several. */
export const PART_BYTES = 1 << 20;
/** The first part is smaller, because most files are small and many of them wait in memory. */
const FIRST_PART_BYTES = 64 << 10;
/** Course ids are learned from the first rows only; more of them than this say nothing further. */
const COURSE_IDS_MAX = 64;

/** Builds the parts of one file. `take` hands out what is complete. */
export class PartBuilder {
  readonly #begin: Omit<FileBegin, 'kind' | 'courseIds'>;
  readonly #fileIndex: number;
  readonly #courseIds = new Set<string>();
  #parts: EncodedPart[] = [];
  #target: Buffer = Buffer.allocUnsafeSlow(FIRST_PART_BYTES);
  #length = 0;
  #rowsInTarget = 0;
  #rejections: RejectedRow[] = [];
  #rejectionBytes = 0;
  #hasBegun = false;
  #rows = 0;
  #rejected = 0;
  #blank = 0;

  constructor(begin: Omit<FileBegin, 'kind' | 'courseIds'>, fileIndex: number) {
    this.#begin = begin;
    this.#fileIndex = fileIndex;
  }

  get isLearning(): boolean {
    return !this.#hasBegun && this.#courseIds.size < COURSE_IDS_MAX;
  }

  learnCourse(courseId: string): void {
    if (this.isLearning) this.#courseIds.add(courseId);
  }

  /** Adds a row as the file has it, fields and all. */
  addRow(row: Buffer, line: number): void {
    const tail = `\t${line}\t${this.#fileIndex}\n`;
    this.#reserve(encodedBytesMax(row) + tail.length);
    this.#length = encodeTsvRow(row, this.#target, this.#length);
    this.#length += this.#target.write(tail, this.#length, 'latin1');
    this.#countRow();
  }

  /** Adds a row of values; null is NULL. */
  addValues(values: readonly (string | Buffer | null)[], line: number): void {
    const fields = values.flatMap((value) => [encodeValue(value), VALUE_END]);
    const row = Buffer.concat([...fields, Buffer.from(`${line}\t${this.#fileIndex}\n`)]);
    this.#reserve(row.length);
    this.#length += row.copy(this.#target, this.#length);
    this.#countRow();
  }

  addBlank(): void {
    this.#blank += 1;
  }

  reject(row: RejectedRow): void {
    // A copy in memory of its own: the row is a view of a chunk that may be large, and a worker that
    // posts a view posts all the memory below it.
    const raw = new Uint8Array(row.raw);
    this.#rejections.push({ ...row, raw });
    this.#rejectionBytes += raw.length;
    this.#rejected += 1;
    if (this.#rejectionBytes >= PART_BYTES) this.#flush();
  }

  /** The parts that are complete by now. */
  take(): readonly EncodedPart[] {
    const parts = this.#parts;
    this.#parts = [];
    return parts;
  }

  /** The last parts, `end` included. */
  finish(note: FileEnd['note'] = ''): readonly EncodedPart[] {
    this.#flush();
    const { rows, rejected, blank } = this.counts;
    this.#parts.push({ kind: 'end', rows, rejected, blank, note, warnings: [] });
    return this.take();
  }

  get counts(): { readonly rows: number; readonly rejected: number; readonly blank: number } {
    return { rows: this.#rows, rejected: this.#rejected, blank: this.#blank };
  }

  #countRow(): void {
    this.#rows += 1;
    this.#rowsInTarget += 1;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#target.length) return;
    if (this.#length > 0) this.#flush();
    if (bytes > this.#target.length) this.#target = Buffer.allocUnsafeSlow(bytes);
  }

  #flush(): void {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#parts.push({ kind: 'begin', ...this.#begin, courseIds: [...this.#courseIds] });
    }
    if (this.#length > 0) {
      const bytes = this.#target.subarray(0, this.#length);
      this.#parts.push({ kind: 'rows', bytes, rows: this.#rowsInTarget });
      this.#target = Buffer.allocUnsafeSlow(PART_BYTES);
      this.#length = 0;
      this.#rowsInTarget = 0;
    }
    if (this.#rejections.length > 0) {
      this.#parts.push({ kind: 'rejected', rows: this.#rejections });
      this.#rejections = [];
      this.#rejectionBytes = 0;
    }
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\0': '\\0',
};

const VALUE_END = Buffer.from('\t');
const NULL_VALUE = Buffer.from('\\N');

function encodeValue(value: string | Buffer | null): Buffer {
  if (value === null) return NULL_VALUE;
  if (typeof value === 'string') return Buffer.from(escapeValue(value));
  // Bytes go through latin1, a character for a byte, so that what is no UTF-8 stays as it is.
  return Buffer.from(escapeValue(value.toString('latin1')), 'latin1');
}

function escapeValue(value: string): string {
  return value.replace(/[\\\t\n\r\0]/g, (character) => ESCAPES[character] ?? character);
}
