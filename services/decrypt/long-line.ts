/**
 * A line that is too long to be kept: its first 64 KiB, its length and its SHA-256, whatever comes of it. What
 * follows in other chunks is only counted and hashed, so its memory does not grow.
 */
import { createHash } from 'node:crypto';
import { maskSecrets } from '#shared/tracking/mask-secrets';

const KEPT_BYTES = 64 << 10;

export interface RejectedLongLine {
  readonly raw: Uint8Array;
  readonly detail: string;
  readonly isMasked: boolean;
}

export class LongLine {
  readonly #hash = createHash('sha256');
  #kept: Buffer;
  #bytes: number;

  /** What was read of it when it became too long; copied, because the memory is used again. */
  constructor(begin: Buffer) {
    this.#kept = Buffer.from(begin.subarray(0, KEPT_BYTES));
    this.#bytes = begin.length;
    // A copy, because digests are not made of shared memory.
    this.#hash.update(Buffer.from(begin));
  }

  /** Takes more of it, without its LF. */
  push(part: Buffer): void {
    const room = KEPT_BYTES - this.#kept.length;
    // Where the limit is below what is kept, the window held only the beginning of it.
    if (room > 0) this.#kept = Buffer.concat([this.#kept, part.subarray(0, room)]);
    this.#hash.update(part);
    this.#bytes += part.length;
  }

  /** The line has ended. */
  end({
    lineBytesMax,
    keepSecrets,
  }: {
    readonly lineBytesMax: number;
    readonly keepSecrets: boolean;
  }): RejectedLongLine {
    const isMasked = !keepSecrets && maskSecrets(this.#kept, 0, this.#kept.length) > 0;
    const detail = `The line has ${this.#bytes} bytes, more than the ${lineBytesMax} that are kept; SHA-256 ${this.#hash.digest('hex')}.`;
    return { raw: new Uint8Array(this.#kept), detail, isMasked };
  }
}
