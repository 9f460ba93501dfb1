/** The settings of the command: flag, variable, default and meaning of each, and nothing else. */

import {
  byteSize,
  listOf,
  onOrOff,
  pathList,
  share,
  text,
  wholeNumber,
  workerCount,
} from '#shared/config/setting-types';
import type { SettingsTable } from '#shared/config/settings';
import { storeSettings } from './store-settings.js';
import { plannerSettings } from './topic-settings.js';
import { warehouseSettings } from './warehouse-settings.js';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

export const keySettings = {
  key: {
    flag: '-k, --key <file>',
    env: 'EDXSTREAM_KEY',
    type: pathList(),
    isRepeatable: true,
    about: 'File with private keys, armored or binary, as `gpg --export-secret-keys` writes it.',
    group: 'Keys',
  },
  passphraseFile: {
    flag: '--passphrase-file <file>',
    env: 'EDXSTREAM_PASSPHRASE_FILE',
    type: text().optional(),
    about: 'File whose first line is the passphrase of the keys. Without it a terminal is asked.',
    group: 'Keys',
  },
  passphrase: {
    env: 'EDXSTREAM_PASSPHRASE',
    type: text().optional(),
    isSecret: true,
    about: 'The passphrase of the keys; it is never given on the command line itself.',
    group: 'Keys',
  },
} as const satisfies SettingsTable;

export const loadSettings = {
  ...keySettings,
  ...warehouseSettings,
  ...plannerSettings,
  course: {
    flag: '-c, --course <id>',
    env: 'EDXSTREAM_COURSE',
    type: listOf({ separator: ',' }),
    isRepeatable: true,
    about: 'Load this course only. Loading again with other courses adds them.',
    group: 'What is loaded',
  },
  keepSecrets: {
    flag: '--keep-secrets',
    env: 'EDXSTREAM_KEEP_SECRETS',
    default: 'no',
    type: onOrOff(),
    about: 'Do not mask passwords that stand in tracking logs.',
    group: 'What is loaded',
  },
  allowUnprotected: {
    flag: '--allow-unprotected',
    env: 'EDXSTREAM_ALLOW_UNPROTECTED',
    default: 'no',
    type: onOrOff(),
    about: 'Also read messages without an integrity code, which anybody may have changed.',
    group: 'What is loaded',
  },
  rejectsMax: {
    flag: '--rejects-max <share>',
    env: 'EDXSTREAM_REJECTS_MAX',
    default: '1%',
    type: share(),
    about: 'Exit status 1 where more than this share of the lines of a file were rejected.',
    group: 'What is loaded',
  },
  workers: {
    flag: '-w, --workers <n>',
    env: 'EDXSTREAM_WORKERS',
    default: 'all',
    type: workerCount(),
    about: 'Threads that decrypt; all: one for each core.',
    group: 'Resources',
  },
  batchBytes: {
    env: 'EDXSTREAM_BATCH_BYTES',
    default: '4 MiB',
    type: byteSize({ min: 64 * 1024, max: 64 * MIB }),
    about: 'Lines that travel together from a worker.',
    group: 'Resources',
  },
  releaseBytes: {
    env: 'EDXSTREAM_RELEASE_BYTES',
    default: '24 MiB',
    type: byteSize({ min: MIB, max: GIB }),
    about: 'Lines that are inserted together at the least, where there are as many.',
    group: 'Resources',
  },
  windowBytesMax: {
    env: 'EDXSTREAM_WINDOW_BYTES_MAX',
    default: '32 MiB',
    type: byteSize({ min: MIB, max: GIB }),
    about: 'Lines held to bring them in order; beyond that they are released early, and counted.',
    group: 'Resources',
  },
  lineBytesMax: {
    env: 'EDXSTREAM_LINE_BYTES_MAX',
    default: '16 MiB',
    type: byteSize({ min: 1024, max: 64 * MIB }),
    about: 'Longer lines are rejected, with their first 64 KiB, length and SHA-256.',
    group: 'Resources',
  },
  ...storeSettings,
} as const satisfies SettingsTable;

export const rejectsSettings = {
  ...warehouseSettings,
  reason: {
    flag: '-r, --reason <reason>',
    type: text().optional(),
    about: 'Only what was rejected for this reason.',
    group: 'What is shown',
  },
  limit: {
    flag: '-n, --limit <n>',
    default: '10',
    type: wholeNumber({ min: 0, max: 1_000_000 }),
    about: 'Examples that are shown.',
    group: 'What is shown',
  },
} as const satisfies SettingsTable;

export const querySettings = {
  ...warehouseSettings,
  format: {
    flag: '-f, --format <format>',
    env: 'EDXSTREAM_FORMAT',
    type: text().optional(),
    about:
      'Any output format of ClickHouse, such as CSVWithNames or JSONEachRow. Without it: PrettyCompact on a terminal, TabSeparatedWithNames elsewhere.',
    group: 'What is shown',
  },
} as const satisfies SettingsTable;
