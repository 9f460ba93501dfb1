import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BulkInsert } from '#shared/warehouse/warehouse';
import { recoverTables } from './database-file-ledger.js';
import { loadDatabaseFiles } from './load-database-files.js';
import { planDatabaseFiles } from './plan-database-files.js';
import { DatabaseBench, week } from './testing/database-package.js';

const ENROLMENT = 'UnivX-P1-2T2018-student_courseenrollment-prod-analytics.sql';
const USERS = 'UnivX-P1-2T2018-auth_user-prod-analytics.sql';
const ENROLMENT_HEADER = 'id\tuser_id\tcourse_id\n';
const enrolments = (...ids: readonly number[]) =>
  ENROLMENT_HEADER + ids.map((id) => `${id}\t${id}\tcourse-v1:UnivX+P1+2T2018\n`).join('');
const users = (...names: readonly string[]) =>
  `id\tusername\n${names.map((name, index) => `${index + 1}\t${name}\n`).join('')}`;

let bench: DatabaseBench;
beforeEach(async () => {
  bench = await DatabaseBench.open();
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

async function loadWeek(
  date: string,
  files: Readonly<Record<string, string | Buffer>>,
  courses: readonly string[] = [],
) {
  const origin = week(date);
  return loadDatabaseFiles(await bench.pack(origin, files), origin, { ...options(), courses });
}

const options = () => ({ warehouse: bench.warehouse, keys: bench.keys });
const usernames = async () =>
  (
    await bench.warehouse.query<{ username: string }>(
      'SELECT username FROM auth_user ORDER BY username',
    )
  ).map(({ username }) => username);

test('a ragged row is rejected alone, with its line, its reason and its bytes', async () => {
  const account = await loadWeek('2018-05-06', {
    [USERS]: Buffer.from('id\tusername\n1\tann\n\n2\tb\xffb\textra\r\n3\tcy\n', 'latin1'),
  });
  expect(account).toMatchObject({ rows: 2, rejected: 1 });
  expect(account.loaded[0]).toMatchObject({ rows: 2, rejected: 1, blank: 1 });
  expect(
    await bench.rows(
      'SELECT organization, site, course_id, table_name, line, reason, hex(raw) AS bytes FROM rejected_rows',
    ),
  ).toEqual([
    {
      organization: 'univx',
      site: 'prod',
      course_id: 'UnivX/P1/2T2018',
      table_name: 'auth_user',
      line: 4,
      reason: 'ragged',
      bytes: Buffer.from('2\tb\xffb\textra\r', 'latin1').toString('hex').toUpperCase(),
    },
  ]);
});

test('a later snapshot takes the place of the earlier one, which can still be queried', async () => {
  await loadWeek('2018-05-13', { [USERS]: users('ann', 'bob', 'cy') });
  await loadWeek('2018-05-06', { [USERS]: users('ann', 'old') });
  expect(await usernames()).toEqual(['ann', 'bob', 'cy']);
  const counts = await bench.rows(
    'SELECT snapshot_date, count() AS rows FROM auth_user_snapshots GROUP BY 1 ORDER BY 1',
  );
  expect(counts).toEqual([
    { snapshot_date: '2018-05-06', rows: 2 },
    { snapshot_date: '2018-05-13', rows: 3 },
  ]);
  await loadWeek('2018-05-20', { [USERS]: users() });
  expect(await usernames()).toEqual([]);
});

test("a snapshot that failed hides nothing, says edX's own reason, and is tried again", async () => {
  await loadWeek('2018-05-06', { [USERS]: users('ann') });
  const failed = {
    [`${USERS}.failed`]:
      'Traceback (most recent call last):\n  File "x"\nOperationalError: gone away\n\n',
  };
  const account = await loadWeek('2018-05-13', failed);
  expect(account.failed).toHaveLength(1);
  expect(account.failed[0]).toMatchObject({ state: 'failed', reason: 'export-failed' });
  expect(account.failed[0]?.detail).toContain('OperationalError: gone away');
  expect(await usernames()).toEqual(['ann']);

  expect((await loadWeek('2018-05-13', failed)).failed).toHaveLength(1);
  expect((await loadWeek('2018-05-13', { [USERS]: users('bob') })).failed).toEqual([]);
  expect(await usernames()).toEqual(['bob']);
  expect(
    await bench.rows(
      'SELECT snapshot_date, state, rows FROM database_files ORDER BY snapshot_date',
    ),
  ).toEqual([
    { snapshot_date: '2018-05-06', state: 'loaded', rows: 1 },
    { snapshot_date: '2018-05-13', state: 'loaded', rows: 1 },
  ]);
});

test('a damaged message fails alone, nothing of it is loaded, and the sound copy heals it', async () => {
  const origin = week('2018-05-06');
  const [sound] = await bench.pack(origin, { [USERS]: users('ann') });
  const [other] = await bench.pack(origin, { [ENROLMENT]: enrolments(1) });
  if (sound === undefined || other === undefined) throw new Error('Nothing was packed.');
  const damaged = await bench.damaged(sound, origin);
  const account = await loadDatabaseFiles([damaged, other], origin, options());
  expect(account.failed.map(({ reason }) => reason)).toEqual(['integrity-failed']);
  expect(account.loaded.map(({ table }) => table)).toEqual(['student_courseenrollment']);
  expect(await bench.rows('SELECT count() AS rows FROM auth_user_snapshots')).toEqual([
    { rows: 0 },
  ]);

  await loadDatabaseFiles([sound, other], origin, options());
  expect(await usernames()).toEqual(['ann']);
});

test('other content of the same snapshot replaces the earlier rows', async () => {
  await loadWeek('2018-05-06', { [USERS]: users('ann', 'bob') });
  await loadWeek('2018-05-06', { [USERS]: users('cy') });
  expect(await usernames()).toEqual(['cy']);
  expect(await bench.rows('SELECT count() AS rows FROM auth_user_snapshots')).toEqual([
    { rows: 1 },
  ]);
  expect(await bench.rows('SELECT count() AS files FROM database_files')).toEqual([{ files: 1 }]);
});

test('header-only and zero-byte files are loaded with no rows, and the latter is noted', async () => {
  const account = await loadWeek('2018-05-06', {
    [USERS]: 'id\tusername\n',
    'UnivX-P2-2T2018-auth_user-prod-analytics.sql': '',
    'UnivX-P1-2T2018-prod.mongo': '',
  });
  expect(account).toMatchObject({ failed: [], rows: 0 });
  const notes = account.loaded.map(({ table, reason }) => [table, reason]);
  expect(notes.toSorted()).toEqual([
    ['auth_user', ''],
    ['auth_user', 'zero-bytes'],
    ['forum_post', ''],
  ]);
});

test('what a killed process left is taken out by the next start, and the load then ends as ever', async () => {
  const origin = week('2018-05-06');
  const files = await bench.pack(origin, {
    [USERS]: users('ann', 'bob'),
    [ENROLMENT]: enrolments(1, 2),
  });
  const { warehouse } = bench;
  const dying = {
    kind: warehouse.kind,
    statement: warehouse.statement.bind(warehouse),
    query: warehouse.query.bind(warehouse),
    fetchBytes: warehouse.fetchBytes.bind(warehouse),
    [Symbol.asyncDispose]: async () => {},
    bulkInsert: async (insert: BulkInsert) => {
      await warehouse.bulkInsert(insert);
      throw new Error('killed after the insert');
    },
  };
  await expect(
    loadDatabaseFiles(files, origin, { ...options(), warehouse: dying }),
  ).rejects.toThrow('killed');
  expect(
    await bench.rows('SELECT count() AS rows FROM student_courseenrollment_snapshots'),
  ).toEqual([{ rows: 2 }]);
  expect(await bench.rows('SELECT count() AS rows FROM student_courseenrollment')).toEqual([
    { rows: 0 },
  ]);

  expect(await recoverTables(warehouse)).toBe(1);
  expect(
    await bench.rows('SELECT count() AS rows FROM student_courseenrollment_snapshots'),
  ).toEqual([{ rows: 0 }]);
  expect(await recoverTables(warehouse)).toBe(0);
  expect(await loadDatabaseFiles(files, origin, options())).toMatchObject({ rows: 4, failed: [] });
});

test('a guessed course gives way once the enrolments of the package can be read', async () => {
  const origin = week('2018-05-06');
  const [user] = await bench.pack(origin, { [USERS]: users('ann') });
  const [enrolment] = await bench.pack(origin, { [ENROLMENT]: enrolments(1) });
  if (user === undefined || enrolment === undefined) throw new Error('Nothing was packed.');
  const broken = await bench.damaged(enrolment, origin);
  const first = await loadDatabaseFiles([user, broken], origin, options());
  expect(first.loaded[0]).toMatchObject({ courseId: 'UnivX/P1/2T2018', isProvisional: true });

  const second = await loadDatabaseFiles([user, enrolment], origin, options());
  expect(second.loaded).toHaveLength(2);
  expect(await bench.rows('SELECT course_id FROM auth_user_snapshots')).toEqual([
    { course_id: 'course-v1:UnivX+P1+2T2018' },
  ]);
  const third = await loadDatabaseFiles([user, enrolment], origin, options());
  expect(third).toMatchObject({ loaded: [], failed: [] });
  expect(third.unchanged).toHaveLength(2);
});

test('only the courses asked for are loaded, and the others are left for a later run', async () => {
  const files = {
    [USERS]: users('ann'),
    'UnivX-P2-2T2018-auth_user-prod-analytics.sql': users('bob'),
  };
  const some = await loadWeek('2018-05-06', files, ['course-v1:UnivX+P2+2T2018']);
  expect(some).toMatchObject({ rows: 1, filtered: 1 });
  expect(await usernames()).toEqual(['bob']);
  await loadWeek('2018-05-06', files);
  expect(await usernames()).toEqual(['ann', 'bob']);
});

test('a plan says what would be done and does nothing', async () => {
  const origin = week('2018-05-06');
  const files = await bench.pack(origin, {
    [USERS]: users('ann'),
    [USERS.replace('.sql', '.xml')]: '<xml/>',
    [`${USERS}.failed`]: 'Traceback\nError\n',
  });
  const plan = await planDatabaseFiles(files, origin, { warehouse: bench.warehouse });
  const actions = plan.map(({ file, ...planned }) => [
    file.path,
    planned.action === 'keep-out' ? planned.reason : planned.action,
  ]);
  expect(actions).toEqual([
    [`${USERS}.gpg`, 'load'],
    [`${USERS.replace('.sql', '.xml')}.gpg`, 'xml-twin'],
    [`${USERS}.failed.gpg`, 'twin'],
  ]);
  expect(await bench.rows('SELECT count() AS files FROM database_files')).toEqual([{ files: 0 }]);

  const load = () => loadDatabaseFiles(files, origin, options());
  await load();
  await load();
  expect(await bench.rows('SELECT path, state FROM database_files ORDER BY state, path')).toEqual([
    { path: `${USERS}.failed.gpg`, state: 'kept-out' },
    { path: `${USERS.replace('.sql', '.xml')}.gpg`, state: 'kept-out' },
    { path: `${USERS}.gpg`, state: 'loaded' },
  ]);
  expect(await bench.rows('SELECT count() AS entries FROM database_file_versions FINAL')).toEqual([
    { entries: 3 },
  ]);
});

test('a file whose rows name another course than its name is loaded, and the conflict is told', async () => {
  const account = await loadWeek('2018-05-06', {
    [ENROLMENT.replace('P1', 'P7')]: enrolments(1),
  });
  expect(account.loaded[0]).toMatchObject({ rows: 1, isProvisional: true, reason: '' });
  expect(account.loaded[0]?.detail).toContain('course-v1:UnivX+P1+2T2018');
  expect(await bench.rows('SELECT course_id FROM student_courseenrollment')).toEqual([
    { course_id: 'course-v1:UnivX+P1+2T2018' },
  ]);
});
