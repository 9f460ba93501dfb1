/**
 * The same log file in several packages: grown, changed, encrypted again, shortened, missing. What a
 * plain SELECT shows is what the newest package says, and only what is new is loaded.
 *
 * Longer than 300 lines, because every way in which a log file can come again has its test here.
 */
import { afterAll, beforeAll, expect } from 'vitest';
import { type Place, type Run, rowsOf, summaryOf } from '../support/edxstream.js';
import type { GpgPackages } from '../support/gpg-packages.js';
import { type LoadPlaces, openLoadPlaces } from '../support/load-places.js';
import { COURSE, logLine, logLines, logPath, OTHER_COURSE } from '../support/log-lines.js';
import { packedBench, test } from '../support/packed-bench.js';

const bench = packedBench('versions-of-a-log-file.test.ts');

let places: LoadPlaces;

beforeAll(async () => {
  places = await openLoadPlaces();
});

afterAll(() => places?.[Symbol.asyncDispose]());

const FILE = logPath('003', '2013-10-22');
const OTHER_FILE = logPath('004', '2013-10-21');
const NEXT_DAY = logPath('003', '2013-10-23');

/** A new place that these packages are loaded into, one run after the other. */
async function loadEach(...runs: readonly (readonly string[])[]) {
  const data = await places.fresh();
  const results: Run[] = [];
  for (const args of runs) results.push(await load(data, args));
  return { data, results };
}

function load(data: Place, args: readonly string[]): Promise<Run> {
  return places.load(data, args, ['--key', bench().packages.keyFile, '--json']);
}

function tar(...args: Parameters<GpgPackages['tar']>): Promise<string> {
  return bench().packages.tar(...args);
}

function events(data: Place): Promise<{ line: string; username: string; file_id: string }[]> {
  return rowsOf(
    data,
    'SELECT toString(line) AS line, username, toString(file_id) AS file_id FROM events ORDER BY server, log_date, events.line',
  );
}

/** Numbers of lines with the learner of each, as `1 learner1`. */
async function linesIn(data: Place): Promise<string[]> {
  return (await events(data)).map(({ line, username }) => `${line} ${username}`);
}

function numbered(first: number, last: number): string[] {
  const lines: string[] = [];
  for (let n = first; n <= last; n += 1) lines.push(`${n} learner${n}`);
  return lines;
}

test('a grown log file keeps the rows that were there and adds its tail', async () => {
  const early = await tar('2013-10-22-UniversityA-tracking.tar', {
    [FILE]: logLines(1, 20),
  });
  const late = await tar('2013-10-29-UniversityA-tracking.tar', {
    [FILE]: logLines(1, 30),
    [NEXT_DAY]: '',
  });
  const data = await places.fresh();
  expect((await load(data, [early])).status).toBe(0);
  const before = await events(data);
  expect((await load(data, [late])).status).toBe(0);
  const after = await events(data);
  expect(after.map(({ line, username }) => `${line} ${username}`)).toEqual(numbered(1, 30));
  expect(after.slice(0, 20)).toEqual(before);
  expect(new Set(after.slice(20).map(({ file_id }) => file_id)).size).toBe(1);
  const files = await rowsOf(
    data,
    `SELECT lines, events, provisional FROM log_files WHERE log_date = '2013-10-22'`,
  );
  expect(files).toEqual([{ lines: '30', events: '30', provisional: false }]);
});

test('a last line that was cut is replaced under its number when the file is whole', async () => {
  const whole = logLines(1, 6);
  const cut = whole.slice(0, whole.indexOf('learner6') - 3);
  const early = await tar('2013-10-22-UniversityA-tracking.tar', { [FILE]: cut });
  const late = await tar('2013-10-29-UniversityA-tracking.tar', {
    [FILE]: whole,
    [NEXT_DAY]: '',
  });
  const { data, results } = await loadEach([early]);
  expect(results[0]?.status).toBe(1); // one line in six was rejected
  const first = await rowsOf(data, 'SELECT toString(line) AS line FROM rejected_lines');
  expect(first).toEqual([{ line: '6' }]);
  expect((await load(data, [late])).status).toBe(0);
  expect(await linesIn(data)).toEqual(numbered(1, 6));
  expect(await rowsOf(data, 'SELECT line FROM rejected_lines')).toEqual([]);
  const files = await rowsOf(
    data,
    `SELECT lines, events, rejected FROM log_files WHERE log_date = '2013-10-22'`,
  );
  expect(files).toEqual([{ lines: '6', events: '6', rejected: '0' }]);
});

