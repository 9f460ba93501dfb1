/**
 * The warehouse is away and then slow, and the broker that leads most partitions is killed, while a load over
 * Kafka is under way: see test/support/kafka-faults.ts for what must be so after each. `npm run
 * test:faults` is away with the warehouse for a minute.
 */
import { expect, test } from 'vitest';
import { openKafka } from '#shared/kafka/kafka-client';
import { RecordSender } from '#shared/kafka/record-sender';
import { topicNames } from '#shared/kafka/topics';
import { leaderOfMost, untilInSync, withAdmin } from '../support/kafka-admin.js';
import { AWAY_MS, faultBench, SEEDS } from '../support/kafka-faults.js';
import { placeOf } from '../support/kafka-place.js';
import { recordsOf } from '../support/kafka-records.js';
import { wait } from '../support/two-weeks.js';

/** What a seed takes of the machine, beside the time for which the warehouse is away. */
const BUSY_MS = 20_000;

const bench = faultBench();

bench.survives(
  'the warehouse refuses connections, and then is slow',
  'warehouse',
  async (underway, random) => {
    const { front } = underway.deployment;
    if (!(await underway.untilRead(random.next()))) return false;
    await wait(500 * random.next());
    const isInTheMiddle = underway.isUnderWay;
    await front.kill();
    await wait(AWAY_MS);
    await front.up();
    for (let pulse = 0; pulse < 8; pulse += 1) {
      front.stop();
      await wait(400);
      front.continue();
      await wait(200);
    }
    return isInTheMiddle;
  },
  // What a load was writing when the connection broke may be in or not, so it ends and says so.
  { runsMax: 2, atOnce: Math.ceil(AWAY_MS / BUSY_MS) },
);

bench.survives(
  'the broker that leads most partitions is killed, and comes back',
  'broker',
  async (underway, random) => {
    const { kafka } = bench;
    const { prefix } = underway.deployment;
    if (!(await underway.untilRead(0.9 * random.next()))) return false;
    const leader = await leaderOfMost(kafka, topicNames(prefix).events);
    const isInTheMiddle = underway.isUnderWay;
    await kafka.stopNode(leader, 'SIGKILL');
    await wait(2000 + 3000 * random.next());
    await kafka.startNode(leader);
    await untilInSync(kafka);
    return isInTheMiddle;
  },
);

test('what brokers have acknowledged is there, once and in order, when the leader of most is killed', async () => {
  const { kafka } = bench;
  const client = await openKafka(placeOf(kafka.addresses), { clientId: 'test' });
  const topic = 'acknowledged';
  const partitions = 6;
  await withAdmin(kafka, (admin) =>
    admin.createTopics({
      waitForLeaders: true,
      topics: [{ topic, numPartitions: partitions, replicationFactor: 3 }],
    }),
  );
  await using sender = await RecordSender.open(client);
  const value = 'x'.repeat(20_000);
  let sent = 0;
  let isEnough = false;
  const sending = (async () => {
    for (; !isEnough; sent += 1) {
      const messages = Array.from({ length: partitions }, (_, partition) => ({
        ...{ partition, key: String(sent), value },
      }));
      await sender.send({ topic, messages });
    }
  })();
  for (let kills = 0; kills < 1 + SEEDS / 10; kills += 1) {
    const before = sent;
    await expect.poll(() => sent, { timeout: 30_000 }).toBeGreaterThan(before + 20);
    const leader = await leaderOfMost(kafka, topic);
    await kafka.stopNode(leader, 'SIGKILL');
    const after = sent;
    await expect.poll(() => sent, { timeout: 60_000 }).toBeGreaterThan(after + 20);
    await kafka.startNode(leader);
    await untilInSync(kafka);
  }
  isEnough = true;
  await sending;
  const records = await recordsOf(kafka.addresses, topic);
  const all = Array.from({ length: sent }, (_, at) => String(at));
  for (let partition = 0; partition < partitions; partition += 1) {
    const keys = records.filter((record) => record.partition === partition).map(({ key }) => key);
    expect(keys).toEqual(all);
  }
}, 240_000);
