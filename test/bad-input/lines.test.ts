/** Lines that are hard to take: huge, garbage, foreign bytes, absurd times. Every one is accounted for. */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { rowsOf } from '../support/edxstream.js';
import { logLine, logLines, logPath } from '../support/log-lines.js';
import { inOrder, isEvent, readLogFile } from '../support/oracle.js';
import { packedBench, test } from '../support/packed-bench.js';
import {
  differences,
  expectedEvent,
  expectedRejected,
  storedEvents,
  storedRejected,
} from '../support/stored-events.js';

const bench = packedBench('lines.test.ts');

const TAR = '2013-10-22-UniversityA-tracking.tar';
const FILE = logPath('003', '2013-10-22');
const IDENTITY = {
  organization: 'UniversityA',
  site: 'prod',
  server: 'prod-edxapp-003',
  logDate: '2013-10-22',
};
const MIB = 2 ** 20;

/** A log file with so many lines of which every so many-th is garbage. */
function withGarbage(lines: number, every: number): string {
  return Array.from({ length: lines }, (_, n) =>
    n % every === every - 1 ? `#\u0001 garbage ${n}\n` : `${logLine({ n })}\n`,
  ).join('');
}

async function loadLines(plaintext: string | Buffer, args: readonly string[] = []) {
  const own = bench();
  const tar = await own.packages.tar(TAR, { [FILE]: plaintext });
  const data = own.freshData();
  const run = await own.load(data, [tar, ...args]);
  return { data, run, tar };
}

/** Compares what is stored with what the second reader makes of the same bytes. */
async function expectAsOracle(data: string, plaintext: Buffer): Promise<void> {
  const lines = readLogFile(plaintext, IDENTITY);
  const events = lines.filter(isEvent).toSorted(inOrder).map(expectedEvent);
  const rejected = lines.filter(({ kind }) => kind === 'rejected').map(expectedRejected);
  expect(differences(await storedEvents(data), events)).toEqual([]);
  expect(differences(await storedRejected(data), rejected)).toEqual([]);
}

test('a line of 10 MB is an event with all its bytes', async () => {
  const long = logLine({ n: 2, padBytes: 10 * MIB });
  const { data, run } = await loadLines(`${logLines(1, 1)}${long}\n${logLines(3, 3)}`);
  expect(run.status).toBe(0);
  const rows = await rowsOf(
    data,
    `SELECT toString(line) AS number, length(raw) AS bytes, lower(hex(SHA256(raw))) AS digest
     FROM events WHERE line = 2`,
  );
  const digest = createHash('sha256').update(long).digest('hex');
  expect(rows).toEqual([{ number: '2', bytes: String(long.length), digest }]);
});

test('a line of 100 MB is rejected with its beginning, length and digest; its neighbours are events', async () => {
  const long = logLine({ n: 2, padBytes: 100 * MIB });
  const { data, run } = await loadLines(`${logLines(1, 1)}${long}\n${logLines(3, 3)}`);
  expect(run.status).toBe(1);
  expect(run.said).toContain('2013-10-22_UniversityA.log.gpg');
  const rows = await rowsOf<{ detail: string; raw: string }>(
    data,
    'SELECT toString(line) AS line, reason, detail, raw FROM rejected_lines',
  );
  expect(rows).toMatchObject([{ line: '2', reason: 'line-too-long' }]);
  expect(rows[0]?.raw === long.slice(0, 64 * 1024)).toBe(true);
  expect(rows[0]?.detail).toContain(String(long.length));
  expect(rows[0]?.detail).toContain(createHash('sha256').update(long).digest('hex'));
  expect(await rowsOf(data, 'SELECT toString(line) AS l FROM events ORDER BY line')).toEqual([
    { l: '1' },
    { l: '3' },
  ]);
  const files = await rowsOf(data, 'SELECT lines, events, rejected, blank FROM log_files');
  expect(files).toEqual([{ lines: '3', events: '2', rejected: '1', blank: '0' }]);
});

