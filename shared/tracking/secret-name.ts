/**
 * Whether the name of a field says that its value is a secret, where letters of the name may be
 * written as JSON escapes (`passw\u006frd`), at any level of JSON in JSON (`passw\\u006frd`).
 */
import { backslashesFrom } from './escaped-text.js';

/**
 * The whole name must fit: leading words, however many, one of the nouns, a number, and a trailing
 * word that repeats the password rather than speaks about it (`password_reset_link` is no secret).
 */
const SECRET_NAME =
  /^(?:[a-z0-9]+[_-])*(?:[a-z]{0,12})(?:password|passwd|pwd|passphrase)s?(?:[_-]?\d{1,2})?(?:[_-]?(?:confirm|confirmation|again|repeat|repeated|verify|verification|check|old|new|current))?(?:[_-]?\d{1,2})?$/i;

/** Longer runs of letters are no name of a field; the bound keeps hostile lines cheap. */
const NAME_CHARACTERS_MAX = 64;
/** The same with every character an escape that is itself escaped a few times. */
const NAME_BYTES_MAX = 1_024;

const BACKSLASH = 0x5c;
const PERCENT = 0x25;
/** `u` and four hexadecimal digits, after at least one backslash. */
const ESCAPE_BYTES = 5;

export interface NameSpan {
  readonly from: number;
  readonly to: number;
  readonly isSecret: boolean;
}

/** The name around `at`, which lies in bytes[from, to). */
export function nameAround(bytes: Buffer, at: number, from: number, to: number): NameSpan {
  // Where it is the backslash of an escape, what the backslash escapes belongs to the name.
  const inside = bytes[at] === BACKSLASH ? at + 1 : at;
  const nameFrom = nameStart(bytes, inside, from, to);
  const nameTo = nameEnd(bytes, inside, to);
  const isShort = nameTo - nameFrom <= NAME_BYTES_MAX;
  return { from: nameFrom, to: nameTo, isSecret: isShort && isSecretName(bytes, nameFrom, nameTo) };
}

function isSecretName(bytes: Buffer, from: number, to: number): boolean {
  const name = bytes
    .toString('latin1', from, to)
    .replace(/\\+u([0-9a-f]{4})/gi, (_, digits: string) =>
      String.fromCharCode(Number(`0x${digits}`)),
    );
  return name.length <= NAME_CHARACTERS_MAX && SECRET_NAME.test(name);
}

function nameStart(bytes: Buffer, at: number, from: number, to: number): number {
  let start = at;
  while (start > from && at - start <= NAME_BYTES_MAX) {
    const before = bytes[start - 1];
    if (before === BACKSLASH) {
      const escaped = escapedCharacter(bytes, start, to);
      if (escaped === undefined) return start;
      // The digits of another character, such as a quote, are no part of the name.
      if (!isNameByte(escaped)) return Math.min(at, start + ESCAPE_BYTES);
      while (start > from && bytes[start - 1] === BACKSLASH) start--;
    } else if (isNameByte(before)) {
      start--;
    } else {
      // `%26password` has the digits of a percent escape before the name.
      return before === PERCENT ? Math.min(at, start + 2) : start;
    }
  }
  return start;
}

function nameEnd(bytes: Buffer, at: number, to: number): number {
  let end = at;
  while (end < to) {
    if (isNameByte(bytes[end])) {
      end++;
      continue;
    }
    const letter = end + backslashesFrom(bytes, end, to);
    if (letter === end || !isNameByte(escapedCharacter(bytes, letter, to))) return end;
    end = letter + ESCAPE_BYTES;
  }
  return end;
}

/** The character of `u00XX` at `at`, which stands after a backslash. */
function escapedCharacter(bytes: Buffer, at: number, to: number): number | undefined {
  if (at + ESCAPE_BYTES > to) return undefined;
  const digits = /^u([0-9a-f]{4})$/i.exec(bytes.toString('latin1', at, at + ESCAPE_BYTES))?.[1];
  return digits === undefined ? undefined : Number(`0x${digits}`);
}

function isNameByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const lower = byte | 0x20;
  return (
    (lower >= 0x61 && lower <= 0x7a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x5f ||
    byte === 0x2d
  );
}
