/**
 * A load over Kafka while processes, a broker and the warehouse fail: the tables are those of a load in one
 * process, and a replay of them is a naive sort. `npm test` tries each fault with two seeds, `npm run
 * test:faults` with twenty, and is away with the warehouse for a minute.
 *
 * Only a fault that falls into the middle of a load counts; the seed is tried again where the load was faster.
 * A load that ends because of the fault (status 3) is run again, as its message says, and that is counted.
 *
 * Longer than 300 lines, because all faults share a cluster, which takes longer to start than one of them.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openKafka } from '#shared/kafka/kafka-client';
import { RecordSender } from '#shared/kafka/record-sender';
import { topicNames } from '#shared/kafka/topics';
import { migrate } from '#shared/warehouse/migrate';
import { ServerWarehouse } from '#shared/warehouse/server';
import { checksums } from '../support/checksums.js';
import { ClickHouseFront, FRONT_PASSWORD, FRONT_USER } from '../support/clickhouse-front.js';
import { edxstream } from '../support/edxstream.js';
import { KafkaBrokers } from '../support/kafka-broker.js';
import { placeOf } from '../support/kafka-place.js';
import { recordsOf } from '../support/kafka-records.js';
import { LoadUnderFault } from '../support/load-under-fault.js';
import { coursesOf, naiveReplay } from '../support/naive-events.js';
import { type PackagesForKafka, packagesForKafka } from '../support/packages-for-kafka.js';
import { type SeededRandom, seededRandom } from '../support/random.js';
import { halfLoaded, wait } from '../support/two-weeks.js';

const { EDXSTREAM_TEST_KILLS: givenSeeds = '2', EDXSTREAM_TEST_AWAY_SECONDS: givenAway = '4' } =
  process.env;
const SEEDS = Number(givenSeeds);
const AWAY_MS = Number(givenAway) * 1000;
const SESSION_MS = 3000;
const STOPPED_MS = SESSION_MS + 2000;
/** For one seed, which takes about twenty seconds, on a machine that has several times the work. */
const SEED_MS = 150_000 + AWAY_MS;
const TIMEOUT_MS = SEEDS * 2 * SEED_MS;
const TRIES_MAX = 5;
const ENVIRONMENT = {
  EDXSTREAM_KAFKA_SESSION_SECONDS: String(SESSION_MS / 1000),
  // Small records and runs: there are many sends and inserts to fail in the middle of.
  EDXSTREAM_BATCH_BYTES: '64 KiB',
  EDXSTREAM_LINES_PER_RECORD: '50',
  EDXSTREAM_RELEASE_BYTES: '1 MiB',
  EDXSTREAM_WINDOW_BYTES_MAX: '4 MiB',
};
const COURSES = 3;

let kafka: KafkaBrokers;
let packages: PackagesForKafka;
/** A database with the schema in it, to begin with copies of. */
let migrated: ClickHouseFront;
let courses: readonly string[];
let replay: readonly Buffer[];

beforeAll(async () => {
  [kafka, packages, migrated] = await Promise.all([
    KafkaBrokers.start({
      brokers: 3,
      properties: { 'group.min.session.timeout.ms': String(SESSION_MS) },
    }),
    packagesForKafka({ eventsPerDay: 400, withTables: false }),
    migratedFront(),
  ]);
  const events = await packages.events();
  courses = coursesOf(events).slice(0, COURSES);
  replay = naiveReplay(events, courses).map(({ raw }) => raw);
});

afterAll(async () => {
  await kafka?.[Symbol.asyncDispose]();
  await packages?.[Symbol.asyncDispose]();
  await migrated?.[Symbol.asyncDispose]();
});

async function migratedFront(): Promise<ClickHouseFront> {
  const front = await ClickHouseFront.start();
  await using warehouse = new ServerWarehouse(
    { url: new URL(front.url), user: FRONT_USER, password: FRONT_PASSWORD },
    { timeoutMs: 30_000, patienceMs: 0, isCompressed: false },
  );
  await migrate(warehouse);
  await front.kill();
  return front;
}

/** Does its work while a load is under way; resolves with whether that is what it hit. */
type Fault = (underway: LoadUnderFault, random: SeededRandom) => Promise<boolean>;

