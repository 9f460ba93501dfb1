import { expect, test } from 'vitest';
import { checkProfile } from './check-profile.js';
import { PROFILES } from './profile.js';

test('the named profiles are accepted', () => {
  for (const profile of Object.values(PROFILES)) checkProfile(profile);
});

test('everything that is wrong with a profile is said at once', () => {
  const wrong = { ...PROFILES.test, organization: 'a/b', firstDay: '2013-02-30', weeks: 9 };
  expect(() => checkProfile(wrong)).toThrow(
    /organization: .*"a\/b".*firstDay: .*2013-02-30.*days: at least 57.*got 14/,
  );
});

test('two sites need two servers', () => {
  expect(() => checkProfile({ ...PROFILES.test, servers: 1 })).toThrow(/servers/);
  checkProfile({ ...PROFILES.test, servers: 1, sites: ['edge'] });
});
