/**
 * Reads the usual lines of a window into the columns of a batch: one walk a line, no call into
 * JavaScript. Whatever is not usual ends the call and is left to the caller, who reads that line in full:
 * a line that is no JSON object or may hold a secret, a value in escapes, an odd time or user id, a course
 * that was not met before or that `context` does not name.
 *
 *   window   | read before | usual usual usual | odd | … | unfinished
 *                          ^ LINE_START        ^ LINE_START afterwards
 */
import { findByte } from './bytes';
import { courseNumber } from './courses';
import { numberOf } from './dictionary';
import { readUsualTime } from './event-time';
import { walk } from './json-walk';
import * as layout from './layout';
import { PLAUSIBLE_FROM_US, PLAUSIBLE_TO_US } from './plausible-times';
import { readUsualUserId } from './user-id';

/** What a call ended with. */
const NO_LINE: u32 = 0;
const ODD_LINE: u32 = 1;

const LF: u32 = 10;

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
  for (let slot: u32 = 0; slot < layout.TEXT_SLOTS; slot++) {
    if (kindOf(state, slot) === layout.ESCAPED) return false;
  }
  if (kindOf(state, layout.TIME_SLOT) !== layout.STRING) return false;
  const timeUs = readUsualTime(startOf(state, layout.TIME_SLOT), endOf(state, layout.TIME_SLOT));
  // The comparison with NaN is false.
  if (!(timeUs >= PLAUSIBLE_FROM_US && timeUs < PLAUSIBLE_TO_US)) return false;
  if (kindOf(state, layout.COURSE_ID_SLOT) !== layout.STRING) return false;
  const courseFrom = startOf(state, layout.COURSE_ID_SLOT);
  const course = courseNumber(
    load<u32>(state + layout.COURSES),
    courseFrom,
    endOf(state, layout.COURSE_ID_SLOT) - courseFrom,
  );
  if (course === 0) return false;
  let userId: f64 = NaN;
  const userKind = kindOf(state, layout.USER_ID_SLOT);
  if (userKind === layout.STRING || userKind === layout.OTHER) {
    userId = readUsualUserId(
      startOf(state, layout.USER_ID_SLOT),
      endOf(state, layout.USER_ID_SLOT),
    );
    // False for NaN.
    if (!(userId >= 0)) return false;
  } else if (userKind !== layout.ABSENT && userKind !== layout.NULL) {
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
  store<u8>(columns + layout.FLAGS * capacity + row, isLate ? layout.IS_LATE : 0);
  // The orders of DICTIONARY_FIELDS and TEXT_COLUMNS in ../../eventlog/event-batch.ts.
  const dictionaries = load<u32>(state + layout.DICTIONARIES);
  addToDictionary(state, narrow, capacity, dictionaries, 0, layout.EVENT_TYPE_SLOT);
  addToDictionary(state, narrow, capacity, dictionaries, 1, layout.NAME_SLOT);
  addToDictionary(state, narrow, capacity, dictionaries, 2, layout.EVENT_SOURCE_SLOT);
  addToDictionary(state, narrow, capacity, dictionaries, 3, layout.AGENT_SLOT);
  addToDictionary(state, narrow, capacity, dictionaries, 4, layout.HOST_SLOT);
  addToDictionary(state, narrow, capacity, dictionaries, 5, layout.ORG_ID_SLOT);
  addText(state, narrow, capacity, 0, layout.USERNAME_SLOT);
  addText(state, narrow, capacity, 1, layout.SESSION_SLOT);
  addText(state, narrow, capacity, 2, layout.IP_SLOT);
  addText(state, narrow, capacity, 3, layout.PAGE_SLOT);
  addText(state, narrow, capacity, 4, layout.REFERER_SLOT);
  addText(state, narrow, capacity, 5, layout.PATH_SLOT);
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
  const number = numberOf(
    dictionaries + column * layout.DICTIONARY_BYTES,
    startOf(state, slot),
    length,
  );
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
  return kind === layout.ABSENT || kind === layout.NULL
    ? 0
    : endOf(state, slot) - startOf(state, slot);
}

function isBlank(byte: u32): bool {
  return byte === 0x20 || byte - 0x09 < 5;
}
