import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keep } from '#shared/outcome';
import { formatDatabaseFileName, parseDatabaseFileName } from '#shared/packages/database-file-name';
import { DATABASE_TABLES } from '#shared/packages/database-tables';

const FIXTURES = join(import.meta.dirname, '../../../shared/fixtures');
const hasFixtures = existsSync(FIXTURES);
if (!hasFixtures) console.warn('Not run: database file names of the shared fixtures (absent).');

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

test.each([
  ['UniversityA-Physics101-2013-auth_user-prod-analytics.sql.gpg', 'auth_user', 'prod'],
  ['UniversityA-Physics101-2013-auth_user-prod-edge-analytics.sql.gpg', 'auth_user', 'edge'],
  ['UniversityA-Physics101-2013-auth_user-edx-analytics.sql', 'auth_user', 'prod'],
  ['UniversityA-Physics101-2013-auth_user-edge-analytics.sql', 'auth_user', 'edge'],
  ['UniversityA-Physics101-2013-user_id_map-prod.sql.gpg', 'user_id_map', 'prod'],
  ['UniversityA-Physics101-2013_user_id_map-prod-analytics.sql.gpg', 'user_id_map', 'prod'],
  ['UniversityA-Physics101-2013-wiki_article.sql', 'wiki_article', 'prod'],
  ['UniversityA-Physics101-2013-wiki_articlerevision.xml', 'wiki_articlerevision', 'prod'],
  [
    'UniversityA-Physics101-2013-courseware_studentmodule-analytics.sql.gpg',
    'courseware_studentmodule',
    'prod',
  ],
  ['UniversityA-Physics101-2013-teams-prod-analytics.sql', 'teams_courseteam', 'prod'],
  [
    'UniversityA-Physics101-2013-teams_membership-prod-analytics.sql',
    'teams_courseteammembership',
    'prod',
  ],
  [
    'UniversityA-Physics101-2013-teams_courseteammembership-prod-analytics.sql',
    'teams_courseteammembership',
    'prod',
  ],
  [
    'UniversityA-Physics101-2013-course_structure-prod-analytics.json.gpg',
    'course_structure',
    'prod',
  ],
  ['UniversityA-Physics101-2013-course-prod-analytics.xml.tar.gz.gpg', 'course', 'prod'],
  ['UniversityA-Physics101-2013-prod.mongo.gpg', 'forum_post', 'prod'],
  ['UniversityA-Physics101-2013-prod-edge.mongo.gpg', 'forum_post', 'edge'],
  ['UniversityA-Physics101-2013-edx.mongo', 'forum_post', 'prod'],
  ['UniversityA-Physics101-2013.mongo', 'forum_post', 'prod'],
  ['UniversityA-Physics101-2013-auth_user-acceptance.sql', 'auth_user', 'acceptance'],
  ['ora/UniversityA-Physics101-2013-submissions_score-prod-analytics.sql.gpg', '*', 'prod'],
])('%s is table %s of site %s', (path, table, site) => {
  expect(parseDatabaseFileName(`./universitya-2013-10-27/${path}`)).toMatchObject(
    keep({
      coursePart: 'UniversityA-Physics101-2013',
      table: table === '*' ? 'submissions_score' : table,
      site,
      isFailed: false,
      isCut: false,
    }),
  );
});

test.each([
  ['MITx-6.00.1-x-1T2014-auth_user-prod-analytics.sql', 'MITx-6.00.1-x-1T2014'],
  ['MITx-00.00-TestClass-auth_user-prod-edge-analytics.sql', 'MITx-00.00-TestClass'],
  [
    'BerkeleyX-Stat_2.1x-2013_Spring-auth_user-prod-analytics.sql',
    'BerkeleyX-Stat_2.1x-2013_Spring',
  ],
  ['A-B-2T2017_2-user_id_map-prod-analytics.sql', 'A-B-2T2017_2'],
  ['edX-DemoX-Demo_Course-course-prod-analytics.xml.tar.gz', 'edX-DemoX-Demo_Course'],
  ['X-my_course-course-course_structure-prod-analytics.json', 'X-my_course-course'],
  ['org-course-run-ccx-12-auth_user-prod-analytics.sql', 'org-course-run-ccx-12'],
  ['ER22x-2013_Spring%E3%83%9E-auth_user-prod-analytics.sql', 'ER22x-2013_Spring%E3%83%9E'],
  ['HarvardX-email_opt_in-prod-analytics.csv.gpg', 'HarvardX'],
  ['007Horsey-auth_user-prod-analytics.sql', '007Horsey'],
])('the course part of %s is %s', (path, coursePart) => {
  expect(parseDatabaseFileName(path)).toMatchObject({ kind: 'keep', value: { coursePart } });
});

test('a long token is never read as a short one, nor cut out of the course part', () => {
  for (const table of DATABASE_TABLES) {
    const outcome = parseDatabaseFileName(`A-teams-course-${table}-prod-analytics.sql.gpg`);
    expect(outcome).toMatchObject({ value: { coursePart: 'A-teams-course', table } });
  }
});