test('a line a little too long is rejected wherever it stands, and shows no secret', async () => {
  const form = String.raw`{\"POST\": {\"password\": [\"hunter2secret\"]}}`;
  const long = `{"event": "${form}", "pad": "${'x'.repeat(16 * MIB)}"}\n`;
  const short = `{"event": "${form}"}\n`;
  const { data, run } = await loadLines(`${long}${short}${short}${long}${short}${long}`);
  expect(run.status).toBe(1);
  const rows = await rowsOf<{ start: string }>(
    data,
    `SELECT toString(line) AS number, reason, length(raw) AS bytes, substring(raw, 1, 99) AS start
     FROM rejected_lines ORDER BY line`,
  );
  expect(rows).toMatchObject(
    ['1', '4', '6'].map((number) => ({ number, reason: 'line-too-long', bytes: '65536' })),
  );
  for (const { start } of rows) {
    expect(start).toContain('password');
    expect(start).not.toContain('hunter2secret');
  }
  const events = `SELECT count() AS events, countIf(raw LIKE '%hunter2%') AS shown FROM events`;
  expect(await rowsOf(data, events)).toEqual([{ events: '3', shown: '0' }]);
  expect(await rowsOf(data, 'SELECT masked FROM log_files')).toEqual([{ masked: '6' }]);
});

test('one line in a hundred may be garbage; more makes the exit status 1, unless asked for', async () => {
  const one = await loadLines(withGarbage(2000, 100));
  expect(one.run.status).toBe(0);
  const counts = 'SELECT lines, events, rejected FROM log_files';
  expect(await rowsOf(one.data, counts)).toEqual([
    { lines: '2000', events: '1980', rejected: '20' },
  ]);
  const more = await loadLines(withGarbage(2000, 90));
  expect(more.run.status).toBe(1);
  expect(more.run.said).toContain('2013-10-22_UniversityA.log.gpg');
  expect(await rowsOf(more.data, counts)).toEqual([
    { lines: '2000', events: '1978', rejected: '22' },
  ]);
  const allowed = await loadLines(withGarbage(2000, 90), ['--rejects-max', '2%']);
  expect(allowed.run.status).toBe(0);
});

test('bytes that are not UTF-8 come through untouched', async () => {
  const latin1 = Buffer.from(
    `{"username": "Andr\xe9", "time": "2013-10-22T01:00:00", "page": "https://courses.edx.org/courses/UniversityA/CS1/2013_Fall/\xff"}\n`,
    'latin1',
  );
  const rest = [
    '{"username": "\\ud83d", "time": "2013-10-22T01:00:01"}',
    '{"username": "\\u00e9\\ud83d\\ude00", "agent": "ü", "time": "2013-10-22T01:00:02"}',
    '{"username": "nul\\u0000inside", "time": "2013-10-22T01:00:03"}',
  ].join('\n');
  const nul = Buffer.from(`\n{"username": "raw\u0000nul"}\n\u0000\u0000\u0000\u0000\n`, 'latin1');
  const plaintext = Buffer.concat([latin1, Buffer.from(rest), nul, Buffer.from(logLines(9, 400))]);
  const { data, run } = await loadLines(plaintext);
  expect(run.status).toBe(0);
  await expectAsOracle(data, plaintext);
});

test('event times over 300 years are all kept, with the state of each', async () => {
  const lines: string[] = [];
  for (let year = 1960; year < 2300; year += 1) {
    lines.push(logLine({ n: year, time: `${year}-03-01T12:00:00.5+00:00` }));
  }
  lines.push(
    logLine({ n: 1, time: '2011-12-31T23:59:59.999999' }),
    logLine({ n: 2, time: '2012-01-01T00:00:00.000000' }),
    logLine({ n: 3, time: '2254-12-31T23:59:59.999999Z' }),
    logLine({ n: 4, time: '2255-01-01T00:00:00Z' }),
    logLine({ n: 5, time: '0300-01-01T00:00:00Z' }),
    logLine({ n: 6, time: '' }),
    logLine({ n: 7, time: 'yesterday' }),
    logLine({ n: 8, time: '2013-02-30T00:00:00Z' }),
    logLine({ n: 9, time: '2013-10-21T18:00:00Z' }),
    logLine({ n: 10, time: '2013-10-21T17:59:59.999999Z' }),
    logLine({ n: 11, time: '2013-10-22 08:00:00.123+05:30' }),
    '{"time": 1382400000}',
    '{"time": 1382400000123}',
    '{"time": 1382400000123456}',
    '{"time": NaN}',
    '{"time": null}',
    '{"time": {"of": "day"}}',
    '{}',
  );
  const plaintext = Buffer.from(lines.join('\n'));
  const { data, run } = await loadLines(plaintext);
  expect(run.status).toBe(0);
  await expectAsOracle(data, plaintext);
});

