import { expect, test } from 'vitest';
import { addDays } from '#shared/packages/calendar-date';
import { aDatabaseFile, aLogFile, aTar, aZip } from '#shared/testing/package-indexes';
import { inspectPackages } from './inspect-packages.js';
import { renderBytes, renderInspection } from './render-inspection.js';

test('an inspection reads as aligned tables and sentences', () => {
  const tar = aTar('2013-10-13', [
    aLogFile('prod-edxapp-003', '2013-10-10', 1_234_567),
    aLogFile('prod-edxapp-003', '2013-10-12', 100),
    aLogFile('', '2013-10-12', 9_000),
  ]);
  const failed = {
    ...aDatabaseFile('UniversityA-Physics101-2013', 'wiki_article'),
    isFailed: true,
  };
  const zip = aZip('2013-10-20', [
    aDatabaseFile('UniversityA-Physics101-2013', 'auth_user'),
    failed,
  ]);
  expect(`\n${renderInspection(inspectPackages([tar, zip]))}`).toBe(`
Packages (2)
  package                              what          organization  date           size  logs  tables
  2013-10-13-UniversityA-tracking.tar  tracking tar  UniversityA   2013-10-13  10.2 kB     3       0
  universitya-2013-10-20.zip           database zip  universitya   2013-10-20  10.2 kB     0       2

Log files, by server (2)
  organization  site  server           first day   last day    days    size  days missing
  UniversityA   prod  -                2013-10-12  2013-10-12     1  9.0 kB  none
  UniversityA   prod  prod-edxapp-003  2013-10-10  2013-10-12     2  1.2 MB  2013-10-11

Database files, by course (1)
  date        site  course, as in the names      files   size  types  failed
  2013-10-20  prod  UniversityA-Physics101-2013      2  200 B      1       1

Courses of which edX failed to export tables (1)
  - UniversityA-Physics101-2013 (prod, 2013-10-20): wiki_article. Ask edX for them, or wait for the
    next zip.

Weeks of which one half is missing (2)
  - UniversityA 2013-10-13: no database zip beside 2013-10-13-UniversityA-tracking.tar. Add it, if
    edX delivered one.
  - universitya 2013-10-20: no tracking tar beside universitya-2013-10-20.zip. Add it, if edX
    delivered one.
`);
});

test('no line is wider than 100 columns, whatever names and gaps there are', () => {
  const days = Array.from({ length: 40 }, (_, at) => addDays('2013-01-01', at * 3));
  const server = `prod-edge-edxapp-${'x'.repeat(40)}`;
  const tar = {
    ...aTar(
      '2013-12-29',
      days.map((day) => aLogFile(server, day)),
    ),
    path: `/a/${'very-'.repeat(40)}long/path.tar`,
    faults: [{ reason: 'tar-cut' as const, detail: `It ends inside ${'y'.repeat(300)}.` }],
  };
  const zip = aZip('2014-12-28', [aDatabaseFile(`X-${'long'.repeat(40)}-R`, 'auth_user')]);
  const lines = renderInspection(inspectPackages([tar, zip])).split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
});

test('the directory of packages is said once, or with each where there are several', () => {
  const [tar, zip] = [aTar('2013-10-13', []), aZip('2013-10-13', [])];
  const inOne = [tar, zip].map((index) => ({ ...index, path: `/data/edx/${index.path}` }));
  const text = renderInspection(inspectPackages(inOne));
  expect(text).toContain('Packages in /data/edx (2)\n');
  expect(text.split('/data/edx')).toHaveLength(2);
  const inTwo = [
    { ...tar, path: '/a/x.tar' },
    { ...zip, path: '/b/y.zip' },
  ];
  const both = renderInspection(inspectPackages(inTwo));
  expect(both).toContain('/a/x.tar');
  expect(both).toContain('/b/y.zip');
});

test('a long list of odd names is shortened and says so', () => {
  const unrecognised = Array.from({ length: 25 }, (_, at) => ({
    path: `x${at}`,
    reason: 'name-unknown' as const,
    detail: `x${at} is not a name.`,
  }));
  const text = renderInspection(inspectPackages([{ ...aTar('2013-10-13', []), unrecognised }]));
  expect(text).toContain('Names that were not understood (25)');
  expect(text).toContain('x19 is not a name.');
  expect(text).not.toContain('x20 is not a name.');
  expect(text).toContain('and 5 more; --json lists them all.');
});

test('an inspection of nothing says so', () => {
  expect(renderInspection(inspectPackages([]))).toBe('Nothing was found.\n');
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [99_949, '99.9 kB'],
  [99_950, '100 kB'],
  [999_499, '999 kB'],
  [999_500, '1.0 MB'],
  [25_000_000_000, '25.0 GB'],
])('%d bytes are said as %s', (bytes, text) => {
  expect(renderBytes(bytes)).toBe(text);
});
