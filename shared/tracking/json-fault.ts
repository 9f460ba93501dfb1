/**
 * Says where a text stops being one JSON object, and why.
 *
 *   {"a": 1,}      not-json: byte 8, expected a key, met "}"
 *   {"a": "x       cut: the text ends inside the object
 *
 * It runs on rejected lines only, so it is written to be read. It keeps a stack of its own: a line
 * of nothing but brackets must not overflow ours.
 */
import { JSON_DEPTH_MAX } from './line-rules.js';

export interface JsonFault {
  readonly reason: 'cut' | 'not-json' | 'too-deep';
  readonly detail: string;
}

/** What the text ended in, or broke at; thrown nowhere, passed up as a value. */
class Cursor {
  at = 0;
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  get next(): string {
    return this.text[this.at] ?? '';
  }

  skipSpace(): void {
    while (/^[ \t\r\n]$/.test(this.next)) this.at++;
  }

  /** Passes over a word as far as it agrees; true where all of it does. */
  take(word: string): boolean {
    for (const letter of word) {
      if (this.next !== letter) return false;
      this.at++;
    }
    return true;
  }

  /** Passes over digits; true where there is at least one. */
  takeDigits(): boolean {
    const from = this.at;
    while (/^[0-9]$/.test(this.next)) this.at++;
    return this.at > from;
  }
}

/** The first fault of a text that starts with `{`. */
export function findFault(text: string): JsonFault {
  const cursor = new Cursor(text);
  const closers: string[] = [];
  let expected = 'a value';
  for (;;) {
    cursor.skipSpace();
    if (expected === 'a key' || expected === 'a key or "}"') {
      if (expected !== 'a key' && cursor.next === '}') {
        expected = 'an end';
      } else {
        if (cursor.next !== '"') return faultAt(cursor, expected);
        const wrong = passString(cursor);
        if (wrong !== '') return faultAt(cursor, wrong);
        cursor.skipSpace();
        if (!cursor.take(':')) return faultAt(cursor, '":" after a key');
        expected = 'a value';
        continue;
      }
    } else if (expected === 'a value' || expected === 'a value or "]"') {
      if (expected !== 'a value' && cursor.next === ']') {
        expected = 'an end';
      } else if (cursor.next === '{' || cursor.next === '[') {
        if (closers.length === JSON_DEPTH_MAX) {
          const detail = `byte ${cursor.at + 1} of the object opens level ${JSON_DEPTH_MAX + 1}; ${JSON_DEPTH_MAX} are allowed`;
          return { reason: 'too-deep', detail };
        }
        closers.push(cursor.next === '{' ? '}' : ']');
        expected = cursor.next === '{' ? 'a key or "}"' : 'a value or "]"';
        cursor.at++;
        continue;
      } else {
        const wrong = passScalar(cursor);
        if (wrong !== '') return faultAt(cursor, wrong);
        expected = 'an end';
        continue;
      }
    }
    // After a value: a comma, or the end of what holds it.
    const closer = closers.at(-1);
    if (closer === undefined) return faultAt(cursor, 'nothing after the object');
    if (cursor.next === ',') {
      cursor.at++;
      expected = closer === '}' ? 'a key' : 'a value';
    } else if (cursor.next === closer) {
      cursor.at++;
      closers.pop();
      expected = 'an end';
    } else {
      return faultAt(cursor, `"," or "${closer}"`);
    }
  }
}

function faultAt(cursor: Cursor, expected: string): JsonFault {
  if (cursor.at >= cursor.text.length) {
    const detail = `the text ends at byte ${cursor.at} of the object, where ${expected} was expected`;
    return { reason: 'cut', detail };
  }
  const code = cursor.text.charCodeAt(cursor.at);
  const met =
    code > 0x20 && code < 0x7f ? `"${cursor.next}"` : `0x${code.toString(16).padStart(2, '0')}`;
  const detail = `byte ${cursor.at + 1} of the object: expected ${expected}, met ${met}`;
  return { reason: 'not-json', detail };
}

/** Passes over a string; says what was expected where it is not one, '' where it is. */
function passString(cursor: Cursor): string {
  cursor.at++;
  for (;;) {
    const met = cursor.next;
    if (met === '' || met < ' ') return 'the rest of a string';
    cursor.at++;
    if (met === '"') return '';
    if (met !== '\\') continue;
    const letter = cursor.next;
    if (letter === '' || !'"\\/bfnrtu'.includes(letter)) return 'an escape that JSON knows';
    cursor.at++;
    if (letter !== 'u') continue;
    for (let digits = 0; digits < 4; digits++) {
      if (!/^[0-9a-fA-F]$/.test(cursor.next)) return 'four hexadecimal digits';
      cursor.at++;
    }
  }
}

function passScalar(cursor: Cursor): string {
  switch (cursor.next) {
    case '"':
      return passString(cursor);
    case 't':
      return cursor.take('true') ? '' : 'true';
    case 'f':
      return cursor.take('false') ? '' : 'false';
    case 'n':
      return cursor.take('null') ? '' : 'null';
    case 'N':
      return cursor.take('NaN') ? '' : 'NaN';
    case 'I':
      return cursor.take('Infinity') ? '' : 'Infinity';
    default:
      return passNumber(cursor);
  }
}

function passNumber(cursor: Cursor): string {
  const isNegative = cursor.take('-');
  if (isNegative && cursor.next === 'I') return cursor.take('Infinity') ? '' : 'Infinity';
  if (!cursor.take('0') && !cursor.takeDigits()) return isNegative ? 'a digit' : 'a value';
  if (cursor.take('.') && !cursor.takeDigits()) return 'a digit';
  if (!cursor.take('e') && !cursor.take('E')) return '';
  if (!cursor.take('+')) cursor.take('-');
  return cursor.takeDigits() ? '' : 'a digit';
}