/** Two ingests and two sinks load both weeks while `fault` does its work. */
async function survives(name: string, fault: Fault, { runsMax = 1 } = {}): Promise<void> {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const random = seededRandom(`${name} ${seed}`);
    let isHit = false;
    for (let tries = 1; !isHit; tries += 1) {
      expect({ name, seed: random.seed, tries }).toSatisfy(() => tries <= TRIES_MAX);
      const story = `${name} ${seed}, EDXSTREAM_TEST_SEED=${random.seed}, try ${tries}`;
      isHit = await loadsDespite(story, fault, random, runsMax);
    }
  }
}

async function loadsDespite(
  story: string,
  fault: Fault,
  random: SeededRandom,
  runsMax: number,
): Promise<boolean> {
  const beganMs = performance.now();
  const prefix = story.replaceAll(/[^a-z0-9]+/gi, '-');
  await using underway = await LoadUnderFault.start(
    { kafka, prefix, environment: ENVIRONMENT, copyOf: migrated },
    packages,
  );
  const place = underway.deployment.front;
  const outcome = async () => {
    const [isHit, { ended, runs }] = await Promise.all([fault(underway, random), underway.load()]);
    const duplicates = await underway.duplicates();
    const drained = await underway.drain();
    expect({ status: ended.status, said: ended.status === 1 ? '' : ended.said }).toEqual({
      ...{ status: 1, said: '' },
    });
    expect(runs, 'loads that were needed').toBeLessThanOrEqual(runsMax);
    expect(new Set(drained)).toEqual(new Set([0]));
    expect(await halfLoaded(place)).toEqual([]);
    expect(await checksums(place)).toEqual(packages.checksums);
    await expectOrder(underway);
    return { isHit, runs, duplicates };
  };
  try {
    const { isHit, runs, duplicates } = await within(SEED_MS, outcome());
    const seconds = ((performance.now() - beganMs) / 1000).toFixed(1);
    const how = isHit ? 'hit' : 'missed, as the load was over';
    console.log(`${story}: ${how}; ${runs} loads, ${duplicates} records twice, ${seconds} s`);
    return isHit;
  } catch (error) {
    throw new Error(`${story}; logs in ${await underway.keepLogs()}`, { cause: error });
  } finally {
    await withAdmin((admin) => admin.deleteTopics({ topics: Object.values(topicNames(prefix)) }));
  }
}

/** What reads the warehouse gets each course in order: byte for byte the lines of a naive sort. */
async function expectOrder({ deployment }: LoadUnderFault): Promise<void> {
  const { url, environment } = deployment.place;
  const asked = courses.flatMap((course) => ['--course', course]);
  const { status, stdout, stderr } = await edxstream(
    ['replay', '--warehouse', url, '--speed', 'max', ...asked],
    { environment },
  );
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  const lines = stdout.split('\n').slice(0, -1);
  expect(lines.length).toBe(replay.length);
  const other = lines.findIndex((line, at) => line !== replay[at]?.toString());
  expect(lines[other]).toBe(replay[other]?.toString());
}

