/** The settings of `edxstream generate`. A number may be anything here: the profile is checked as a whole. */
import { z } from 'zod';
import { listOf, onOrOff, share, text } from '#shared/config/setting-types';
import type { SettingsTable, ValuesOf } from '#shared/config/settings';
import { PROFILES, type Profile } from '../generate/profile.js';

const group = 'Profile';

const count = () =>
  z.string().regex(/^\d+$/, 'expected a whole number').transform(Number).optional();

export const generateSettings = {
  profile: {
    flag: '-p, --profile <name>',
    default: 'demo',
    type: z.enum(['demo', 'test', 'bench']),
    about:
      'demo: two weeks of a small university; test: the same, tiny; bench: 61 days, 5 M events.',
    group,
  },
  seed: {
    flag: '--seed <text>',
    type: text().optional(),
    about: 'The same seed gives the same lines.',
    group,
  },
  organization: {
    flag: '--organization <name>',
    type: text().optional(),
    about: 'The university.',
    group,
  },
  sites: {
    flag: '--sites <list>',
    type: listOf({ separator: ',' }).pipe(z.array(z.enum(['prod', 'edge']))),
    about: 'prod, edge or prod,edge.',
    group,
  },
  servers: {
    flag: '--servers <n>',
    type: count(),
    about: 'Application servers of all sites together.',
    group,
  },
  firstDay: {
    flag: '--first-day <date>',
    type: text().optional(),
    about: 'The first log date.',
    group,
  },
  days: { flag: '--days <n>', type: count(), about: 'Log dates in the last package.', group },
  weeks: { flag: '--weeks <n>', type: count(), about: 'Packages: a tar and a zip each.', group },
  interval: {
    flag: '--interval <days>',
    type: count(),
    about: 'Days from one package to the next.',
    group,
  },
  courses: { flag: '--courses <n>', type: count(), about: 'Courses.', group },
  learners: { flag: '--learners <n>', type: count(), about: 'Learners.', group },
  eventsPerDay: {
    flag: '--events-per-day <n>',
    type: count(),
    about: 'Events of one day over all servers, about.',
    group,
  },
  oddShare: {
    flag: '--odd-share <share>',
    type: share().optional(),
    about: 'Odd lines for each ordinary one.',
    group,
  },
  compression: {
    flag: '--compression <kind>',
    type: z.enum(['zip', 'zlib', 'none']).optional(),
    about: 'zip, zlib or none.',
    group,
  },
  compressionLevel: {
    flag: '--compression-level <n>',
    type: count(),
    about: 'From 0 to 9; GnuPG writes 6.',
    group,
  },
  reencrypt: {
    flag: '--reencrypt',
    default: 'no',
    type: onOrOff(),
    about: 'Encrypt every log file again for each package.',
    group,
  },
} as const satisfies SettingsTable;

/** The named profile with what was given in its place; more weeks than its days hold make more days. */
export function profileOf({
  profile: name,
  interval,
  sites,
  ...given
}: ValuesOf<typeof generateSettings>): Profile {
  const named = PROFILES[name];
  const packageIntervalDays = interval ?? named.packageIntervalDays;
  const weeks = given.weeks ?? named.weeks;
  const changes = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  );
  return {
    ...named,
    days: Math.max(named.days, weeks * packageIntervalDays),
    ...changes,
    packageIntervalDays,
    ...(sites.length > 0 ? { sites } : {}),
  };
}
