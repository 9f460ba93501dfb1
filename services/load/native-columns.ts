/**
 * ClickHouse's Native format: a block is a number of columns, each a name, a type and its values one
 * after another.
 *
 *   columns rows | name type values… | name type values… | …
 *
 * It is what the engine works on, so it costs the least to read; each block stands alone.
 */
const GROWTH = 1 << 20;

/** Where a block gets its bytes from, and who takes them back. */
export interface BlockMemory {
  take(sizeBytes: number): Buffer;
  give(bytes: Buffer): void;
}

const HEAP: BlockMemory = { take: (bytes) => Buffer.allocUnsafeSlow(bytes), give: () => {} };

/** A byte buffer that grows, with the few encodings that Native is made of. */
export class NativeBlock {
  bytes: Buffer;
  used = 0;
  readonly #memory: BlockMemory;

  constructor(sizeBytes: number, memory: BlockMemory = HEAP) {
    this.#memory = memory;
    this.bytes = memory.take(sizeBytes);
  }

  begin(columns: number, rows: number): void {
    this.used = 0;
    this.varint(columns);
    this.varint(rows);
  }

  column(name: string, type: string): void {
    this.text(name);
    this.text(type);
  }

  /** Makes room for `count` bytes that the caller fills, all of them, before it writes anything else. */
  view(count: number): DataView {
    this.reserve(count);
    const at = this.bytes.byteOffset + this.used;
    this.used += count;
    return new DataView(this.bytes.buffer, at, count);
  }

  reserve(count: number): void {
    if (this.used + count <= this.bytes.length) return;
    const grown = this.#memory.take(Math.max(this.bytes.length * 1.5, this.used + count) + GROWTH);
    grown.set(this.bytes.subarray(0, this.used));
    this.#memory.give(this.bytes);
    this.bytes = grown;
  }

  varint(value: number): void {
    this.reserve(10);
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.used] = (rest & 0x7f) | 0x80;
      this.used += 1;
      rest = Math.floor(rest / 128);
    }
    this.bytes[this.used] = rest;
    this.used += 1;
  }

  text(value: string): void {
    const encoded = Buffer.from(value, 'utf8');
    this.string(encoded, 0, encoded.length);
  }

  copy(source: Uint8Array): void {
    this.reserve(source.length);
    this.bytes.set(source, this.used);
    this.used += source.length;
  }

  /** One value of a String column: its length and its bytes. */
  string(source: Uint8Array, start: number, length: number): void {
    this.reserve(length + 5);
    const { bytes } = this;
    let at = this.used;
    let rest = length;
    while (rest >= 0x80) {
      bytes[at] = (rest & 0x7f) | 0x80;
      at += 1;
      rest >>>= 7;
    }
    bytes[at] = rest;
    at += 1;
    if (length < 24) {
      // A short copy by hand is cheaper than a call into the runtime.
      for (let index = 0; index < length; index += 1) {
        bytes[at + index] = source[start + index] as number; // inside the value
      }
    } else {
      bytes.set(source.subarray(start, start + length), at);
    }
    this.used = at + length;
  }

  /** A whole number from 0 to 2^53. */
  uint64(value: number): void {
    const view = this.view(8);
    view.setUint32(0, value % 0x1_0000_0000, true);
    view.setUint32(4, Math.floor(value / 0x1_0000_0000), true);
  }

  taken(): Buffer {
    return this.bytes.subarray(0, this.used);
  }
}

/** Flags of a LowCardinality column that brings its own keys with each block. */
const LOW_CARDINALITY_VERSION = 1;
const HAS_ADDITIONAL_KEYS = 1 << 9;
const NEEDS_NEW_DICTIONARY = 1 << 10;
const UINT32_INDEXES = 2;

/** A LowCardinality(String) column: the distinct values of the block, then one index a row. */
export function lowCardinalityColumn(
  block: NativeBlock,
  name: string,
  keys: readonly Uint8Array[],
  indexes: Uint32Array,
): void {
  block.column(name, 'LowCardinality(String)');
  block.uint64(LOW_CARDINALITY_VERSION);
  block.uint64(UINT32_INDEXES | HAS_ADDITIONAL_KEYS | NEEDS_NEW_DICTIONARY);
  block.uint64(keys.length);
  for (const key of keys) block.string(key, 0, key.length);
  block.uint64(indexes.length);
  block.copy(new Uint8Array(indexes.buffer, indexes.byteOffset, indexes.byteLength));
}
