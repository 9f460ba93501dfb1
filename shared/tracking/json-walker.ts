/**
 * Walks over the bytes of one JSON object, checks every byte of its syntax, and notes where the
 * wanted members of the root and of `context` stand. It makes no object and no string.
 *
 *   {"time": "2014…", "context": {"course_id": "…", …}, "event": "{\"id\": …}"}
 *            ^start^
 *
 * It accepts what json-object.ts accepts and nothing else; for anything else it only says no, and
 * the caller lets the plain reader find the reason. It relies on the last byte being `}`: outside
 * of strings the walk then always stops in time, so only strings and closings look at the end.
 *
 * Element loads are written `as number`, because the bound on the index is the loop's own and
 * `?? 0` would cost a branch for each byte of the archive.
 */
import { decodeString } from './decode-string.js';
import { passScalar } from './json-scalar.js';
import { JSON_DEPTH_MAX } from './line-rules.js';
import {
  CONTEXT_SLOT,
  CONTEXT_SLOTS,
  COURSE_ID_SLOT,
  ORG_ID_SLOT,
  PATH_SLOT,
  ROOT_SLOTS,
  SLOTS,
  SlotTable,
  USER_ID_SLOT,
} from './member-slots.js';

export const ABSENT = 0;
/** A string without escapes; its slot spans what stands between the quotes. */
export const STRING = 1;
/** A string with escapes; its slot spans what stands between the quotes. */
export const ESCAPED = 2;
export const NULL = 3;
/** NaN, true, a number and so on; the slot spans the text. */
export const OTHER = 4;
export const OBJECT = 5;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/** 1 for a byte that may stand in a string as itself: all but controls, `"` and `\`. */
const PLAIN = new Uint8Array(256).fill(1);
PLAIN.fill(0, 0, 0x20);
PLAIN[QUOTE] = 0;
PLAIN[BACKSLASH] = 0;

/** 1 for the letters that may follow a backslash, but `u`. */
const ESCAPES = new Uint8Array(256);
for (const letter of Buffer.from('"\\/bfnrt')) ESCAPES[letter] = 1;

const HEX = new Uint8Array(256);
for (const digit of Buffer.from('0123456789abcdefABCDEF')) HEX[digit] = 1;

export class JsonWalker {
  readonly kind = new Uint8Array(SLOTS);
  readonly start = new Int32Array(SLOTS);
  readonly end = new Int32Array(SLOTS);
  readonly #isObject = new Uint8Array(JSON_DEPTH_MAX + 1);
  readonly #root = new SlotTable(ROOT_SLOTS);
  readonly #context = new SlotTable(CONTEXT_SLOTS);
  #view: DataView = new DataView(new ArrayBuffer(0));

