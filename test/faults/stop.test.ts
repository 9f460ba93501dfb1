/** A load that is stopped with Ctrl-C, and a second process on the same data directory. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checksums } from '../support/checksums.js';
import { edxstream } from '../support/edxstream.js';
import { halfLoaded, TwoWeeks, untilSaid, wait } from '../support/two-weeks.js';

let weeks: TwoWeeks;

beforeAll(async () => {
  weeks = await TwoWeeks.open();
});

afterAll(() => weeks?.[Symbol.asyncDispose]());

for (const share of [0.35, 0.6, 0.8]) {
  test(`Ctrl-C at ${share} of a load ends it with 130, leaves no half of a file, and the next run continues`, async () => {
    const data = await weeks.withFirstWeek();
    const loading = weeks.load(data, [1]);
    await untilSaid(loading, '"stage":"log files"');
    await wait(weeks.secondWeekMs * share * 0.6);
    loading.child.kill('SIGINT');
    const run = await loading.ended;
    // A machine that is much faster may be done by then.
    expect([130, 1]).toContain(run.status);
    expect(await halfLoaded(data)).toEqual([]);
    const next = await weeks.load(data, [1]).ended;
    expect(next.status).toBe(1);
    expect(await checksums(data)).toEqual(weeks.checksums);
  });
}

test('Ctrl-C as soon as the process listens ends it with 130', async () => {
  const data = weeks.fresh();
  const loading = weeks.load(data, [0, 1]);
  await untilSaid(loading, '"type":"begin"');
  loading.child.kill('SIGINT');
  const run = await loading.ended;
  expect(run.status).toBe(130);
  expect(run.said).toMatch(/same command again/);
  expect((await weeks.load(data, [0, 1]).ended).status).toBe(1);
  expect(await checksums(data)).toEqual(weeks.checksums);
});

test('a second process is told who has the directory and since when; status works meanwhile', async () => {
  const data = weeks.fresh();
  const loading = weeks.load(data, [0, 1]);
  await untilSaid(loading, '"type":"begin"');
  const second = await weeks.load(data, [0, 1]).ended;
  expect(second.status).toBe(3);
  expect(second.said).toContain('DATA_DIRECTORY_BUSY');
  expect(second.said).toContain(String(loading.child.pid));
  expect(second.said).toMatch(/since 20\d\d-\d\d-\d\dT/);
  const status = await edxstream(['status', '--data', data]);
  expect(status.status).toBe(0);
  expect(status.said).toContain(String(loading.child.pid));
  const query = await edxstream(['query', '--data', data, 'SELECT 1']);
  expect(query.status).toBe(3);
  expect((await loading.ended).status).toBe(1);
  expect(await checksums(data)).toEqual(weeks.checksums);
});
