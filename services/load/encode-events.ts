/**
 * Encodes a merged run as Native blocks of the table `events`, in the order of its sorting key.
 *
 * Columns are gathered straight from the batches into one buffer a block; there is no object per event.
 */
import {
  DICTIONARY_FIELDS,
  type EventBatch,
  FLAG_LATE,
  FLAG_TIME_STATE,
} from '#shared/eventlog/event-batch';
import type { MergedRows } from '#shared/eventlog/merged-run';
import type { Kernel } from '#shared/kernel/kernel';
import { TIME_STATES } from '#shared/tracking/line-scanner';
import { dayNumber, type LoadingFile } from './loading-file.js';
import { lowCardinalityColumn, NativeBlock } from './native-columns.js';
import { RunDictionary } from './run-dictionary.js';
import { STRING_COLUMNS, StringColumns } from './string-columns.js';

/** Rows of one Native block: the engine puts blocks together, so this only bounds our buffer. */
const BLOCK_ROWS = 8192;
/** What such a block takes with lines of ordinary length; longer ones make it grow. */
const BLOCK_BYTES = 12 << 20;
const WORD = 0x1_0000_0000;

/** The columns in the order in which they are written, with the types of the table. */
export const EVENT_COLUMNS: readonly (readonly [name: string, type: string])[] = [
  ['course_id', 'LowCardinality(String)'],
  ['organization', 'LowCardinality(String)'],
  ['site', 'LowCardinality(String)'],
  ['server', 'LowCardinality(String)'],
  ['time_state', 'LowCardinality(String)'],
  ...DICTIONARY_FIELDS.map((field) => [field, 'LowCardinality(String)'] as const),
  ['time', "DateTime64(6, 'UTC')"],
  ['user_id', 'Nullable(Int64)'],
  ['log_date', 'Date'],
  ['line', 'UInt64'],
  ['late', 'Bool'],
  ['json_at', 'UInt32'],
  ['file_id', 'UInt64'],
  ...STRING_COLUMNS.map((name) => [name, 'String'] as const),
];

/** What the rows of a sink carry beside these. */
export const SINK_COLUMN = ['sink', 'UInt32'] as const;

