/**
 * Brokers delete records by age, whether or not a sink has read them: here those of several log files, while a sink
 * waits for its warehouse. The load ends and says what was lost, and the next one brings it.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checksums } from '../support/checksums.js';
import { withAdmin } from '../support/kafka-admin.js';
import { KafkaBrokers } from '../support/kafka-broker.js';
import { KafkaDeployment } from '../support/kafka-deployment.js';
import { type PackagesForKafka, packagesForKafka } from '../support/packages-for-kafka.js';

const TIMEOUT_MS = 180_000;
const PATIENT = { timeout: TIMEOUT_MS };
const PARTITION = 0;

let kafka: KafkaBrokers;
let packages: PackagesForKafka;

beforeAll(async () => {
  [kafka, packages] = await Promise.all([
    KafkaBrokers.start(),
    packagesForKafka({ eventsPerDay: 3000, withTables: false }),
  ]);
}, TIMEOUT_MS);

afterAll(async () => {
  await kafka?.[Symbol.asyncDispose]();
  await packages?.[Symbol.asyncDispose]();
});

test(
  'what brokers delete before a sink has read it is told as lost, and the next load brings it',
  async () => {
    const prefix = 'lost';
    await using deployment = await KafkaDeployment.start({
      ...{ kafka, prefix, keys: packages.keys },
      environment: {
        EDXSTREAM_KAFKA_PARTITIONS: '1',
        // Little is held, so that the sink stops reading as soon as its warehouse does not answer.
        EDXSTREAM_BATCH_BYTES: '64 KiB',
        EDXSTREAM_RELEASE_BYTES: '1 MiB',
        EDXSTREAM_WINDOW_BYTES_MAX: '1 MiB',
        EDXSTREAM_DATES_AHEAD: '1000',
      },
    });
    const sink = deployment.sink();
    await expect.poll(() => sink.said(), PATIENT).toContain('Partitions are shared anew.');
    const ingest = deployment.ingest();
    const load = deployment.load(packages.weeks.flat());
    const filesRead = (): number => ingest.said().split('"Log file read."').length - 1;
    await expect.poll(filesRead, PATIENT).toBeGreaterThan(0);
    deployment.front.stop();
    await expect.poll(filesRead, PATIENT).toBeGreaterThan(packages.logFiles / 2);
    await withAdmin(kafka, async (admin) => {
      const topic = `${prefix}.events`;
      const [offsets] = await admin.fetchTopicOffsets(topic);
      const offset = String(Number(offsets?.high) - 1);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: PARTITION, offset }] });
    });
    deployment.front.continue();
    const { status, said } = await load.ended;
    expect(status, said).toBe(1);
    expect(said).toContain('lost-in-kafka');
    expect(await checksums(deployment.place)).not.toEqual(packages.checksums);
    const again = await deployment.load(packages.weeks.flat()).ended;
    expect(again.status, again.said).toBe(1);
    expect(again.said).not.toContain('lost-in-kafka');
    expect(await checksums(deployment.place)).toEqual(packages.checksums);
  },
  TIMEOUT_MS,
);
