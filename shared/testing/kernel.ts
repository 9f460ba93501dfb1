/** The kernel of a test file: its memory is given back with the process. */
import { createKernel, type Kernel } from '#shared/kernel/kernel';

const BYTES = 1 << 30;
const BLOCK_BYTES = 1 << 16;
const BLOCKS = 64;

/** A kernel whose memory is full of what looks like lines, quotes and secrets, as after a long load. */
export function usedKernel(): Kernel {
  const kernel = createKernel(BYTES);
  for (const size of [BLOCK_BYTES, BLOCK_BYTES * 16]) {
    const places = Array.from({ length: BLOCKS }, () => kernel.blocks.take(size));
    for (const place of places) {
      kernel.bytes.fill('{"password": "old"}\n\n{"time":\n', place, place + size);
      kernel.blocks.give(place);
    }
  }
  return kernel;
}
