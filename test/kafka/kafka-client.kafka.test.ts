/** The client library against the broker that is pinned: all that the event log over Kafka relies on. */
import type { Admin, Kafka } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openKafka } from '#shared/kafka/kafka-client';
import { RecordSender } from '#shared/kafka/record-sender';
import { untilKnown } from '#shared/kafka/until-known';
import { KafkaBrokers } from '../support/kafka-broker.js';
import { placeOf } from '../support/kafka-place.js';
import { recordsOf } from '../support/kafka-records.js';

let brokers: KafkaBrokers;
let kafka: Kafka;
let admin: Admin;
beforeAll(async () => {
  brokers = await KafkaBrokers.start();
  kafka = await openKafka(placeOf(brokers.addresses), { clientId: 'test' });
  admin = kafka.admin();
  await admin.connect();
});
afterAll(async () => {
  await admin?.disconnect();
  await brokers?.[Symbol.asyncDispose]();
});

async function topicOf(name: string, numPartitions: number): Promise<string> {
  await admin.createTopics({
    waitForLeaders: true,
    topics: [{ topic: name, numPartitions, replicationFactor: 1 }],
  });
  return name;
}

/** Consumes until `isEnough`, and commits what it took. */
async function member(topic: string, onMessage: (value: string) => void) {
  const consumer = kafka.consumer({
    groupId: `${topic}-group`,
    sessionTimeout: 6000,
    heartbeatInterval: 300,
  });
  let assigned: readonly number[] = [];
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    assigned = payload.memberAssignment[topic] ?? [];
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      for (const { value } of batch.messages) onMessage(String(value));
      const offset = String(BigInt(batch.lastOffset()) + 1n);
      await consumer.commitOffsets([
        { topic, partition: batch.partition, offset, metadata: 'as far as here' },
      ]);
    },
  });
  return { consumer, assigned: () => assigned };
}

test('who asks for a topic that a broker does not know yet, as it was just made, has it when it does', async () => {
  const consumer = kafka.consumer({ groupId: 'early', allowAutoTopicCreation: false });
  await consumer.connect();
  await using sender = await RecordSender.open(kafka);
  const subscribed = untilKnown(() => consumer.subscribe({ topics: ['early'] }));
  const sent = sender.send({ topic: 'early', messages: [{ partition: 0, value: 'a line' }] });
  await new Promise((resume) => setTimeout(resume, 500));
  await topicOf('early', 1);
  await Promise.all([subscribed, sent]);
  expect((await recordsOf(brokers.addresses, 'early')).map(({ value }) => String(value))).toEqual([
    'a line',
  ]);
  await consumer.disconnect();
});

test('an idempotent producer writes, and the records come with headers and the time of arrival', async () => {
  const topic = await topicOf('written', 3);
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const beganMs = Date.now();
  const messages = Array.from({ length: 300 }, (_, at) => ({
    key: `course ${at % 7}`,
    value: String(at),
    headers: { line: String(at) },
    timestamp: '1382313600000',
  }));
  await producer.send({ topic, acks: -1, messages });
  await producer.disconnect();
  const came: string[] = [];
  const { consumer } = await member(topic, (value) => came.push(value));
  await expect.poll(() => came.length).toBe(300);
  expect(came.map(Number).toSorted((a, b) => a - b)).toEqual(messages.map((_, at) => at));
  expect(Number((await admin.fetchTopicOffsets(topic))[0]?.low)).toBe(0);
  // The offset of a time before the first record's is 0 only if the broker's clock stamped it.
  const byTime = await admin.fetchTopicOffsetsByTimestamp(topic, beganMs - 1);
  expect(byTime.every(({ offset }) => Number(offset) <= 0)).toBe(true);
  await consumer.disconnect();
});

test('a group shares the partitions, again when one comes and when one goes; commits carry what was said with them', async () => {
  const topic = await topicOf('shared', 4);
  const first = await member(topic, () => undefined);
  await expect.poll(() => first.assigned().length).toBe(4);
  const second = await member(topic, () => undefined);
  await expect.poll(() => [first, second].map(({ assigned }) => assigned().length)).toEqual([2, 2]);
  await first.consumer.disconnect();
  await expect.poll(() => second.assigned().length, { timeout: 15_000 }).toBe(4);
  const producer = kafka.producer({ idempotent: true });
  await producer.connect();
  await producer.send({ topic, acks: -1, messages: [{ partition: 2, value: 'x' }] });
  await producer.disconnect();
  const groupId = `${topic}-group`;
  await expect
    .poll(async () => {
      const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
      return found?.partitions.find(({ partition }) => partition === 2);
    })
    .toMatchObject({ offset: '1', metadata: 'as far as here' });
  await second.consumer.disconnect();
});
