/**
 * The columns of a batch in one block of the kernel's memory, laid out for a number of rows. Where each begins
 * is told by `shared/kernel/assembly/layout.ts`, in bytes a row of capacity before it.
 */
import { DICTIONARY_FIELDS, TEXT_COLUMNS } from '#shared/eventlog/event-batch';
import * as layout from '#shared/kernel/assembly/layout';
import type { Kernel } from '#shared/kernel/kernel';

export interface RowColumns {
  readonly place: number;
  readonly capacity: number;
  readonly timeUs: Float64Array;
  readonly userId: Float64Array;
  readonly rawStart: Uint32Array;
  readonly rawLength: Uint32Array;
  readonly jsonAt: Uint32Array;
  readonly line: Uint32Array;
  readonly course: Uint32Array;
  readonly order: Uint32Array;
  /** One for each dictionary column. */
  readonly indexes: readonly Uint32Array[];
  /** One for each text column. */
  readonly textStarts: readonly Uint32Array[];
  readonly textLengths: readonly Uint32Array[];
  readonly flags: Uint8Array;
}

/** Columns for at least so many rows; what was in the memory before is still there. */
export function takeRowColumns(kernel: Kernel, rows: number): RowColumns {
  const place = kernel.blocks.take(Math.ceil(rows / 8) * 8 * layout.ROW_BYTES);
  // A multiple of eight keeps every column aligned; all of the block is used.
  const capacity = Math.floor(kernel.blocks.sizeOf(place) / layout.ROW_BYTES / 8) * 8;
  const { buffer } = kernel.bytes;
  const wide = (at: number): Float64Array =>
    new Float64Array(buffer, place + at * capacity, capacity);
  const narrow = (at: number): Uint32Array =>
    new Uint32Array(buffer, place + at * capacity, capacity);
  const nthOf = (first: number) => (_: string, n: number) => narrow(first + 4 * n);
  return {
    place,
    capacity,
    timeUs: wide(layout.TIME_US),
    userId: wide(layout.USER_ID),
    rawStart: narrow(layout.RAW_START),
    rawLength: narrow(layout.RAW_LENGTH),
    jsonAt: narrow(layout.JSON_AT),
    line: narrow(layout.LINE_NUMBER),
    course: narrow(layout.COURSE),
    order: narrow(layout.ORDER),
    indexes: DICTIONARY_FIELDS.map(nthOf(layout.INDEXES)),
    textStarts: TEXT_COLUMNS.map(nthOf(layout.TEXT_STARTS)),
    textLengths: TEXT_COLUMNS.map(nthOf(layout.TEXT_LENGTHS)),
    flags: new Uint8Array(buffer, place + layout.FLAGS * capacity, capacity),
  };
}

/** The same rows in the smallest block that holds them; the old one stays as it is. */
export function copyRowColumns(kernel: Kernel, from: RowColumns, rows: number): RowColumns {
  const to = takeRowColumns(kernel, Math.max(rows, 1));
  fillRowColumns(to, from, rows);
  return to;
}

/** Copies the first rows from one block of columns to another. */
export function fillRowColumns(to: RowColumns, from: RowColumns, rows: number): void {
  const targets = columnsOf(to);
  for (const [at, column] of columnsOf(from).entries()) {
    targets[at]?.set(column.subarray(0, rows));
  }
}

function columnsOf(rows: RowColumns): readonly (Float64Array | Uint32Array | Uint8Array)[] {
  const { timeUs, userId, rawStart, rawLength, jsonAt, line, course, order, flags } = rows;
  const single = [timeUs, userId, rawStart, rawLength, jsonAt, line, course, order, flags];
  return [...single, ...rows.indexes, ...rows.textStarts, ...rows.textLengths];
}
