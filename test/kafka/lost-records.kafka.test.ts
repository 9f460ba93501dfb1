/**
 * Brokers delete records by age, whether or not a sink has read them: here those of several log files, while a sink
 * waits for its warehouse. The load ends and says what was lost, and the next one brings it.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checksums } from '../support/checksums.js';
import { queryOf } from '../support/edxstream.js';
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

const NEWEST = 'the newest package';
const ALL = 'all packages, so that older copies stand in for what is lost';

test.each([NEWEST, ALL])(
  'what brokers delete before a sink has read it is told as lost, and the next load brings it: %s',
  async (which) => {
    const prefix = which === NEWEST ? 'newest' : 'all';
    const paths = which === NEWEST ? (packages.weeks.at(-1) ?? []) : packages.weeks.flat();
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
    const load = deployment.load(paths);
    const filesRead = (): number => ingest.said().split('"Log file read."').length - 1;
    await expect.poll(filesRead, PATIENT).toBeGreaterThan(0);
    deployment.front.stop();
    await expect.poll(filesRead, PATIENT).toBeGreaterThan(packages.logFiles / 2);
    await deleteAllButTheLast(`${prefix}.events`);
    deployment.front.continue();
    const { said } = await load.ended;
    expect(said).toContain('lost-in-kafka');
    if (which === NEWEST) {
      // Whole log files are missing, those that are told of, and nothing else.
      const counts = JSON.parse(await queryOf(deployment.place, COUNTS, 'JSONEachRow'));
      expect(Number(counts.rows)).toBeLessThan((await packages.events()).length);
      expect(counts).toEqual({ ...counts, failed: counts.lost, loaded: counts.rows });
      expect(Number(counts.lost)).toBeGreaterThan(0);
    }
    const again = await deployment.load(paths).ended;
    expect(again.said).not.toContain('lost-in-kafka');
    expect(await checksums(deployment.place)).toEqual(packages.checksums);
  },
  TIMEOUT_MS,
);

const COUNTS = `SELECT (SELECT count() FROM events) AS rows, sumIf(events, state = 'loaded') AS loaded,
  countIf(state = 'failed') AS failed, countIf(reason = 'lost-in-kafka') AS lost FROM log_files`;

/** As retention does, in one partition. */
async function deleteAllButTheLast(topic: string): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    const [offsets] = await admin.fetchTopicOffsets(topic);
    const offset = String(Number(offsets?.high) - 1);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: PARTITION, offset }] });
  });
}
