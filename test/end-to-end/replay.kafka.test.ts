/**
 * A replay into a real Kafka: every event once and in its order, also when the process is killed, and when
 * the broker is.
 */
import { cp } from 'node:fs/promises';
import type { Admin } from 'kafkajs';
import { afterAll, test as anyTest, beforeAll, expect } from 'vitest';
import { openKafka } from '#shared/kafka/kafka-client';
import { missingForKafka } from '../../deploy/local/fetch-kafka.js';
import { edxstream, type Running, start } from '../support/edxstream.js';
import { canPack, GpgPackages } from '../support/gpg-packages.js';
import { KafkaBrokers } from '../support/kafka-broker.js';
import { placeOf } from '../support/kafka-place.js';
import { recordsOf, type TopicRecord } from '../support/kafka-records.js';
import { LoadedPackages } from '../support/loaded-packages.js';
import { COURSE, logLine, logPath } from '../support/log-lines.js';
import type { OracleEvent } from '../support/oracle.js';
import { seededRandom } from '../support/random.js';
import { wait } from '../support/two-weeks.js';

const canRun = canPack && missingForKafka().length === 0;
const test = anyTest.skipIf(!canRun);
const { EDXSTREAM_TEST_KILLS: givenKills = '3' } = process.env;
const KILLS = Number(givenKills);

let packages: LoadedPackages;
let kafka: KafkaBrokers;
let courses: readonly string[];

beforeAll(async () => {
  if (!canRun) return;
  [packages, kafka] = await Promise.all([LoadedPackages.open(), KafkaBrokers.start()]);
  courses = packages.courses().slice(0, 2);
}, 240_000);

afterAll(async () => {
  await kafka?.[Symbol.asyncDispose]();
  await packages?.[Symbol.asyncDispose]();
});

function replay(topic: string, ...args: readonly string[]): readonly string[] {
  const wanted = courses.flatMap((course) => ['--course', course]);
  const sink = ['--sink', `kafka:${topic}`, '--broker', ...kafka.addresses];
  return ['replay', '--data', packages.data, ...wanted, ...sink, ...args];
}

function expectSame(records: readonly TopicRecord[], events: readonly OracleEvent[]): void {
  for (const course of courses) {
    const own = records.filter(({ key }) => key === course);
    const wanted = events.filter(({ courseId }) => courseId.toString() === course);
    expect(own).toHaveLength(wanted.length);
    const other = own.findIndex(({ value }, at) => !wanted[at]?.raw.equals(value));
    expect(own[other]?.value.toString('latin1')).toBe(wanted[other]?.raw.toString('latin1'));
    expect(new Set(own.map(({ partition }) => partition)).size).toBe(1);
  }
  expect(records).toHaveLength(events.length);
}

test('one event is one record, keyed by its course, with its time and origin in headers', async () => {
  const { status, stderr } = await edxstream(replay('plain', '--speed', 'max'));
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(stderr).toContain('Made the topic plain.');
  const events = packages.replayOf(...courses);
  const records = await recordsOf(kafka.addresses, 'plain');
  expectSame(records, events);
  const [course] = courses;
  const first = events.find(({ courseId }) => courseId.toString() === course);
  const record = records.find(({ key }) => key === course);
  const { organization, site, server, logDate, line, timeUs } = first ?? {};
  expect(record?.header('origin')).toBe(`${organization}/${site}/${server}/${logDate}:${line}`);
  expect(BigInt(Date.parse(record?.header('event-time') ?? '')) * 1000n).toBe(
    ((timeUs ?? 0n) / 1000n) * 1000n,
  );
});