test('every shape of a line that is almost an event is what the rule says', async () => {
  const lines = [
    '[1, 2, 3]',
    '"text"',
    '{"a": 1} {"b": 2}',
    '{"a": 1}  \t\r',
    'Sep  9 00:00:48 localhost {"username": "a", "time": "2013-10-22T00:00:48.123456"}',
    'prefix { {"username": "b"}',
    '{"a": -Infinity, "b": Infinity, "c": NaN}',
    '{"a": nan}',
    '{"a": 01}',
    '{"a": 1.}',
    "{'a': 1}",
    '{"a": "\\x41"}',
    '{"a": "tab\tinside"}',
    '{"a": 1,}',
    '{"a" 1}',
    '{"a": [1, {"b": "}"}]}',
    '{"event": "{\\"POST\\": {\\"input\\": [\\"aaaa", "time": "2013-10-22T00:00:49"}',
    '{"username": "cut", "event": "{\\"POS',
    ' ',
    '\t\r',
    '',
    '{"context": {"course_id": " UniversityA/CS1/2013_Fall\\n", "user_id": "42"}}',
    '{"context": {"course_id": "course-v1:UniversityA+CS1+2014", "user_id": ""}}',
    '{"context": {"course_id": "course-v1%3AUniversityA%2BCS1%2B2014", "user_id": 4.5}}',
    '{"context": {"course_id": "not a course"}, "event_source": "browser", "page": "https://courses.edx.org/courses/UniversityA/CS1/2013_Fall/info?x=1"}',
    '{"event_source": "server", "event_type": "/courses/course-v1:UniversityA+CS2+2T2014/courseware/"}',
    '{"event_source": "server", "event_type": "/api/courses/v1/blocks/UniversityA/x"}',
    '{"event": {"course_id": "UniversityA/CS3/2013"}, "context": {"course_id": null, "user_id": null}}',
    '{"event": "{\\"id\\": \\"block-v1:UniversityA+CS4+2T2014+type@video+block@ab\\"}"}',
    '{"event": {"problem_id": "i4x://UniversityA/CS1/problem/a1"}}',
    '{"event_source": "server", "event_type": "/courses/UniversityA/CS1/2013_Fall", "referer": "https://x/courses/A/B/C/"}',
    '{"username": "one", "username": "two"}',
    '{"context": {"user_id": 9223372036854775807}}',
    '{"context": []}',
    '{"username": 5, "event_type": null, "page": ["x"]}',
  ];
  const plaintext = Buffer.from(lines.join('\n'));
  const { data } = await loadLines(plaintext);
  await expectAsOracle(data, plaintext);
});

test('secrets are masked in place in every form that edX logs, and kept where that is asked for', async () => {
  const event = (text: string): string =>
    JSON.stringify({ event: text, time: '2013-10-22T00:00:00' });
  const post = (fields: Record<string, unknown>): string =>
    event(JSON.stringify({ POST: fields, GET: {} }));
  const long = JSON.stringify({
    POST: { name: ['x'.repeat(470)], password: ['cut-secret-value'] },
  });
  const lines = [
    post({ password: ['hunter2'] }),
    post({ password1: ['se"cret\\'], password2: ['se"cret\\'] }),
    post({ old_password: ['alt'], new_password1: ['neu é 😀'], new_password2: ['neu'] }),
    post({ PASSWORD: 'no list' }),
    post({ password: [''], remember: ['true'] }),
    post({ text: ['my password: "hunter2" is no field'] }),
    event(long.slice(0, 512)),
    event(long.slice(0, 512)).slice(0, -40),
    JSON.stringify({ event: { POST: { password: ['in an object'] } } }),
    post({ password: ['several', 'of', 'them'], after: ['kept'] }),
  ];
  const plaintext = Buffer.from(`${lines.join('\n')}\n${logLines(1, 200)}`);
  const { data } = await loadLines(plaintext);
  await expectAsOracle(data, plaintext);
  const masked = readLogFile(plaintext, IDENTITY).filter(({ isMasked }) => isMasked);
  expect(await rowsOf(data, 'SELECT masked FROM log_files')).toEqual([
    { masked: String(masked.length) },
  ]);
  const kept = await loadLines(plaintext, ['--keep-secrets']);
  const rows = await rowsOf(
    kept.data,
    `SELECT count() AS n FROM events WHERE raw LIKE '%hunter2%'`,
  );
  expect(rows).toEqual([{ n: '2' }]);
});