  /** True where bytes[open, end) are one object; open is its `{`, and bytes[end - 1] is a `}`. */
  walk(bytes: Buffer, open: number, end: number): boolean {
    const { kind, start, end: ends } = this;
    const root = this.#root;
    const context = this.#context;
    const isObjectAt = this.#isObject;
    kind.fill(ABSENT);
    if (this.#view.buffer !== bytes.buffer) this.#view = new DataView(bytes.buffer);
    const view = this.#view;
    const base = bytes.byteOffset;
    isObjectAt[1] = 1;
    let depth = 1;
    let isObject = true;
    let isInContext = false;
    // The slots of the values that are open at depth 1 and, inside `context`, at depth 2.
    let rootSlot = -1;
    let contextSlot = -1;
    let at = skipSpace(bytes, open + 1);
    let byte = bytes[at] as number;
    let isClosing = byte === CLOSE_OBJECT;

    for (;;) {
      if (!isClosing) {
        let slot = -1;
        if (isObject) {
          if (byte !== QUOTE) return false;
          const keyFrom = at + 1;
          at = passPlain(view, base, bytes, keyFrom, end);
          const isEscaped = bytes[at] !== QUOTE;
          if (isEscaped) at = passEscaped(view, base, bytes, at, end);
          if (at < 0 || at >= end) return false;
          if (depth === 1 || (depth === 2 && isInContext)) {
            const table = depth === 1 ? root : context;
            slot = isEscaped
              ? table.findName(decodeKey(bytes, keyFrom, at))
              : table.find(view, base + keyFrom, at - keyFrom);
          }
          at++;
          if (bytes[at] !== COLON) {
            at = skipSpace(bytes, at);
            if (bytes[at] !== COLON) return false;
          }
          at++;
          byte = bytes[at] as number;
          if (byte <= 0x20) {
            at = skipSpace(bytes, at);
            byte = bytes[at] as number;
          }
          if (slot === CONTEXT_SLOT) this.#forgetContext();
        }
        if (byte === QUOTE) {
          const from = at + 1;
          at = passPlain(view, base, bytes, from, end);
          let stringKind = STRING;
          if (bytes[at] !== QUOTE) {
            stringKind = ESCAPED;
            at = passEscaped(view, base, bytes, at, end);
          }
          if (at < 0 || at >= end) return false;
          if (slot >= 0) {
            kind[slot] = stringKind;
            start[slot] = from;
            ends[slot] = at;
          }
          at++;
        } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
          if (depth === JSON_DEPTH_MAX) return false;
          isObject = byte === OPEN_OBJECT;
          if (slot >= 0) {
            kind[slot] = isObject ? OBJECT : OTHER;
            start[slot] = at;
          }
          if (depth === 1) {
            rootSlot = slot;
            isInContext = isObject && slot === CONTEXT_SLOT;
          } else if (depth === 2) contextSlot = slot;
          depth++;
          isObjectAt[depth] = isObject ? 1 : 0;
          at = skipSpace(bytes, at + 1);
          byte = bytes[at] as number;
          isClosing = byte === (isObject ? CLOSE_OBJECT : CLOSE_ARRAY);
          continue;
        } else {
          const from = at;
          at = passScalar(bytes, at);
          if (at < 0) return false;
          // `n` begins nothing but null.
          if (slot >= 0) {
            kind[slot] = byte === 0x6e ? NULL : OTHER;
            start[slot] = from;
            ends[slot] = at;
          }
        }
      } else {
        at++;
        depth--;
        if (depth === 0) return at === end;
        if (at >= end) return false;
        if (depth === 1 && rootSlot >= 0) ends[rootSlot] = at;
        else if (depth === 2 && contextSlot >= 0) ends[contextSlot] = at;
        if (depth === 1) isInContext = false;
        isObject = isObjectAt[depth] === 1;
      }

      // After a value: a comma and the next member, or the end of what holds it.
      byte = bytes[at] as number;
      if (byte <= 0x20) {
        at = skipSpace(bytes, at);
        byte = bytes[at] as number;
      }
      if (byte === COMMA) {
        isClosing = false;
        at++;
        byte = bytes[at] as number;
        if (byte <= 0x20) {
          at = skipSpace(bytes, at);
          byte = bytes[at] as number;
        }
      } else {
        if (byte !== (isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) return false;
        isClosing = true;
      }
    }
  }

  /** A second `context` replaces the first whole. */
  #forgetContext(): void {
    const kind = this.kind;
    kind[ORG_ID_SLOT] = ABSENT;
    kind[PATH_SLOT] = ABSENT;
    kind[USER_ID_SLOT] = ABSENT;
    kind[COURSE_ID_SLOT] = ABSENT;
  }
}

/**
 * The offset of the first byte from `from` on that is a quote, a backslash or a control, four bytes
 * a step; `end` or more where there is none.
 */
function passPlain(view: DataView, base: number, bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at <= end - 4) {
    // The high bit of each byte that is one of them. A byte above the lowest such one may be marked
    // wrongly, by the borrow, so only the lowest mark counts.
    const word = view.getInt32(base + at, true);
    const quote = word ^ 0x22222222;
    const slash = word ^ 0x5c5c5c5c;
    const marks =
      (((quote - 0x01010101) & ~quote) |
        ((slash - 0x01010101) & ~slash) |
        ((word - 0x20202020) & ~word)) &
      0x80808080;
    if (marks !== 0) return at + ((31 - Math.clz32(marks & -marks)) >>> 3);
    at += 4;
  }
  while (at < end && PLAIN[bytes[at] as number] === 1) at++;
  return at;
}

/** From a backslash inside a string to the closing quote, or -1 where the string is none. */
function passEscaped(
  view: DataView,
  base: number,
  bytes: Buffer,
  from: number,
  end: number,
): number {
  let at = from;
  while (at < end) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) return at;
    if (byte !== BACKSLASH) return -1;
    const letter = bytes[at + 1] as number;
    if (ESCAPES[letter] === 1) {
      at += 2;
    } else {
      if (letter !== 0x75 || !areHex(bytes, at + 2)) return -1;
      at += 6;
    }
    at = passPlain(view, base, bytes, at, end);
  }
  return -1;
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const byte = bytes[at] as number;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at++;
  }
}

function areHex(bytes: Buffer, at: number): boolean {
  for (let i = at; i < at + 4; i++) if (HEX[bytes[i] as number] !== 1) return false;
  return true;
}

function decodeKey(bytes: Buffer, from: number, to: number): string {
  return decodeString(bytes, from, to).toString('latin1');
}