test('a last event without its line feed is one event before and after it has one', async () => {
  const whole = logLines(1, 3);
  const early = await tar('2013-10-22-UniversityA-tracking.tar', {
    [FILE]: whole.slice(0, -1),
  });
  const late = await tar('2013-10-29-UniversityA-tracking.tar', {
    [FILE]: `${whole}${logLines(4, 4)}`,
    [NEXT_DAY]: '',
  });
  const { data } = await loadEach([early], [late]);
  expect(await linesIn(data)).toEqual(numbered(1, 4));
});

test('a log file that changed elsewhere replaces its earlier version whole', async () => {
  const early = await tar('2013-10-22-UniversityA-tracking.tar', {
    [FILE]: `not json at all\n${logLines(2, 9)}`,
    [OTHER_FILE]: logLines(100, 101),
  });
  const late = await tar('2013-10-29-UniversityA-tracking.tar', {
    [FILE]: `${logLine({ n: 77 })}\n${logLines(2, 11)}`,
    [OTHER_FILE]: logLines(100, 101),
    [NEXT_DAY]: '',
  });
  const { data } = await loadEach([early], [late]);
  expect(await linesIn(data)).toEqual([
    '1 learner77',
    ...numbered(2, 11),
    '1 learner100',
    '2 learner101',
  ]);
  expect(await rowsOf(data, 'SELECT line FROM rejected_lines')).toEqual([]);
});

test('a week in which every file was encrypted again adds nothing', async () => {
  const members = { [FILE]: logLines(1, 8), [OTHER_FILE]: logLines(20, 24) };
  const first = await tar('2013-10-22-UniversityA-tracking.tar', members);
  const data = await places.fresh();
  await load(data, [first]);
  const before = await events(data);
  const second = await tar('2013-10-29-UniversityA-tracking.tar', members);
  const run = await load(data, [second]);
  expect(run.status).toBe(0);
  expect(await events(data)).toEqual(before);
  expect(summaryOf(run).logFiles).toMatchObject({ same: 2, new: 0, replaced: 0 });
  // The third time it is recognised without being read.
  const third = await load(data, [second]);
  expect(third.status).toBe(0);
  expect(summaryOf(third).logFiles).toMatchObject({ unchanged: 2, same: 0 });
  expect(await events(data)).toEqual(before);
});

test('an older package never replaces what a newer one delivered', async () => {
  const older = await tar('2013-10-22-UniversityA-tracking.tar', {
    [FILE]: logLines(50, 99),
  });
  const newer = await tar('2013-10-29-UniversityA-tracking.tar', {
    [FILE]: logLines(1, 4),
    [NEXT_DAY]: '',
  });
  const { data, results } = await loadEach([newer], [older]);
  expect(results.map(({ status }) => status)).toEqual([0, 0]);
  expect(await linesIn(data)).toEqual(numbered(1, 4));
});

test('an older package brings the log files that the newer one lacks', async () => {
  const older = await tar('2013-10-22-UniversityA-tracking.tar', {
    [FILE]: logLines(1, 2),
    [OTHER_FILE]: logLines(1, 3),
  });
  const newer = await tar('2013-10-29-UniversityA-tracking.tar', {
    [FILE]: logLines(1, 4),
    [NEXT_DAY]: logLines(5, 5),
  });
  const { data } = await loadEach([newer], [older]);
  const rows = await rowsOf(
    data,
    'SELECT server, toString(log_date) AS day, events FROM log_files ORDER BY day',
  );
  expect(rows).toEqual([
    { server: 'prod-edxapp-004', day: '2013-10-21', events: '3' },
    { server: 'prod-edxapp-003', day: '2013-10-22', events: '4' },
    { server: 'prod-edxapp-003', day: '2013-10-23', events: '1' },
  ]);
});

test('a log file that the newer tar lacks stays and is reported', async () => {
  const older = await tar('2013-10-22-UniversityA-tracking.tar', {
    [FILE]: logLines(1, 2),
    [OTHER_FILE]: logLines(1, 3),
  });
  const newer = await tar('2013-10-29-UniversityA-tracking.tar', {
    [FILE]: logLines(1, 2),
    [NEXT_DAY]: logLines(5, 5),
  });
  const { data, results } = await loadEach([older], [newer]);
  expect(await linesIn(data)).toContain('3 learner3');
  expect(results[1]?.said).toContain('prod-edxapp-004');
  expect(results[1]?.status).toBe(0);
});

