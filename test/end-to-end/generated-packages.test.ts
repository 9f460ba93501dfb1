/**
 * Packages of the generator, loaded by the built program, against a second reader of what `gpg -d`
 * prints and against expected.json: every line is one row, in order, with its own bytes.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, test as anyTest, beforeAll, expect } from 'vitest';
import type { Expected, ExpectedPackage } from '../../services/generate/expected.js';
import { generatePackages } from '../../services/generate/generate-packages.js';
import { PROFILES } from '../../services/generate/profile.js';
import { openPackages } from '../../services/generate/testing/open-packages.js';
import { type Place, type Run, rowsOf, summaryOf } from '../support/edxstream.js';
import { canPack } from '../support/gpg-packages.js';
import { type LoadPlaces, openLoadPlaces } from '../support/load-places.js';
import { byIdentity, inOrder, isEvent, type OracleLine, readLogFile } from '../support/oracle.js';
import {
  differences,
  expectedEvent,
  expectedRejected,
  storedEvents,
  storedRejected,
} from '../support/stored-events.js';

const test = anyTest.skipIf(!canPack);
if (!canPack) console.warn('Not run, because gpg or tar is missing: generated-packages.test.ts');

interface FileCounts {
  readonly lines: string;
  readonly events: string;
  readonly rejected: string;
  readonly blank: string;
}

let directory: string;
let data: Place;
let places: LoadPlaces;
let run: Run;
let newest: ExpectedPackage;
/** The packages of the week before. */
let earlier: ExpectedPackage;
/** Plaintext of the newest packages by the name of the member without `.gpg`. */
let plain: Map<string, Buffer>;
let lines: OracleLine[];

beforeAll(async () => {
  if (!canPack) return;
  directory = await mkdtemp(path.join(tmpdir(), 'edxstream-test-'));
  places = await openLoadPlaces();
  data = await places.fresh();
  const generated = await generatePackages(path.join(directory, 'packages'), PROFILES.test);
  const expected: Expected = JSON.parse(await readFile(generated.expectedPath, 'utf8'));
  const last = generated.packages.at(-1);
  const [beforeLast, lastExpected] = expected.packages.slice(-2);
  if (last === undefined || beforeLast === undefined || lastExpected === undefined)
    throw new Error('There are no packages.');
  newest = lastExpected;
  earlier = beforeLast;
  plain = await openPackages([last.tarPath, last.zipPath], generated.keys.masterSecret);
  const { czarSecret, passphrase } = generated.keys;
  const keys = ['--key', czarSecret, '--passphrase-file', passphrase];
  run = await places.load(data, [generated.directory], [...keys, '--json']);
  lines = newest.files.flatMap((file) => readLogFile(plaintextOf(file.member), file));
});

afterAll(async () => {
  await places?.[Symbol.asyncDispose]();
  if (canPack) await rm(directory, { recursive: true, force: true });
});

function plaintextOf(member: string): Buffer {
  const name = member.replace(/\.gpg$/, '');
  // Members of the zip stand in a folder that is named as the package.
  const inZip = [...plain.keys()].find((known) => known.endsWith(`/${name}`));
  const bytes = plain.get(name) ?? plain.get(inZip ?? '');
  if (bytes === undefined) throw new Error(`${member} was not decrypted.`);
  return bytes;
}

test('a failed member and no other fault is what the load ends with', () => {
  expect(newest.failedMembers.length).toBeGreaterThan(0);
  expect({ status: run.status, said: run.said }).toMatchObject({ status: 1 });
  for (const member of newest.failedMembers) {
    expect(run.said).toContain(path.posix.basename(member).replace('.failed.gpg', ''));
  }
});

test('of every log file, events, rejected and blank are the lines of wc -l', async () => {
  const rows = await rowsOf<FileCounts>(
    data,
    `SELECT organization, site, server, toString(log_date) AS log_date, lines, events, rejected,
       blank, late, state FROM log_files ORDER BY site, organization, server, log_date`,
  );
  const counted = newest.files.toSorted((a, b) => byIdentity(identityOf(a), identityOf(b)));
  expect(rows).toEqual(
    counted.map((file) => {
      const own = lines.filter((line) => sameFile(line, file));
      const lineFeeds = plaintextOf(file.member).filter((byte) => byte === 0x0a).length;
      const unterminated = plaintextOf(file.member).at(-1) === 0x0a ? 0 : 1;
      return {
        organization: file.organization,
        site: file.site,
        server: file.server,
        log_date: file.logDate,
        lines: String(lineFeeds + unterminated),
        events: String(own.filter(({ kind }) => kind === 'event').length),
        rejected: String(own.filter(({ kind }) => kind === 'rejected').length),
        blank: String(own.filter(({ kind }) => kind === 'blank').length),
        late: String(own.filter((line) => isEvent(line) && line.isLate).length),
        state: 'loaded',
      };
    }),
  );
  for (const row of rows) {
    const { lines, events, rejected, blank } = row;
    expect(Number(events) + Number(rejected) + Number(blank)).toBe(Number(lines));
  }
});

test('every event has the columns, the bytes and the place that a naive sort gives it', async () => {
  const expected = lines.filter(isEvent).toSorted(inOrder).map(expectedEvent);
  expect(expected.length).toBeGreaterThan(1000);
  expect(differences(await storedEvents(data), expected)).toEqual([]);
});

