/**
 * Writes the String columns of a block of ClickHouse's Native format, each value as its length (a varint) and
 * its bytes. All columns of a row are written before the next row: its values stand in one line, which is
 * then fetched into the processor's cache once.
 *
 *   batchOf, rowOf   u32 per row: which batch, and which of its rows
 *   batches          per batch and stream: the places of a column of starts and a column of lengths
 *   streams          u32 per stream: measured bytes out; or the place to write at
 */
import { copyBytes } from './bytes';

export const STREAMS: u32 = 7;

/** Adds to each stream's number how many bytes its column takes. */
export function measureStrings(
  batchOf: u32,
  rowOf: u32,
  rows: u32,
  batches: u32,
  streams: u32,
): void {
  for (let stream: u32 = 0; stream < STREAMS; stream++) {
    let bytes: u32 = 0;
    for (let at: u32 = 0; at < rows << 2; at += 4) {
      const columns = batches + (load<u32>(batchOf + at) * STREAMS + stream) * 8;
      const length = load<u32>(load<u32>(columns + 4) + (load<u32>(rowOf + at) << 2));
      bytes += length + varintBytes(length);
    }
    store<u32>(streams + (stream << 2), bytes);
  }
}

/** Writes each stream at its place; there must be room for what was measured. */
export function encodeStrings(
  batchOf: u32,
  rowOf: u32,
  rows: u32,
  batches: u32,
  streams: u32,
): void {
  for (let at: u32 = 0; at < rows << 2; at += 4) {
    let columns = batches + load<u32>(batchOf + at) * (STREAMS * 8);
    const row = load<u32>(rowOf + at) << 2;
    for (let stream: u32 = 0; stream < STREAMS << 2; stream += 4) {
      const start = load<u32>(load<u32>(columns) + row);
      const length = load<u32>(load<u32>(columns + 4) + row);
      columns += 8;
      const to = putVarint(load<u32>(streams + stream), length);
      copyBytes(to, start, length);
      store<u32>(streams + stream, to + length);
    }
  }
}

function varintBytes(value: u32): u32 {
  return value === 0 ? 1 : (38 - clz(value)) / 7;
}

function putVarint(at: u32, value: u32): u32 {
  let to = at;
  let rest = value;
  while (rest >= 0x80) {
    store<u8>(to, (rest & 0x7f) | 0x80);
    rest >>= 7;
    to++;
  }
  store<u8>(to, rest);
  return to + 1;
}
