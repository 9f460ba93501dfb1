/**
 * Frames a stream of bytes as one new-format OpenPGP packet of unknown length.
 *
 *   tag │ ED … 8,192 bytes … │ ED … 8,192 bytes … │ 2-octet length … the rest
 *
 * A partial length is a power of two, and the last part of a packet may not be partial, so up to
 * one part is held back until `end`. 8 KiB is what GnuPG writes.
 */
const PART_BYTES = 8192;
const PART_OCTET = 0xe0 | 13;

export class PartialFraming {
  readonly #tag: number;
  #held = Buffer.allocUnsafe(PART_BYTES);
  #heldBytes = 0;
  #begun = false;

  constructor(packetTag: number) {
    this.#tag = 0xc0 | packetTag;
  }

  /** The framed bytes that are certain by now; may be empty. */
  push(chunk: Buffer): Buffer {
    const parts = Math.floor((this.#heldBytes + chunk.length - 1) / PART_BYTES);
    if (parts <= 0) {
      chunk.copy(this.#held, this.#heldBytes);
      this.#heldBytes += chunk.length;
      return Buffer.alloc(0);
    }
    const framed = Buffer.allocUnsafe(parts * (PART_BYTES + 1) + (this.#begun ? 0 : 1));
    let written = 0;
    if (!this.#begun) framed[written++] = this.#tag;
    this.#begun = true;
    let taken = 0;
    for (let part = 0; part < parts; part++) {
      framed[written++] = PART_OCTET;
      const fromHeld = part === 0 ? this.#held.copy(framed, written, 0, this.#heldBytes) : 0;
      written += fromHeld;
      written += chunk.copy(framed, written, taken, taken + PART_BYTES - fromHeld);
      taken += PART_BYTES - fromHeld;
    }
    this.#heldBytes = chunk.copy(this.#held, 0, taken);
    return framed;
  }

  /** The last part, with a length that is not partial. */
  end(): Buffer {
    const head = this.#begun ? [] : [this.#tag];
    const length = this.#heldBytes;
    // Lengths 192 to 8,383 take two octets; a held part is never longer than 8,192.
    if (length < 192) head.push(length);
    else head.push(((length - 192) >> 8) + 192, (length - 192) & 0xff);
    return Buffer.concat([Buffer.from(head), this.#held.subarray(0, length)]);
  }
}
