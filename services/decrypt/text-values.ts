/**
 * Gathers the values of one text column of a batch, one after another.
 *
 * A value is copied here while its line is still in the cache of the processor. Looking it up in its line
 * when the columns are encoded would be a miss for every value: that took twice as long as all the rest
 * of encoding.
 */
import type { TextColumn } from '#shared/eventlog/event-batch';

/** Below this a loop is faster than a call of `set`. */
const SHORT_BYTES = 16;

export class TextValues {
  #bytes = new Uint8Array(1 << 16);
  #end = new Uint32Array(1 << 13);
  #count = 0;
  #used = 0;

  add(source: Uint8Array, start: number, length: number): void {
    if (this.#count === this.#end.length) this.#growEnds();
    if (this.#used + length > this.#bytes.length) this.#growBytes(length);
    const bytes = this.#bytes;
    const at = this.#used;
    if (length < SHORT_BYTES) {
      for (let index = 0; index < length; index += 1) {
        bytes[at + index] = source[start + index] as number; // inside the value
      }
    } else {
      bytes.set(source.subarray(start, start + length), at);
    }
    this.#used = at + length;
    this.#end[this.#count] = this.#used;
    this.#count += 1;
  }

  /** The values so far, in memory of their own; there are none here afterwards. */
  take(): TextColumn {
    const taken = {
      valueBytes: this.#bytes.slice(0, this.#used),
      valueEnd: this.#end.slice(0, this.#count),
    };
    this.#count = 0;
    this.#used = 0;
    return taken;
  }

  #growEnds(): void {
    const grown = new Uint32Array(this.#end.length * 2);
    grown.set(this.#end);
    this.#end = grown;
  }

  #growBytes(length: number): void {
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#used + length));
    grown.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = grown;
  }
}
