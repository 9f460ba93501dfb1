import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keep } from '#shared/outcome';
import { formatPackageName, parsePackageName } from '#shared/packages/package-name';

const aDate = fc
  .date({ min: new Date('1970-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));

test.each([
  ['2013-10-27-UniversityA-tracking.tar', 'tracking', 'UniversityA', '2013-10-27'],
  ['2014-01-26-HarvardX-tracking.tar', 'tracking', 'HarvardX', '2014-01-26'],
  ['2014-01-26-Harvard_DCE-tracking (2).tar', 'tracking', 'Harvard_DCE', '2014-01-26'],
  ['a/b/UniversityA-2013-10-27.zip', 'database', 'UniversityA', '2013-10-27'],
  ['harvardx-2013-09-08.zip', 'database', 'harvardx', '2013-09-08'],
  ['harvardx-2013-09-08(1).zip', 'database', 'harvardx', '2013-09-08'],
  ['delft-x-2013-09-08.zip', 'database', 'delft-x', '2013-09-08'],
  ['email-opt-in-mitx-2017-11-12.zip', 'email-opt-in', 'mitx', '2017-11-12'],
] as const)('%s is a %s package of %s', (name, kind, organization, packageDate) => {
  expect(parsePackageName(name)).toEqual(keep({ kind, organization, packageDate }));
});

test.each([
  'tracking.tar',
  '2013-10-27-tracking.tar',
  'harvardx.zip',
  '2013-09-08.zip',
  'harvardx-2013-02-30.zip',
  '2013-13-01-UniversityA-tracking.tar',
  'harvardx-2013-09-08.zip.part',
])('%s is not the name of a package', (name) => {
  expect(parsePackageName(name)).toMatchObject({ kind: 'reject', reason: 'name-unknown' });
});

test('a name that was formatted parses back to what it was made of', () => {
  const aName = fc.record({
    kind: fc.constantFrom('tracking' as const, 'database' as const, 'email-opt-in' as const),
    organization: fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,20}$/),
    packageDate: aDate,
  });
  fc.assert(
    fc.property(aName, (name) => {
      fc.pre(!name.organization.startsWith('email-opt-in-'));
      expect(parsePackageName(formatPackageName(name))).toEqual(keep(name));
    }),
  );
});
