/** A window of plaintext in the kernel's memory, in which lines are found. */
import { type Kernel, READ_AHEAD_BYTES } from '#shared/kernel/kernel';

export class LineWindow {
  /** Where it begins in the kernel's memory. */
  readonly place: number;
  readonly sizeBytes: number;
  readonly bytes: Buffer;

  /** A window of at most so many bytes, full of whatever was there before. */
  constructor(kernel: Kernel, bytes: number) {
    this.place = kernel.blocks.take(bytes);
    // The kernel may read a little beyond what it looks at.
    this.sizeBytes = Math.min(bytes, kernel.blocks.sizeOf(this.place) - READ_AHEAD_BYTES);
    this.bytes = kernel.bytes.subarray(this.place, this.place + this.sizeBytes);
  }

  /** A window that just holds the first bytes of this one. */
  copy(kernel: Kernel, bytes: number): LineWindow {
    const copy = new LineWindow(kernel, bytes + READ_AHEAD_BYTES);
    kernel.bytes.copyWithin(copy.place, this.place, this.place + bytes);
    return copy;
  }
}
