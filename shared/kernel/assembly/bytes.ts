/** Comparing, hashing and copying byte strings in memory, a word or sixteen bytes at a time. */

export function equalBytes(a: u32, b: u32, length: u32): bool {
  if (length >= 8) {
    const last = length - 8;
    for (let at: u32 = 0; at < last; at += 8) {
      if (load<u64>(a + at) !== load<u64>(b + at)) return false;
    }
    return load<u64>(a + last) === load<u64>(b + last);
  }
  for (let at: u32 = 0; at < length; at++) {
    if (load<u8>(a + at) !== load<u8>(b + at)) return false;
  }
  return true;
}

/**
 * Mixes the length with up to 32 bytes: the first sixteen and the last sixteen. Strings that differ only in
 * the middle collide, which costs a comparison and nothing else.
 */
export function hashBytes(bytes: u32, length: u32): u32 {
  let hash: u64 = (length as u64) * 0x9e3779b97f4a7c15;
  if (length >= 8) {
    hash = mix(hash, load<u64>(bytes));
    hash = mix(hash, load<u64>(bytes + length - 8));
    if (length > 16) {
      hash = mix(hash, load<u64>(bytes + 8));
      hash = mix(hash, load<u64>(bytes + length - 16));
    }
  } else if (length >= 4) {
    hash = mix(hash, ((load<u32>(bytes) as u64) << 32) | (load<u32>(bytes + length - 4) as u64));
  } else {
    for (let at: u32 = 0; at < length; at++) hash = mix(hash, load<u8>(bytes + at) as u64);
  }
  return (hash >> 32) as u32;
}

function mix(hash: u64, word: u64): u64 {
  const mixed = (hash ^ word) * 0x9fb21c651e98df25;
  return mixed ^ (mixed >> 29);
}

/** Copies exactly `length` bytes; the two places do not overlap. */
export function copyBytes(to: u32, from: u32, length: u32): void {
  if (length >= 16) {
    const last = length - 16;
    for (let at: u32 = 0; at < last; at += 16) v128.store(to + at, v128.load(from + at));
    v128.store(to + last, v128.load(from + last));
  } else if (length >= 8) {
    store<u64>(to, load<u64>(from));
    store<u64>(to + length - 8, load<u64>(from + length - 8));
  } else if (length >= 4) {
    store<u32>(to, load<u32>(from));
    store<u32>(to + length - 4, load<u32>(from + length - 4));
  } else {
    for (let at: u32 = 0; at < length; at++) store<u8>(to + at, load<u8>(from + at));
  }
}

/** The first byte `wanted` in [from, to), or `to`; sixteen bytes behind `to` must be readable. */
export function findByte(wanted: u32, from: u32, to: u32): u32 {
  const pattern = i8x16.splat(wanted as i8);
  for (let at = from; at < to; at += 16) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at), pattern));
    if (found !== 0) {
      const place = at + ctz(found);
      return place < to ? place : to;
    }
  }
  return to;
}