test('a failed export is recognised and keeps its table', () => {
  const path = 'universitya-2013-10-27/A-B-C-auth_user-prod-analytics.sql.failed.gpg';
  expect(parseDatabaseFileName(path)).toMatchObject(
    keep({ coursePart: 'A-B-C', table: 'auth_user', site: 'prod', isFailed: true }),
  );
});

test.each([
  ['whole suffix', 'A-B-auth_user-prod-analytics', 'prod-analytics', 'auth_user', 'prod'],
  ['suffix cut', 'A-B-auth_user-pro', 'prod-edge-analytics', 'auth_user', 'edge'],
  ['suffix cut at the dash', 'A-B-auth_user-', 'prod-analytics', 'auth_user', 'prod'],
  ['table cut', 'A-B-auth_us', 'prod-analytics', '', 'prod'],
  ['cut where another table goes on', 'A-B-wiki_article', 'prod-analytics', '', 'prod'],
  ['unknown hash', 'A-B-auth_user-prod', 'whatever', 'auth_user', ''],
  ['unknown hash, whole suffix', 'A-B-auth_user-edge-analytics', 'x', 'auth_user', 'edge'],
])('a name that edX shortened (%s) tells what is left, and its hash tells the site', (...row) => {
  const [, stem, hashed, table, site] = row;
  const outcome = parseDatabaseFileName(`u-2023-01-01/${stem}-${md5(hashed)}.sql.gpg`);
  expect(outcome).toMatchObject(keep({ table, site, isCut: true, extension: 'sql' }));
});

test('credentials are recognised, so that they can be passed over by name', () => {
  expect(parseDatabaseFileName('credentials.csv.gpg')).toMatchObject({
    value: { table: 'credentials', coursePart: '' },
  });
});

test.each([
  'not_a_real_course_file.txt',
  'administrator-index.php',
  'load_auth_userprofile.sql',
  'A-B-C-some_table_of_the_future-prod-analytics.sql.gpg',
  'MITx-course-101-some_table_of_the_future-prod-analytics.sql.gpg',
  'auth_user.sql',
  '._A-B-C-auth_user-prod-analytics.sql.gpg',
  '.mongo',
])('%s is not the name of a database file, and the message names it', (path) => {
  const outcome = parseDatabaseFileName(path);
  expect(outcome).toMatchObject({ kind: 'reject', reason: 'name-unknown' });
  expect(outcome.kind === 'reject' && outcome.detail).toContain(path);
});

test('a name that was formatted parses back to what it was made of', () => {
  const aName = fc.record({
    coursePart: fc
      .array(fc.stringMatching(/^[A-Za-z0-9_.%]{1,10}$/), { minLength: 1, maxLength: 5 })
      .map((parts) => `U${parts.join('-')}`),
    table: fc.constantFrom(...DATABASE_TABLES),
    site: fc.constantFrom('prod', 'edge', 'acceptance'),
    extension: fc.constantFrom('sql' as const, 'xml' as const, 'csv' as const),
    isFailed: fc.boolean(),
  });
  fc.assert(
    fc.property(aName, (name) => {
      expect(parseDatabaseFileName(formatDatabaseFileName(name))).toEqual(
        keep({ ...name, isCut: false }),
      );
    }),
    { numRuns: 300 },
  );
});

test.skipIf(!hasFixtures)(
  'names from archives of another tool are read as that tool reads them',
  () => {
    interface ArchiveNameCase {
      readonly file: string;
      readonly course_id?: string;
      readonly category?: string;
      readonly table?: string;
      readonly source_contains?: string;
      readonly unrecognised?: boolean;
    }
    const text = readFileSync(join(FIXTURES, 'others/archive_filename_cases.json'), 'utf8');
    // The fixture's README describes these fields; a wrong one fails the expectations below.
    const cases = JSON.parse(text) as readonly ArchiveNameCase[];
    const tableOfCategory: Record<string, string> = {
      course_structure: 'course_structure',
      forum_mongo: 'forum_post',
      course_xml: 'course',
    };
    expect(cases.length).toBeGreaterThan(10);
    for (const one of cases) {
      const outcome = parseDatabaseFileName(one.file);
      if (one.unrecognised) {
        expect(outcome.kind).toBe('reject');
        continue;
      }
      const table = one.table ?? tableOfCategory[one.category ?? ''];
      expect(outcome, one.file).toMatchObject(keep({ coursePart: one.course_id, table }));
      if (one.source_contains)
        expect(outcome).toMatchObject({ value: { site: one.source_contains } });
    }
  },
);

test.skipIf(!hasFixtures)('names of the acceptance test of edX are all of one course', () => {
  const names = readdirSync(join(FIXTURES, 'edx-analytics-pipeline/database'));
  const ours = names.filter((name) => name.includes('acceptance'));
  expect(ours.length).toBeGreaterThan(10);
  for (const name of ours) {
    expect(parseDatabaseFileName(name), name).toMatchObject(
      keep({ coursePart: 'edX-DemoX-Demo_Course', site: 'acceptance' }),
    );
  }
});
