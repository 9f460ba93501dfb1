/** Database files that are hard to take: empty, failed, ragged, with zero dates and bare CRs. */
import { expect } from 'vitest';
import { type Row, rowsOf } from '../support/edxstream.js';
import { packedBench, test } from '../support/packed-bench.js';

const bench = packedBench('tables.test.ts');

const ZIP = 'universitya-2013-10-27.zip';
const COURSE_ID = 'UniversityA/CS1/2013_Fall';
const nameOf = (table: string, course = 'UniversityA-CS1-2013_Fall'): string =>
  `${course}-${table}-prod-analytics.sql`;
const ENROLMENT = nameOf('student_courseenrollment');
const ENROLMENT_ROWS = [
  'id\tuser_id\tcourse_id\tcreated\tis_active\tmode',
  `7\t42\t${COURSE_ID}\t2013-08-20 10:00:01\t1\thonor`,
  `8\t43\t${COURSE_ID}\t2013-08-21 10:00:01.123456\t0\taudit`,
  '',
].join('\n');

async function loadZip(members: Record<string, string | Buffer>) {
  const own = bench();
  const zip = await own.packages.zip(ZIP, members);
  const data = own.freshData();
  const run = await own.load(data, [zip]);
  return { data, run, zip };
}

interface FileRow extends Row {
  readonly reason: string;
  readonly detail: string;
}

async function fileOf(data: string, table: string): Promise<FileRow | undefined> {
  const rows = await rowsOf<FileRow>(
    data,
    `SELECT state, rows, rejected, reason, detail, course_id FROM database_files WHERE table_name = '${table}'`,
  );
  return rows[0];
}

test('a member that edX could not export is named with the end of its traceback', async () => {
  const traceback = 'Traceback (most recent call last):\n  File "x"\nOperationalError: gone away\n';
  const own = bench();
  const { data, run } = await loadZip({
    [ENROLMENT]: ENROLMENT_ROWS,
    [`${nameOf('auth_user')}.failed`]: traceback,
  });
  expect(run.status).toBe(1);
  expect(run.said).toContain('auth_user');
  expect(run.said).toContain('gone away');
  expect(await fileOf(data, 'auth_user')).toMatchObject({ state: 'failed' });
  expect(await rowsOf(data, 'SELECT id FROM student_courseenrollment')).toHaveLength(2);
  // The next week has it; nothing of the failure is in the way.
  const next = await own.packages.zip('universitya-2013-11-03.zip', {
    [ENROLMENT]: ENROLMENT_ROWS,
    [nameOf('auth_user')]: 'id\tusername\n42\tana\n',
  });
  expect((await own.load(data, [next])).status).toBe(0);
  expect(await rowsOf(data, 'SELECT username FROM auth_user')).toEqual([{ username: 'ana' }]);
});

test('tables of a header only and of no byte at all are loaded as empty ones', async () => {
  const { data, run } = await loadZip({
    [ENROLMENT]: ENROLMENT_ROWS,
    [nameOf('wiki_article')]: 'id\tcurrent_revision_id\tcreated\n',
    [nameOf('user_id_map')]: '',
    'UniversityA-CS1-2013_Fall-prod.mongo': '',
  });
  expect({ status: run.status, said: run.said }).toMatchObject({ status: 0 });
  expect(await rowsOf(data, 'SELECT * FROM wiki_article')).toEqual([]);
  expect(await rowsOf(data, 'SELECT * FROM user_id_map')).toEqual([]);
  expect(await rowsOf(data, 'SELECT * FROM forum_post')).toEqual([]);
  expect(await fileOf(data, 'wiki_article')).toMatchObject({ state: 'loaded', rows: '0' });
  expect(await fileOf(data, 'student_courseenrollment')).toMatchObject({ course_id: COURSE_ID });
});

test('an empty later snapshot shows an empty table, not the rows of the week before', async () => {
  const own = bench();
  const users = nameOf('auth_user');
  const { data } = await loadZip({
    [ENROLMENT]: ENROLMENT_ROWS,
    [users]: 'id\tusername\n1\tana\n',
  });
  const next = await own.packages.zip('universitya-2013-11-03.zip', {
    [ENROLMENT]: ENROLMENT_ROWS,
    [users]: 'id\tusername\n',
  });
  expect((await own.load(data, [next])).status).toBe(0);
  expect(await rowsOf(data, 'SELECT username FROM auth_user')).toEqual([]);
});

test('ragged rows are rejected with line and reason; the others are rows', async () => {
  const { data, run } = await loadZip({
    [ENROLMENT]: ENROLMENT_ROWS,
    [nameOf('auth_user')]:
      'id\tusername\temail\n1\tana\ta@x\n2\tbob\n3\tcy\tc@x\textra\n4\tdan\td@x\n',
  });
  expect(run.status).toBe(1); // two rows of four are more than one in a hundred
  expect(run.said).toContain('auth_user');
  const users = 'SELECT toString(line) AS line, username FROM auth_user ORDER BY auth_user.line';
  expect(await rowsOf(data, users)).toEqual([
    { line: '2', username: 'ana' },
    { line: '5', username: 'dan' },
  ]);
  const rejected = await rowsOf(
    data,
    'SELECT toString(line) AS line, reason, raw FROM rejected_rows ORDER BY rejected_rows.line',
  );
  expect(rejected).toEqual([
    { line: '3', reason: 'ragged', raw: '2\tbob' },
    { line: '4', reason: 'ragged', raw: '3\tcy\tc@x\textra' },
  ]);
});

