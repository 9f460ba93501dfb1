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

async function load(date: string, files: Readonly<Record<string, string | Buffer>>) {
  const origin = week(date);
  return loadDatabaseFiles(await bench.pack(origin, files), origin, bench);
}

const THREAD = {
  _id: { $oid: '50f36ce3b3d5a2a40a000004' },
  _type: 'CommentThread',
  author_id: '42',
  body: 'NULL\tand \\n',
  course_id: 'UnivX/P1/2013',
  created_at: { $date: 1358134453862 },
  updated_at: { $date: { $numberLong: '1358134453862' } },
  last_activity_at: { $date: '2015-10-01T02:59:58.520+0000' },
  votes: { up: ['7', { $numberLong: '8' }], down: [], count: 2 },
  group_id: { $numberInt: '3' },
  pinned: true,
  colour: 'red',
};
const RESPONSE = {
  _id: { $oid: 'b1' },
  _type: 'Comment',
  author_id: 'nobody',
  comment_thread_id: { $oid: '50f36ce3b3d5a2a40a000004' },
  parent_ids: [],
  created_at: { $date: 'soon' },
};
const COMMENT = { ...RESPONSE, _id: { $oid: 'b2' }, parent_id: { $oid: 'b1' }, author_id: 7 };

test('posts of every era become rows, and what fits no column stays beside it', async () => {
  const lines = [
    JSON.stringify(THREAD),
    JSON.stringify(RESPONSE),
    '{"_id": ISODate("2013")}',
    '[1]',
    '',
    JSON.stringify(COMMENT),
  ];
  const account = await load('2018-05-06', { 'UnivX-P1-2013-prod.mongo': lines.join('\n') });
  expect(account.failed).toEqual([]);
  expect(account.loaded[0]).toMatchObject({ rows: 3, rejected: 2, blank: 1 });
  expect(account.loaded[0]).toMatchObject({ courseId: 'UnivX/P1/2013', isProvisional: false });
  expect(
    await bench.rows(
      `SELECT line, kind, author_id, thread_id, parent_id, votes_up, group_id, pinned, uncast
       FROM forum_post ORDER BY line`,
    ),
  ).toEqual([
    {
      ...{ line: 1, kind: 'thread', author_id: 42, thread_id: '50f36ce3b3d5a2a40a000004' },
      ...{ parent_id: null, votes_up: ['7', '8'], group_id: 3, pinned: 1, uncast: {} },
    },
    {
      ...{ line: 2, kind: 'response', author_id: null, thread_id: '50f36ce3b3d5a2a40a000004' },
      ...{ parent_id: null, votes_up: [], group_id: null, pinned: null },
      uncast: { author_id: 'nobody', created_at: 'soon' },
    },
    {
      ...{ line: 6, kind: 'comment', author_id: 7, thread_id: '50f36ce3b3d5a2a40a000004' },
      ...{ parent_id: 'b1', votes_up: [], group_id: null, pinned: null },
      uncast: { created_at: 'soon' },
    },
  ]);
  const [thread] = await bench.warehouse.query<Record<string, string>>(
    'SELECT created_at, updated_at, last_activity_at, body, document FROM forum_post WHERE line = 1',
  );
  expect(thread).toEqual({
    created_at: '2013-01-14 03:34:13.862000',
    updated_at: '2013-01-14 03:34:13.862000',
    last_activity_at: '2015-10-01 02:59:58.520000',
    body: 'NULL\tand \\n',
    document: JSON.stringify(THREAD),
  });
  expect(
    await bench.rows(
      "SELECT line, reason, raw FROM rejected_rows WHERE table_name = 'forum_post' ORDER BY line",
    ),
  ).toEqual([
    { line: 3, reason: 'not-json', raw: '{"_id": ISODate("2013")}' },
    { line: 4, reason: 'not-json', raw: '[1]' },
  ]);
});

test('blocks know their parent wherever it stands, and name the course', async () => {
  const usage = (name: string) => `block-v1:UnivX+P2+2T2018+type@${name}+block@${name}`;
  const structure = {
    [usage('vertical')]: { category: 'vertical', children: [], metadata: { display_name: 'V' } },
    [usage('course')]: {
      category: 'course',
      children: [usage('vertical'), usage('nowhere')],
      metadata: {},
    },
    [usage('orphan')]: { category: 'html' },
  };
  const account = await load('2018-05-06', {
    'UnivX-P2-2T2018-course_structure-prod-analytics.json': JSON.stringify(structure, null, 2),
    'UnivX-P2-2T2018-auth_user-prod-analytics.sql': 'id\tusername\n1\tann\n',
  });
  expect(account.failed).toEqual([]);
  expect(account.loaded.map(({ courseId }) => courseId)).toEqual([
    'course-v1:UnivX+P2+2T2018',
    'course-v1:UnivX+P2+2T2018',
  ]);
  expect(
    await bench.rows(
      'SELECT line, category, display_name, parent, length(children) AS children FROM course_structure ORDER BY line',
    ),
  ).toEqual([
    { line: 1, category: 'vertical', display_name: 'V', parent: usage('course'), children: 0 },
    { line: 2, category: 'course', display_name: null, parent: null, children: 2 },
    { line: 3, category: 'html', display_name: null, parent: null, children: 0 },
  ]);
});

test('a structure that is cut fails whole, and says so', async () => {
  const account = await load('2018-05-13', {
    'UnivX-P2-2T2018-course_structure-prod-analytics.json': '{"a": {"category": "html"}, "b": {"ca',
    'UnivX-P3-2T2018-course_structure-prod-analytics.json': '["a", "b"]',
    'UnivX-P4-2T2018-course_structure-prod-analytics.json': '',
  });
  expect(account.failed.map(({ reason }) => reason)).toEqual(['not-json', 'not-json']);
  expect(account.loaded.map(({ rows, reason }) => [rows, reason])).toEqual([[0, 'zero-bytes']]);
  expect(
    await bench.rows(
      "SELECT count() AS rows FROM course_structure_snapshots WHERE snapshot_date = '2018-05-13'",
    ),
  ).toEqual([{ rows: 0 }]);
});
