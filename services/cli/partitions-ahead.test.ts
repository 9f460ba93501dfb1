import { expect, test } from 'vitest';
import { partitionsAhead } from './partitions-ahead.js';

const dates = new Map([
  [0, 3],
  [1, 1],
  [2, Number.NEGATIVE_INFINITY],
  [3, Number.POSITIVE_INFINITY],
]);

test('partitions that are ahead of one with records to read are left alone', () => {
  expect(partitionsAhead(dates, new Set([1]))).toEqual([0, 3]);
  expect(partitionsAhead(dates, new Set([0, 1, 2, 3]))).toEqual([0, 1, 3]);
});

test('none is left alone for a partition in which nothing waits', () => {
  expect(partitionsAhead(dates, new Set())).toEqual([]);
  expect(partitionsAhead(dates, new Set([3]))).toEqual([]);
});

test('one of those with records to read is always read', () => {
  for (const [partition] of dates) {
    expect(partitionsAhead(dates, new Set([partition]))).not.toContain(partition);
  }
});
