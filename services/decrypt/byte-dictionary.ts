/**
 * Numbers the distinct byte strings of one column of a batch, in order of first sight.
 *
 * It hashes the bytes where they stand: making a JavaScript string for each value costs more than
 * all the rest of reading a line.
 */
const EMPTY = -1;

export class ByteDictionary {
  #slots = new Int32Array(1 << 10).fill(EMPTY);
  #hashes = new Int32Array(1 << 9);
  #ends = new Uint32Array(1 << 9);
  #values = Buffer.allocUnsafeSlow(1 << 14);
  #count = 0;
  #used = 0;

  /** The number of the value bytes[start, start + length). */
  add(bytes: Uint8Array, start: number, length: number): number {
    const hash = hashBytes(bytes, start, length);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const id = this.#slots[slot] as number; // the mask keeps the slot inside the table
      if (id === EMPTY) return this.#insert(slot, hash, bytes, start, length);
      if (this.#hashes[id] === hash && this.#equals(id, bytes, start, length)) return id;
      slot = (slot + 1) & mask;
    }
  }

  /** The values so far, as columns of their own; the dictionary is empty afterwards. */
  take(): { readonly valueBytes: Uint8Array; readonly valueEnd: Uint32Array } {
    const taken = {
      valueBytes: Uint8Array.prototype.slice.call(this.#values, 0, this.#used),
      valueEnd: this.#ends.slice(0, this.#count),
    };
    this.#slots.fill(EMPTY);
    this.#count = 0;
    this.#used = 0;
    return taken;
  }

  #equals(id: number, bytes: Uint8Array, start: number, length: number): boolean {
    const from = id === 0 ? 0 : (this.#ends[id - 1] as number); // ids below count are filled
    if ((this.#ends[id] as number) - from !== length) return false;
    const values = this.#values;
    for (let at = 0; at < length; at += 1) {
      if (values[from + at] !== bytes[start + at]) return false;
    }
    return true;
  }

  #insert(slot: number, hash: number, bytes: Uint8Array, start: number, length: number): number {
    const id = this.#count;
    this.#reserve(length);
    this.#slots[slot] = id;
    this.#hashes[id] = hash;
    this.#values.set(bytes.subarray(start, start + length), this.#used);
    this.#used += length;
    this.#ends[id] = this.#used;
    this.#count += 1;
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    return id;
  }

  #reserve(length: number): void {
    if (this.#used + length > this.#values.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.#values.length * 2, this.#used + length));
      grown.set(this.#values.subarray(0, this.#used));
      this.#values = grown;
    }
    if (this.#count === this.#ends.length) {
      const ends = new Uint32Array(this.#ends.length * 2);
      ends.set(this.#ends);
      this.#ends = ends;
      const hashes = new Int32Array(this.#hashes.length * 2);
      hashes.set(this.#hashes);
      this.#hashes = hashes;
    }
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(EMPTY);
    const mask = slots.length - 1;
    for (let id = 0; id < this.#count; id += 1) {
      let slot = (this.#hashes[id] as number) & mask; // ids below count are filled
      while (slots[slot] !== EMPTY) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
    this.#slots = slots;
  }
}

/**
 * Mixes the length with up to 32 bytes: the first sixteen and the last sixteen. Values of one column that
 * differ only in the middle of more than 32 bytes collide, which costs a comparison and nothing else.
 */
function hashBytes(bytes: Uint8Array, start: number, length: number): number {
  let hash = length;
  const head = Math.min(length, 16);
  for (let at = 0; at < head; at += 1) {
    hash = Math.imul(hash ^ (bytes[start + at] as number), 0x01000193); // inside the value
  }
  const tail = length < 32 ? head : length - 16;
  for (let at = tail; at < length; at += 1) {
    hash = Math.imul(hash ^ (bytes[start + at] as number), 0x01000193); // inside the value
  }
  return hash ^ (hash >>> 15);
}
