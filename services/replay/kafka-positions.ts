/**
 * Where named replays are, in a topic of its own that Kafka compacts: one record a transaction, keyed by the
 * name, written in the same transaction as the events that it counts. Who resumes first takes the name over
 * (the broker ends what an earlier process left half-way), then reads.
 *
 *   positions   … │ x: 400 │ y: 7 │ x: 500 │ x asks, session 81 │
 *                                     ▲ what counts for x         ▲ and here reading ends
 *
 * What surprises: the reader ends at a record that it wrote itself. Offsets do not tell where a topic ends
 * for one who reads only what is committed, because the ends of transactions have offsets as well.
 */
import { randomUUID } from 'node:crypto';
import type { Kafka, Producer } from 'kafkajs';
import type { EventPlace } from './replayed-event.js';

export const POSITIONS_TOPIC = 'edxstream.replays';

export const POSITIONS_CONFIG = [
  { name: 'cleanup.policy', value: 'compact' },
  // Small segments, as the last one is never compacted and everybody who resumes reads it.
  { name: 'segment.bytes', value: String(1 << 20) },
  { name: 'min.cleanable.dirty.ratio', value: '0.01' },
];

export interface ReplayPosition {
  /** What is replayed where to, in words; the same for all of a replay. */
  readonly of: string;
  /** Events sent so far, over all processes. */
  readonly events: number;
  /** The last event sent. */
  readonly last: EventPlace;
}

const READ_WITHIN_MS = 60_000;

export function positionRecord(name: string, position: ReplayPosition) {
  return { key: name, value: JSON.stringify(position) };
}

/** The last committed position of this name; `producer` is one that has taken the name over. */
export async function readPosition(
  kafka: Kafka,
  producer: Producer,
  name: string,
): Promise<ReplayPosition | undefined> {
  const question = { key: `${name}?`, value: randomUUID() };
  const asking = await producer.transaction();
  await asking.send({ topic: POSITIONS_TOPIC, messages: [question] });
  await asking.commit();
  const consumer = kafka.consumer({
    groupId: `edxstream-replay-${randomUUID()}`,
    maxWaitTimeInMs: 100,
    retry: { retries: 3 },
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [POSITIONS_TOPIC], fromBeginning: true });
    return await new Promise<ReplayPosition | undefined>((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`${POSITIONS_TOPIC} could not be read in ${READ_WITHIN_MS} ms.`)),
        READ_WITHIN_MS,
      );
      let found: ReplayPosition | undefined;
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        // What passes, such as a coordinator that is still loading, the library tries again by itself.
        if (!payload.restart) reject(payload.error);
      });
      consumer
        .run({
          autoCommit: false,
          eachMessage: async ({ message: { key, value } }) => {
            const text = value?.toString() ?? '';
            // Written by positionRecord, in this version or an earlier one.
            if (key?.toString() === name) found = JSON.parse(text) as ReplayPosition;
            if (key?.toString() !== question.key || text !== question.value) return;
            clearTimeout(late);
            resolve(found);
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
}
