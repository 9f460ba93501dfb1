/**
 * Event time in the form that servers write, `2014-12-23T14:26:53.723188+00:00` (the fraction and the
 * offset may be absent): microseconds since the epoch. Every other form is left to
 * ../../tracking/event-time.ts.
 */
const ZERO: u32 = 0x30;
const MINUS: u32 = 0x2d;
/** More than any number that two digits make. */
const NO_NUMBER: u32 = 1000;

/** NaN where the caller must look. */
export function readUsualTime(from: u32, to: u32): f64 {
  const length = to - from;
  if (length < 19 || length > 35) return NaN;
  if (load<u8>(from + 4) !== MINUS || load<u8>(from + 7) !== MINUS) return NaN;
  const separator: u32 = load<u8>(from + 10);
  if (separator !== 0x54 && separator !== 0x20) return NaN;
  if (load<u8>(from + 13) !== 0x3a || load<u8>(from + 16) !== 0x3a) return NaN;
  const century = twoDigits(from);
  const ofCentury = twoDigits(from + 2);
  const month = twoDigits(from + 5);
  const day = twoDigits(from + 8);
  const hour = twoDigits(from + 11);
  const minute = twoDigits(from + 14);
  const second = twoDigits(from + 17);
  if (century > 99 || ofCentury > 99 || month < 1 || month > 12) return NaN;
  const year = century * 100 + ofCentury;
  if (day < 1 || day > daysInMonth(year, month) || hour > 23 || minute > 59 || second > 59)
    return NaN;

  let at = from + 19;
  let microseconds: u32 = 0;
  if (at < to && load<u8>(at) === 0x2e) {
    at++;
    const digitsFrom = at;
    let unit: u32 = 100000;
    while (at < to) {
      const digit: u32 = (load<u8>(at) as u32) - ZERO;
      if (digit > 9) break;
      microseconds += digit * unit;
      unit /= 10;
      at++;
    }
    const digits = at - digitsFrom;
    if (digits === 0 || digits > 9) return NaN;
  }
  if (at !== to && !isUtc(at, to)) return NaN;
  const minutes =
    daysSinceEpoch(year as i32, month as i32, day as i32) * 1440 + ((hour * 60 + minute) as i64);
  return ((minutes * 60 + (second as i64)) * 1000000 + (microseconds as i64)) as f64;
}

function isUtc(at: u32, to: u32): bool {
  const length = to - at;
  if (length === 1) return load<u8>(at) === 0x5a;
  // +00:00 in two overlapping words.
  return length === 6 && load<u32>(at) === 0x3a30302b && load<u32>(at + 2) === 0x30303a30;
}

function twoDigits(at: u32): u32 {
  const tens: u32 = (load<u8>(at) as u32) - ZERO;
  const ones: u32 = (load<u8>(at + 1) as u32) - ZERO;
  return tens > 9 || ones > 9 ? NO_NUMBER : tens * 10 + ones;
}

function daysInMonth(year: u32, month: u32): u32 {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/** Days from 1970-01-01 in the proleptic Gregorian calendar, for years from 0. */
function daysSinceEpoch(year: i32, month: i32, day: i32): i64 {
  // Counting years from March puts the leap day at the end, so month lengths follow one formula.
  const y = month <= 2 ? year + 399 : year + 400;
  const m = month <= 2 ? month + 9 : month - 3;
  const dayOfYear = (153 * m + 2) / 5 + day - 1;
  return (y * 365 + y / 4 - y / 100 + y / 400 + dayOfYear - 719468 - 146097) as i64;
}
