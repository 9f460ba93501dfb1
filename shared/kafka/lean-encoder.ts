/**
 * Makes the encoder of kafkajs hold large buffers by reference, where it copies them.
 *
 *   as it comes   value → record → batch → batch with checksum → partition → topic → request → frame
 *                 each → is a copy of everything, into a buffer of the next power of two that is first zeroed
 *   here          value ─────────── checksum ── with checksum ──────────────────────────────── frame
 *
 * For 850 MB of lines that was 14 GB of buffers, and half of the processor time of an ingest went into
 * making them and into collecting them (docs/kafka.md). The library has had no release since 2023 and offers
 * no way in, so the methods of its class are replaced. What a request consists of stays the same, byte by
 * byte; a version whose class looks different is left as it is.
 */
import { createRequire } from 'node:module';

/** Smaller ones are cheaper to copy than to keep. */
const LARGE_BYTES = 16 << 10;
const NEXT_BYTES = 512;

/** What is used of the library's class. */
export interface Encoder {
  /** What is being written, up to `offset`. */
  buf: Buffer;
  offset: number;
  /** What was written before it. */
  pieces?: Buffer[];
  ensureAvailable(bytes: number): void;
  writeBufferInternal(buffer: Buffer): void;
  writeEncoder(value: Encoder): Encoder;
  writeEncoderArray(values: readonly Encoder[]): Encoder;
  size(): number;
}

export interface EncoderClass {
  readonly prototype: Encoder;
}

/** The class that all of kafkajs encodes with. */
export function encoderOfKafkajs(): EncoderClass {
  // A file of the library's inside; its package has no exports that would hide it.
  return createRequire(import.meta.url)('kafkajs/src/protocol/encoder') as EncoderClass;
}

export function keepByReference({ prototype }: EncoderClass): void {
  const replaced = ['writeBufferInternal', 'writeEncoder', 'writeEncoderArray', 'size', 'buffer'];
  if (replaced.some((name) => !Object.hasOwn(prototype, name))) return;
  const { writeBufferInternal: copy } = prototype;
  const write = (to: Encoder, buffer: Buffer): void => {
    if (buffer.length < LARGE_BYTES) {
      copy.call(to, buffer);
      return;
    }
    to.pieces ??= [];
    if (to.offset > 0) to.pieces.push(to.buf.subarray(0, to.offset));
    to.pieces.push(buffer);
    to.buf = Buffer.allocUnsafe(NEXT_BYTES);
    to.offset = 0;
  };
  const writeAll = (to: Encoder, { pieces, buf, offset }: Encoder): void => {
    for (const piece of pieces ?? []) write(to, piece);
    write(to, buf.subarray(0, offset));
  };
  Object.assign(prototype, {
    writeBufferInternal(this: Encoder, buffer: Buffer) {
      write(this, buffer);
    },
    writeEncoder(this: Encoder, value: Encoder) {
      writeAll(this, value);
      return this;
    },
    writeEncoderArray(this: Encoder, values: readonly Encoder[]) {
      for (const value of values) writeAll(this, value);
      return this;
    },
    size(this: Encoder) {
      return (this.pieces ?? []).reduce((sum, { length }) => sum + length, this.offset);
    },
  });
  Object.defineProperty(prototype, 'buffer', {
    get(this: Encoder) {
      if (this.pieces !== undefined) {
        // Asked for more than once: joined once.
        this.buf = Buffer.concat([...this.pieces, this.buf.subarray(0, this.offset)]);
        this.offset = this.buf.length;
        delete this.pieces;
      }
      return this.buf.subarray(0, this.offset);
    },
  });
}
