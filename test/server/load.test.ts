/** The commands against a server: the rows are those of a directory, and every verb works there. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checksums } from '../support/checksums.js';
import { ClickHouseFront } from '../support/clickhouse-front.js';
import { halfLoaded, TwoWeeks } from '../support/two-weeks.js';

let weeks: TwoWeeks;
let front: ClickHouseFront;

beforeAll(async () => {
  [weeks, front] = await Promise.all([TwoWeeks.open(), ClickHouseFront.start()]);
});

afterAll(async () => {
  await front?.[Symbol.asyncDispose]();
  await weeks?.[Symbol.asyncDispose]();
});

test('a server holds the same rows as a directory, by checksum over every table', async () => {
  const first = await weeks.load(front, [0]).ended;
  expect(first.status, first.said).toBe(1);
  const second = await weeks.load(front, [1]).ended;
  expect(second.status, second.said).toBe(1);
  expect(await halfLoaded(front)).toEqual([]);
  expect(await checksums(front)).toEqual(weeks.checksums);
});
