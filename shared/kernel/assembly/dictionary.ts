/**
 * Numbers the distinct byte strings of one column of a batch, in order of first sight. The values stay
 * where they stand in the lines.
 *
 *   header   count | mask | slots | hashes | starts | lengths      (u32 each, the last four are places)
 *
 * There is room for as many values as a batch has rows, and twice as many slots.
 */
import { equalBytes, hashBytes } from './bytes';
import { COUNT, MASK, VALUE_HASHES, VALUE_LENGTHS, VALUE_SLOTS, VALUE_STARTS } from './layout';

const EMPTY: i32 = -1;

/** The number of this value. */
export function numberOf(dictionary: u32, start: u32, length: u32): u32 {
  const hash = hashBytes(start, length);
  const mask = load<u32>(dictionary + MASK);
  const slots = load<u32>(dictionary + VALUE_SLOTS);
  const hashes = load<u32>(dictionary + VALUE_HASHES);
  const starts = load<u32>(dictionary + VALUE_STARTS);
  const lengths = load<u32>(dictionary + VALUE_LENGTHS);
  let slot = hash & mask;
  while (true) {
    const id = load<i32>(slots + (slot << 2));
    if (id === EMPTY) {
      const count = load<u32>(dictionary + COUNT);
      store<u32>(dictionary + COUNT, count + 1);
      store<u32>(slots + (slot << 2), count);
      store<u32>(hashes + (count << 2), hash);
      store<u32>(starts + (count << 2), start);
      store<u32>(lengths + (count << 2), length);
      return count;
    }
    const at = (id as u32) << 2;
    if (
      load<u32>(hashes + at) === hash &&
      load<u32>(lengths + at) === length &&
      equalBytes(load<u32>(starts + at), start, length)
    ) {
      return id as u32;
    }
    slot = (slot + 1) & mask;
  }
}

/** Forgets all values. */
export function emptyDictionary(dictionary: u32): void {
  store<u32>(dictionary + COUNT, 0);
  memory.fill(load<u32>(dictionary + VALUE_SLOTS), 0xff, (load<u32>(dictionary + MASK) + 1) << 2);
}
