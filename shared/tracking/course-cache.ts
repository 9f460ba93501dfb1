/**
 * From the bytes of a course id, as they stand in a line, to the index of the course, without
 * making a string for bytes that were seen before.
 *
 * One course makes most of the events of a log and a few hundred make nearly all, so a table of
 * fixed size does: a slot whose bytes differ is simply overwritten. Bytes that name no course are
 * remembered too (index 0), because a broken page sends the same bogus id all day.
 */
import { courseKey } from './course-key.js';

const SLOTS = 4_096;
/** Wide enough for every id that edX's column can hold in ASCII. */
const SLOT_BYTES = 256;

export class CourseCache {
  /** Ids in the order of their first sight; 0 is '' and means no course. */
  readonly courses: string[] = [''];
  readonly #indexes = new Map<string, number>([['', 0]]);
  readonly #slotBytes = Buffer.alloc(SLOTS * SLOT_BYTES);
  readonly #slotLength = new Int32Array(SLOTS);
  readonly #slotIndex = new Int32Array(SLOTS);

  /** The index of a course id that is known to be one, or of ''. */
  intern(course: string): number {
    const known = this.#indexes.get(course);
    if (known !== undefined) return known;
    const index = this.courses.length;
    this.courses.push(course);
    this.#indexes.set(course, index);
    return index;
  }

  /** The index of the course that these bytes name, 0 where they name none. */
  lookUp(bytes: Buffer, start: number, length: number): number {
    if (length === 0) return 0;
    if (length > SLOT_BYTES) return this.#parse(bytes, start, length);
    let hash = length;
    for (let at = start; at < start + length; at++) hash = (hash * 31 + (bytes[at] ?? 0)) | 0;
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const slotBytes = this.#slotBytes;
    const offset = slot * SLOT_BYTES;
    if (this.#slotLength[slot] === length) {
      let i = 0;
      while (i < length && slotBytes[offset + i] === bytes[start + i]) i++;
      if (i === length) return this.#slotIndex[slot] ?? 0;
    }
    const index = this.#parse(bytes, start, length);
    bytes.copy(slotBytes, offset, start, start + length);
    this.#slotLength[slot] = length;
    this.#slotIndex[slot] = index;
    return index;
  }

  /** Begins anew: the same courses may have other indexes from now on. */
  clear(): void {
    this.courses.length = 1;
    this.#indexes.clear();
    this.#indexes.set('', 0);
    this.#slotLength.fill(0);
  }

  #parse(bytes: Buffer, start: number, length: number): number {
    return this.intern(courseKey(bytes.toString('latin1', start, start + length)));
  }
}
