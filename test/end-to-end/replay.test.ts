/**
 * The command `edxstream replay` on what the built program loaded, against all lines of all servers, naively
 * sorted: byte for byte, since lines need not be UTF-8.
 */
import { afterAll, test as anyTest, beforeAll, expect } from 'vitest';
import { edxstream, type Running, start } from '../support/edxstream.js';
import { canPack, GpgPackages } from '../support/gpg-packages.js';
import { LoadedPackages } from '../support/loaded-packages.js';
import { COURSE, logLine, logPath } from '../support/log-lines.js';
import type { OracleEvent } from '../support/oracle.js';
import { parseObject } from '../support/oracle-json.js';
import { wait } from '../support/two-weeks.js';

const test = anyTest.skipIf(!canPack);
if (!canPack) console.warn('Not run, because gpg or tar is missing: replay.test.ts');

let packages: LoadedPackages;
let course: string;

beforeAll(async () => {
  if (!canPack) return;
  packages = await LoadedPackages.open();
  course = packages.courses()[0] ?? '';
});

afterAll(() => packages?.[Symbol.asyncDispose]());

/** What a replay wrote, line by line. */
async function replayed(...args: readonly string[]): Promise<Buffer[]> {
  const { child, ended } = start(['replay', '--data', packages.data, '--speed', 'max', ...args]);
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const { status, stderr } = await ended;
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  return linesOf(Buffer.concat(chunks));
}

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let from = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, from)) {
    lines.push(bytes.subarray(from, at));
    from = at + 1;
  }
  expect(from).toBe(bytes.length);
  return lines;
}

function expectSame(lines: readonly Buffer[], events: readonly OracleEvent[]): void {
  expect(lines).toHaveLength(events.length);
  const other = lines.findIndex((line, at) => !events[at]?.raw.equals(line));
  expect(lines[other]?.toString('latin1')).toBe(events[other]?.raw.toString('latin1'));
}

test('a course is all of its lines from all servers, in the order of a naive sort', async () => {
  const events = packages.replayOf(course);
  expect(events.length).toBeGreaterThan(500);
  expect(new Set(events.map(({ server }) => server)).size).toBeGreaterThan(1);
  expect(events.filter(({ timeState }) => timeState !== 'ok').length).toBeGreaterThan(0);
  expectSame(await replayed('--course', course), events);
});

test('several courses are one replay, merged by event time', async () => {
  const courses = packages.courses().slice(0, 3);
  const events = packages.replayOf(...courses);
  expectSame(await replayed(...courses.flatMap((id) => ['--course', id])), events);
});

test('from, to, site, a condition and skipping untimed events choose what they say', async () => {
  const events = packages.replayOf(course);
  const middle = events[Math.floor(events.length / 2)];
  if (middle === undefined) throw new Error('There are no events.');
  const day = BigInt(Date.parse(middle.logDate)) * 1000n;
  const to = new Date(Number(day / 1000n) + 36 * 3_600_000).toISOString().slice(0, 19);
  const scope = ['--from', middle.logDate, '--to', to, '--site', 'prod', '--untimed', 'skip'];
  expectSame(
    await replayed('-c', course, ...scope, '--where', "event_source = 'browser' -- no server"),
    events.filter(
      ({ timeUs, site, timeState, fields }) =>
        timeUs >= day &&
        timeUs < day + 129_600_000_000n &&
        site === 'prod' &&
        timeState === 'ok' &&
        fields[2]?.toString() === 'browser',
    ),
  );
});

test('with --rebase the time is that of sending, and every other byte as it was', async () => {
  const fromMs = Date.now();
  const lines = await replayed('-c', course, '--rebase', '--untimed', 'skip');
  const events = packages.replayOf(course).filter(({ timeState }) => timeState === 'ok');
  expect(lines).toHaveLength(events.length);
  for (const [at, event] of events.entries()) {
    const before = event.raw.toString('latin1');
    const after = lines[at]?.toString('latin1') ?? '';
    const time = timeOf(after.slice(event.jsonAt));
    const sentMs = typeof time === 'string' ? Date.parse(time) : epochMs(time);
    expect(sentMs).toBeGreaterThanOrEqual(Math.floor(fromMs / 1000) * 1000);
    expect(sentMs).toBeLessThanOrEqual(Date.now());
    const original = timeOf(before.slice(event.jsonAt));
    // Put the old time back, and the line is the old one.
    expect(after.replace(String(time), String(original))).toBe(before);
  }
});