test('a named replay that was stopped goes on where it was, and one that is done adds nothing', async () => {
  const speed = ['--speed', '200000', '--resume', 'stopped'];
  const running = start(replay('stopped', ...speed));
  await untilRecords('stopped', 1);
  running.child.kill('SIGINT');
  const stopped = await running.ended;
  expect(stopped).toMatchObject({ status: 130 });
  const again = await edxstream(replay('stopped', '--speed', 'max', '--resume', 'stopped'));
  expect(again.stderr).toMatch(/Going on with stopped after [\d,]+ events?\./);
  const third = await edxstream(replay('stopped', '--speed', 'max', '--resume', 'stopped'));
  expect(third).toMatchObject({ status: 0 });
  expect(third.stderr).toContain('Sent 0 events.');
  expectSame(await recordsOf(kafka.addresses, 'stopped'), packages.replayOf(...courses));
});

test('a name goes with one replay: with another course it is refused', async () => {
  const args = replay('stopped', '--resume', 'stopped', '--untimed', 'skip');
  const { status, stderr } = await edxstream(args);
  expect(status).toBe(2);
  expect(stderr).toMatch(/^SETTINGS: --resume stopped: under this name /);
});

test(
  `after ${KILLS} kills at random moments every event is in the topic once, in its order`,
  async () => {
    const random = seededRandom('replay');
    for (let [kill, round] = [0, 1]; kill < KILLS; round += 1) {
      // A replay of three seconds, in as many rounds as it takes for the kills.
      const name = `killed-${round}`;
      const args = replay(name, '--resume', name, '--speed', '600000');
      for (let isDone = false; !isDone && kill < KILLS; ) {
        const running = start(args);
        await untilSaid(running, 'Going on with|Beginning');
        const afterMs = Math.round(1200 * random.next());
        await wait(afterMs);
        running.child.kill('SIGKILL');
        isDone = (await running.ended).status !== null;
        if (isDone) continue;
        kill += 1;
        const from = /after .* events?/.exec(running.said())?.[0] ?? 'at the beginning';
        console.log(`round ${round}, kill ${kill}: begun ${from}, killed ${afterMs} ms later`);
      }
      const { status, stderr } = await edxstream([...args, '--speed', 'max']);
      expect({ status, stderr }).toMatchObject({ status: 0 });
      expectSame(await recordsOf(kafka.addresses, name), packages.replayOf(...courses));
    }
  },
  KILLS * 60_000 + 60_000,
);

test('a broker that is killed and comes back is waited for, and that is said', async () => {
  const running = start(replay('away', '--speed', '400000', '--resume', 'away'));
  await untilRecords('away', 1);
  await kafka.stopNode(1);
  await untilSaid(running, 'Kafka does not answer.*; waiting for it\\.');
  await kafka.startNode(1);
  await kafka.untilReady(1);
  const { status, stderr } = await running.ended;
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(stderr).toContain('Kafka answers again.');
  expectSame(await recordsOf(kafka.addresses, 'away'), packages.replayOf(...courses));
}, 180_000);

test('the broker that leads most of the topic is killed: every event is there once, in its order', async () => {
  await using cluster = await KafkaBrokers.start({ brokers: 3 });
  const topic = 'led';
  const all = packages.courses();
  await withAdmin(cluster, (admin) =>
    admin.createTopics({
      waitForLeaders: true,
      topics: [{ topic, numPartitions: 6, replicationFactor: 3 }],
    }),
  );
  const wanted = all.flatMap((course) => ['--course', course]);
  const brokers = cluster.addresses.flatMap((address) => ['--broker', address]);
  const sink = ['--sink', `kafka:${topic}`, ...brokers];
  const speed = ['--speed', '100000', '--resume', topic];
  const running = start(['replay', '--data', packages.data, ...wanted, ...sink, ...speed]);
  await untilSaid(running, 'Beginning');
  for (let kill = 0; kill < 2; kill += 1) {
    await wait(1500);
    const { topics } = await withAdmin(cluster, (admin) =>
      admin.fetchTopicMetadata({ topics: [topic] }),
    );
    const leaders = topics[0]?.partitions.map(({ leader }) => leader) ?? [];
    const leads = (node: number) => leaders.filter((leader) => leader === node).length;
    const [most = 1] = [1, 2, 3].toSorted((a, b) => leads(b) - leads(a));
    await cluster.stopNode(most);
    await wait(1500);
    await cluster.startNode(most);
    await cluster.untilReady(most);
  }
  const { status, stderr } = await running.ended;
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const records = await recordsOf(cluster.addresses, topic);
  for (const course of all) {
    const own = records.filter(({ key }) => key === course).map(({ value }) => value);
    const events = packages.replayOf(course).map(({ raw }) => raw);
    expect({ course, isSame: Buffer.concat(own).equals(Buffer.concat(events)) }).toEqual({
      ...{ course, isSame: true },
    });
  }
}, 240_000);

