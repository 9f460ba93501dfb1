/**
 * Writes the columns of a block that hold text of any length, by the kernel: the line itself and the values
 * that stand in it. They come last in a block, because they are written together, row by row.
 */
import { type EventBatch, TEXT_COLUMNS } from '#shared/eventlog/event-batch';
import type { Kernel } from '#shared/kernel/kernel';
import type { NativeBlock } from './native-columns.js';

/** The columns in the order in which they are written. */
export const STRING_COLUMNS = ['raw', ...TEXT_COLUMNS] as const;
const STREAMS = STRING_COLUMNS.length;

export class StringColumns {
  readonly #kernel: Kernel;
  /** Which batch and which of its rows, for each row of a block; and a place for each stream. */
  readonly #place: number;
  readonly #batchOf: Uint32Array;
  readonly #rowOf: Uint32Array;
  readonly #streams: Uint32Array;
  /** Per batch and stream where its column of starts is, and its column of lengths. */
  #batches: Uint32Array | undefined;

  constructor(kernel: Kernel, blockRows: number) {
    this.#kernel = kernel;
    this.#place = kernel.blocks.take(blockRows * 8 + STREAMS * 4);
    const words = (at: number, count: number): Uint32Array =>
      new Uint32Array(kernel.bytes.buffer, this.#place + at, count);
    this.#batchOf = words(0, blockRows);
    this.#rowOf = words(blockRows * 4, blockRows);
    this.#streams = words(blockRows * 8, STREAMS);
  }

  beginRun(batches: readonly EventBatch[]): void {
    this.#endRun();
    const words = batches.length * STREAMS * 2;
    const place = this.#kernel.blocks.take(words * 4);
    this.#batches = new Uint32Array(this.#kernel.bytes.buffer, place, words);
    // Columns are views of the kernel's memory, so where they begin in it is their place.
    const places = batches.flatMap(({ rawStart, rawLength, texts }) => [
      rawStart.byteOffset,
      rawLength.byteOffset,
      ...texts.flatMap(({ valueStart, valueLength }) => [
        valueStart.byteOffset,
        valueLength.byteOffset,
      ]),
    ]);
    this.#batches.set(places);
  }

  /** Writes the columns for the rows [from, to) of the run. */
  write({
    block,
    batchOf,
    rowOf,
    from,
    to,
  }: {
    readonly block: NativeBlock;
    readonly batchOf: Uint32Array;
    readonly rowOf: Uint32Array;
    readonly from: number;
    readonly to: number;
  }): void {
    const streams = this.#streams;
    this.#batchOf.set(batchOf.subarray(from, to));
    this.#rowOf.set(rowOf.subarray(from, to));
    const call = [
      this.#batchOf.byteOffset,
      this.#rowOf.byteOffset,
      to - from,
      this.#batches?.byteOffset ?? 0,
      streams.byteOffset,
    ] as const;
    this.#kernel.functions.measureStrings(...call);
    const sizes = [...streams];
    // A block that grows moves, so it must be large enough before places in it are taken.
    block.reserve(sizes.reduce((sum, size) => sum + size, 0) + STREAMS * HEAD_BYTES);
    for (const [stream, name] of STRING_COLUMNS.entries()) {
      block.column(name, 'String');
      streams[stream] = block.bytes.byteOffset + block.used;
      block.used += sizes[stream] as number; // one for each stream
    }
    this.#kernel.functions.encodeStrings(...call);
  }

  [Symbol.dispose](): void {
    this.#endRun();
    this.#kernel.blocks.give(this.#place);
  }

  #endRun(): void {
    if (this.#batches !== undefined) this.#kernel.blocks.give(this.#batches.byteOffset);
    this.#batches = undefined;
  }
}

/** More than the name and the type of a column take. */
const HEAD_BYTES = 64;
