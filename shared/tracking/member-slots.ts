/**
 * Which member of a line's object is kept in which slot of the scanner, found from the bytes of the
 * key without making a string.
 *
 * The names fall into tables by a hash that has no collision among them, so the comparison of at
 * most three words decides.
 */
import { assert } from '#shared/errors';
import { FIELD_NAMES, ROOT_TEXT_FIELDS } from './line-rules.js';

/** Slots 0 to 11 are FIELD_NAMES, of which these two stand in `context`. */
export const ORG_ID_SLOT = FIELD_NAMES.indexOf('org_id');
export const PATH_SLOT = FIELD_NAMES.indexOf('path');
export const TIME_SLOT = 12;
export const EVENT_SLOT = 13;
export const CONTEXT_SLOT = 14;
export const USER_ID_SLOT = 15;
export const COURSE_ID_SLOT = 16;
export const SLOTS = 17;

const HASHES = 64;
const WORD_BYTES = 4;
const NAME_WORDS = 3;
const NAME_BYTES_MAX = NAME_WORDS * WORD_BYTES;

export const ROOT_SLOTS: ReadonlyMap<string, number> = new Map([
  ...FIELD_NAMES.slice(0, ROOT_TEXT_FIELDS).map((name, slot): [string, number] => [name, slot]),
  ['time', TIME_SLOT],
  ['event', EVENT_SLOT],
  ['context', CONTEXT_SLOT],
]);

export const CONTEXT_SLOTS: ReadonlyMap<string, number> = new Map([
  ...FIELD_NAMES.slice(ROOT_TEXT_FIELDS).map((name, i): [string, number] => [
    name,
    ROOT_TEXT_FIELDS + i,
  ]),
  ['user_id', USER_ID_SLOT],
  ['course_id', COURSE_ID_SLOT],
]);

export class SlotTable {
  readonly #lengths = new Uint8Array(HASHES);
  readonly #slots = new Int8Array(HASHES).fill(-1);
  readonly #words = new Int32Array(HASHES * NAME_WORDS);
  readonly #byName: ReadonlyMap<string, number>;

  constructor(slots: ReadonlyMap<string, number>) {
    this.#byName = slots;
    for (const [name, slot] of slots) {
      const bytes = Buffer.from(name, 'latin1');
      if (bytes.length < WORD_BYTES) continue;
      const first = bytes.readInt32LE(0);
      const last = bytes.readInt32LE(bytes.length - WORD_BYTES);
      const hash = hashOf(first, bytes.length);
      assert(this.#slots[hash] === -1, 'the names of the members have hashes of their own');
      this.#lengths[hash] = bytes.length;
      this.#slots[hash] = slot;
      this.#words.set([first, last, middleOf(bytes)], hash * NAME_WORDS);
    }
  }

  /** The slot of the key whose bytes begin at this offset of the view, or -1. */
  find(view: DataView, offset: number, length: number): number {
    if (length < WORD_BYTES || length > NAME_BYTES_MAX)
      return length === 2 ? this.#findIp(view, offset) : -1;
    const first = view.getInt32(offset, true);
    const hash = hashOf(first, length);
    if (this.#lengths[hash] !== length) return -1;
    const at = hash * NAME_WORDS;
    const words = this.#words;
    if (words[at] !== first) return -1;
    if (words[at + 1] !== view.getInt32(offset + length - WORD_BYTES, true)) return -1;
    // Names of up to eight bytes are all in the two words.
    if (length > 8 && words[at + 2] !== view.getInt32(offset + WORD_BYTES, true)) return -1;
    return this.#slots[hash] as number;
  }

  /** The same for a key that is a string already, such as one that was written with escapes. */
  findName(name: string): number {
    return this.#byName.get(name) ?? -1;
  }

  /** `ip` is the only name that is shorter than a word. */
  #findIp(view: DataView, offset: number): number {
    return view.getInt16(offset, true) === 0x7069 ? this.findName('ip') : -1;
  }
}

function middleOf(bytes: Buffer): number {
  return bytes.length > 8 ? bytes.readInt32LE(WORD_BYTES) : 0;
}

function hashOf(first: number, length: number): number {
  return ((Math.imul(first, 0x9e3779b1) >>> 26) + length * 3) & (HASHES - 1);
}
