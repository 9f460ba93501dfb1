/**
 * The columns of a batch in one block of the kernel's memory, laid out for a number of rows, the widest first
 * so that each is aligned. `shared/kernel/assembly/layout.ts` has the same places.
 */
import { DICTIONARY_FIELDS, TEXT_COLUMNS } from '#shared/eventlog/event-batch';
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

const NARROW_COLUMNS = 6 + DICTIONARY_FIELDS.length + 2 * TEXT_COLUMNS.length;
const ROW_BYTES = 8 * 2 + 4 * NARROW_COLUMNS + 1;

/** Columns for at least so many rows; what was in the memory before is still there. */
export function takeRowColumns(kernel: Kernel, rows: number): RowColumns {
  const place = kernel.blocks.take(Math.ceil(rows / 8) * 8 * ROW_BYTES);
  // A multiple of eight keeps every column aligned; all of the block is used.
  const capacity = Math.floor(kernel.blocks.sizeOf(place) / ROW_BYTES / 8) * 8;
  const { buffer } = kernel.bytes;
  let at = place;
  const wide = (): Float64Array => {
    const column = new Float64Array(buffer, at, capacity);
    at += capacity * 8;
    return column;
  };
  const narrow = (): Uint32Array => {
    const column = new Uint32Array(buffer, at, capacity);
    at += capacity * 4;
    return column;
  };
  return {
    place,
    capacity,
    timeUs: wide(),
    userId: wide(),
    rawStart: narrow(),
    rawLength: narrow(),
    jsonAt: narrow(),
    line: narrow(),
    course: narrow(),
    order: narrow(),
    indexes: DICTIONARY_FIELDS.map(narrow),
    textStarts: TEXT_COLUMNS.map(narrow),
    textLengths: TEXT_COLUMNS.map(narrow),
    flags: new Uint8Array(buffer, at, capacity),
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
