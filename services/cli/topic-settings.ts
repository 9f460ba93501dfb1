/** Settings of the processes that load through Kafka: its topics, and each process's own. */
import { text, wholeNumber } from '#shared/config/setting-types';
import type { SettingsTable } from '#shared/config/settings';
import { kafkaSettings } from './kafka-settings.js';

/** How topics are named, and made where they are not there. */
export const topicSettings = {
  ...kafkaSettings,
  topicPrefix: {
    flag: '--topic-prefix <name>',
    env: 'EDXSTREAM_TOPIC_PREFIX',
    default: 'edxstream',
    type: text().regex(/^[a-zA-Z0-9._-]{1,200}$/, 'expected letters, digits, dots, dashes'),
    about: 'Beginning of the names of topics and groups: one for each warehouse.',
    group: 'Kafka',
  },
  kafkaPartitions: {
    env: 'EDXSTREAM_KAFKA_PARTITIONS',
    default: '12',
    type: wholeNumber({ min: 1, max: 1000 }),
    about:
      'Partitions of a topic that is made: no more sinks or ingests than these share the work.',
    group: 'Kafka',
  },
  kafkaReplicas: {
    env: 'EDXSTREAM_KAFKA_REPLICAS',
    type: wholeNumber({ min: 1, max: 9 }).optional(),
    about: 'Replicas of a topic that is made; without it three, or as many as there are brokers.',
    group: 'Kafka',
  },
  kafkaRetentionHours: {
    env: 'EDXSTREAM_KAFKA_RETENTION_HOURS',
    default: '168',
    type: wholeNumber({ min: 1, max: 100_000 }),
    about: 'How long a topic that is made keeps records after their arrival.',
    group: 'Kafka',
  },
  kafkaSessionSeconds: {
    env: 'EDXSTREAM_KAFKA_SESSION_SECONDS',
    default: '15',
    type: wholeNumber({ min: 1, max: 300 }),
    about:
      'After how long without a sign of life the work of a process goes to others; brokers take no less than 6, unless their `group.min.session.timeout.ms` is lower.',
    group: 'Kafka',
  },
} as const satisfies SettingsTable;

/** What `edxstream load` has beside its own settings. */
export const plannerSettings = {
  ...topicSettings,
  datesAhead: {
    flag: '--dates-ahead <n>',
    env: 'EDXSTREAM_DATES_AHEAD',
    default: '3',
    type: wholeNumber({ min: 0, max: 1000 }),
    about:
      'With --broker: log files are handed out up to so many dates after the earliest unread one.',
    group: 'Kafka',
  },
} as const satisfies SettingsTable;
