/** The settings of packages in a store: how it is reached, and how patient we are with it. */
import { tmpdir } from 'node:os';
import { onOrOff, text, wholeNumber } from '#shared/config/setting-types';
import type { SettingsTable, ValuesOf } from '#shared/config/settings';
import type { StoreSettings } from '#shared/objectstore/stored-object';
import { durationUs } from './replay-setting-types.js';

const US_PER_MS = 1000;
const GROUP = 'Packages on S3';

export const storeSettings = {
  endpoint: {
    flag: '--endpoint <url>',
    env: 'EDXSTREAM_S3_ENDPOINT',
    type: text().optional(),
    about: 'A store other than Amazon S3 that speaks its protocol.',
    group: GROUP,
  },
  pathStyle: {
    flag: '--path-style',
    env: 'EDXSTREAM_S3_PATH_STYLE',
    default: 'no',
    type: onOrOff(),
    about: 'The store has the bucket in the path of a URL and not in the name of the host.',
    group: GROUP,
  },
  region: {
    flag: '--region <region>',
    env: 'EDXSTREAM_S3_REGION',
    type: text().optional(),
    about: 'Region of the buckets; else that of AWS_REGION or the profile, else us-east-1.',
    group: GROUP,
  },
  profile: {
    flag: '--profile <name>',
    env: 'EDXSTREAM_S3_PROFILE',
    type: text().optional(),
    about: 'Profile of ~/.aws with the credentials; without it they are found as by any AWS tool.',
    group: GROUP,
  },
  storeAttempts: {
    env: 'EDXSTREAM_S3_ATTEMPTS',
    default: '8',
    type: wholeNumber({ min: 1, max: 100 }),
    about:
      'How often a request to the store, or a body that broke off, is tried, with growing pauses.',
    group: GROUP,
  },
  storeStall: {
    env: 'EDXSTREAM_S3_STALL',
    default: '30s',
    type: durationUs(),
    about: 'A response of the store that gives nothing for so long is asked for again.',
    group: GROUP,
  },
  spool: {
    env: 'EDXSTREAM_SPOOL',
    type: text().optional(),
    about:
      'Directory for ciphertext of members over 8 MiB while they are read; else that for temporary files.',
    group: GROUP,
  },
} as const satisfies SettingsTable;

export function storeOf(settings: ValuesOf<typeof storeSettings>): StoreSettings {
  const { endpoint, region, profile, pathStyle, storeAttempts, storeStall, spool } = settings;
  return {
    ...{ endpoint, region, profile },
    isPathStyle: pathStyle,
    attemptsMax: storeAttempts,
    stallMs: storeStall / US_PER_MS,
    spool: spool ?? tmpdir(),
  };
}