/** Encodes the runs of a load, one after another, into two buffers that take turns. */
export class EventEncoder {
  readonly #kernel: Kernel;
  readonly #blocks: readonly [NativeBlock, NativeBlock];
  readonly #strings: StringColumns;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    const memory = {
      take: (bytes: number): Buffer => {
        const place = kernel.blocks.take(bytes);
        return kernel.bytes.subarray(place, place + kernel.blocks.sizeOf(place));
      },
      give: (bytes: Buffer): void => kernel.blocks.give(bytes.byteOffset),
    };
    this.#blocks = [new NativeBlock(BLOCK_BYTES, memory), new NativeBlock(BLOCK_BYTES, memory)];
    this.#strings = new StringColumns(kernel, BLOCK_ROWS);
  }

  /** Yields blocks. The caller may hold one while it asks for the next, but no longer. */
  async *encode(
    batches: readonly EventBatch[],
    rows: MergedRows,
    fileOf: (file: number) => LoadingFile,
  ): AsyncIterable<Uint8Array> {
    const files = batches.map(({ file }) => fileOf(file));
    const isOfSink = files[0]?.sink !== undefined;
    const dictionaries = DICTIONARY_FIELDS.map(
      (_, field) => new RunDictionary(this.#kernel.bytes, batches, field),
    );
    this.#strings.beginRun(batches);
    for (let from = 0, turn = 0; from < rows.rows; from += BLOCK_ROWS, turn += 1) {
      const block = turn % 2 === 0 ? this.#blocks[0] : this.#blocks[1];
      const range = { from, to: Math.min(from + BLOCK_ROWS, rows.rows) };
      const part: Part = { block, batches, files, ...rows, ...range };
      block.begin(EVENT_COLUMNS.length + (isOfSink ? 1 : 0), range.to - range.from);
      courseColumn(part);
      for (const name of ['organization', 'site', 'server'] as const) fileColumn(part, name);
      timeStateColumn(part);
      for (const [field, name] of DICTIONARY_FIELDS.entries()) {
        dictionaryColumn(part, name, dictionaries[field] as RunDictionary); // one for each field
      }
      timeColumn(part);
      userIdColumn(part);
      logDateColumn(part);
      lineColumn(part);
      lateColumn(part);
      jsonAtColumn(part);
      fileIdColumn(part);
      this.#strings.write(part);
      if (isOfSink) sinkColumn(part);
      yield block.taken();
    }
  }

  [Symbol.dispose](): void {
    for (const { bytes } of this.#blocks) this.#kernel.blocks.give(bytes.byteOffset);
    this.#strings[Symbol.dispose]();
  }
}

interface Part extends Range, MergedRows {
  readonly block: NativeBlock;
  readonly batches: readonly EventBatch[];
  /** Per batch: its log file. */
  readonly files: readonly LoadingFile[];
}

interface Range {
  readonly from: number;
  readonly to: number;
}

// In what follows positions come from the run itself, so every look-up by them finds something; the
// casts say so where the compiler cannot know.

function courseColumn({ block, courses, from, to }: Part): void {
  const keys: Uint8Array[] = [];
  const indexes = new Uint32Array(to - from);
  let at = from;
  for (const { course, to: end } of courses) {
    if (end <= at) continue;
    if (at >= to) break;
    const until = Math.min(end, to);
    indexes.fill(keys.length, at - from, until - from);
    keys.push(Buffer.from(course, 'latin1'));
    at = until;
  }
  lowCardinalityColumn(block, 'course_id', keys, indexes);
}

function fileColumn(part: Part, name: 'organization' | 'site' | 'server'): void {
  const distinct = [...new Set(part.files.map((file) => file[name]))];
  const ofBatch = Uint32Array.from(part.files, (file) => distinct.indexOf(file[name]));
  const keys = distinct.map((value) => Buffer.from(value));
  const indexes = new Uint32Array(part.to - part.from);
  for (let at = part.from; at < part.to; at += 1) {
    indexes[at - part.from] = ofBatch[part.batchOf[at] as number] as number;
  }
  lowCardinalityColumn(part.block, name, keys, indexes);
}

const TIME_STATE_KEYS = TIME_STATES.map((state) => Buffer.from(state));

function timeStateColumn({ block, batches, batchOf, rowOf, from, to }: Part): void {
  const indexes = new Uint32Array(to - from);
  for (let at = from; at < to; at += 1) {
    const { flags } = batches[batchOf[at] as number] as EventBatch;
    indexes[at - from] = (flags[rowOf[at] as number] as number) & FLAG_TIME_STATE;
  }
  lowCardinalityColumn(block, 'time_state', TIME_STATE_KEYS, indexes);
}

function dictionaryColumn(part: Part, name: string, dictionary: RunDictionary): void {
  const indexes = new Uint32Array(part.to - part.from);
  const keys = dictionary.encode(part, indexes);
  lowCardinalityColumn(part.block, name, keys, indexes);
}

function timeColumn({ block, batches, batchOf, rowOf, from, to }: Part): void {
  block.column('time', "DateTime64(6, 'UTC')");
  const view = block.view(8 * (to - from));
  for (let at = from; at < to; at += 1) {
    const { timeUs } = batches[batchOf[at] as number] as EventBatch;
    // Never before 2012 and exact below 2^53, so the two halves are plain arithmetic.
    const time = timeUs[rowOf[at] as number] as number;
    view.setUint32((at - from) * 8, time % WORD, true);
    view.setUint32((at - from) * 8 + 4, Math.floor(time / WORD), true);
  }
}

function userIdColumn({ block, batches, batchOf, rowOf, from, to }: Part): void {
  block.column('user_id', 'Nullable(Int64)');
  const rows = to - from;
  const nulls = block.view(rows);
  for (let at = from; at < to; at += 1) {
    const { userId } = batches[batchOf[at] as number] as EventBatch;
    nulls.setUint8(at - from, Number.isNaN(userId[rowOf[at] as number]) ? 1 : 0);
  }
  const view = block.view(8 * rows);
  for (let at = from; at < to; at += 1) {
    const { userId } = batches[batchOf[at] as number] as EventBatch;
    const id = userId[rowOf[at] as number] as number;
    const known = Number.isNaN(id) ? 0 : id;
    view.setInt32((at - from) * 8 + 4, Math.floor(known / WORD), true);
    view.setUint32((at - from) * 8, known - Math.floor(known / WORD) * WORD, true);
  }
}

function logDateColumn({ block, files, batchOf, from, to }: Part): void {
  block.column('log_date', 'Date');
  const days = files.map(({ logDate }) => dayNumber(logDate));
  const view = block.view(2 * (to - from));
  for (let at = from; at < to; at += 1) {
    view.setUint16((at - from) * 2, days[batchOf[at] as number] as number, true);
  }
}

function lineColumn({ block, batches, batchOf, rowOf, from, to }: Part): void {
  block.column('line', 'UInt64');
  const view = block.view(8 * (to - from));
  for (let at = from; at < to; at += 1) {
    const { line } = batches[batchOf[at] as number] as EventBatch;
    view.setUint32((at - from) * 8, line[rowOf[at] as number] as number, true);
    view.setUint32((at - from) * 8 + 4, 0, true);
  }
}

function lateColumn({ block, batches, batchOf, rowOf, from, to }: Part): void {
  block.column('late', 'Bool');
  const view = block.view(to - from);
  for (let at = from; at < to; at += 1) {
    const { flags } = batches[batchOf[at] as number] as EventBatch;
    const isLate = ((flags[rowOf[at] as number] as number) & FLAG_LATE) !== 0;
    view.setUint8(at - from, isLate ? 1 : 0);
  }
}

function jsonAtColumn({ block, batches, batchOf, rowOf, from, to }: Part): void {
  block.column('json_at', 'UInt32');
  const view = block.view(4 * (to - from));
  for (let at = from; at < to; at += 1) {
    const { jsonAt } = batches[batchOf[at] as number] as EventBatch;
    view.setUint32((at - from) * 4, jsonAt[rowOf[at] as number] as number, true);
  }
}

function fileIdColumn({ block, files, batchOf, from, to }: Part): void {
  block.column('file_id', 'UInt64');
  const view = block.view(8 * (to - from));
  for (let at = from; at < to; at += 1) {
    const { fileId } = files[batchOf[at] as number] as LoadingFile;
    view.setUint32((at - from) * 8, fileId % WORD, true);
    view.setUint32((at - from) * 8 + 4, Math.floor(fileId / WORD), true);
  }
}

function sinkColumn({ block, files, batchOf, from, to }: Part): void {
  block.column(...SINK_COLUMN);
  const view = block.view(4 * (to - from));
  for (let at = from; at < to; at += 1) {
    const { sink = 0 } = files[batchOf[at] as number] as LoadingFile;
    view.setUint32((at - from) * 4, sink, true);
  }
}
