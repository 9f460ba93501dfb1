/**
 * The memory of a batch's columns, shared between threads and used again.
 *
 * V8 counts memory that moves from thread to thread as freshly allocated each time. With a megabyte of
 * columns a batch the main thread collected its whole heap every fifty thousand events, which cost
 * more than encoding them. Shared memory is not counted, so it must not be left to the collector either: it
 * comes back when the batch is loaded, and is filled again.
 */
import { DICTIONARY_FIELDS, type EventBatch, TEXT_COLUMNS } from '#shared/eventlog/event-batch';

export interface ColumnMemory {
  readonly rows: SharedArrayBuffer;
  /** One for each text column. */
  readonly texts: readonly SharedArrayBuffer[];
}

/** The columns of a batch that have one fixed-size value a row. */
export interface RowColumns {
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
  readonly ends: readonly Uint32Array[];
  readonly flags: Uint8Array;
}

const ROWS_AT_FIRST = 1 << 13;
const TEXT_BYTES_AT_FIRST = 1 << 17;
const WIDE_COLUMNS = 2;
const NARROW_COLUMNS = 6 + DICTIONARY_FIELDS.length + TEXT_COLUMNS.length;
const ROW_BYTES = 8 * WIDE_COLUMNS + 4 * NARROW_COLUMNS + 1;

export function freshColumns(): ColumnMemory {
  return {
    rows: rowMemory(ROWS_AT_FIRST),
    texts: TEXT_COLUMNS.map(() => new SharedArrayBuffer(TEXT_BYTES_AT_FIRST)),
  };
}

/** The memory of a batch that is not needed any more; undefined where it is not of this kind. */
export function columnsOf(batch: EventBatch): ColumnMemory | undefined {
  const rows = batch.timeUs.buffer;
  const texts = batch.texts
    .map(({ valueBytes }) => valueBytes.buffer)
    .filter((buffer) => buffer instanceof SharedArrayBuffer);
  return rows instanceof SharedArrayBuffer && texts.length === TEXT_COLUMNS.length
    ? { rows, texts }
    : undefined;
}

export function rowMemory(capacity: number): SharedArrayBuffer {
  return new SharedArrayBuffer(capacity * ROW_BYTES);
}

/** Lays the columns out in the memory, the widest first, so that each is aligned. */
export function rowColumns(memory: SharedArrayBuffer): RowColumns {
  // A multiple of two keeps what follows the narrow columns aligned as well.
  const capacity = Math.floor(memory.byteLength / ROW_BYTES / 2) * 2;
  let at = 0;
  const wide = (): Float64Array => {
    const column = new Float64Array(memory, at, capacity);
    at += capacity * 8;
    return column;
  };
  const narrow = (): Uint32Array => {
    const column = new Uint32Array(memory, at, capacity);
    at += capacity * 4;
    return column;
  };
  return {
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
    ends: TEXT_COLUMNS.map(narrow),
    flags: new Uint8Array(memory, at, capacity),
  };
}
