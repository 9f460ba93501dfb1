/**
 * Decodes the bytes between the quotes of a valid JSON string.
 *
 *   in    Jos\u00e9 \ud83d\ude00 <any raw bytes>     (already validated)
 *   out   UTF-8 of the escapes, every other byte as it stands
 *
 * It works on bytes because real lines hold Latin-1 and broken UTF-8, which a detour over a string
 * would replace. Half of a surrogate pair becomes U+FFFD, as `Buffer.from` does.
 */
const BACKSLASH = 0x5c;

/** The bytes that the single-letter escapes stand for; every other letter stands for itself. */
const LETTERS: ReadonlyMap<number, number> = new Map([
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
]);

export function decodeString(bytes: Uint8Array, start: number, end: number): Buffer {
  // An escape is never shorter than what it stands for: \uXXXX gives three bytes at the most.
  const target = Buffer.allocUnsafe(end - start);
  let length = 0;
  let at = start;
  while (at < end) {
    const byte = bytes[at] ?? 0;
    if (byte !== BACKSLASH) {
      target[length++] = byte;
      at++;
      continue;
    }
    const letter = bytes[at + 1] ?? 0;
    if (letter !== 0x75) {
      target[length++] = LETTERS.get(letter) ?? letter;
      at += 2;
      continue;
    }
    let point = unitAt(bytes, at);
    at += 6;
    if (point >= 0xd800 && point <= 0xdfff) {
      const low = point < 0xdc00 && at + 6 <= end ? unitAt(bytes, at) : -1;
      if (low >= 0xdc00 && low <= 0xdfff) {
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        at += 6;
      } else {
        point = 0xfffd;
      }
    }
    length = putPoint(target, length, point);
  }
  return target.subarray(0, length);
}

/** The code unit of the escape `\uXXXX` at `at`, or -1 where no such escape stands. */
function unitAt(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== BACKSLASH || bytes[at + 1] !== 0x75) return -1;
  let unit = 0;
  for (let i = at + 2; i < at + 6; i++) {
    const byte = bytes[i] ?? 0;
    unit = unit * 16 + (byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57);
  }
  return unit;
}

function putPoint(target: Uint8Array, length: number, point: number): number {
  let at = length;
  if (point < 0x80) {
    target[at++] = point;
    return at;
  }
  if (point < 0x800) {
    target[at++] = 0xc0 | (point >> 6);
  } else {
    if (point < 0x10000) {
      target[at++] = 0xe0 | (point >> 12);
    } else {
      target[at++] = 0xf0 | (point >> 18);
      target[at++] = 0x80 | ((point >> 12) & 0x3f);
    }
    target[at++] = 0x80 | ((point >> 6) & 0x3f);
  }
  target[at++] = 0x80 | (point & 0x3f);
  return at;
}
