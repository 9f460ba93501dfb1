/** The settings of a replay. */
import { listOf, oneOf, onOrOff, requiredList, text } from '#shared/config/setting-types';
import type { SettingsTable } from '#shared/config/settings';
import { kafkaSettings } from './kafka-settings.js';
import { durationUs, moment, replayName, replaySink, replaySpeed } from './replay-setting-types.js';
import { warehouseSettings } from './warehouse-settings.js';

export const replaySettings = {
  ...warehouseSettings,
  course: {
    flag: '-c, --course <id>',
    type: requiredList('expected the id of a course, as `edxstream status` shows it'),
    isRepeatable: true,
    about: 'The course to replay. Several are merged in the order of event time.',
    group: 'What is replayed',
  },
  site: {
    flag: '--site <site>',
    type: listOf({ separator: ',' }),
    isRepeatable: true,
    about: 'Only what happened at this site, such as prod or edge.',
    group: 'What is replayed',
  },
  from: {
    flag: '--from <time>',
    type: moment().optional(),
    about: 'Begin at this time: 2013-10-01 or 2013-10-01T12:00:00, UTC.',
    group: 'What is replayed',
  },
  to: {
    flag: '--to <time>',
    type: moment().optional(),
    about: 'Stop before this time.',
    group: 'What is replayed',
  },
  where: {
    flag: '--where <condition>',
    type: text().optional(),
    about:
      "Only events for which this SQL condition on the columns of events holds: event_source = 'browser'.",
    group: 'What is replayed',
  },
  untimed: {
    flag: '--untimed <keep|skip>',
    default: 'keep',
    type: oneOf(['keep', 'skip']),
    about: 'Events without a usable time: keep them at the end of their log date, or skip them.',
    group: 'What is replayed',
  },
  follow: {
    flag: '--follow',
    default: 'no',
    type: onOrOff(),
    about: 'At the end go on with what is loaded later, until stopped.',
    group: 'What is replayed',
  },
  poll: {
    flag: '--poll <duration>',
    default: '5s',
    type: durationUs(),
    about: 'How often --follow looks for it.',
    group: 'What is replayed',
  },
  speed: {
    flag: '-s, --speed <times|max>',
    default: '1',
    type: replaySpeed(),
    about: 'Times the pace at which it happened, or max: as fast as it is taken.',
    group: 'Pace',
  },
  maxGap: {
    flag: '--max-gap <duration>',
    type: durationUs().optional(),
    about:
      'Shorten longer pauses between two events to this much event time, such as 30s, 10m, 2h or 1d.',
    group: 'Pace',
  },
  sink: {
    flag: '--sink <sink>',
    default: 'stdout',
    type: replaySink(),
    about:
      'Where events go: stdout, one line an event, or kafka:<topic>, one record an event, keyed by course.',
    group: 'Where it goes',
  },
  resume: {
    flag: '--resume <name>',
    type: replayName().optional(),
    about:
      'Into Kafka: go on with the replay of this name where it was stopped or killed, or begin it. No event is repeated or lost.',
    group: 'Where it goes',
  },
  rebase: {
    flag: '--rebase',
    default: 'no',
    type: onOrOff(),
    about: 'Write the time at which an event is sent into its time field, and change nothing else.',
    group: 'Where it goes',
  },
  ...kafkaSettings,
} as const satisfies SettingsTable;
