/**
 * The values that belong to names of secrets in one line, which may be broken, and asterisks over them.
 *
 *   password=hunter2&…            a form, or the query of a URL
 *   "password": ["hunter2"]       JSON at any level of JSON in JSON: strings, numbers, and what stands
 *                                 in arrays and objects below
 *   {u'password': [u'hunter2']}   what Python printed, as old events have it
 *
 * A string ends at the quote of its own level or, where the 512-character limit of implicit events
 * cut it off, at the quote of a level further out, or with the line. No value is ever masked beyond
 * the quote that closes it, and the digits of a number become nines, so a line that was JSON stays
 * JSON.
 */
import {
  backslashesFrom,
  type EscapedQuote,
  quoteAt,
  quoteBefore,
  skipSpace,
} from './escaped-text.js';
import { nameAround } from './secret-name.js';

const APOSTROPHE = 0x27;
const AMPERSAND = 0x26;
const PERCENT = 0x25;
const EQUALS = 0x3d;
const COLON = 0x3a;
const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const ASTERISK = 0x2a;

const NO_PART_OF_A_NUMBER = /[^\d.eE+-]/;
/** Words of JSON, JavaScript and Python that are no secret, and what a cut left of an escaped quote. */
const LITERAL = /^(?:null|true|false|none|undefined|nan|-?infinity|\\+)$/i;

interface StringSpan {
  readonly from: number;
  readonly to: number;
  /** Where to go on: after the closing quote, or at what ended the string. */
  readonly next: number;
}

export class SecretValues {
  /** How many values were masked. */
  masked = 0;
  readonly #bytes: Buffer;
  readonly #from: number;
  readonly #to: number;
  #isInString = false;
  #readTo: number;

  constructor(bytes: Buffer, from: number, to: number) {
    this.#bytes = bytes;
    this.#from = from;
    this.#to = to;
    const object = bytes.subarray(from, to).indexOf('{');
    this.#readTo = from + Math.max(object, 0);
  }