test('every line that is no event stands in rejected_lines with its bytes', async () => {
  const expected = lines.filter(({ kind }) => kind === 'rejected').toSorted(byIdentity);
  expect(expected.length).toBeGreaterThan(10);
  expect(differences(await storedRejected(data), expected.map(expectedRejected))).toEqual([]);
});

test('no password of a form is left anywhere, and the bytes around it are', async () => {
  const masked = lines.filter(({ isMasked }) => isMasked);
  expect(masked.length).toBe(newest.totals.maskedEvents + newest.totals.maskedRejected);
  const rows = await rowsOf(data, `SELECT sum(masked) AS masked FROM log_files`);
  expect(rows).toEqual([{ masked: String(masked.length) }]);
});

test('courses have the events, learners and times that expected.json has', async () => {
  const rows = await rowsOf(
    data,
    `SELECT course_id, count() AS events, uniqExactIf(username, username != '') AS learners,
       min(time) FILTER (WHERE time_state = 'ok') AS first, max(time) FILTER (WHERE time_state = 'ok') AS last
     FROM events GROUP BY course_id ORDER BY course_id`,
  );
  expect(rows).toEqual(
    newest.courses.map((course) => ({
      course_id: course.courseId,
      events: String(course.events),
      learners: String(course.learners),
      first: course.firstTime?.replace('T', ' ').replace('Z', ''),
      last: course.lastTime?.replace('T', ' ').replace('Z', ''),
    })),
  );
});

test('only the newest day of a server is provisional', async () => {
  const rows = await rowsOf(
    data,
    `SELECT DISTINCT toString(log_date) AS log_date FROM log_files WHERE provisional`,
  );
  expect(rows).toEqual([{ log_date: newest.date }]);
});

test('tables show the rows of the newest snapshot, each under its course', async () => {
  const tables = new Set(newest.databaseFiles.map(({ table }) => tableName(table)));
  const selects = [...tables].map(
    (table) =>
      `SELECT '${table}' AS table, course_id, site, toString(snapshot_date) AS date, count() AS rows
       FROM ${table} GROUP BY course_id, site, date`,
  );
  const stored = await rowsOf<{ date: string }>(
    data,
    `SELECT * FROM (${selects.join(' UNION ALL ')}) ORDER BY table, course_id, site, date`,
  );
  const expected = newest.databaseFiles
    .filter(({ rows }) => rows > 0)
    .map(({ table, courseId, site, rows }) => ({
      ...{ table: tableName(table), course_id: courseId, site },
      ...{ date: newest.date, rows: String(rows) },
    }));
  expect(expected.length).toBeGreaterThan(10);
  // Where the newest file failed at edX, the one of the week before is shown.
  const failed = newest.failedMembers.map((member) => member.replace('.failed.gpg', '.gpg'));
  const before = earlier.databaseFiles.filter(
    ({ member, rows }) => failed.includes(member) && rows > 0,
  );
  const older = stored.filter(({ date }) => date !== newest.date);
  expect(older).toHaveLength(before.length);
  const key = (row: object): string => JSON.stringify(row);
  expect(
    stored
      .filter((row) => !older.includes(row))
      .map(key)
      .toSorted(),
  ).toEqual(expected.map(key).toSorted());
});

/** What edX calls the table of a file; forum posts come from a database that has no tables. */
function tableName(table: string): string {
  return table === 'forum' ? 'forum_post' : table;
}

test('accounts hold the values of the file, column by column', async () => {
  const file = newest.databaseFiles.find(({ table }) => table === 'auth_user');
  if (file === undefined) throw new Error('There is no auth_user.');
  const [header = '', ...body] = plaintextOf(file.member).toString().trimEnd().split('\n');
  const names = header.split('\t');
  const expected = body.map((row) => {
    const values = row.split('\t');
    const value = (name: string): string | undefined => values[names.indexOf(name)];
    return { id: value('id'), username: value('username'), email: value('email') };
  });
  const rows = await rowsOf(
    data,
    `SELECT id, username, email FROM auth_user
     WHERE course_id = '${file.courseId}' AND site = '${file.site}' ORDER BY line`,
  );
  expect(rows).toEqual(expected);
});

test('the account adds up to what the newest package holds', () => {
  const { lines, events, rejected, blank, late, rejectedByReason } = newest.totals;
  const { exitStatus, lines: account } = summaryOf(run);
  expect(exitStatus).toBe(1);
  expect(account).toMatchObject({ lines, events, rejected, blank, late });
  expect(account.masked).toBe(newest.totals.maskedEvents + newest.totals.maskedRejected);
  // What is no object stands under two names there and under two others here.
  const { cut: expectedCut, ...expectedOthers } = rejectedByReason;
  const { cut, ...others } = account.rejectedByReason;
  expect(cut).toBe(expectedCut);
  expect(sumOf(others)).toBe(sumOf(expectedOthers));
});

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function identityOf(file: ExpectedPackage['files'][number]): OracleLine {
  return { ...file, kind: 'blank', line: 0, raw: Buffer.alloc(0), isMasked: false };
}

function sameFile(line: OracleLine, file: ExpectedPackage['files'][number]): boolean {
  return line.server === file.server && line.logDate === file.logDate && line.site === file.site;
}