test('two tars of the same week give the same rows in both orders and together', async () => {
  const shorter = await tar('2013-10-27-UniversityA-tracking.tar', {
    [FILE]: logLines(1, 3),
    [OTHER_FILE]: logLines(1, 2),
  });
  const longer = await tar('again/2013-10-27-UniversityA-tracking.tar', {
    [FILE]: logLines(1, 9),
    [NEXT_DAY]: logLines(10, 12),
  });
  const oneWay = await loadEach([shorter], [longer]);
  const otherWay = await loadEach([longer], [shorter]);
  const together = await loadEach([shorter, longer]);
  const expected = [
    ...numbered(1, 9),
    '1 learner10',
    '2 learner11',
    '3 learner12',
    '1 learner1',
    '2 learner2',
  ];
  expect(await linesIn(oneWay.data)).toEqual(expected);
  expect(await linesIn(otherWay.data)).toEqual(expected);
  expect(await linesIn(together.data)).toEqual(expected);
});

test('a newer delivery that is a beginning of what is loaded takes nothing away', async () => {
  const whole = logLines(1, 9);
  const early = await tar('2013-10-22-UniversityA-tracking.tar', { [FILE]: whole });
  const inLine = whole.indexOf('learner5') + 4;
  const late = await tar('2013-10-29-UniversityA-tracking.tar', {
    [FILE]: whole.slice(0, inLine),
    [NEXT_DAY]: '',
  });
  const { data, results } = await loadEach([early], [late], [late]);
  expect(results.map(({ status }) => status)).toEqual([0, 0, 0]);
  expect(await linesIn(data)).toEqual(numbered(1, 9));
});

test('two tars of the same week that contradict each other give the same rows in both orders', async () => {
  const one = await tar('2013-10-27-UniversityA-tracking.tar', { [FILE]: logLines(1, 40) });
  const other = await tar('again/2013-10-27-UniversityA-tracking.tar', {
    [FILE]: logLines(60, 80),
  });
  const oneWay = await linesIn((await loadEach([one], [other])).data);
  const otherWay = await linesIn((await loadEach([other], [one])).data);
  const together = await linesIn((await loadEach([other, one])).data);
  expect(otherWay).toEqual(oneWay);
  expect(together).toEqual(oneWay);
});

test('one course first and everything later gives the same rows as everything at once', async () => {
  const packed = await tar('2013-10-22-UniversityA-tracking.tar', {
    [FILE]: `${logLines(1, 3)}${logLines(4, 5, OTHER_COURSE)}no object here\n\n`,
  });
  const data = await places.fresh();
  await load(data, [packed, '--course', OTHER_COURSE]);
  const courses = await rowsOf(data, 'SELECT DISTINCT course_id FROM events');
  expect(courses).toEqual([{ course_id: OTHER_COURSE }]);
  const again = await load(data, [packed, '--course', OTHER_COURSE]);
  expect(again.status).toBe(0);
  expect((await events(data)).length).toBe(2);
  await load(data, [packed]);
  expect(await linesIn(data)).toEqual(numbered(1, 5));
  const files = await rowsOf(data, 'SELECT lines, events, rejected, blank FROM log_files');
  expect(files).toEqual([{ lines: '7', events: '5', rejected: '1', blank: '1' }]);
  // What holds everything also holds one course.
  await load(data, [packed, '--course', COURSE]);
  expect(await linesIn(data)).toEqual(numbered(1, 5));
});

test('byte-identical lines of one file are all kept', async () => {
  const line = `${logLine({ n: 1 })}\n`;
  const packed = await tar('2013-10-22-UniversityA-tracking.tar', {
    [FILE]: line.repeat(5),
  });
  const { data } = await loadEach([packed], [packed]);
  expect(await linesIn(data)).toEqual([1, 2, 3, 4, 5].map((n) => `${n} learner1`));
});

test('where the newest copy is damaged an older one stands in, in one run as in two', async () => {
  const early = await tar('2013-10-22-UniversityA-tracking.tar', { [FILE]: logLines(1, 20) });
  const damaged = await tar('2013-10-29-UniversityA-tracking.tar', {
    [FILE]: { stored: Buffer.from('not what was encrypted') },
    [NEXT_DAY]: logLines(31, 35),
  });
  const together = await loadEach([early, damaged]);
  const apart = await loadEach([early], [damaged]);
  for (const { data, results } of [together, apart]) {
    expect(results.at(-1)?.status).toBe(1);
    expect(await linesIn(data)).toEqual([
      ...numbered(1, 20),
      ...numbered(31, 35).map((line, at) => line.replace(/^\d+/, String(at + 1))),
    ]);
    const [file] = await rowsOf<{ state: string; reason: string }>(
      data,
      `SELECT state, reason FROM log_files WHERE log_date = '2013-10-22'`,
    );
    expect(file).toEqual({ state: 'loaded', reason: 'not-openpgp' });
  }
  const whole = await tar('2013-11-05-UniversityA-tracking.tar', { [FILE]: logLines(1, 30) });
  expect((await load(together.data, [whole])).status).toBe(0);
  expect((await linesIn(together.data)).slice(0, 30)).toEqual(numbered(1, 30));
});
