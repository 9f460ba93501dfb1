/**
 * Finds the course key inside the bytes of a URL, without a string, where the URL is of the plain
 * kind that nearly all are. It says UNSURE for the rest, and the caller asks course-key.ts.
 *
 *   https://courses.edx.org/courses/UnivX/P1/2013_Fall/info?x=1
 *                                   ^start            ^start + length
 */
export const NONE = 0;
export const FOUND = 1;
export const UNSURE = 2;

const SLASH = 0x2f;
const PLUS = 0x2b;
const COURSES = Buffer.from('/courses/', 'latin1');
const XBLOCK = Buffer.from('/xblock/', 'latin1');

export class UrlSpan {
  start = 0;
  length = 0;

  find(bytes: Uint8Array, from: number, to: number): number {
    let slashes = 0;
    for (let at = from; at < to; at++) {
      if (bytes[at] !== SLASH) continue;
      const next = bytes[at + 1];
      if (next === 0x63 && hasWord(bytes, at, to, COURSES)) {
        // Beyond `http://host` something stands before the marker, such as `/api`.
        const isPlain = slashes === 0 || (slashes === 2 && bytes[from] === 0x68);
        return isPlain ? this.#measure(bytes, at + COURSES.length, to) : UNSURE;
      }
      if (next === 0x78 && hasWord(bytes, at, to, XBLOCK)) return UNSURE;
      slashes++;
    }
    return NONE;
  }

  /** The key ends before the `/` after its third part; parts are divided by `/` or `+`. */
  #measure(bytes: Uint8Array, from: number, to: number): number {
    // `/courses/v1/…` is an interface of the server.
    if (bytes[from] === 0x76) return UNSURE;
    let separators = 0;
    let at = from;
    for (; at < to; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === 0x3f || byte === 0x23) break;
      if (byte === 0x25 || byte >= 0x80) return UNSURE;
      if (byte === SLASH && separators >= 2) break;
      if (byte === SLASH || byte === PLUS) separators++;
    }
    if (separators < 2) return UNSURE;
    this.start = from;
    this.length = at - from;
    return FOUND;
  }
}

/**
 * True where the text of an event, as it stands in the line, may name a course: it holds
 * `course_id` or `-v1`, or `\u`, behind which any letter may hide.
 */
export function mentionsCourse(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to - 1; at++) {
    const byte = bytes[at];
    const next = bytes[at + 1];
    if (byte === 0x2d && next === 0x76 && bytes[at + 2] === 0x31) return true;
    if (byte === 0x5c && next === 0x75) return true;
    if (byte === 0x5f && next === 0x69 && at >= 6 && hasWord(bytes, at - 6, to, COURSE_ID)) {
      return true;
    }
  }
  return false;
}

const COURSE_ID = Buffer.from('course_id', 'latin1');

function hasWord(bytes: Uint8Array, at: number, to: number, word: Uint8Array): boolean {
  if (at + word.length > to) return false;
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return false;
  return true;
}
