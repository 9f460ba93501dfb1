/**
 * Which member of a line's object is kept in which slot of the scanner, found from the bytes of the
 * key without making a string.
 *
 * The names fall into tables by a hash that has no collision among them (a test holds that), so one
 * comparison decides.
 */
import { FIELD_NAMES, ROOT_TEXT_FIELDS } from './line-rules.js';

/** Slots 0 to 11 are FIELD_NAMES. */
export const TIME_SLOT = 12;
export const EVENT_SLOT = 13;
export const CONTEXT_SLOT = 14;
export const USER_ID_SLOT = 15;
export const COURSE_ID_SLOT = 16;
export const SLOTS = 17;

const HASHES = 64;
const NAME_BYTES = 12;

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
  readonly #names = new Uint8Array(HASHES * NAME_BYTES);
  readonly #byName: ReadonlyMap<string, number>;

  constructor(slots: ReadonlyMap<string, number>) {
    this.#byName = slots;
    for (const [name, slot] of slots) {
      const bytes = Buffer.from(name, 'latin1');
      const hash = hashOf(bytes, 0, bytes.length);
      this.#lengths[hash] = bytes.length;
      this.#slots[hash] = slot;
      this.#names.set(bytes, hash * NAME_BYTES);
    }
  }

  /** The slot of the key that stands in these bytes, or -1. */
  find(bytes: Uint8Array, start: number, length: number): number {
    if (length < 2 || length > NAME_BYTES) return -1;
    const hash = hashOf(bytes, start, length);
    if (this.#lengths[hash] !== length) return -1;
    const names = this.#names;
    const offset = hash * NAME_BYTES;
    for (let i = 0; i < length; i++) {
      if (names[offset + i] !== bytes[start + i]) return -1;
    }
    return this.#slots[hash] ?? -1;
  }

  /** The same for a key that was written with escapes. */
  findName(name: string): number {
    return this.#byName.get(name) ?? -1;
  }
}

function hashOf(bytes: Uint8Array, start: number, length: number): number {
  const first = (bytes[start] ?? 0) + (bytes[start + 1] ?? 0);
  return (first + length + (bytes[start + length - 1] ?? 0) * 5) & (HASHES - 1);
}
