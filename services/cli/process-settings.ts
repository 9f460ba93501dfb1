/** The settings of the long-running processes `ingest` and `sink`. */
import { onOrOff, wholeNumber } from '#shared/config/setting-types';
import type { SettingsTable } from '#shared/config/settings';
import { keySettings, loadSettings } from './config.js';
import { operationsSettings } from './operations-settings.js';
import { topicSettings } from './topic-settings.js';
import { warehouseSettings } from './warehouse-settings.js';

export const ingestSettings = {
  ...keySettings,
  ...topicSettings,
  workers: loadSettings.workers,
  batchBytes: loadSettings.batchBytes,
  lineBytesMax: loadSettings.lineBytesMax,
  linesPerRecord: {
    env: 'EDXSTREAM_LINES_PER_RECORD',
    default: '500',
    type: wholeNumber({ min: 1, max: 100_000 }),
    about: 'Lines that one record holds at the most; 1: a record for each line.',
    group: 'Kafka',
  },
  kafkaCompress: {
    flag: '--kafka-compress',
    env: 'EDXSTREAM_KAFKA_COMPRESS',
    default: 'no',
    type: onOrOff(),
    about:
      'Compress records with gzip, for a slow network: it costs more time than it saves on a fast one.',
    group: 'Kafka',
  },
  ...operationsSettings({ port: 9464 }),
} as const satisfies SettingsTable;

export const sinkSettings = {
  ...warehouseSettings,
  ...topicSettings,
  // More than a load in one process has: an insert over HTTP costs more, and it waits for several ingests.
  releaseBytes: { ...loadSettings.releaseBytes, default: '48 MiB' },
  windowBytesMax: { ...loadSettings.windowBytesMax, default: '96 MiB' },
  batchBytes: loadSettings.batchBytes,
  lineBytesMax: loadSettings.lineBytesMax,
  ...operationsSettings({ port: 9465 }),
} as const satisfies SettingsTable;
