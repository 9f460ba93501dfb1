import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadDatabaseFiles } from './load-database-files.js';
import { DatabaseBench, week } from './testing/database-package.js';

let bench: DatabaseBench;
beforeAll(async () => {
  bench = await DatabaseBench.open();
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
});

const load = (
  files: Parameters<typeof loadDatabaseFiles>[0],
  origin: Parameters<typeof loadDatabaseFiles>[1],
  courses: readonly string[] = [],
) => loadDatabaseFiles(files, origin, { warehouse: bench.warehouse, keys: bench.keys, courses });

test('enrolments and users of a week become rows with the course that the enrolments name', async () => {
  const origin = week('2018-05-06');
  const files = await bench.pack(origin, {
    'univx-2018-05-06/UnivX-P1-2T2018-auth_user-prod-analytics.sql':
      'id\tusername\tlast_login\tfavourite\n42\tann\t2018-05-01 09:00:00.5\tred\n43\tbob\\tx\tNULL\tNULL\n',
    'univx-2018-05-06/UnivX-P1-2T2018-student_courseenrollment-prod-analytics.sql':
      'id\tcourse_id\tcreated\tis_active\tmode\tuser_id\n9\tcourse-v1:UnivX+P1+2T2018\t2018-04-31 09:00:00.123456\t0\taudit\t42\n10\tNULL\t0000-00-00 00:00:00\t1\thonor\t43\n',
  });

  const account = await load(files, origin);

  expect(account).toMatchObject({ failed: [], unchanged: [], rows: 4, rejected: 0 });
  expect(
    await bench.rows(
      'SELECT course_id, snapshot_date, line, id, username, last_login, favourite, email FROM auth_user ORDER BY line',
    ),
  ).toEqual([
    {
      course_id: 'course-v1:UnivX+P1+2T2018',
      snapshot_date: '2018-05-06',
      line: 2,
      id: 42,
      username: 'ann',
      last_login: '2018-05-01 09:00:00.500000',
      favourite: 'red',
      email: null,
    },
    {
      course_id: 'course-v1:UnivX+P1+2T2018',
      snapshot_date: '2018-05-06',
      line: 3,
      id: 43,
      username: 'bob\tx',
      last_login: null,
      favourite: null,
      email: null,
    },
  ]);
  expect(
    await bench.rows(
      'SELECT id, user_id, course_id, created, is_active, mode, uncast FROM student_courseenrollment ORDER BY line',
    ),
  ).toEqual([
    {
      id: 9,
      user_id: 42,
      course_id: 'course-v1:UnivX+P1+2T2018',
      created: null,
      is_active: 0,
      mode: 'audit',
      uncast: { created: '2018-04-31 09:00:00.123456' },
    },
    {
      id: 10,
      user_id: 43,
      course_id: 'course-v1:UnivX+P1+2T2018',
      created: null,
      is_active: 1,
      mode: 'honor',
      uncast: {},
    },
  ]);

  const again = await load(files, origin);
  expect(again).toMatchObject({ loaded: [], rows: 0 });
  expect(again.unchanged).toHaveLength(2);
  expect(await bench.rows('SELECT count() AS rows FROM auth_user_snapshots')).toEqual([
    { rows: 2 },
  ]);
});
