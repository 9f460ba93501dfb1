/** The settings of `edxstream sync`, beside those of a load. */
import { z } from 'zod';
import { text } from '#shared/config/setting-types';
import type { SettingsTable } from '#shared/config/settings';
import { isCalendarDate } from '#shared/packages/calendar-date';
import { loadSettings } from './config.js';
import { durationUs } from './replay-setting-types.js';

const GROUP = 'What is followed';

export const syncSettings = {
  organization: {
    flag: '-o, --org <name>',
    env: 'EDXSTREAM_ORG',
    type: z.string('expected the name of an organization, as edX writes it').min(1),
    about: 'The organization whose deliveries are followed, such as UniversityA.',
    group: GROUP,
  },
  watch: {
    flag: '--watch <interval>',
    env: 'EDXSTREAM_WATCH',
    type: durationUs().optional(),
    about:
      'Look again after so long (30m, 6h, 1d), for ever. In between the data directory is free.',
    group: GROUP,
  },
  since: {
    flag: '--since <date>',
    env: 'EDXSTREAM_SINCE',
    type: z
      .string()
      .refine(isCalendarDate, 'expected a day of the calendar, such as 2014-08-01')
      .optional(),
    about: 'Only deliveries dated then or later.',
    group: GROUP,
  },
  snapshots: {
    flag: '--snapshots <which>',
    env: 'EDXSTREAM_SNAPSHOTS',
    default: 'newest',
    type: z.enum(['newest', 'all'], 'expected newest or all'),
    about: 'Each database zip is a whole snapshot: load the newest, or all that there are.',
    group: GROUP,
  },
  courseBucket: {
    flag: '--course-bucket <name>',
    env: 'EDXSTREAM_COURSE_BUCKET',
    default: 'course-data',
    type: text(),
    about: 'The bucket with tracking tars, database zips and e-mail opt-ins.',
    group: GROUP,
  },
  eventsBucket: {
    flag: '--events-bucket <name>',
    env: 'EDXSTREAM_EVENTS_BUCKET',
    default: 'edx-course-data',
    type: text(),
    about: 'The bucket with daily log files.',
    group: GROUP,
  },
  ...loadSettings,
} as const satisfies SettingsTable;
