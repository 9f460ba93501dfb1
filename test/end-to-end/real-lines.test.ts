/**
 * Log files and database files that edX software really wrote, packed with gpg: read from the folder
 * of fixtures beside the project, where it is present.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, test as anyTest, beforeAll, expect } from 'vitest';
import { edxstream, type Run, rowsOf, summaryOf } from '../support/edxstream.js';
import { canPack, GpgPackages, type MemberContent } from '../support/gpg-packages.js';
import {
  byIdentity,
  inOrder,
  isEvent,
  type LogFileIdentity,
  readLogFile,
} from '../support/oracle.js';
import {
  differences,
  expectedEvent,
  expectedRejected,
  storedEvents,
  storedRejected,
} from '../support/stored-events.js';

const FIXTURES = path.resolve(import.meta.dirname, '../../../shared/fixtures');
const LOGS = path.join(FIXTURES, 'edx-analytics-pipeline/logs');
const TABLES = path.join(FIXTURES, 'edx-analytics-pipeline/database');
const MODERN = path.join(FIXTURES, 'event-routing-backends');

const isPresent = existsSync(LOGS) && existsSync(MODERN);
const test = anyTest.skipIf(!isPresent || !canPack);
if (!isPresent)
  console.warn('Not run, because the folder of fixtures is absent: real-lines.test.ts');
else if (!canPack) console.warn('Not run, because gpg or tar is missing: real-lines.test.ts');

interface PackedLog extends LogFileIdentity {
  readonly plaintext: Buffer;
}

let packages: GpgPackages;
let data: string;
let run: Run;
const logs: PackedLog[] = [];

beforeAll(async () => {
  if (!isPresent || !canPack) return;
  packages = await GpgPackages.open();
  data = packages.place('data');
  const sources = [
    ...readdirSync(LOGS).map((name) => path.join(LOGS, name)),
    ...readdirSync(MODERN).map((name) => path.join(MODERN, name)),
  ];
  const members: Record<string, MemberContent> = {};
  for (const [index, source] of sources.entries()) {
    const site = index % 3 === 0 ? 'edge' : 'prod';
    const prefix = site === 'edge' ? 'prod-edge-edxapp' : 'prod-edxapp';
    const server = `${prefix}-${String(index).padStart(3, '0')}`;
    const logDate = `2014-05-${10 + (index % 4)}`;
    const plaintext = readFileSync(source);
    // The last line of some is not terminated, as that of a log file that is still written to.
    const cut = index % 5 === 0 ? plaintext.subarray(0, -1) : plaintext;
    logs.push({ organization: 'edX', site, server, logDate, plaintext: cut });
    // Daily files were compressed before they were encrypted.
    const isZipped = index % 4 === 1;
    const name = `edX/${server}/${logDate}_edX.log${isZipped ? '.gz' : ''}`;
    members[name] = isZipped ? gzipSync(cut) : cut;
  }
  const tar = await packages.tar('2014-05-14-edX-tracking.tar', members);
  const tables = readdirSync(TABLES)
    .filter((name) => name.startsWith('edX-DemoX-'))
    .map((name) => [
      name.replace('-acceptance', name.endsWith('.mongo') ? '-prod' : '-prod-analytics'),
      readFileSync(path.join(TABLES, name)),
    ]);
  const zip = await packages.zip('edx-2014-05-14.zip', Object.fromEntries(tables));
  const key = ['--key', packages.keyFile];
  run = await edxstream([
    'load',
    tar,
    zip,
    ...key,
    '--data',
    data,
    '--json',
    '--rejects-max',
    '100%',
  ]);
});

afterAll(async () => {
  await packages?.[Symbol.asyncDispose]();
});

test('the load ends well and counts every line', () => {
  const { lines, logFiles } = summaryOf(run);
  const counted = logs.reduce((sum, { plaintext }) => sum + linesByWc(plaintext), 0);
  expect(lines.lines).toBe(counted);
  expect(logFiles).toMatchObject({ new: logs.length, failed: 0 });
});

test('of every log file, events, rejected and blank are the lines of wc -l', async () => {
  const rows = await rowsOf<{ server: string; lines: string }>(
    data,
    `SELECT server, lines, events + rejected + blank AS accounted FROM log_files ORDER BY server`,
  );
  const expected = logs
    .map(({ server, plaintext }) => ({ server, lines: String(linesByWc(plaintext)) }))
    .toSorted((a, b) => (a.server < b.server ? -1 : 1));
  expect(rows).toEqual(expected.map((row) => ({ ...row, accounted: row.lines })));
});

test('every event has the columns, the bytes and the place that a naive sort gives it', async () => {
  const lines = logs.flatMap(({ plaintext, ...identity }) => readLogFile(plaintext, identity));
  const events = lines.filter(isEvent).toSorted(inOrder);
  expect(events.length).toBeGreaterThan(1000);
  expect(differences(await storedEvents(data), events.map(expectedEvent))).toEqual([]);
  const rejected = lines.filter(({ kind }) => kind === 'rejected').toSorted(byIdentity);
  expect(differences(await storedRejected(data), rejected.map(expectedRejected))).toEqual([]);
});

test('enrolments of the obfuscation test are rows, each with the values of the file', async () => {
  const file = readFileSync(
    path.join(TABLES, 'edX-DemoX-Demo_Course-student_courseenrollment-acceptance.sql'),
    'utf8',
  );
  const [header = '', ...body] = file.trimEnd().split('\n');
  const names = header.split('\t');
  const expected = body.map((row) => {
    const values = row.split('\t');
    const value = (name: string): string | undefined => values[names.indexOf(name)];
    return { id: value('id'), user_id: value('user_id'), mode: value('mode') };
  });
  expect(
    await rowsOf(data, 'SELECT id, user_id, mode FROM student_courseenrollment ORDER BY line'),
  ).toEqual(expected);
  const users = await rowsOf(data, 'SELECT DISTINCT course_id FROM auth_user');
  expect(users).toHaveLength(1);
  const courses = await rowsOf(data, 'SELECT DISTINCT course_id FROM student_courseenrollment');
  expect(users).toEqual(courses);
});

function linesByWc(plaintext: Buffer): number {
  const lineFeeds = plaintext.filter((byte) => byte === 0x0a).length;
  return plaintext.length > 0 && plaintext.at(-1) !== 0x0a ? lineFeeds + 1 : lineFeeds;
}
