/**
 * Event time: from the bytes of `time` to microseconds since the epoch, without Date and without
 * strings, because it runs once for every event.
 *
 *   2014-12-23T14:26:53.723188+00:00   2013-06-09 06:28:13   2015-04-14T19:42:52.237Z   1379942400.5
 *
 * A time without an offset is UTC. Digits beyond the microsecond are cut, never rounded, so that an
 * event does not move into the next day. What surprises: the fraction is often absent, because
 * Python leaves it out when it is zero.
 */
import { PLAUSIBLE_FROM_US, PLAUSIBLE_TO_US } from '#shared/kernel/assembly/plausible-times';
import { isBlankByte } from './line-rules.js';

export const TIME_STATES = ['ok', 'missing', 'unparsable', 'implausible'] as const;
export type TimeState = (typeof TIME_STATES)[number];
export type TimeStateIndex = 0 | 1 | 2 | 3;

export const TIME_OK = 0;
export const TIME_MISSING = 1;
export const TIME_UNPARSABLE = 2;
export const TIME_IMPLAUSIBLE = 3;

/** What a string of only white space gives: there is no time, as opposed to a bad one. */
export const NO_TIME = Number.NEGATIVE_INFINITY;

const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const COLON = 0x3a;

/** The state of a parsed time; NaN is unparsable and NO_TIME is missing. */
export function timeStateOf(timeUs: number): TimeStateIndex {
  if (timeUs >= PLAUSIBLE_FROM_US && timeUs < PLAUSIBLE_TO_US) return TIME_OK;
  if (timeUs === NO_TIME) return TIME_MISSING;
  return Number.isNaN(timeUs) ? TIME_UNPARSABLE : TIME_IMPLAUSIBLE;
}

/** Reads the value of a string: microseconds since the epoch, NaN or NO_TIME. */
export function readTimeText(bytes: Uint8Array, start: number, end: number): number {
  let from = start;
  let to = end;
  while (from < to && isBlankByte(bytes[from] ?? 0)) from++;
  while (to > from && isBlankByte(bytes[to - 1] ?? 0)) to--;
  if (from === to) return NO_TIME;
  if (to - from < 19 || bytes[from + 4] !== MINUS) return readEpoch(bytes, from, to);
  const separator = bytes[from + 10];
  if (bytes[from + 7] !== MINUS || (separator !== 0x54 && separator !== 0x20)) return Number.NaN;
  if (bytes[from + 13] !== COLON || bytes[from + 16] !== COLON) return Number.NaN;
  const year = twoDigits(bytes, from) * 100 + twoDigits(bytes, from + 2);
  const month = twoDigits(bytes, from + 5);
  const day = twoDigits(bytes, from + 8);
  const hour = twoDigits(bytes, from + 11);
  const minute = twoDigits(bytes, from + 14);
  const second = twoDigits(bytes, from + 17);
  // A comparison with the NaN of a pair that is no digits is false, so each test is worded to hold.
  if (!(year >= 0 && month >= 1 && month <= 12)) return Number.NaN;
  if (!(day >= 1 && day <= daysInMonth(year, month))) return Number.NaN;
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return Number.NaN;

  let at = from + 19;
  let microseconds = 0;
  if (at < to && bytes[at] === POINT) {
    const digitsFrom = ++at;
    let unit = 100_000;
    while (at < to && isDigit(bytes[at] ?? 0)) {
      microseconds += ((bytes[at] ?? 0) - 0x30) * unit;
      unit = (unit / 10) | 0;
      at++;
    }
    const digits = at - digitsFrom;
    if (digits === 0 || digits > 9) return Number.NaN;
  }
  const offsetMinutes = readOffset(bytes, at, to);
  const minutes = daysSinceEpoch(year, month, day) * 1440 + hour * 60 + minute - offsetMinutes;
  return (minutes * 60 + second) * 1e6 + microseconds;
}

/**
 * Reads a JSON number, or a string of decimal digits: seconds since the epoch, milliseconds from
 * 1e11, microseconds from 1e14. NaN where it is none of these.
 */
export function readEpoch(bytes: Uint8Array, from: number, to: number): number {
  const negative = bytes[from] === MINUS;
  let at = negative ? from + 1 : from;
  const wholeFrom = at;
  let whole = 0;
  while (at < to && isDigit(bytes[at] ?? 0)) whole = whole * 10 + (bytes[at++] ?? 0) - 0x30;
  if (at === wholeFrom) return Number.NaN;
  const scale = whole >= 1e14 ? 1 : whole >= 1e11 ? 1e3 : 1e6;
  let timeUs = whole * scale;
  if (at < to && bytes[at] === POINT) {
    const digitsFrom = ++at;
    let unit = scale;
    while (at < to && isDigit(bytes[at] ?? 0)) {
      unit = Math.trunc(unit / 10);
      timeUs += ((bytes[at++] ?? 0) - 0x30) * unit;
    }
    if (at === digitsFrom) return Number.NaN;
  }
  if (at < to) return readExponent(bytes, from, to);
  return negative ? 0 - timeUs : timeUs;
}

/** The form with an exponent is met in no known log; a number is all that is needed for it. */
function readExponent(bytes: Uint8Array, from: number, to: number): number {
  if (to - from > 40) return Number.NaN;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
  if (!/^-?\d+(\.\d+)?[eE][+-]?\d+$/.test(text)) return Number.NaN;
  const value = Number(text);
  if (!Number.isFinite(value)) return Number.NaN;
  const size = Math.abs(value);
  return Math.round(value * (size >= 1e14 ? 1 : size >= 1e11 ? 1e3 : 1e6));
}

/** Minutes east of UTC of `Z`, `±HH`, `±HHMM`, `±HH:MM` or nothing; NaN for anything else. */
function readOffset(bytes: Uint8Array, at: number, to: number): number {
  if (at === to) return 0;
  const sign = bytes[at];
  if (sign === 0x5a) return to === at + 1 ? 0 : Number.NaN;
  if (sign !== PLUS && sign !== MINUS) return Number.NaN;
  const length = to - at;
  let minute = 0;
  if (length === 6 && bytes[at + 3] === COLON) minute = twoDigits(bytes, at + 4);
  else if (length === 5) minute = twoDigits(bytes, at + 3);
  else if (length !== 3) return Number.NaN;
  const hour = twoDigits(bytes, at + 1);
  if (!(hour <= 23 && minute <= 59)) return Number.NaN;
  return sign === MINUS ? -(hour * 60 + minute) : hour * 60 + minute;
}

/** Days from 1970-01-01 in the proleptic Gregorian calendar. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  // Counting years from March puts the leap day at the end, so month lengths follow one formula.
  const y = month <= 2 ? year - 1 : year;
  const m = month <= 2 ? month + 9 : month - 3;
  const dayOfYear = Math.trunc((153 * m + 2) / 5) + day - 1;
  const leaps = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400);
  return y * 365 + leaps + dayOfYear - 719_468;
}

function daysInMonth(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/** The number that two decimal digits make, or NaN. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] ?? 0) - 0x30;
  const ones = (bytes[at + 1] ?? 0) - 0x30;
  if (tens < 0 || tens > 9 || ones < 0 || ones > 9) return Number.NaN;
  return tens * 10 + ones;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
