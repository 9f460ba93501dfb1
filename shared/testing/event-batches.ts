/**
 * Batches of events for tests of the stages after decrypting, made of plain objects and sorted the naive
 * way, so that they owe nothing to the code that makes batches of log files.
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
  const ends = textsOf(raws).valueEnd;
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
  return {
    file,
    rows: events.length,
    bytes: Buffer.concat(raws),
    rawStart: Uint32Array.from(raws, (_, row) => (row === 0 ? 0 : (ends[row - 1] ?? 0))),
    rawLength: Uint32Array.from(raws, (raw) => raw.length),
    jsonAt: Uint32Array.from(events, ({ jsonAt }) => jsonAt ?? 0),
    line: Uint32Array.from(events, ({ line }) => line),
    timeUs: Float64Array.from(events, ({ timeUs }) => timeUs ?? 0),
    flags: Uint8Array.from(
      events,
      ({ timeState, isLate }) => (timeState ?? 0) | (isLate === true ? FLAG_LATE : 0),
    ),
    userId: Float64Array.from(events, ({ userId }) => userId ?? Number.NaN),
    dictionaries: DICTIONARY_FIELDS.map((field) => dictionaryOf(valuesOf(field))),
    texts: TEXT_COLUMNS.map((field) => textsOf(valuesOf(field))),
    order: Uint32Array.from(courses.flatMap(rowsOf)),
    segments,
    rejected,
  };
}

function courseOf(event: AnEvent | undefined): string {
  return event?.course ?? '';
}

function textsOf(values: readonly Uint8Array[]): TextColumn {
  let end = 0;
  const valueEnd = Uint32Array.from(values, (value) => {
    end += value.length;
    return end;
  });
  return { valueBytes: Buffer.concat(values), valueEnd };
}

function dictionaryOf(values: readonly Uint8Array[]): DictionaryColumn {
  const keys = values.map((value) => Buffer.from(value).toString('latin1'));
  const distinct = [...new Set(keys)];
  return {
    index: Uint32Array.from(keys, (key) => distinct.indexOf(key)),
    ...textsOf(distinct.map((key) => Buffer.from(key, 'latin1'))),
  };
}
