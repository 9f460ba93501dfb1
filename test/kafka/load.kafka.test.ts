/** A load over Kafka comes to the tables of a load in one process: order, counts, and loads of several weeks. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checksums } from '../support/checksums.js';
import { edxstream, rowsOf } from '../support/edxstream.js';
import { KafkaBrokers } from '../support/kafka-broker.js';
import { KafkaDeployment } from '../support/kafka-deployment.js';
import { type PackagesForKafka, packagesForKafka } from '../support/packages-for-kafka.js';

const TIMEOUT_MS = 240_000;

let kafka: KafkaBrokers;
let packages: PackagesForKafka;
let deployment: KafkaDeployment;

beforeAll(async () => {
  [kafka, packages] = await Promise.all([
    KafkaBrokers.start(),
    packagesForKafka({ eventsPerDay: 420, withTables: true }),
  ]);
  deployment = await KafkaDeployment.start({ kafka, prefix: 'weeks', keys: packages.keys });
  for (let at = 0; at < 2; at += 1) {
    deployment.ingest();
    deployment.sink();
  }
}, TIMEOUT_MS);

afterAll(async () => {
  await deployment?.[Symbol.asyncDispose]();
  await kafka?.[Symbol.asyncDispose]();
  await packages?.[Symbol.asyncDispose]();
});

test(
  'two weeks, one after the other, give the tables of a load in one process; again, nothing is read',
  async () => {
    for (const week of packages.weeks) {
      const { status, said } = await deployment.load(week).ended;
      expect(status, said).toBe(1);
    }
    expect(await checksums(deployment.place)).toEqual(packages.checksums);
    const again = await deployment.load(packages.weeks.flat(), ['--json']).ended;
    const summary = again.stdout.split('\n').find((line) => line.includes('"type":"summary"'));
    expect(JSON.parse(summary ?? '{}').data.logFiles).toMatchObject({
      new: 0,
      grown: 0,
      replaced: 0,
    });
    expect(await checksums(deployment.place)).toEqual(packages.checksums);
  },
  TIMEOUT_MS,
);

test('what was loaded names the session that loaded it, and no row is of one that does not count', async () => {
  const rows = await rowsOf(
    deployment.place,
    `SELECT count() AS rows FROM events AS e LEFT ANTI JOIN
       (SELECT file_id, sink FROM log_file_parts FINAL WHERE state = 'kept') AS p
     ON e.file_id = p.file_id AND e.sink = p.sink`,
  );
  expect(rows).toEqual([{ rows: '0' }]);
});

test(
  'a load that is stopped takes back what was half-way, and the next one finishes',
  async () => {
    await using other = await KafkaDeployment.start({
      kafka,
      prefix: 'stopped',
      keys: packages.keys,
    });
    const ingest = other.ingest();
    other.sink();
    const stopped = other.load(packages.weeks.flat());
    await expect.poll(() => ingest.said(), { timeout: 60_000 }).toContain('Log file read.');
    stopped.child.kill('SIGTERM');
    const { status } = await stopped.ended;
    expect([130, 1]).toContain(status);
    const half = await rowsOf(
      other.place,
      "SELECT count() AS rows FROM events WHERE file_id NOT IN (SELECT file_id FROM log_file_versions FINAL WHERE state = 'loaded')",
    );
    expect(half).toEqual([{ rows: '0' }]);
    await other.load(packages.weeks.flat()).ended;
    expect(await checksums(other.place)).toEqual(packages.checksums);
  },
  TIMEOUT_MS,
);

test('without a broker, ingest and sink say what they need', async () => {
  for (const verb of ['ingest', 'sink']) {
    const { status, stderr } = await edxstream([verb]);
    expect(status).toBe(2);
    expect(stderr).toContain('--broker');
  }
});
