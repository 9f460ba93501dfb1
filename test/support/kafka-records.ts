/** Reads a topic from its beginning to where it ends now, as a consumer that sees what is committed. */
import { randomUUID } from 'node:crypto';
import { Kafka, type KafkaMessage, logLevel, Partitioners } from 'kafkajs';

export interface TopicRecord {
  readonly partition: number;
  readonly key: string;
  readonly value: Buffer;
  header(name: string): string;
}

export async function recordsOf(
  addresses: readonly string[],
  topic: string,
): Promise<TopicRecord[]> {
  const kafka = new Kafka({ brokers: [...addresses], logLevel: logLevel.NOTHING });
  // A mark at the end of every partition: offsets do not tell where a topic with transactions ends.
  const mark = randomUUID();
  const admin = kafka.admin();
  await admin.connect();
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  await admin.disconnect();
  const partitions = topics[0]?.partitions.map(({ partitionId }) => partitionId) ?? [];
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const marks = partitions.map((partition) => ({ partition, key: 'mark', value: mark }));
  await producer.send({ topic, messages: marks });
  await producer.disconnect();
  const consumer = kafka.consumer({ groupId: mark, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const records: TopicRecord[] = [];
  const open = new Set(partitions);
  await new Promise<void>((resolve, reject) => {
    // What passes (a coordinator that is still loading) is tried again by the library itself.
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) reject(payload.error);
    });
    consumer
      .run({
        autoCommit: false,
        eachMessage: async ({ partition, message }) => {
          const record = recordOf(partition, message);
          if (record.key !== 'mark') records.push(record);
          else if (record.value.toString() === mark) open.delete(partition);
          if (open.size === 0) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return records;
}

function recordOf(partition: number, { key, value, headers }: KafkaMessage): TopicRecord {
  return {
    partition,
    key: key?.toString() ?? '',
    value: value ?? Buffer.alloc(0),
    header: (name) => headers?.[name]?.toString() ?? '',
  };
}
