import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_TIME, readEpoch, readTimeText, TIME_STATES, timeStateOf } from './event-time.js';

function readText(text: string): number {
  // The surroundings show that nothing outside of the range is read.
  const bytes = Buffer.from(`9${text}9`, 'latin1');
  return readTimeText(bytes, 1, bytes.length - 1);
}

function stateOf(text: string): string {
  return TIME_STATES[timeStateOf(readText(text))];
}

const NOON_US = Date.UTC(2014, 11, 23, 12, 0, 0) * 1000;

describe('a stamp is read to the microsecond', () => {
  const stamps: readonly [string, number][] = [
    ['2014-12-23T12:00:00.123456+00:00', NOON_US + 123_456],
    ['2014-12-23T12:00:00.123456', NOON_US + 123_456],
    ['2014-12-23T12:00:00+00:00', NOON_US],
    ['2014-12-23 12:00:00', NOON_US],
    ['2014-12-23T12:00:00.237Z', NOON_US + 237_000],
    ['2014-12-23T12:00:00.1', NOON_US + 100_000],
    ['2014-12-23T12:00:00.123456999', NOON_US + 123_456],
    ['2014-12-23T12:00:00-05:30', NOON_US + 330 * 60e6],
    ['2014-12-23T12:00:00+0530', NOON_US - 330 * 60e6],
    ['2014-12-23T12:00:00+05', NOON_US - 300 * 60e6],
    ['\t 2014-12-23T12:00:00 \r\n', NOON_US],
    ['1419336000', NOON_US],
    ['1419336000.5', NOON_US + 500_000],
    ['1419336000123', NOON_US + 123_000],
    ['1419336000123456', NOON_US + 123_456],
  ];
  test.each(stamps)('%s', (text, expected) => {
    expect(readText(text)).toBe(expected);
    expect(stateOf(text)).toBe('ok');
  });
});

describe('what is no time is unparsable', () => {
  test.each([
    'yesterday',
    '2014-13-01T00:00:00',
    '2014-02-29T00:00:00',
    '2014-04-31T00:00:00',
    '2014-00-10T00:00:00',
    '2014-12-23T24:00:00',
    '2014-12-23T12:60:00',
    '2014-12-23T12:00:60',
    '2014-12-23T12:00',
    '2014-12-23',
    '2014-12-23T12:00:00.',
    '2014-12-23T12:00:00.1234567890',
    '2014-12-23T12:00:00+5',
    '2014-12-23T12:00:00+24:00',
    '2014-12-23T12:00:00+05:60',
    '2014-12-23T12:00:00 UTC',
    '2014-12-23x12:00:00',
    '2014-12-2:T12:00:00',
    '+2014-12-23T12:00:00',
    '12.5.7',
    '1419336000.',
    '-',
    'NaN',
    'Infinity',
  ])('%s', (text) => {
    expect(stateOf(text)).toBe('unparsable');
  });
});

test('years outside of 2012 to 2254 are implausible, and the edges are where they are said to be', () => {
  expect(stateOf('2011-12-31T23:59:59.999999')).toBe('implausible');
  expect(stateOf('2012-01-01T00:00:00')).toBe('ok');
  expect(stateOf('2254-12-31T23:59:59.999999Z')).toBe('ok');
  expect(stateOf('2255-01-01T00:00:00')).toBe('implausible');
  expect(stateOf('0300-01-01T00:00:00')).toBe('implausible');
  expect(stateOf('-5')).toBe('implausible');
  expect(stateOf('9999-12-31T23:59:59')).toBe('implausible');
});

test('a string of nothing is no time at all', () => {
  expect(readText('')).toBe(NO_TIME);
  expect(stateOf(' \t')).toBe('missing');
});

test('a number with an exponent is read too', () => {
  const bytes = Buffer.from('1.419336e9');
  expect(readEpoch(bytes, 0, bytes.length)).toBe(NOON_US);
});

test('every stamp in every form agrees with Date', () => {
  const pad = (value: number, digits: number) => String(value).padStart(digits, '0');
  fc.assert(
    fc.property(
      fc.date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true }),
      fc.integer({ min: 0, max: 9 }),
      fc.nat(999_999_999),
      fc.constantFrom('', 'Z', ':', '-', 'h'),
      fc.integer({ min: -1439, max: 1439 }),
      fc.constantFrom('T', ' '),
      (date, digits, nanos, zone, offset, separator) => {
        const whole = Math.floor(date.getTime() / 1000) * 1000;
        const fraction = pad(nanos, 9).slice(0, digits);
        const east = zone === 'h' ? Math.trunc(offset / 60) * 60 : offset;
        const isOffset = zone !== '' && zone !== 'Z';
        const local = new Date(whole + (isOffset ? east * 60_000 : 0)).toISOString();
        const size = Math.abs(east);
        const hours = `${east < 0 ? '-' : '+'}${pad(Math.floor(size / 60), 2)}`;
        const minutes = pad(size % 60, 2);
        const suffix =
          zone === ':'
            ? `${hours}:${minutes}`
            : zone === '-'
              ? hours + minutes
              : zone === 'h'
                ? hours
                : zone;
        const stamp = local.slice(0, 19).replace('T', separator);
        const text = stamp + (digits > 0 ? `.${fraction}` : '') + suffix;
        const expected = whole * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
        expect(readText(text), text).toBe(expected);
      },
    ),
    { numRuns: 30_000 },
  );
});

test('every day of four centuries exists exactly when Date has it', () => {
  for (let year = 1900; year < 2300; year++) {
    for (let month = 1; month <= 12; month++) {
      for (const day of [1, 28, 29, 30, 31]) {
        const text = `${year}-${String(month).padStart(2, '0')}-${day < 10 ? '01' : day}T00:00:00`;
        const ms = Date.UTC(year, month - 1, day);
        const exists = new Date(ms).getUTCDate() === day;
        expect(readText(text), text).toBe(exists ? ms * 1000 : Number.NaN);
      }
    }
  }
});
