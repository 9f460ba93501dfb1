/**
 * Reads the usual lines of a window into the columns of a batch: one walk a line, no call into
 * JavaScript. Whatever is not usual ends the call and is left to the caller, who reads that line in full:
 * a line that is no JSON object or may hold a secret, a value in escapes, an odd time or user id, a course
 * that was not met before or that `context` does not name.
 *
 *   window   | read before | usual usual usual | odd | … | unfinished
 *                          ^ LINE_START        ^ LINE_START and LINE_END afterwards
 */
import { findByte } from './bytes';
import { courseNumber } from './courses';
import { DICTIONARY_BYTES, numberOf } from './dictionary';
import { readUsualTime } from './event-time';
import { ABSENT, ESCAPED, NULL, OTHER, STRING, walk } from './json-walk';
import * as layout from './layout';
import { COURSE_ID_SLOT, TIME_SLOT, USER_ID_SLOT } from './member-slots';
import { readUsualUserId } from './user-id';

/** What a call ended with. */
const NO_LINE: u32 = 0;
const ODD_LINE: u32 = 1;

const LF: u32 = 10;
const TEXT_SLOTS: u32 = 12;
/** Times from 2012-01-01 and before 2255-01-01 are plausible. */
const PLAUSIBLE_FROM_US: f64 = 1325376000000000;
const PLAUSIBLE_TO_US: f64 = 8993721600000000;
const IS_LATE: u32 = 4;

/** NO_LINE where no whole line is left, ODD_LINE where the next one needs the caller. */
export function scanLines(state: u32): u32 {
  const filled = load<u32>(state + layout.FILLED);
  const candidate = load<u32>(state + layout.CANDIDATE);
  const lineBytesMax = load<u32>(state + layout.LINE_BYTES_MAX);
  const capacity = load<u32>(state + layout.CAPACITY);
  let start = load<u32>(state + layout.LINE_START);
  let line = load<u32>(state + layout.LINE);
  while (true) {
    const end = findByte(LF, start, filled);
    store<u32>(state + layout.LINE_START, start);
    store<u32>(state + layout.LINE, line);
    if (end === filled) return NO_LINE;
    store<u32>(state + layout.LINE_END, end);
    if (end > candidate || end - start > lineBytesMax) return ODD_LINE;
    if (load<u32>(state + layout.ROWS) === capacity) return ODD_LINE;
    if (!addLine(state, start, end, line, capacity)) return ODD_LINE;
    start = end + 1;
    line++;
  }
}

function addLine(state: u32, start: u32, lineEnd: u32, line: u32, capacity: u32): bool {
  let end = lineEnd;
  // What Windows or a careless editor leaves at the end.
  while (end > start && isBlank(load<u8>(end - 1))) end--;
  if (end - start < 2 || load<u8>(start) !== 0x7b || load<u8>(end - 1) !== 0x7d) return false;
  if (!walk(state, start, end)) return false;
  for (let slot: u32 = 0; slot < TEXT_SLOTS; slot++) {
    if (kindOf(state, slot) === ESCAPED) return false;
  }
  if (kindOf(state, TIME_SLOT) !== STRING) return false;
  const timeUs = readUsualTime(startOf(state, TIME_SLOT), endOf(state, TIME_SLOT));
  // The comparison with NaN is false.
  if (!(timeUs >= PLAUSIBLE_FROM_US && timeUs < PLAUSIBLE_TO_US)) return false;
  if (kindOf(state, COURSE_ID_SLOT) !== STRING) return false;
  const courseFrom = startOf(state, COURSE_ID_SLOT);
  const course = courseNumber(
    load<u32>(state + layout.COURSES),
    courseFrom,
    endOf(state, COURSE_ID_SLOT) - courseFrom,
  );
  if (course === 0) return false;
  let userId: f64 = NaN;
  const userKind = kindOf(state, USER_ID_SLOT);
  if (userKind === STRING || userKind === OTHER) {
    userId = readUsualUserId(startOf(state, USER_ID_SLOT), endOf(state, USER_ID_SLOT));
    // False for NaN.
    if (!(userId >= 0)) return false;
  } else if (userKind !== ABSENT && userKind !== NULL) {
    return false;
  }

  const row = load<u32>(state + layout.ROWS);
  store<u32>(state + layout.ROWS, row + 1);
  const columns = load<u32>(state + layout.COLUMNS);
  const isLate = timeUs < load<f64>(state + layout.LATE_BEFORE);
  if (isLate) store<u32>(state + layout.LATE, load<u32>(state + layout.LATE) + 1);
  store<f64>(columns + layout.TIME_US * capacity + (row << 3), timeUs);
  store<f64>(columns + layout.USER_ID * capacity + (row << 3), userId);
  const narrow = columns + (row << 2);
  store<u32>(narrow + layout.RAW_START * capacity, start);
  store<u32>(narrow + layout.RAW_LENGTH * capacity, lineEnd - start);
  store<u32>(narrow + layout.JSON_AT * capacity, 0);
  store<u32>(narrow + layout.LINE_NUMBER * capacity, line);
  store<u32>(narrow + layout.COURSE * capacity, course);
  store<u8>(columns + layout.FLAGS * capacity + row, isLate ? IS_LATE : 0);
  const dictionaries = load<u32>(state + layout.DICTIONARIES);
  addToDictionary(state, narrow, capacity, dictionaries, 0, 0); // event_type
  addToDictionary(state, narrow, capacity, dictionaries, 1, 1); // name
  addToDictionary(state, narrow, capacity, dictionaries, 2, 2); // event_source
  addToDictionary(state, narrow, capacity, dictionaries, 3, 6); // agent
  addToDictionary(state, narrow, capacity, dictionaries, 4, 7); // host
  addToDictionary(state, narrow, capacity, dictionaries, 5, 10); // org_id
  addText(state, narrow, capacity, 0, 3); // username
  addText(state, narrow, capacity, 1, 4); // session
  addText(state, narrow, capacity, 2, 5); // ip
  addText(state, narrow, capacity, 3, 8); // page
  addText(state, narrow, capacity, 4, 9); // referer
  addText(state, narrow, capacity, 5, 11); // path
  return true;
}

function addToDictionary(
  state: u32,
  narrow: u32,
  capacity: u32,
  dictionaries: u32,
  column: u32,
  slot: u32,
): void {
  const length = lengthOf(state, slot);
  const number = numberOf(dictionaries + column * DICTIONARY_BYTES, startOf(state, slot), length);
  store<u32>(narrow + (layout.INDEXES + (column << 2)) * capacity, number);
}

function addText(state: u32, narrow: u32, capacity: u32, column: u32, slot: u32): void {
  store<u32>(narrow + (layout.TEXT_STARTS + (column << 2)) * capacity, startOf(state, slot));
  store<u32>(narrow + (layout.TEXT_LENGTHS + (column << 2)) * capacity, lengthOf(state, slot));
}

function kindOf(state: u32, slot: u32): u32 {
  return load<u8>(state + layout.KIND + slot);
}

function startOf(state: u32, slot: u32): u32 {
  return load<u32>(state + layout.START + (slot << 2));
}

function endOf(state: u32, slot: u32): u32 {
  return load<u32>(state + layout.END + (slot << 2));
}

/** Bytes of the value; 0 where there is none, wherever its place may then be. */
function lengthOf(state: u32, slot: u32): u32 {
  const kind = kindOf(state, slot);
  return kind === ABSENT || kind === NULL ? 0 : endOf(state, slot) - startOf(state, slot);
}

function isBlank(byte: u32): bool {
  return byte === 0x20 || byte - 0x09 < 5;
}
