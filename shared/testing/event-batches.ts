/**
 * Batches of events for tests of the stages after decrypting, made of plain objects and sorted the naive
 * way, so that they owe nothing to the code that makes batches of log files. Their memory is the heap's, which
 * does for all stages but encoding: see `inKernel`.
 */
import {
  DICTIONARY_FIELDS,
  type DictionaryColumn,
  type EventBatch,
  FLAG_LATE,
  type RejectedLine,
  TEXT_COLUMNS,
  type TextColumn,
} from '#shared/eventlog/event-batch';
import type { Kernel } from '#shared/kernel/kernel';

type Field = (typeof DICTIONARY_FIELDS)[number] | (typeof TEXT_COLUMNS)[number];

export interface AnEvent {
  readonly line: number;
  readonly course?: string;
  readonly timeUs?: number;
  /** An index into TIME_STATES; 0 is `ok`. */
  readonly timeState?: 0 | 1 | 2 | 3;
  readonly isLate?: boolean;
  readonly raw?: Uint8Array;
  readonly jsonAt?: number;
  readonly userId?: number;
  readonly fields?: Partial<Readonly<Record<Field, Uint8Array>>>;
}

const NOTHING = new Uint8Array();

/** Events must come in the order of their lines, as a log file has them. */
export function aBatch(
  file: number,
  events: readonly AnEvent[],
  rejected: readonly RejectedLine[] = [],
): EventBatch {
  const raws = events.map(({ raw, line }) => raw ?? Buffer.from(`{"line": ${line}}`));
  const bytes = new GatheredBytes();
  const lines = bytes.column(raws);
  const courses = [...new Set(events.map(courseOf))].sort();
  const time = (row: number): number => events[row]?.timeUs ?? 0;
  const rowsOf = (course: string): number[] =>
    [...events.keys()]
      .filter((row) => courseOf(events[row]) === course)
      .sort((a, b) => time(a) - time(b) || a - b);
  let to = 0;
  const segments = courses.map((course) => {
    const from = to;
    to += rowsOf(course).length;
    return { course, from, to };
  });
  const valuesOf = (field: Field): Uint8Array[] =>
    events.map(({ fields }) => fields?.[field] ?? NOTHING);
  const dictionaries = DICTIONARY_FIELDS.map((field) => bytes.dictionary(valuesOf(field)));
  const texts = TEXT_COLUMNS.map((field) => bytes.column(valuesOf(field)));
  return {
    file,
    rows: events.length,
    bytes: bytes.all(),
    lineBytes: raws.reduce((sum, { length }) => sum + length, 0),
    blocks: [],
    blockBytes: bytes.all().length + 8 * events.length,
    rawStart: lines.valueStart,
    rawLength: lines.valueLength,
    jsonAt: Uint32Array.from(events, ({ jsonAt }) => jsonAt ?? 0),
    line: Uint32Array.from(events, ({ line }) => line),
    timeUs: Float64Array.from(events, ({ timeUs }) => timeUs ?? 0),
    flags: Uint8Array.from(
      events,
      ({ timeState, isLate }) => (timeState ?? 0) | (isLate === true ? FLAG_LATE : 0),
    ),
    userId: Float64Array.from(events, ({ userId }) => userId ?? Number.NaN),
    dictionaries,
    texts,
    order: Uint32Array.from(courses.flatMap(rowsOf)),
    segments,
    rejected,
  };
}

/** The same batch in the kernel's memory. */
export function inKernel(kernel: Kernel, batch: EventBatch): EventBatch {
  const blocks: number[] = [];
  const take = (bytes: number): number => {
    const place = kernel.blocks.take(bytes);
    blocks.push(place);
    return place;
  };
  const base = take(Math.max(batch.bytes.length, 1));
  kernel.bytes.set(batch.bytes, base);
  const words = (values: Uint32Array, shift: number): Uint32Array => {
    const place = take(Math.max(values.byteLength, 1));
    const moved = new Uint32Array(kernel.bytes.buffer, place, values.length);
    moved.set(values.map((value) => value + shift));
    return moved;
  };
  const column = <Column extends TextColumn>(text: Column): Column => ({
    ...text,
    valueStart: words(text.valueStart, base),
    valueLength: words(text.valueLength, 0),
  });
  return {
    ...batch,
    bytes: kernel.bytes,
    rawStart: words(batch.rawStart, base),
    rawLength: words(batch.rawLength, 0),
    dictionaries: batch.dictionaries.map(column),
    texts: batch.texts.map(column),
    blocks,
  };
}

function courseOf(event: AnEvent | undefined): string {
  return event?.course ?? '';
}

/** Byte strings one after another. */
class GatheredBytes {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  column(values: readonly Uint8Array[]): TextColumn {
    const valueStart = Uint32Array.from(values, (value) => {
      this.#parts.push(value);
      this.#length += value.length;
      return this.#length - value.length;
    });
    return { valueStart, valueLength: Uint32Array.from(values, ({ length }) => length) };
  }

  dictionary(values: readonly Uint8Array[]): DictionaryColumn {
    const keys = values.map((value) => Buffer.from(value).toString('latin1'));
    const distinct = [...new Set(keys)];
    return {
      index: Uint32Array.from(keys, (key) => distinct.indexOf(key)),
      ...this.column(distinct.map((key) => Buffer.from(key, 'latin1'))),
    };
  }

  all(): Buffer {
    return Buffer.concat(this.#parts);
  }
}
