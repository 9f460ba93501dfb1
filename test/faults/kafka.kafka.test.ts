/**
 * A load over Kafka while processes, a broker and the warehouse fail: the tables are those of a load in one
 * process. `npm run test:faults` tries each fault with twenty seeds; it is too long for `npm test`.
 *
 * A load that ends because of the fault (status 3) is run again, as its message says.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openKafka } from '#shared/kafka/kafka-client';
import { topicNames } from '#shared/kafka/topics';
import { checksums } from '../support/checksums.js';
import type { Running } from '../support/edxstream.js';
import { KafkaBrokers } from '../support/kafka-broker.js';
import { KafkaDeployment } from '../support/kafka-deployment.js';
import { placeOf } from '../support/kafka-place.js';
import { type PackagesForKafka, packagesForKafka } from '../support/packages-for-kafka.js';
import { type SeededRandom, seededRandom } from '../support/random.js';
import { halfLoaded, wait } from '../support/two-weeks.js';

const { EDXSTREAM_TEST_KILLS: givenSeeds = '2', EDXSTREAM_TEST_AWAY_SECONDS: givenAway = '8' } =
  process.env;
const SEEDS = Number(givenSeeds);
const AWAY_MS = Number(givenAway) * 1000;
/** Longer than the session of the group, six seconds. */
const STOPPED_MS = 9000;
/** Small runs, so that there are many inserts to fail in the middle of. */
const ENVIRONMENT = {
  EDXSTREAM_RELEASE_BYTES: '1 MiB',
  EDXSTREAM_WINDOW_BYTES_MAX: '4 MiB',
  EDXSTREAM_BATCH_BYTES: '64 KiB',
  EDXSTREAM_WAREHOUSE_PATIENCE_SECONDS: '30',
};
const RUNS_MAX = 4;

let kafka: KafkaBrokers;
let packages: PackagesForKafka;

beforeAll(async () => {
  [kafka, packages] = await Promise.all([
    KafkaBrokers.start({ brokers: 3 }),
    packagesForKafka({ eventsPerDay: 400, withTables: false }),
  ]);
});

afterAll(async () => {
  await kafka?.[Symbol.asyncDispose]();
  await packages?.[Symbol.asyncDispose]();
});

type Fault = (deployment: KafkaDeployment, random: SeededRandom) => Promise<void>;

/** Two ingests and two sinks load both weeks while `fault` does its work. */
async function survives(name: string, fault: Fault): Promise<void> {
  for (let seed = 0; seed < SEEDS; seed += 1) await loadsDespite(`${name} ${seed}`, fault);
}

async function loadsDespite(name: string, fault: Fault): Promise<void> {
  const random = seededRandom(name);
  const prefix = `${name.replaceAll(/[^a-z0-9]+/g, '-')}-${random.seed}`;
  await using deployment = await KafkaDeployment.start({
    ...{ kafka, prefix, keys: packages.keys, environment: ENVIRONMENT },
  });
  for (let at = 0; at < 2; at += 1) {
    deployment.ingest();
    deployment.sink();
  }
  const story = `${name}, EDXSTREAM_TEST_SEED=${random.seed}`;
  const faulting = fault(deployment, random);
  let ended = await deployment.load(packages.weeks.flat()).ended;
  for (let run = 1; run < RUNS_MAX && ended.status !== 1; run += 1) {
    ended = await deployment.load(packages.weeks.flat()).ended;
  }
  await faulting;
  expect({ story, status: ended.status, said: ended.status === 1 ? '' : ended.said }).toEqual({
    ...{ story, status: 1, said: '' },
  });
  // What was stopped and woke up ends by itself, and takes back what it did in vain.
  for (const { child } of [...deployment.sinks, ...deployment.ingests]) child.kill('SIGTERM');
  const all = [...deployment.sinks, ...deployment.ingests];
  await Promise.all(all.map((process) => process.ended));
  expect({ story, half: await halfLoaded(deployment.place) }).toEqual({ story, half: [] });
  expect({ story, tables: await checksums(deployment.place) }).toEqual({
    ...{ story, tables: packages.checksums },
  });
}

/** Some moment of the load: processes take two or three seconds to begin. */
function aMoment(random: SeededRandom): Promise<void> {
  return wait(2500 + Math.round(5000 * random.next()));
}

function kill({ child }: Running): void {
  child.kill('SIGKILL');
}

function one<Item>(items: readonly Item[], random: SeededRandom): Item {
  const item = items[Math.floor(random.next() * items.length)];
  if (item === undefined) throw new Error('There is none.');
  return item;
}

const TIMEOUT_MS = SEEDS * 240_000;

test(
  'an ingest and a sink are killed, and the others finish',
  () =>
    survives('killed', async (deployment, random) => {
      await aMoment(random);
      kill(one(deployment.ingests, random));
      await wait(Math.round(2000 * random.next()));
      kill(one(deployment.sinks, random));
    }),
  TIMEOUT_MS,
);

test(
  'sinks are added and removed, and two are killed at once',
  () =>
    survives('added', async (deployment, random) => {
      await aMoment(random);
      const added = deployment.sink();
      await wait(Math.round(3000 * random.next()));
      one(deployment.sinks.slice(0, 2), random).child.kill('SIGTERM');
      await wait(Math.round(2000 * random.next()));
      deployment.sink();
      kill(added);
      kill(one(deployment.sinks.slice(0, 2), random));
    }),
  TIMEOUT_MS,
);

test(
  'a sink is stopped for longer than its session, loses its partitions, and wakes up',
  () =>
    survives('stopped', async (deployment, random) => {
      await aMoment(random);
      const { child } = one(deployment.sinks, random);
      child.kill('SIGSTOP');
      await wait(STOPPED_MS);
      child.kill('SIGCONT');
      await wait(3000);
    }),
  TIMEOUT_MS,
);

test(
  'the load itself is killed, and another one goes on',
  () =>
    survives('planner', async (deployment, random) => {
      const [planner] = deployment.loads;
      await aMoment(random);
      if (planner !== undefined) kill(planner);
    }),
  TIMEOUT_MS,
);

test(
  'the warehouse is away, and then slow',
  () =>
    survives('warehouse', async (deployment, random) => {
      await aMoment(random);
      await deployment.front.kill();
      await wait(AWAY_MS);
      await deployment.front.up();
      for (let pulse = 0; pulse < 8; pulse += 1) {
        deployment.front.stop();
        await wait(400);
        deployment.front.continue();
        await wait(200);
      }
    }),
  TIMEOUT_MS,
);

test(
  'the broker that leads most partitions is killed, and comes back',
  async () => {
    await survives('broker', async (deployment, random) => {
      await aMoment(random);
      await replaceBroker(deployment.prefix);
    });
  },
  TIMEOUT_MS,
);

async function replaceBroker(prefix: string): Promise<void> {
  const client = await openKafka(placeOf(kafka.addresses), { clientId: 'test' });
  const admin = client.admin();
  await admin.connect();
  const { topics } = await admin.fetchTopicMetadata({ topics: [topicNames(prefix).events] });
  await admin.disconnect();
  const leads = new Map<number, number>();
  for (const { leader } of topics[0]?.partitions ?? []) {
    leads.set(leader, (leads.get(leader) ?? 0) + 1);
  }
  const [leader] = [...leads].toSorted((a, b) => b[1] - a[1])[0] ?? [1];
  await kafka.stopNode(leader, 'SIGKILL');
  await wait(5000);
  await kafka.startNode(leader);
  await kafka.untilReady(leader);
}
