/**
 * Puts asterisks over passwords, in place and byte for byte, in lines that may be broken.
 *
 *   "event": "{\"POST\": {\"password\": [\"hunter2\"], \"email\": [\"a@b.c\"]}}"
 *   "event": "{\"POST\": {\"password\": [\"*******\"], \"email\": [\"a@b.c\"]}}"
 *
 * It knows quotes by their level: inside k levels of JSON in JSON a quote has 2^k - 1 backslashes
 * before it, and one whose run of r backslashes makes r + 1 divisible by 2^k exactly belongs to
 * level k. So a value ends at the quote of its own level or, where the 512-character limit of
 * implicit events cut it off, at the quote of a level further out, or with the line. No value is
 * ever masked beyond the quote that closes it, so a line that was JSON stays JSON.
 */
import { trimmedEnd } from './line-rules.js';

/**
 * The whole name must fit: any number of leading words, one of the nouns, a number, and a trailing
 * word that repeats the password rather than speaks about it (`password_reset_link` is no secret).
 */
const SECRET_NAME =
  /^(?:[a-z0-9]+[_-])*(?:[a-z]{0,12})(?:password|passwd|pwd|passphrase)s?(?:[_-]?\d{1,2})?(?:[_-]?(?:confirm|confirmation|again|repeat|repeated|verify|verification|check|old|new|current))?(?:[_-]?\d{1,2})?$/i;

/** Longer runs of letters are no name of a field; the bound keeps hostile lines cheap. */
const NAME_BYTES_MAX = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * The tails of the nouns with what must stand before them. The native search looks for the first
 * letter, so a tail that begins with a rare one costs a fraction of the whole word: 0.3 ms instead
 * of 3.8 in 8 MiB. The byte before weeds out `keyword`. The most frequent comes first.
 */
const NEEDLES = [
  { bytes: Buffer.from('word', 'latin1'), before: 'sS' },
  { bytes: Buffer.from('Word', 'latin1'), before: 's' },
  { bytes: Buffer.from('WORD', 'latin1'), before: 'S' },
  { bytes: Buffer.from('wd', 'latin1'), before: 'psPS' },
  { bytes: Buffer.from('WD', 'latin1'), before: 'PS' },
  { bytes: Buffer.from('hrase', 'latin1'), before: 'pP' },
  { bytes: Buffer.from('HRASE', 'latin1'), before: 'P' },
];

/**
 * The search goes in steps of this size, so that a frequent needle does not make the next call
 * look for the rare ones up to the end of the window again.
 */
const STEP_BYTES = 1 << 17;
const NEEDLE_BYTES_MAX = 5;

/**
 * The next offset in [from, to) that may lie in the name of a secret, or -1. It covers the names
 * that end in `password`, `passwd`, `pwd` or `passphrase` or hold one of them, in lower case, upper
 * case, capitalised and camel case (`newPassword`, `passWord`); a name that is written with JSON or
 * percent escapes for its letters is not found.
 */
export function findSecretCandidate(bytes: Buffer, from: number, to: number): number {
  for (let step = from; step < to; step += STEP_BYTES) {
    // A needle may lie across the edge of two steps, so the steps overlap by what one can reach.
    const stepEnd = Math.min(to, step + STEP_BYTES + NEEDLE_BYTES_MAX);
    let view = bytes.subarray(step, stepEnd);
    let nearest = -1;
    for (const needle of NEEDLES) {
      let at = view.indexOf(needle.bytes);
      while (at >= 0 && (nearest < 0 || at < nearest)) {
        const isInside = step + at > from;
        if (isInside && needle.before.includes(String.fromCharCode(bytes[step + at - 1] ?? 0))) {
          nearest = at;
          // The other needles matter only where they stand before this one.
          view = view.subarray(0, at + NEEDLE_BYTES_MAX);
          break;
        }
        at = view.indexOf(needle.bytes, at + 1);
      }
    }
    if (nearest >= 0) return step + nearest;
  }
  return -1;
}

/** Masks the secrets of the line bytes[from, to); how many values it changed, 0 for none. */
export function maskSecrets(bytes: Uint8Array, from: number, to: number): number {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const line = new Line(view, from, trimmedEnd(view, from, to));
  let at = findSecretCandidate(view, from, to);
  while (at >= 0) {
    const next = line.maskAt(at);
    at = findSecretCandidate(view, Math.max(next, at + 1), to);
  }
  return line.masked;
}

class Line {
  masked = 0;
  readonly #bytes: Buffer;
  readonly #from: number;
  readonly #to: number;

  constructor(bytes: Buffer, from: number, to: number) {
    this.#bytes = bytes;
    this.#from = from;
    this.#to = to;
  }

