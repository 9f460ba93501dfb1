/**
 * How much address space the events in work may need, generously: it costs nothing until it is used, and what
 * bounds the memory that is used are the settings below.
 */
const FIXED_BYTES = 256 << 20;
/** A block holds up to twice what was asked for, and what is released stays until it is inserted. */
const WINDOWS = 4;
/** Per worker: the window that is filled, a longer one, what is on its way, and what is encoded of it. */
const BATCHES = 8;

export function kernelBytes(
  settings: {
    readonly windowBytesMax: number;
    readonly batchBytes: number;
    readonly lineBytesMax: number;
  },
  workers: number,
): number {
  const { windowBytesMax, batchBytes, lineBytesMax } = settings;
  const longestBatch = 2 ** Math.ceil(Math.log2(batchBytes + lineBytesMax));
  return FIXED_BYTES + WINDOWS * windowBytesMax + workers * BATCHES * longestBatch;
}
