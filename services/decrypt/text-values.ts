/**
 * Gathers the values of one text column of a batch, one after another.
 *
 * A value is copied here while its line is still in the cache of the processor. Looking it up in its line
 * when the columns are encoded would be a miss for every value: that took twice as long as all the rest
 * of encoding.
 */

/** Below this a loop is faster than a call of `set`. */
const SHORT_BYTES = 16;

export class TextValues {
  #memory: SharedArrayBuffer;
  #bytes: Uint8Array;
  #used = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#memory = memory;
    this.#bytes = new Uint8Array(memory);
  }

  /** Adds a value and says where it ends. */
  add(source: Uint8Array, start: number, length: number): number {
    if (this.#used + length > this.#bytes.length) this.#grow(length);
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
    return this.#used;
  }

  /** The values so far; the next ones go to other memory. */
  take(next: SharedArrayBuffer): Uint8Array {
    const taken = new Uint8Array(this.#memory, 0, this.#used);
    this.#memory = next;
    this.#bytes = new Uint8Array(next);
    this.#used = 0;
    return taken;
  }

  #grow(length: number): void {
    const memory = new SharedArrayBuffer(Math.max(this.#bytes.length * 2, this.#used + length));
    const grown = new Uint8Array(memory);
    grown.set(this.#bytes.subarray(0, this.#used));
    this.#memory = memory;
    this.#bytes = grown;
  }
}
