/**
 * Walks over the bytes of one JSON object, checks every byte of its syntax, and notes where the
 * wanted members of the root and of `context` stand. It makes no object and no string.
 *
 *   {"time": "2014…", "context": {"course_id": "…", …}, "event": "{\"id\": …}"}
 *            ^start^
 *
 * It accepts what ../../tracking/json-object.ts accepts and nothing else; for anything else it only says no. It relies on the last byte being
 * `}`: outside of strings the walk then always stops in time, so only strings and closings look at the
 * end. Sixteen bytes behind the end must be readable.
 */

import { passScalar } from './json-scalar';
import {
  ABSENT,
  CONTEXT_SLOT,
  COURSE_ID_SLOT,
  END,
  ESCAPED,
  IS_OBJECT,
  KIND,
  NAME,
  NULL,
  OBJECT,
  ORG_ID_SLOT,
  OTHER,
  PATH_SLOT,
  START,
  STRING,
  USER_ID_SLOT,
} from './layout';
import { findEscapedSlot, findSlot } from './member-slots';

const DEPTH_MAX: u32 = 512;
const QUOTE: u32 = 0x22;
const COMMA: u32 = 0x2c;
const COLON: u32 = 0x3a;
const BACKSLASH: u32 = 0x5c;
const OPEN_OBJECT: u32 = 0x7b;
const CLOSE_OBJECT: u32 = 0x7d;
const OPEN_ARRAY: u32 = 0x5b;
const CLOSE_ARRAY: u32 = 0x5d;
/** No place in memory: nothing of ours lies at 0. */
const NOWHERE: u32 = 0;

