/**
 * Files that edX software really wrote, loaded through real messages. Where the folder is absent the
 * tests are left out, and a line says so.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LoadedFiles, loadDatabaseFiles } from './load-database-files.js';
import { DatabaseBench, week } from './testing/database-package.js';

const FIXTURES = join(import.meta.dirname, '../../../shared/fixtures');
const DATABASE = join(FIXTURES, 'edx-analytics-pipeline/database');
const hasFixtures = existsSync(DATABASE);
if (!hasFixtures) console.log(`Left out: files of edX's own acceptance test (${DATABASE}).`);

describe.runIf(hasFixtures)("files of edX's own acceptance test", () => {
  let bench: DatabaseBench;
  let account: LoadedFiles;
  beforeAll(async () => {
    bench = await DatabaseBench.open();
    const origin = week('2015-11-08');
    const names = readdirSync(DATABASE).filter((name) => name.startsWith('edX-'));
    const files = Object.fromEntries(
      names.map((name) => [name, readFileSync(join(DATABASE, name))]),
    );
    const bareCr = readFileSync(join(FIXTURES, 'others/auth_userprofile_bare_cr.tsv'));
    files['UnivX-P1-2013-auth_userprofile-prod-analytics.sql'] = bareCr;
    account = await loadDatabaseFiles(await bench.pack(origin, files), origin, bench);
  });
  afterAll(async () => {
    await bench[Symbol.asyncDispose]();
  });

  test('every file is loaded or kept out with a reason, and no row is rejected', () => {
    expect(account.failed).toEqual([]);
    expect(account.rejected).toBe(0);
    expect(account.keptOut.map(({ path, reason }) => [path, reason])).toEqual([
      ['edX-DemoX-Demo_Course-course-acceptance.xml.tar.gz.gpg', 'not-a-table'],
    ]);
    const byTable: Record<string, number> = {};
    for (const { table, rows } of account.loaded) byTable[table] = (byTable[table] ?? 0) + rows;
    expect(byTable).toEqual({
      auth_user: 4,
      auth_userprofile: 6,
      certificates_generatedcertificate: 4,
      course_structure: 1,
      courseware_studentmodule: 4,
      forum_post: 3,
      student_courseenrollment: 4,
      student_languageproficiency: 4,
      teams_courseteam: 4,
      teams_courseteammembership: 4,
      user_api_usercoursetag: 4,
      verify_student_verificationstatus: 4,
      wiki_article: 4,
      wiki_articlerevision: 3,
    });
  });

  test('the course of every file is the one that the enrolments name', () => {
    const courses = new Set(
      account.loaded
        .filter(({ coursePart }) => coursePart === 'edX-DemoX-Demo_Course')
        .map(({ courseId, isProvisional }) => `${courseId} ${isProvisional}`),
    );
    expect([...courses]).toEqual(['course-v1:edX+DemoX+Demo_Course false']);
  });

  test('a row keeps the course id that its file has', async () => {
    const [row] = await bench.rows('SELECT DISTINCT course_id FROM user_api_usercoursetag');
    expect(row).toEqual({ course_id: 'edX/DemoX/Demo_Course' });
  });

  test('the state of a module is JSON after one unescaping', async () => {
    const rows = await bench.rows(
      'SELECT id, isValidJSON(assumeNotNull(state)) AS valid FROM courseware_studentmodule ORDER BY line',
    );
    expect(rows).toEqual([1, 2, 3, 4].map((id) => ({ id, valid: 1 })));
  });

  test('a 31st of September is NULL and stands in uncast', async () => {
    const rows = await bench.rows(
      'SELECT last_activity_at, uncast FROM teams_courseteam WHERE id = 2',
    );
    expect(rows).toEqual([
      { last_activity_at: null, uncast: { last_activity_at: '2015-09-31 21:32:17' } },
    ]);
  });

  test('a bare CR in a field is data', async () => {
    const expected = readFileSync(
      join(FIXTURES, 'others/auth_userprofile_bare_cr.expected.json'),
      'utf8',
    );
    const rows = await bench.warehouse.query<Record<string, unknown>>(
      `SELECT toString(id) AS a, toString(user_id) AS b, bio, goals FROM auth_userprofile
       WHERE course_id = 'UnivX/P1/2013' ORDER BY line`,
    );
    expect(rows.map((row) => Object.values(row))).toEqual(JSON.parse(expected));
  });

  test('posts have their kind, their time and their votes', async () => {
    const rows = await bench.rows(
      'SELECT id, kind, author_id, created_at, votes_up, uncast FROM forum_post ORDER BY line LIMIT 1',
    );
    expect(rows).toEqual([
      {
        id: 'cd72760dff103dd383012d3f',
        kind: 'response',
        author_id: 1,
        created_at: '2013-12-13 02:59:58.520000',
        votes_up: ['1'],
        uncast: {},
      },
    ]);
  });
});
