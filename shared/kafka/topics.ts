/**
 * The three topics of edxstream: what each is for, how it is made, and what the cluster allows of it.
 *
 *   {prefix}.events      lines by course, and markers in every partition: what sinks read, and anybody else
 *   {prefix}.log-files   log files to be read: what ingests share
 *   {prefix}.answers     what came of each log file: what `edxstream load --broker` reads
 *
 * A topic is made where it is not there; one that is there is taken as it is, with its partitions and its
 * retention, because somebody may have made it so on purpose.
 */
import kafkajs, { type Admin } from 'kafkajs';
import { EdxstreamError } from '#shared/errors';
import { untilKnown } from '#shared/kafka/until-known';

export interface TopicNames {
  readonly events: string;
  readonly logFiles: string;
  readonly answers: string;
}

export interface Topics extends TopicNames {
  /** Partitions of `events`. */
  readonly partitions: number;
  /** Partitions of `log-files`. */
  readonly logFilePartitions: number;
  /** The largest batch of records that `events` takes. */
  readonly batchBytesMax: number;
}

export interface TopicWishes {
  readonly prefix: string;
  readonly partitions: number;
  readonly replicas: number | undefined;
  readonly retentionHours: number;
}

/** A line may have 16 MiB; the rest is room for its record. */
const BATCH_BYTES_MAX = 17 << 20;
const HOUR_MS = 3_600_000;
const REPLICAS_MAX = 3;

export function topicNames(prefix: string): TopicNames {
  return {
    events: `${prefix}.events`,
    logFiles: `${prefix}.log-files`,
    answers: `${prefix}.answers`,
  };
}

/** Makes what is not there, and says how all of it is. */
export async function openTopics(admin: Admin, wishes: TopicWishes): Promise<Topics> {
  const names = topicNames(wishes.prefix);
  const present = new Set(await admin.listTopics());
  const missing = Object.values(names).filter((name) => !present.has(name));
  if (missing.length > 0) await createTopics(admin, missing, names, wishes);
  return untilKnown(() => describeTopics(admin, names));
}

async function describeTopics(admin: Admin, names: TopicNames): Promise<Topics> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [names.events, names.logFiles] });
  const partitionsOf = (name: string): number =>
    topics.find((topic) => topic.name === name)?.partitions.length ?? 0;
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [
      {
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name: names.events,
        configNames: ['max.message.bytes'],
      },
    ],
  });
  const limit = resources[0]?.configEntries[0]?.configValue;
  return {
    ...names,
    partitions: partitionsOf(names.events),
    logFilePartitions: partitionsOf(names.logFiles),
    batchBytesMax: Number(limit ?? 1_000_000),
  };
}

async function createTopics(
  admin: Admin,
  missing: readonly string[],
  names: TopicNames,
  { partitions, replicas, retentionHours }: TopicWishes,
): Promise<void> {
  const { brokers } = await admin.describeCluster();
  const copies = replicas ?? Math.min(REPLICAS_MAX, brokers.length);
  if (copies > brokers.length) {
    throw new EdxstreamError(
      'SETTINGS',
      `Topics cannot have ${copies} replicas on ${brokers.length} brokers (EDXSTREAM_KAFKA_REPLICAS).`,
    );
  }
  const configEntries = [
    // Event times lie years back, and a broker deletes by the time of a record: the time of arrival counts.
    { name: 'message.timestamp.type', value: 'LogAppendTime' },
    { name: 'retention.ms', value: String(retentionHours * HOUR_MS) },
    { name: 'cleanup.policy', value: 'delete' },
    // What is acknowledged is on two machines, where there are two.
    { name: 'min.insync.replicas', value: String(Math.max(1, Math.min(2, copies - 1))) },
  ];
  await admin
    .createTopics({
      waitForLeaders: true,
      topics: missing.map((topic) => ({
        topic,
        numPartitions: topic === names.answers ? 1 : partitions,
        replicationFactor: copies,
        configEntries:
          topic === names.events
            ? [...configEntries, { name: 'max.message.bytes', value: String(BATCH_BYTES_MAX) }]
            : configEntries,
      })),
    })
    .catch((error: unknown) => {
      // Another process makes them at the same time.
      if (!/already exists/i.test(String(error))) throw error;
    });
}