/** True where the bytes from `open`, a `{`, to `end`, behind a `}`, are one object. */
export function walk(state: u32, open: u32, end: u32): bool {
  memory.fill(state + KIND, 0, START - KIND); // ABSENT, all of them
  store<u8>(state + IS_OBJECT + 1, 1);
  let depth: u32 = 1;
  let isObject = true;
  let isInContext = false;
  // The slots of the values that are open at depth 1 and, inside `context`, at depth 2.
  let rootSlot: i32 = -1;
  let contextSlot: i32 = -1;
  let at = skipSpace(open + 1);
  let byte: u32 = load<u8>(at);
  let isClosing = byte === CLOSE_OBJECT;

  while (true) {
    if (!isClosing) {
      let slot: i32 = -1;
      if (isObject) {
        if (byte !== QUOTE) return false;
        const keyFrom = at + 1;
        at = passPlain(keyFrom, end);
        const isWanted = depth === 1 || (depth === 2 && isInContext);
        const isEscaped = load<u8>(at) !== QUOTE;
        if (isEscaped) {
          at = passEscaped(at, end);
          if (at === NOWHERE) return false;
        }
        if (at >= end) return false;
        if (isWanted) {
          slot = isEscaped
            ? findEscapedSlot(state + NAME, keyFrom, at, depth === 1)
            : findSlot(keyFrom, at - keyFrom, depth === 1);
        }
        at++;
        if (load<u8>(at) !== COLON) {
          at = skipSpace(at);
          if (load<u8>(at) !== COLON) return false;
        }
        at++;
        byte = load<u8>(at);
        if (byte <= 0x20) {
          at = skipSpace(at);
          byte = load<u8>(at);
        }
        if (slot === CONTEXT_SLOT) forgetContext(state);
      }
      if (byte === QUOTE) {
        const from = at + 1;
        at = passPlain(from, end);
        let kind = STRING;
        if (load<u8>(at) !== QUOTE) {
          kind = ESCAPED;
          at = passEscaped(at, end);
          if (at === NOWHERE) return false;
        }
        if (at >= end) return false;
        if (slot >= 0) put(state, slot, kind, from, at);
        at++;
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        if (depth === DEPTH_MAX) return false;
        isObject = byte === OPEN_OBJECT;
        if (slot >= 0) put(state, slot, isObject ? OBJECT : OTHER, at, at);
        if (depth === 1) {
          rootSlot = slot;
          isInContext = isObject && slot === CONTEXT_SLOT;
        } else if (depth === 2) {
          contextSlot = slot;
        }
        depth++;
        store<u8>(state + IS_OBJECT + depth, isObject ? 1 : 0);
        at = skipSpace(at + 1);
        byte = load<u8>(at);
        isClosing = byte === (isObject ? CLOSE_OBJECT : CLOSE_ARRAY);
        continue;
      } else {
        const from = at;
        at = passScalar(at);
        if (at === NOWHERE) return false;
        // `n` begins nothing but null.
        if (slot >= 0) put(state, slot, byte === 0x6e ? NULL : OTHER, from, at);
      }
    } else {
      at++;
      depth--;
      if (depth === 0) return at === end;
      if (at >= end) return false;
      if (depth === 1 && rootSlot >= 0) store<u32>(state + END + ((rootSlot as u32) << 2), at);
      else if (depth === 2 && contextSlot >= 0)
        store<u32>(state + END + ((contextSlot as u32) << 2), at);
      if (depth === 1) isInContext = false;
      isObject = load<u8>(state + IS_OBJECT + depth) === 1;
    }

    // After a value: a comma and the next member, or the end of what holds it.
    byte = load<u8>(at);
    if (byte <= 0x20) {
      at = skipSpace(at);
      byte = load<u8>(at);
    }
    if (byte === COMMA) {
      isClosing = false;
      at++;
      byte = load<u8>(at);
      if (byte <= 0x20) {
        at = skipSpace(at);
        byte = load<u8>(at);
      }
    } else {
      if (byte !== (isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) return false;
      isClosing = true;
    }
  }
}

function put(state: u32, slot: i32, kind: u32, from: u32, to: u32): void {
  const at = slot as u32;
  store<u8>(state + KIND + at, kind);
  store<u32>(state + START + (at << 2), from);
  store<u32>(state + END + (at << 2), to);
}

/** A second `context` replaces the first whole. */
function forgetContext(state: u32): void {
  store<u8>(state + KIND + ORG_ID_SLOT, ABSENT);
  store<u8>(state + KIND + PATH_SLOT, ABSENT);
  store<u8>(state + KIND + USER_ID_SLOT, ABSENT);
  store<u8>(state + KIND + COURSE_ID_SLOT, ABSENT);
}

/** The first byte from `from` on that is a quote, a backslash or a control; `end` where there is none. */
function passPlain(from: u32, end: u32): u32 {
  const quotes = i8x16.splat(0x22);
  const slashes = i8x16.splat(0x5c);
  const spaces = i8x16.splat(0x20);
  let at = from;
  while (at < end) {
    const bytes = v128.load(at);
    const found = i8x16.bitmask(
      v128.or(
        v128.or(i8x16.eq(bytes, quotes), i8x16.eq(bytes, slashes)),
        i8x16.lt_u(bytes, spaces),
      ),
    );
    if (found !== 0) {
      at += ctz(found);
      return at < end ? at : end;
    }
    at += 16;
  }
  return end;
}

/** From a backslash inside a string to the closing quote; NOWHERE where the string is none. */
function passEscaped(from: u32, end: u32): u32 {
  let at = from;
  while (at < end) {
    const byte: u32 = load<u8>(at);
    if (byte === QUOTE) return at;
    if (byte !== BACKSLASH) return NOWHERE;
    const letter: u32 = load<u8>(at + 1);
    if (isEscape(letter)) {
      at += 2;
    } else {
      if (letter !== 0x75 || !areHex(at + 2)) return NOWHERE;
      at += 6;
    }
    at = passPlain(at, end);
  }
  return NOWHERE;
}

/** One of the letters that may follow a backslash, but `u`: "\/bfnrt */
function isEscape(letter: u32): bool {
  return (
    letter === 0x22 ||
    letter === 0x6e ||
    letter === 0x5c ||
    letter === 0x2f ||
    letter === 0x62 ||
    letter === 0x66 ||
    letter === 0x72 ||
    letter === 0x74
  );
}

function areHex(at: u32): bool {
  for (let i: u32 = at; i < at + 4; i++) {
    const byte: u32 = load<u8>(i);
    const isDigit = byte - 0x30 < 10;
    const isLetter = (byte | 0x20) - 0x61 < 6;
    if (!isDigit && !isLetter) return false;
  }
  return true;
}

function skipSpace(from: u32): u32 {
  let at = from;
  while (true) {
    const byte: u32 = load<u8>(at);
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at++;
  }
}
