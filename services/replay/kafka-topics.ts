/** The topics that a replay writes to: made where they are not there, taken as they are where they are. */
import type { Kafka } from 'kafkajs';
import { EdxstreamError } from '#shared/errors';
import { isLasting } from '#shared/kafka/kafka-errors';
import { asKafkaError } from './kafka-faults.js';
import { POSITIONS_CONFIG, POSITIONS_TOPIC } from './kafka-positions.js';
import { systemClock } from './replay-clock.js';

/** What the broker has as its default. */
const DEFAULT = -1;
/** A wrong address should be told soon; brokers that go away later are waited for. */
const CONNECT_WITHIN_MS = 10_000;

export interface ReplayTopics {
  readonly topic: string;
  /** Whether positions are kept as well. */
  readonly isNamed: boolean;
}

/**
 * Returns the topics that were made.
 * @throws EdxstreamError KAFKA_UNREACHABLE where no broker answers, KAFKA_REFUSED.
 */
export async function openReplayTopics(
  kafka: Kafka,
  { topic, isNamed }: ReplayTopics,
): Promise<readonly string[]> {
  const admin = kafka.admin();
  const late = new AbortController();
  try {
    await Promise.race([admin.connect(), failAfter(CONNECT_WITHIN_MS, late.signal)]);
    const present = new Set(await admin.listTopics());
    const wanted = [
      { topic, numPartitions: DEFAULT, replicationFactor: DEFAULT },
      ...(isNamed
        ? [
            {
              ...{ topic: POSITIONS_TOPIC, numPartitions: 1, replicationFactor: DEFAULT },
              configEntries: POSITIONS_CONFIG,
            },
          ]
        : []),
    ];
    const missing = wanted.filter((one) => !present.has(one.topic));
    if (missing.length > 0) await admin.createTopics({ topics: missing, waitForLeaders: true });
    return missing.map((one) => one.topic);
  } catch (error) {
    if (isLasting(error)) throw asKafkaError(error, `looking for ${topic}`);
    throw new EdxstreamError(
      'KAFKA_UNREACHABLE',
      `No broker answers: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  } finally {
    late.abort();
    await admin.disconnect();
  }
}

async function failAfter(ms: number, signal: AbortSignal): Promise<never> {
  await systemClock.wait(ms, signal);
  throw new Error(`nothing came within ${ms / 1000} s.`);
}
