import { expect, test } from 'vitest';
import type { PackageIndex } from '#shared/packages/package-index';
import { aDatabaseFile, aLogFile, aTar, aZip } from '#shared/testing/package-indexes';
import { inspectPackages } from './inspect-packages.js';

test('a server has its days, its bytes and the days that are missing before later ones', () => {
  const days = ['2013-10-01', '2013-10-02', '2013-10-05', '2013-10-07'];
  const { servers } = inspectPackages([
    aTar(
      '2013-10-13',
      days.toReversed().map((day) => aLogFile('prod-edxapp-003', day)),
    ),
  ]);
  expect(servers).toMatchObject([
    {
      server: 'prod-edxapp-003',
      firstDay: '2013-10-01',
      lastDay: '2013-10-07',
      bytes: 400,
      gaps: [
        { from: '2013-10-03', to: '2013-10-04', days: 2 },
        { from: '2013-10-06', to: '2013-10-06', days: 1 },
      ],
    },
  ]);
  expect(servers[0]?.days.map(({ logDate }) => logDate)).toEqual(days);
});

test('a server that ended earlier than the others has no gap at its end', () => {
  const { servers } = inspectPackages([
    aTar('2013-10-13', [
      aLogFile('prod-edxapp-003', '2013-10-01'),
      aLogFile('prod-edxapp-004', '2013-10-01'),
      aLogFile('prod-edxapp-004', '2013-10-02'),
    ]),
  ]);
  expect(servers.map(({ gaps }) => gaps)).toEqual([[], []]);
});

test('a day of two cumulative tars counts once, with the bytes of the newer tar', () => {
  const later = aTar('2013-10-13', [aLogFile('prod-edxapp-003', '2013-10-06', 900)]);
  const earlier = aTar('2013-10-06', [aLogFile('prod-edxapp-003', '2013-10-06', 400)]);
  for (const order of [
    [later, earlier],
    [earlier, later],
  ]) {
    const { servers } = inspectPackages(order);
    expect(servers).toMatchObject([
      { bytes: 900, days: [{ logDate: '2013-10-06', bytes: 900, copies: 2 }] },
    ]);
  }
});

test('the same server name on another site or of another organization is another server', () => {
  const file = aLogFile('', '2013-10-06');
  const { servers } = inspectPackages([
    aTar('2013-10-13', [file, { ...file, site: 'edge' }, { ...file, organization: 'HSPH' }]),
  ]);
  expect(servers).toHaveLength(3);
});

test('courses come with their tables, and with those that edX failed to export', () => {
  const { courses } = inspectPackages([
    aZip('2013-10-13', [
      aDatabaseFile('X-C-R', 'auth_user'),
      { ...aDatabaseFile('X-C-R', 'wiki_article'), isFailed: true },
      { ...aDatabaseFile('X-C-R', 'auth_user'), site: 'edge' },
      aDatabaseFile('X-B-R', 'forum_post'),
    ]),
  ]);
  expect(courses).toMatchObject([
    { site: 'edge', coursePart: 'X-C-R', files: 1 },
    { site: 'prod', coursePart: 'X-B-R', tables: ['forum_post'] },
    { site: 'prod', coursePart: 'X-C-R', bytes: 200, failedTables: ['wiki_article'] },
  ]);
});

test('a tar and a zip belong together when their dates are of the same week', () => {
  const lonely = (...packages: PackageIndex[]) =>
    inspectPackages(packages).lonelyPackages.map(({ packageDate, lacks }) => [packageDate, lacks]);
  const log = [aLogFile('prod-edxapp-003', '2013-10-06')];
  const table = [aDatabaseFile('X-C-R', 'auth_user')];
  expect(lonely(aTar('2013-10-27', log), aZip('2013-10-27', table))).toEqual([]);
  // Sunday and the Monday after it: another calendar week, the same delivery.
  expect(lonely(aTar('2013-10-27', log), aZip('2013-10-28', table))).toEqual([]);
  expect(lonely(aTar('2013-10-27', log), aZip('2013-11-03', table))).toEqual([
    ['2013-10-27', 'zip'],
    ['2013-11-03', 'tar'],
  ]);
  const stranger = { ...aZip('2013-10-27', table), organization: 'mitx' };
  expect(lonely(aTar('2013-10-27', log), stranger)).toHaveLength(2);
});

test('single messages are no weekly delivery and lack nothing', () => {
  const one = { ...aTar('2013-10-27', [aLogFile('', '2013-10-27')]), format: 'message' as const };
  expect(inspectPackages([one]).lonelyPackages).toEqual([]);
});

test('the zip of e-mail preferences is the other half of nothing', () => {
  const optIn = aZip('2013-10-27', [aDatabaseFile('UniversityA', 'email_opt_in')]);
  expect(inspectPackages([optIn]).lonelyPackages).toEqual([]);
  const tar = aTar('2013-10-27', [aLogFile('prod-edxapp-003', '2013-10-27')]);
  expect(inspectPackages([tar, optIn]).lonelyPackages).toMatchObject([{ lacks: 'zip' }]);
});

test('faults and names that were not understood say which package they are of', () => {
  const index: PackageIndex = {
    ...aTar('2013-10-27', []),
    unrecognised: [{ path: 'README', reason: 'name-unknown', detail: 'What is README?' }],
    faults: [{ reason: 'tar-cut', detail: 'It ends.' }],
  };
  const { faults, unrecognised } = inspectPackages([index]);
  expect(faults).toEqual([{ package: index.path, reason: 'tar-cut', detail: 'It ends.' }]);
  expect(unrecognised).toMatchObject([{ package: index.path, path: 'README' }]);
});
