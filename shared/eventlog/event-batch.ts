/**
 * A batch of events of one log file, in columns, so that it can be handed between threads without a
 * copy and without an object per event. Columns may be longer than `rows`: what is beyond is old.
 *
 *   bytes    … [ line | line | line | … ] …      all of the kernel's memory
 *   rawStart     ^      ^      ^                 a line is bytes[rawStart, +rawLength)
 *   texts           ^^^                          per column: where in its line each value stands
 *   order    rows sorted by (course, time, line), cut into one segment a course
 *
 * Columns with few distinct values (`dictionaries`) are indexes into the batch's own list of them. The memory
 * of a batch is used until somebody calls `freeBatch`.
 */
import { IS_LATE } from '#shared/kernel/assembly/layout';
import type { Kernel } from '#shared/kernel/kernel';

export const DICTIONARY_FIELDS = [
  'event_type',
  'name',
  'event_source',
  'agent',
  'host',
  'org_id',
] as const;
export const TEXT_COLUMNS = ['username', 'session', 'ip', 'page', 'referer', 'path'] as const;

/** The low two bits of `flags` index TIME_STATES of the scanner. */
export const FLAG_TIME_STATE = 0b011;
export const FLAG_LATE = IS_LATE;

/** Byte strings, each by the place where it begins and its length. */
export interface TextColumn {
  readonly valueStart: Uint32Array;
  readonly valueLength: Uint32Array;
}

/** The distinct values, and which of them each row has. */
export interface DictionaryColumn extends TextColumn {
  readonly index: Uint32Array;
}

export interface CourseSegment {
  /** The course id: its UTF-8 bytes as a latin1 string, so that string order is byte order. */
  readonly course: string;
  /** Positions [from, to) in `order`. */
  readonly from: number;
  readonly to: number;
}

export interface EventBatch {
  /** Which log file, as the run numbers them. */
  readonly file: number;
  readonly rows: number;
  /** All of the kernel's memory; places are offsets in it. */
  readonly bytes: Uint8Array;
  /** How many bytes of lines the batch was made of. */
  readonly lineBytes: number;
  /** The blocks of memory that hold the lines and the columns. */
  readonly blocks: readonly number[];
  /** What those blocks take, for budgets. */
  readonly blockBytes: number;
  readonly rawStart: Uint32Array;
  readonly rawLength: Uint32Array;
  readonly jsonAt: Uint32Array;
  readonly line: Uint32Array;
  /** Microseconds since the epoch; an event with no usable time has the end of its log date. */
  readonly timeUs: Float64Array;
  readonly flags: Uint8Array;
  /** NaN where there is none. */
  readonly userId: Float64Array;
  /** In the order of DICTIONARY_FIELDS. */
  readonly dictionaries: readonly DictionaryColumn[];
  /** In the order of TEXT_COLUMNS; a value for each row. */
  readonly texts: readonly TextColumn[];
  readonly order: Uint32Array;
  /** Sorted by course. */
  readonly segments: readonly CourseSegment[];
  readonly rejected: readonly RejectedLine[];
}

export interface RejectedLine {
  readonly line: number;
  readonly reason: string;
  readonly detail: string;
  readonly raw: Uint8Array;
}

/** What a batch holds in memory, for budgets. */
export function batchBytes(batch: EventBatch): number {
  let bytes = batch.blockBytes;
  for (const { valueStart } of batch.dictionaries) bytes += 2 * valueStart.byteLength;
  for (const { raw } of batch.rejected) bytes += raw.length;
  return bytes;
}

/** Gives the memory of a batch back; nothing of it may be read any more. */
export function freeBatch({ blocks }: Kernel, batch: EventBatch): void {
  for (const place of batch.blocks) blocks.give(place);
}

/** The buffers of a batch that are moved to another thread; the large ones are shared memory. */
export function transferables(batch: EventBatch): ArrayBuffer[] {
  return batch.dictionaries
    .flatMap(({ valueStart, valueLength }) => [valueStart.buffer, valueLength.buffer])
    .filter((buffer) => buffer instanceof ArrayBuffer);
}