async function within<Result>(ms: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It was not done within ${ms / 1000} s.`)), ms);
  });
  work.catch(() => undefined);
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function one<Item>(items: readonly Item[], random: SeededRandom): Item {
  const item = items[Math.floor(random.next() * items.length)];
  if (item === undefined) throw new Error('There is none.');
  return item;
}

test(
  'an ingest and a sink are killed, and the others finish the load',
  () =>
    survives('killed', async (underway, random) => {
      const { ingests, sinks } = underway.deployment;
      const ingest = one(ingests, random);
      const sink = one(sinks, random);
      const [read, settled] = [0.8 * random.next(), 0.8 * random.next()];
      const hits = await Promise.all([
        underway.untilRead(read).then((isNow) => isNow && underway.kill(ingest)),
        underway.untilSettled(settled).then((isNow) => isNow && underway.kill(sink)),
      ]);
      return hits.every(Boolean);
    }),
  TIMEOUT_MS,
);

test(
  'sinks are added and removed, and two are killed at once',
  () =>
    survives('added', async (underway, random) => {
      const { deployment } = underway;
      const [removed, killed] = random.next() < 0.5 ? [0, 1] : [1, 0];
      await underway.untilRead(0);
      const added = deployment.sink();
      await underway.untilRead(0.6 * random.next());
      deployment.sinks[removed]?.child.kill('SIGTERM');
      deployment.sink();
      await underway.until(() => underway.shared(added) > 0);
      if (!(await underway.untilSettled(0.6 * random.next()))) return false;
      const before = deployment.sinks[killed];
      const hits = await Promise.all([added, before].map((sink) => sink && underway.kill(sink)));
      return hits.every(Boolean);
    }),
  TIMEOUT_MS,
);

test(
  'a sink is stopped for longer than its session, loses its partitions, and wakes up',
  () =>
    survives('stopped', async (underway, random) => {
      const [stopped, other] = underway.deployment.sinks.toSorted(() => random.next() - 0.5);
      if (stopped === undefined || other === undefined) return false;
      if (!(await underway.untilRead(random.next()))) return false;
      await wait(300 * random.next());
      const isInTheMiddle = underway.isUnderWay;
      const before = underway.shared(other);
      stopped.child.kill('SIGSTOP');
      await wait(STOPPED_MS);
      await underway.until(() => underway.shared(other) > before);
      stopped.child.kill('SIGCONT');
      return isInTheMiddle && underway.shared(other) > before;
    }),
  TIMEOUT_MS,
);

test(
  'the load itself is killed, and another one goes on',
  () =>
    survives(
      'planner',
      async (underway, random) => {
        if (!(await underway.untilRead(random.next()))) return false;
        await wait(500 * random.next());
        const [load] = underway.deployment.loads;
        return load !== undefined && underway.kill(load);
      },
      { runsMax: 2 },
    ),
  TIMEOUT_MS,
);

test(
  'the warehouse refuses connections, and then is slow',
  () =>
    survives(
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
      { runsMax: 2 },
    ),
  TIMEOUT_MS,
);

test(
  'the broker that leads most partitions is killed, and comes back',
  () =>
    survives('broker', async (underway, random) => {
      const { prefix } = underway.deployment;
      if (!(await underway.untilRead(0.9 * random.next()))) return false;
      const leader = await leaderOfMost(topicNames(prefix).events);
      const isInTheMiddle = underway.isUnderWay;
      await kafka.stopNode(leader, 'SIGKILL');
      await wait(2000 + 3000 * random.next());
      await kafka.startNode(leader);
      await untilInSync();
      return isInTheMiddle;
    }),
  TIMEOUT_MS,
);

test('what brokers have acknowledged is there, once and in order, when the leader of most is killed', async () => {
  const client = await openKafka(placeOf(kafka.addresses), { clientId: 'test' });
  const topic = 'acknowledged';
  const partitions = 6;
  await withAdmin((admin) =>
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
    const leader = await leaderOfMost(topic);
    await kafka.stopNode(leader, 'SIGKILL');
    const after = sent;
    await expect.poll(() => sent, { timeout: 60_000 }).toBeGreaterThan(after + 20);
    await kafka.startNode(leader);
    await untilInSync();
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

type Admin = ReturnType<Awaited<ReturnType<typeof openKafka>>['admin']>;

async function withAdmin<Result>(work: (admin: Admin) => Promise<Result>): Promise<Result> {
  const client = await openKafka(placeOf(kafka.addresses), { clientId: 'test' });
  const admin = client.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

async function leaderOfMost(topic: string): Promise<number> {
  const { topics } = await withAdmin((admin) => admin.fetchTopicMetadata({ topics: [topic] }));
  const leads = new Map<number, number>();
  for (const { leader } of topics[0]?.partitions ?? []) {
    leads.set(leader, (leads.get(leader) ?? 0) + 1);
  }
  const [leader] = [...leads].toSorted((a, b) => b[1] - a[1])[0] ?? [1];
  return leader;
}

/** Until every partition has all of its replicas again, so that the next fault finds a sound cluster. */
async function untilInSync(): Promise<void> {
  const isInSync = (): Promise<boolean> =>
    withAdmin(async (admin) => {
      const { topics } = await admin.fetchTopicMetadata();
      return topics.every(({ partitions }) =>
        partitions.every(({ isr, replicas }) => isr.length === replicas.length),
      );
    });
  while (!(await isInSync().catch(() => false))) await wait(300);
}
