/**
 * From the bytes of a course id, as they stand in `context.course_id`, to the number of the course that the
 * caller gave them. One course makes most of the events of a log and a few hundred make nearly all, so a
 * table of fixed size does: a slot whose bytes differ is simply overwritten.
 *
 *   slot   number | length | up to 248 bytes      (number 0: empty)
 */
import { copyBytes, equalBytes, hashBytes } from './bytes';
import { COURSE_SLOT_BYTES, COURSE_SLOTS } from './layout';

const HEAD_BYTES: u32 = 8;

/** The number of the course, 0 where these bytes are not known. */
export function courseNumber(courses: u32, start: u32, length: u32): u32 {
  if (length > COURSE_SLOT_BYTES - HEAD_BYTES) return 0;
  const slot = slotOf(courses, start, length);
  const number = load<u32>(slot);
  if (number === 0 || load<u32>(slot + 4) !== length) return 0;
  return equalBytes(slot + HEAD_BYTES, start, length) ? number : 0;
}

/** From now on these bytes have this number, which is not 0. Too many bytes are not remembered. */
export function rememberCourse(courses: u32, start: u32, length: u32, number: u32): void {
  if (length > COURSE_SLOT_BYTES - HEAD_BYTES) return;
  const slot = slotOf(courses, start, length);
  store<u32>(slot, number);
  store<u32>(slot + 4, length);
  copyBytes(slot + HEAD_BYTES, start, length);
}

function slotOf(courses: u32, start: u32, length: u32): u32 {
  return courses + (hashBytes(start, length) & (COURSE_SLOTS - 1)) * COURSE_SLOT_BYTES;
}