test('of two processes that go on under one name the later one does, and nothing comes twice', async () => {
  const args = replay('taken', '--speed', '100000', '--resume', 'taken');
  const first = start(args);
  await untilRecords('taken', 1);
  // An embedded directory belongs to one process, so the other one has a copy.
  const copy = `${packages.data}-copy`;
  await cp(packages.data, copy, { recursive: true, verbatimSymlinks: true });
  const others = args.map((arg) => (arg === packages.data ? copy : arg));
  const second = await edxstream([...others, '--speed', 'max']);
  expect({ status: second.status, said: second.stderr }).toMatchObject({ status: 0 });
  const { status, stderr } = await first.ended;
  expect({ status, stderr: stderr.match(/^[A-Z_]+: /m)?.[0] }).toEqual({
    status: 3,
    stderr: 'REPLAY_TAKEN_OVER: ',
  });
  expectSame(await recordsOf(kafka.addresses, 'taken'), packages.replayOf(...courses));
}, 180_000);

test('an event that is larger than the topic takes ends the replay, and is named', async () => {
  await using small = await GpgPackages.open();
  const data = small.place('data');
  const tar = await small.tar('2013-10-27-UniversityA-tracking.tar', {
    [logPath('001', '2013-10-22')]:
      `${logLine({ n: 1 })}\n${logLine({ n: 2, padBytes: 200_000 })}\n`,
  });
  const loaded = await edxstream(['load', tar, '--key', small.keyFile, '--data', data]);
  expect(loaded).toMatchObject({ status: 0 });
  await makeTopic('large', { 'max.message.bytes': '100000' });
  const sink = ['--sink', 'kafka:large', '--broker', ...kafka.addresses];
  const args = ['replay', '-d', data, '-c', COURSE, '-s', 'max', ...sink];
  const { status, stderr } = await edxstream([...args, '--resume', 'large']);
  expect(status).toBe(3);
  expect(stderr).toMatch(/^KAFKA_REFUSED: .*UniversityA\/prod\/.*\/2013-10-22:2/im);
});

test('where no broker answers that is said at once', async () => {
  const args = ['replay', '-d', packages.data, '-c', courses[0] ?? '', '--sink', 'kafka:x'];
  const { status, stderr } = await edxstream([...args, '--broker', '127.0.0.1:9']);
  expect(status).toBe(3);
  expect(stderr).toMatch(/^KAFKA_UNREACHABLE: /);
});

function makeTopic(topic: string, config: Readonly<Record<string, string>>): Promise<unknown> {
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  return withAdmin(kafka, (admin) =>
    admin.createTopics({ topics: [{ topic, configEntries }], waitForLeaders: true }),
  );
}

async function withAdmin<Result>(
  { addresses }: KafkaBrokers,
  work: (admin: Admin) => Promise<Result>,
): Promise<Result> {
  const admin = (await openKafka(placeOf(addresses), { clientId: 'test' })).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Waits until the topic holds as many records. */
async function untilRecords(topic: string, count: number): Promise<void> {
  for (;;) {
    const records = await recordsOf(kafka.addresses, topic).catch(() => []);
    if (records.length >= count) return;
    await wait(50);
  }
}

async function untilSaid(running: Running, pattern: string): Promise<void> {
  while (!new RegExp(pattern).test(running.said())) {
    if (running.child.exitCode !== null) throw new Error(`It ended: ${running.said()}`);
    await wait(20);
  }
}