  /** Masks what the name around `at` names, if it is one; where to go on looking. */
  maskAt(at: number): number {
    let nameFrom = at;
    while (nameFrom > this.#from && isNameByte(this.#bytes[nameFrom - 1])) {
      if (at - nameFrom > NAME_BYTES_MAX) return at + 1;
      nameFrom--;
    }
    let nameTo = at;
    while (nameTo < this.#to && isNameByte(this.#bytes[nameTo])) nameTo++;
    // `%26password` has the digits of a percent escape before the name.
    if (this.#bytes[nameFrom - 1] === 0x25 && nameFrom > this.#from) nameFrom += 2;
    if (nameTo - nameFrom > NAME_BYTES_MAX) return nameTo;
    if (!SECRET_NAME.test(this.#bytes.toString('latin1', nameFrom, nameTo))) return nameTo;
    if (this.#bytes[nameTo] === 0x3d && nameTo < this.#to) return this.#maskForm(nameTo + 1, '');
    const percent = this.#bytes.toString('latin1', nameTo, Math.min(nameTo + 3, this.#to));
    if (percent.toLowerCase() === '%3d') return this.#maskForm(nameTo + 3, '%26');
    return this.#maskMember(nameFrom, nameTo);
  }

  /** `password=…` of a form or a URL: up to the next `&`, white space or quote. */
  #maskForm(from: number, separator: string): number {
    let at = from;
    while (at < this.#to) {
      const byte = this.#bytes[at] ?? 0;
      if (byte === 0x26 || byte <= 0x20) break;
      if (byte === 0x25 && separator !== '' && this.#hasAt(at, separator)) break;
      if (byte !== QUOTE && byte !== BACKSLASH) {
        at++;
        continue;
      }
      const run = this.#backslashesFrom(at);
      const met = this.#bytes[at + run];
      if (at + run < this.#to && met === QUOTE) {
        return this.#cover(from, at + run - (2 ** levelOf(run) - 1));
      }
      if (this.#hasAt(at + run, 'u0026')) break;
      at += run + 1;
    }
    return this.#cover(from, Math.min(at, this.#to));
  }

  /** `"password": …` at any level of escaping: a string, or the strings of an array. */
  #maskMember(nameFrom: number, nameTo: number): number {
    if (nameFrom <= this.#from || this.#bytes[nameFrom - 1] !== QUOTE) return nameTo;
    let run = 0;
    while (nameFrom - 2 - run >= this.#from && this.#bytes[nameFrom - 2 - run] === BACKSLASH) run++;
    const level = levelOf(run);
    if (run !== 2 ** level - 1 || this.#backslashesFrom(nameTo) !== run) return nameTo;
    let at = nameTo + run;
    if (at >= this.#to || this.#bytes[at] !== QUOTE) return nameTo;
    at = this.#skipSpace(at + 1);
    if (at >= this.#to || this.#bytes[at] !== 0x3a) return at;
    at = this.#skipSpace(at + 1);
    let brackets = 0;
    for (;;) {
      if (at >= this.#to) return at;
      const byte = this.#bytes[at];
      if (byte === 0x5b) {
        brackets++;
        at = this.#skipSpace(at + 1);
      } else if (byte === QUOTE || byte === BACKSLASH) {
        const quotes = this.#backslashesFrom(at);
        if (quotes !== run || this.#bytes[at + quotes] !== QUOTE) return at;
        at = this.#maskString(at + quotes + 1, level);
        if (brackets === 0) return at;
        at = this.#skipSpace(at);
      } else if (brackets === 0) {
        return at;
      } else if (byte === 0x5d) {
        brackets--;
        if (brackets === 0) return at + 1;
        at = this.#skipSpace(at + 1);
      } else if (byte === 0x7b || byte === 0x7d) {
        return at;
      } else {
        at = this.#skipSpace(at + 1);
      }
    }
  }

  /** Masks from the first byte of a string of this level; the offset after its closing quote. */
  #maskString(from: number, level: number): number {
    let at = from;
    while (at < this.#to) {
      const byte = this.#bytes[at];
      if (byte !== QUOTE && byte !== BACKSLASH) {
        at++;
        continue;
      }
      const run = this.#backslashesFrom(at);
      const quote = at + run;
      if (quote >= this.#to) break;
      if (this.#bytes[quote] === QUOTE) {
        const met = levelOf(run);
        // A quote of a level further out means that the value was cut off.
        if (met <= level) {
          this.#cover(from, quote - (2 ** met - 1));
          return met === level ? quote + 1 : quote;
        }
      }
      at = quote + 1;
    }
    return this.#cover(from, this.#to);
  }

  /** Puts the asterisks, and counts where there was anything to hide. */
  #cover(from: number, to: number): number {
    let isOpen = false;
    for (let at = from; at < to; at++) isOpen ||= this.#bytes[at] !== 0x2a;
    if (isOpen) {
      this.#bytes.fill(0x2a, from, to);
      this.masked++;
    }
    return to;
  }

  #backslashesFrom(from: number): number {
    let at = from;
    while (at < this.#to && this.#bytes[at] === BACKSLASH) at++;
    return at - from;
  }

  /** Passes over spaces, tabs and the escapes of line ends that pretty-printed inner JSON has. */
  #skipSpace(from: number): number {
    let at = from;
    for (;;) {
      while (at < this.#to && (this.#bytes[at] === 0x20 || this.#bytes[at] === 0x09)) at++;
      const run = this.#backslashesFrom(at);
      const letter = this.#bytes[at + run];
      if (run === 0 || (letter !== 0x6e && letter !== 0x72 && letter !== 0x74)) return at;
      at += run + 1;
    }
  }

  #hasAt(at: number, text: string): boolean {
    return (
      at + text.length <= this.#to && this.#bytes.toString('latin1', at, at + text.length) === text
    );
  }
}

/** The level that a quote after this many backslashes belongs to: how often 2 divides run + 1. */
function levelOf(run: number): number {
  return 31 - Math.clz32((run + 1) & -(run + 1));
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