function timeOf(json: string): string | number {
  const time = parseObject(json.trimEnd())?.time;
  if (typeof time === 'string' || typeof time === 'number') return time;
  throw new Error(`There is no time in ${json}`);
}

/** A time counted from 1970, in seconds, milliseconds or microseconds. */
function epochMs(time: number): number {
  return time > 1e14 ? time / 1000 : time > 1e11 ? time : time * 1000;
}

test('a reader that goes away ends the replay quietly', async () => {
  const { child, ended } = start(['replay', '--data', packages.data, '-c', course, '-s', 'max']);
  child.stdout?.once('data', () => child.stdout?.destroy());
  const { status, stderr } = await ended;
  expect(status).toBe(0);
  expect(stderr).not.toMatch(/[A-Z]_[A-Z]|EPIPE/);
});

test('an unknown course names the nearest ones', async () => {
  const mistyped = course.replace(/.$/, (last) => last.toUpperCase().repeat(2));
  const { status, stderr } = await edxstream(['replay', '-d', packages.data, '-c', mistyped]);
  expect(status).toBe(2);
  expect(stderr).toMatch(/^COURSE_UNKNOWN: /);
  expect(stderr).toContain(`Nearest: ${course}, `);
});

test.each([
  ['an unknown column', `username = '' AND evnt_type = 'x'`, '                  ^', /`evnt_type`/],
  ['what breaks off', `username =`, '          ^', /Syntax error/],
  ['two conditions', `1) OR (1`, ' ^', /Unmatched parentheses/],
  ['more than a condition', `1 LIMIT 5`, '  ^', /Syntax error/],
  ['a text', `'yes'`, undefined, /Invalid type for filter/],
  ['a count', `count() > 1`, undefined, /Aggregate function/],
])(
  'a condition that is %s is refused, with the reason and the place',
  async (_, where, mark, reason) => {
    const args = ['replay', '-d', packages.data, '-c', course, '--where', where];
    const { status, stdout, stderr } = await edxstream(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    const [first = '', shown, place] = stderr.split('\n');
    expect(first).toMatch(/^QUERY_REFUSED: --where /);
    expect(first).toMatch(reason);
    expect(shown).toBe(`    ${where}`);
    if (mark !== undefined) expect(place).toBe(`    ${mark}`);
  },
);

test('with --follow it goes on with what is loaded later, and says what came too late', async () => {
  await using small = await GpgPackages.open();
  const data = small.place('data');
  const load = async (tar: string): Promise<void> => {
    const args = ['load', tar, '--key', small.keyFile, '--data', data];
    // The replay may be looking into the directory just now.
    while ((await edxstream(args)).status === 3);
  };
  const oneDay = (n: number, date: string): object => ({
    [logPath('001', date)]: `${logLine({ n, time: `${date}T12:00:00` })}\n`,
  });
  await load(
    await small.tar('2013-10-20-UniversityA-tracking.tar', { ...oneDay(1, '2013-10-20') }),
  );
  const args = ['--course', COURSE, '--speed', 'max', '--follow', '--poll', '1s'];
  const running = start(['replay', '--data', data, ...args]);
  await untilSent(running, 1);
  await load(
    await small.tar('2013-10-27-UniversityA-tracking.tar', {
      ...oneDay(2, '2013-10-19'),
      ...oneDay(3, '2013-10-21'),
    }),
  );
  await untilSent(running, 2);
  while (!running.said().includes('left out')) await wait(20);
  running.child.kill('SIGINT');
  const { status, stdout, stderr } = await running.ended;
  expect(status).toBe(130);
  expect([...stdout.matchAll(/learner(\d+)/g)].map(([, n]) => n)).toEqual(['1', '3']);
  expect(stderr).toContain('1 event loaded since belong before what was sent, and are left out.');
  expect(stderr).toContain('Stopped after 2 events, and 1 event left out that came too late.');
});

async function untilSent(running: Running, events: number): Promise<void> {
  while (running.said().split('learner').length - 1 < events) {
    if (running.child.exitCode !== null) throw new Error(`It ended: ${running.said()}`);
    await wait(20);
  }
}

// The signal of a terminal, as far as it can be sent without one.
test('stopped by Ctrl-C it says where it was, with status 130', async () => {
  const running = start(['replay', '--data', packages.data, '-c', course, '-s', '1']);
  await new Promise((go) => running.child.stdout?.once('data', go));
  running.child.kill('SIGINT');
  const { status, stderr } = await running.ended;
  expect(status).toBe(130);
  expect(stderr).toMatch(/Stopped after \d+ events?\. It was at .+; --from takes it up there\./);
});