test('zero dates and NULL are NULL; other dates keep their microseconds', async () => {
  const { data, run } = await loadZip({
    [ENROLMENT]: ENROLMENT_ROWS,
    [nameOf('auth_user')]: [
      'id\tusername\tlast_login\tdate_joined',
      '1\tana\t0000-00-00 00:00:00\t2013-01-02 03:04:05',
      '2\tbob\tNULL\t2013-01-02 03:04:05.000006',
      '',
    ].join('\n'),
  });
  expect(run.status).toBe(0);
  const rows = await rowsOf(
    data,
    'SELECT id, last_login, date_joined FROM auth_user ORDER BY line',
  );
  expect(rows).toEqual([
    { id: '1', last_login: null, date_joined: '2013-01-02 03:04:05.000000' },
    { id: '2', last_login: null, date_joined: '2013-01-02 03:04:05.000006' },
  ]);
});

test('a bare CR in a field is part of the field', async () => {
  const { data, run } = await loadZip({
    [ENROLMENT]: ENROLMENT_ROWS,
    [nameOf('auth_userprofile')]:
      'id\tuser_id\tname\tmailing_address\n1\t42\tAna\t12 Main St\r\\nTown\n2\t43\tB\\tob\tlow\\\\road\n',
  });
  expect(run.status).toBe(0);
  const rows = await rowsOf(
    data,
    'SELECT name, mailing_address FROM auth_userprofile ORDER BY line',
  );
  expect(rows).toEqual([
    { name: 'Ana', mailing_address: '12 Main St\r\nTown' },
    { name: 'B\tob', mailing_address: 'low\\road' },
  ]);
});

test('columns that nobody knows are kept, columns that are missing are NULL', async () => {
  const { data, run } = await loadZip({
    [ENROLMENT]: `user_id\tcourse_id\tshoe_size\n42\t${COURSE_ID}\t44\n`,
  });
  expect(run.status).toBe(0);
  const rows = await rowsOf(data, 'SELECT user_id, mode, shoe_size FROM student_courseenrollment');
  expect(rows).toEqual([{ user_id: '42', mode: null, shoe_size: '44' }]);
});

test('a damaged table is named and failed, the others are loaded, and the whole one comes later', async () => {
  const own = bench();
  const message = await own.packages.encrypt(`id\tusername\n${'1\tana\n'.repeat(200)}`);
  const damaged = Buffer.from(message);
  damaged[damaged.length >> 1] = (damaged[damaged.length >> 1] ?? 0) ^ 4;
  const users = `${nameOf('auth_user')}.gpg`;
  const zip = await own.packages.zip(ZIP, {
    [ENROLMENT]: ENROLMENT_ROWS,
    [users]: { stored: damaged },
  });
  const data = own.freshData();
  const run = await own.load(data, [zip]);
  expect(run.status).toBe(1);
  expect(run.said).toContain(users);
  expect(await rowsOf(data, 'SELECT username FROM auth_user')).toEqual([]);
  expect(await rowsOf(data, 'SELECT id FROM student_courseenrollment')).toHaveLength(2);
  const whole = await own.packages.zip(ZIP, {
    [ENROLMENT]: ENROLMENT_ROWS,
    [users]: { stored: message },
  });
  expect((await own.load(data, [whole])).status).toBe(0);
  expect(await rowsOf(data, 'SELECT username FROM auth_user')).toHaveLength(200);
});

test('a zip loaded twice adds nothing, and an older one does not hide the newer', async () => {
  const own = bench();
  const { data, zip } = await loadZip({ [ENROLMENT]: ENROLMENT_ROWS });
  expect((await own.load(data, [zip])).status).toBe(0);
  expect(await rowsOf(data, 'SELECT id FROM student_courseenrollment')).toHaveLength(2);
  const older = await own.packages.zip('universitya-2013-10-20.zip', {
    [ENROLMENT]: ENROLMENT_ROWS.split('\n').slice(0, 2).join('\n'),
  });
  expect((await own.load(data, [older])).status).toBe(0);
  expect(await rowsOf(data, 'SELECT id FROM student_courseenrollment')).toHaveLength(2);
});

test('the course of a table does not depend on which zip came first', async () => {
  const own = bench();
  const users = nameOf('auth_user', 'UniversityA-6.00.1-x-1T2014');
  const enrolment = nameOf('student_courseenrollment', 'UniversityA-6.00.1-x-1T2014');
  const id = 'UniversityA/6.00.1-x/1T2014';
  const rows = `id\tuser_id\tcourse_id\n1\t1\t${id}\n`;
  const first = await own.packages.zip('universitya-2013-10-20.zip', {
    [users]: 'id\tusername\n1\ta\n',
  });
  const second = await own.packages.zip('universitya-2013-10-27.zip', {
    [users]: 'id\tusername\n1\ta\n',
    [enrolment]: rows,
  });
  const courses = 'SELECT course_id, toString(snapshot_date) AS day FROM auth_user';
  const expected = [{ course_id: id, day: '2013-10-27' }];
  for (const order of [
    [first, second],
    [second, first],
  ]) {
    const data = own.freshData();
    for (const zip of order) await own.load(data, [zip]);
    expect(await rowsOf(data, courses)).toEqual(expected);
  }
});
