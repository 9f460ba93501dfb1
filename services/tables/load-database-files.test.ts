import { afterAll, beforeAll, expect, test } from 'vitest';
import { openMember } from '#shared/packages/member-source';
import { recoverTables } from './database-file-ledger.js';
import { encodeDatabaseFile } from './encode-database-file.js';
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

/** More than is held before an insert, with a ragged row in every hundred. */
function manyRows(count: number): string {
  const state = `{"attempts": 1, "text": "${'x'.repeat(100)}"}`;
  const rows = Array.from({ length: count }, (_, index) =>
    index % 100 === 99 ? `${index}\tragged\t${state}\n` : `${index}\t${state}\n`,
  );
  return `id\tstate\n${rows.join('')}`;
}

test('a file larger than what is held streams into the table, every row once', async () => {
  const origin = week('2019-01-06');
  const path = 'UnivX-P9-2T2018-courseware_studentmodule-prod-analytics.sql';
  const files = await bench.pack(origin, { [path]: manyRows(150_000) });
  expect(await load(files, origin)).toMatchObject({ rows: 148_500, rejected: 1500, failed: [] });
  expect(
    await bench.rows(
      `SELECT count() AS rows, uniqExact(line) AS lines, countIf(id = line - 2) AS right
       FROM courseware_studentmodule`,
    ),
  ).toEqual([{ rows: 148_500, lines: 148_500, right: 148_500 }]);
  expect(
    await bench.rows(
      `SELECT count() AS rows, countIf(line % 100 = 1) AS right FROM rejected_rows
       WHERE snapshot_date = '2019-01-06'`,
    ),
  ).toEqual([{ rows: 1500, right: 1500 }]);
});

test('a load that is stopped leaves no row of what it had begun', async () => {
  const origin = week('2019-02-03');
  const path = 'UnivX-P9-2T2018-courseware_studentmodule-prod-analytics.sql';
  const files = await bench.pack(origin, { [path]: manyRows(150_000) });
  const stop = new AbortController();
  const { warehouse, keys } = bench;
  const stopping = loadDatabaseFiles(files, origin, {
    warehouse,
    keys,
    signal: stop.signal,
    encode: async function* (file, fileIndex) {
      const source = openMember(file.path, file.location);
      let parts = 0;
      for await (const part of encodeDatabaseFile(source, file, { keys, fileIndex })) {
        parts += 1;
        if (parts === 12) stop.abort();
        stop.signal.throwIfAborted();
        yield part;
      }
    },
  });
  await expect(stopping).rejects.toThrow('aborted');
  const left = await bench.rows(
    "SELECT count() AS rows FROM courseware_studentmodule_snapshots WHERE snapshot_date = '2019-02-03'",
  );
  expect(left).toEqual([{ rows: 0 }]);
  expect(await recoverTables(warehouse)).toBe(0);
  expect(await load(files, origin)).toMatchObject({ rows: 148_500 });
});

test('files of one table with other columns share a batch and keep their values', async () => {
  const origin = week('2019-03-03');
  const files = await bench.pack(origin, {
    'UnivX-A-1-user_id_map-prod-analytics.sql': 'hash_id\tid\tusername\nh1\t1\tann\n',
    'UnivX-B-1-user_id_map-prod-analytics.sql': 'hash_id\tuser_id\tusername\nh2\t2\tbob\n',
    'UnivX-C-1-user_id_map-edge-analytics.sql':
      'site\tli`ne\tusername\t\tusername\nhere\tq\tcy\te\tcy2\n',
  });
  expect(await load(files, origin)).toMatchObject({ rows: 3, failed: [] });
  expect(
    await bench.rows(
      'SELECT course_id, site, id, user_id, username, username_2, column_4, site_2, `li\\`ne` AS odd FROM user_id_map ORDER BY course_id',
    ),
  ).toEqual([
    {
      course_id: 'UnivX/A/1',
      site: 'prod',
      id: 1,
      user_id: 1,
      username: 'ann',
      username_2: null,
      column_4: null,
      site_2: null,
      odd: null,
    },
    {
      course_id: 'UnivX/B/1',
      site: 'prod',
      id: 2,
      user_id: 2,
      username: 'bob',
      username_2: null,
      column_4: null,
      site_2: null,
      odd: null,
    },
    {
      course_id: 'UnivX/C/1',
      site: 'edge',
      id: null,
      user_id: null,
      username: 'cy',
      username_2: 'cy2',
      column_4: 'e',
      site_2: 'here',
      odd: 'q',
    },
  ]);
});

test('a name that was cut before the table is known by its header and its course column', async () => {
  const origin = week('2019-04-07');
  const cut = `UnivX-${'L'.repeat(150)}-0cc175b9c0f1b6a831c399e269772661.sql`;
  const files = await bench.pack(origin, {
    [cut]: `id\tuser_id\tcourse_id\tcreated\tis_active\tmode\n1\t7\tcourse-v1:UnivX+${'L'.repeat(170)}+1\tNULL\t1\taudit\n`,
  });
  const account = await load(files, origin);
  expect(account.failed).toEqual([]);
  expect(account.loaded[0]).toMatchObject({ table: 'student_courseenrollment', rows: 1 });
  expect(account.loaded[0]?.courseId).toBe(`course-v1:UnivX+${'L'.repeat(170)}+1`);
  expect((await load(files, origin)).unchanged).toHaveLength(1);
});

test('opt-ins are read as CSV, with quotes, line ends in fields and their own course', async () => {
  const origin = week('2019-05-05');
  const files = await bench.pack(origin, {
    'UnivX-email_opt_in-prod-analytics.csv':
      'user_id,username,email,full_name,course_id,is_opted_in_for_email,preference_set_datetime\n' +
      '1,ann,a@x,"Ann ""A"", of\nX",course-v1:UnivX+P1+1,True,2016-01-31 12:00:00+00:00\n' +
      '2,bob,b@x,"never closed,course-v1:UnivX+P1+1,False,\n',
  });
  expect(await load(files, origin)).toMatchObject({ rows: 1, rejected: 1, failed: [] });
  expect(
    await bench.rows(
      'SELECT line, user_id, full_name, course_id, is_opted_in_for_email AS agreed, preference_set_datetime AS at FROM email_opt_in',
    ),
  ).toEqual([
    {
      line: 2,
      user_id: 1,
      full_name: 'Ann "A", of\nX',
      course_id: 'course-v1:UnivX+P1+1',
      agreed: 1,
      at: '2016-01-31 12:00:00.000000',
    },
  ]);
});