  /** Masks what the name around `at` names, if it is one; where to go on looking. */
  maskAt(at: number): number {
    const name = nameAround(this.#bytes, at, this.#from, this.#to);
    if (!name.isSecret) return name.to;
    if (this.#at(name.to) === EQUALS) return this.#maskForm(name.to + 1, '');
    if (this.#textAt(name.to, 3).toLowerCase() === '%3d') {
      return this.#maskForm(name.to + 3, '%26');
    }
    const run = backslashesFrom(this.#bytes, name.to, this.#to);
    if (run > 0 && this.#textAt(name.to + run, 5).toLowerCase() === 'u003d') {
      return this.#maskForm(name.to + run + 5, '');
    }
    return this.#maskMember(name.from, name.to);
  }

  /** Up to the next `&`, white space or quote. */
  #maskForm(from: number, separator: string): number {
    let at = from;
    while (at < this.#to) {
      const byte = this.#bytes[at] ?? 0;
      if (byte === AMPERSAND || byte <= SPACE) break;
      if (byte === PERCENT && separator !== '' && this.#textAt(at, 3) === separator) break;
      if (byte !== QUOTE && byte !== BACKSLASH) {
        at++;
        continue;
      }
      const quote = quoteAt(this.#bytes, at, this.#to);
      if (quote !== undefined) return this.#cover(from, quote.from);
      const run = backslashesFrom(this.#bytes, at, this.#to);
      if (this.#textAt(at + run, 5) === 'u0026') break;
      at += run + 1;
    }
    return this.#cover(from, Math.min(at, this.#to));
  }

  /** `"password": …` or `'password': …`. */
  #maskMember(nameFrom: number, nameTo: number): number {
    let level: number;
    let at: number;
    const isPython = nameFrom > this.#from && this.#bytes[nameFrom - 1] === APOSTROPHE;
    if (isPython) {
      if (this.#at(nameTo) !== APOSTROPHE) return nameTo;
      level = this.#levelOf(nameFrom);
      at = nameTo + 1;
    } else {
      const opening = quoteBefore(this.#bytes, this.#from, nameFrom);
      const closing = quoteAt(this.#bytes, nameTo, this.#to);
      if (opening === undefined || closing === undefined) return nameTo;
      if (closing.level !== opening.level || closing.from !== nameTo) return nameTo;
      level = opening.level;
      at = closing.end;
    }
    at = this.#skipSpace(at);
    return this.#at(at) === COLON ? this.#maskValue(at + 1, level, isPython) : at;
  }

  /** Masks strings and numbers of the value that begins here, whatever it is; where it ends. */
  #maskValue(from: number, level: number, isPython: boolean): number {
    let brackets = 0;
    let at = this.#skipSpace(from);
    for (; at < this.#to; at = this.#skipSpace(at)) {
      const byte = this.#bytes[at] ?? 0;
      if (isOpening(byte)) {
        brackets++;
        at++;
      } else if (isClosing(byte)) {
        if (brackets === 0) return at;
        brackets--;
        at++;
        if (brackets === 0) return at;
      } else if (byte === COMMA || byte === COLON) {
        if (brackets === 0) return at;
        at++;
      } else {
        const string = this.#stringAt(at, level);
        if (string === 'outer-quote') return at;
        if (string === undefined) {
          at = this.#maskWord(at, isPython);
        } else {
          at = string.next;
          const isName = brackets > 0 && this.#at(this.#skipSpace(at)) === COLON;
          if (!isName) this.#cover(string.from, string.to);
        }
        if (brackets === 0) return at;
      }
    }
    return at;
  }

  #stringAt(at: number, level: number): StringSpan | 'outer-quote' | undefined {
    const quote = quoteAt(this.#bytes, at, this.#to);
    if (quote !== undefined) {
      return quote.level < level ? 'outer-quote' : this.#stringFrom(quote);
    }
    // Python's prefixes: u'…', b'…', ur'…'. Double quotes stand there where the text has a single one.
    let mark = at;
    while (mark < at + 2 && /[ubr]/i.test(this.#textAt(mark, 1))) mark++;
    if (this.#at(mark) === APOSTROPHE) return this.#pythonStringFrom(mark + 1, level);
    const prefixed = mark > at ? quoteAt(this.#bytes, mark, this.#to) : undefined;
    return prefixed && prefixed.level >= level ? this.#stringFrom(prefixed) : undefined;
  }

  #stringFrom(opening: EscapedQuote): StringSpan {
    const from = opening.end;
    let at = from;
    while (at < this.#to) {
      const byte = this.#bytes[at];
      if (byte !== QUOTE && byte !== BACKSLASH) {
        at++;
        continue;
      }
      const quote = quoteAt(this.#bytes, at, this.#to);
      if (quote === undefined) {
        at += backslashesFrom(this.#bytes, at, this.#to) + 1;
      } else if (quote.level > opening.level) {
        at = quote.end;
      } else {
        // A quote of a level further out means that the value was cut off.
        const next = quote.level === opening.level ? quote.end : quote.from;
        return { from, to: quote.from, next };
      }
    }
    return { from, to: this.#to, next: this.#to };
  }

  /**
   * A string of Python inside `level` strings of JSON, each of which doubles its backslashes (deeper
   * ones are read as one). A single quote with backslashes before it closes only where they are whole
   * backslashes of the text and something follows that may follow a string: doubt hides.
   */
  #pythonStringFrom(from: number, level: number): StringSpan {
    let at = from;
    while (at < this.#to) {
      const byte = this.#bytes[at];
      if (byte === APOSTROPHE) return { from, to: at, next: at + 1 };
      if (byte !== QUOTE && byte !== BACKSLASH) {
        at++;
        continue;
      }
      const quote = quoteAt(this.#bytes, at, this.#to);
      if (quote !== undefined && quote.level < level) {
        return { from, to: quote.from, next: quote.from };
      }
      const run = backslashesFrom(this.#bytes, at, this.#to);
      const mark = at + run;
      const isWhole = run % 2 ** (level + 1) === 0;
      if (isWhole && this.#at(mark) === APOSTROPHE && this.#isEndOfValue(mark + 1)) {
        return { from, to: mark, next: mark + 1 };
      }
      at = quote?.end ?? mark + 1;
    }
    return { from, to: this.#to, next: this.#to };
  }

  #isEndOfValue(at: number): boolean {
    const next = this.#at(this.#skipSpace(at));
    return next === undefined || next === COMMA || next === COLON || isClosing(next);
  }

  /** A number, or a word without quotes in a line that is not JSON. */
  #maskWord(from: number, isPython: boolean): number {
    let at = from;
    while (at < this.#to) {
      const byte = this.#bytes[at] ?? 0;
      if (byte <= SPACE || byte === COMMA || byte === COLON || byte === QUOTE) break;
      if (isOpening(byte) || isClosing(byte)) break;
      if (byte !== BACKSLASH) {
        at++;
        continue;
      }
      if (quoteAt(this.#bytes, at, this.#to) !== undefined || this.#skipSpace(at) > at) break;
      at = Math.min(this.#to, at + backslashesFrom(this.#bytes, at, this.#to) + 1);
    }
    // A lone backslash, or another byte that begins nothing.
    if (at === from) return from + 1;
    const text = this.#textAt(from, at - from);
    if (!NO_PART_OF_A_NUMBER.test(text)) this.#coverDigits(from, text);
    // Somebody may well write about the 'password': in a sentence.
    else if (!LITERAL.test(text) && (!isPython || /^[-\d]/.test(text))) this.#cover(from, at);
    return at;
  }

  /** Puts the asterisks, and counts where there was anything to hide. */
  #cover(from: number, to: number): number {
    let isOpen = false;
    for (let at = from; at < to; at++) isOpen ||= this.#bytes[at] !== ASTERISK;
    if (isOpen) {
      this.#bytes.fill(ASTERISK, from, to);
      this.masked++;
    }
    return to;
  }

  /** Nines and not noughts, because a number of JSON does not begin with a nought. */
  #coverDigits(from: number, before: string): void {
    const after = before.replace(/\d/g, '9');
    if (after === before) return;
    this.#bytes.write(after, from, 'latin1');
    this.masked++;
  }

  /**
   * 1 where `at` lies in a string of JSON, else 0. Called with growing offsets. How many strings lie in
   * one another cannot be told: Python has double quotes of its own, whole or alone.
   */
  #levelOf(at: number): 0 | 1 {
    while (this.#readTo < at) {
      const byte = this.#bytes[this.#readTo];
      if (byte === BACKSLASH) {
        this.#readTo += 2;
        continue;
      }
      if (byte === QUOTE) this.#isInString = !this.#isInString;
      this.#readTo++;
    }
    return this.#isInString ? 1 : 0;
  }

  #skipSpace(from: number): number {
    return skipSpace(this.#bytes, from, this.#to);
  }

  #at(at: number): number | undefined {
    return at < this.#to ? this.#bytes[at] : undefined;
  }

  #textAt(at: number, length: number): string {
    return this.#bytes.toString('latin1', at, Math.min(at + length, this.#to));
  }
}

function isOpening(byte: number): boolean {
  return '[{('.includes(String.fromCharCode(byte));
}

function isClosing(byte: number): boolean {
  return ']})'.includes(String.fromCharCode(byte));
}
