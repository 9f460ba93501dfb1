import { expect, test } from 'vitest';
import {
  renderBytes,
  renderCounted,
  renderDuration,
  renderShare,
} from '#shared/progress/quantities';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [99_949, '99.9 kB'],
  [99_950, '100 kB'],
  [999_500, '1.0 MB'],
  [12_345_678_901, '12.3 GB'],
])('%d bytes are %s', (bytes, text) => {
  expect(renderBytes(bytes)).toBe(text);
});

test.each([
  [0.04, '0.0 s'],
  [9.94, '9.9 s'],
  [9.96, '10 s'],
  [59.6, '1 min 0 s'],
  [3599.4, '59 min 59 s'],
  [9660, '2 h 41 min'],
])('%d seconds are %s', (seconds, text) => {
  expect(renderDuration(seconds)).toBe(text);
});

test('what is not done is never 100 %', () => {
  expect(renderShare(9999, 10_000)).toBe('99 %');
  expect(renderShare(0, 0)).toBe('100 %');
});

test('one is one and not ones', () => {
  expect([renderCounted(1, 'line'), renderCounted(1234, 'line')]).toEqual([
    '1 line',
    '1,234 lines',
  ]);
});
