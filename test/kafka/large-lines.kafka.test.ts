/**
 * Lines that are larger than a record of the topic may be, and loads that need no key where they plan: packages
 * made by gpg, on one broker.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { queryOf, rowsOf } from '../support/edxstream.js';
import { canPack, GpgPackages } from '../support/gpg-packages.js';
import { withAdmin } from '../support/kafka-admin.js';
import { KafkaBrokers } from '../support/kafka-broker.js';
import { KafkaDeployment } from '../support/kafka-deployment.js';
import { recordsOf } from '../support/kafka-records.js';
import { logLine, logLines, logPath } from '../support/log-lines.js';

const TIMEOUT_MS = 240_000;
const RECORD_BYTES_MAX = 200_000;

let kafka: KafkaBrokers;
let packages: GpgPackages;

beforeAll(async () => {
  if (!canPack) console.warn('Not run, because gpg or tar is missing: large-lines.kafka.test.ts');
  [kafka, packages] = await Promise.all([KafkaBrokers.start(), GpgPackages.open()]);
}, TIMEOUT_MS);

afterAll(async () => {
  await kafka?.[Symbol.asyncDispose]();
  await packages?.[Symbol.asyncDispose]();
});

test.skipIf(!canPack)(
  'a line that is larger than a record may be comes in pieces, and whole into the table',
  async () => {
    const prefix = 'small-records';
    await withAdmin(kafka, (admin) =>
      admin.createTopics({
        waitForLeaders: true,
        topics: [
          {
            ...{ topic: `${prefix}.events`, numPartitions: 2, replicationFactor: 1 },
            configEntries: [{ name: 'max.message.bytes', value: String(RECORD_BYTES_MAX) }],
          },
        ],
      }),
    );
    await using deployment = await KafkaDeployment.start({
      ...{ kafka, prefix, keys: ['--key', packages.keyFile] },
    });
    deployment.ingest();
    deployment.sink();
    const large = logLine({ n: 3, padBytes: 1_500_000 });
    // No event, so it comes as a rejected line.
    const rejected = `no event ${'y'.repeat(500_000)}`;
    const tar = await packages.tar('2013-10-22-UniversityA-tracking.tar', {
      [logPath('003', '2013-10-22')]: `${logLines(1, 2)}${large}\n${rejected}\n${logLines(4, 5)}`,
    });
    const { status, said } = await deployment.load([tar]).ended;
    expect(status, said).toBe(1);
    const records = await recordsOf(kafka.addresses, `${prefix}.events`);
    const pieces = records.map((record) => record.header('piece')).filter((piece) => piece !== '');
    expect(pieces.length).toBeGreaterThan(2_000_000 / RECORD_BYTES_MAX);
    for (const { value } of records) expect(value.length).toBeLessThan(RECORD_BYTES_MAX);
    const raws = (table: string): Promise<string> =>
      queryOf(deployment.place, `SELECT raw FROM ${table} ORDER BY line`, 'TSVRaw');
    const events = [
      logLine({ n: 1 }),
      logLine({ n: 2 }),
      large,
      logLine({ n: 4 }),
      logLine({ n: 5 }),
    ];
    expect((await raws('events')) === `${events.join('\n')}\n`).toBe(true);
    expect((await raws('rejected_lines')) === `${rejected}\n`).toBe(true);
  },
  TIMEOUT_MS,
);

test.skipIf(!canPack)(
  'a load that only hands log files out needs no key; one with database files says that it does',
  async () => {
    const keys = ['--key', packages.keyFile];
    await using deployment = await KafkaDeployment.start({ kafka, prefix: 'keyless', keys });
    deployment.ingest();
    deployment.sink();
    const tar = await packages.tar('2013-10-23-UniversityA-tracking.tar', {
      [logPath('003', '2013-10-23')]: logLines(1, 5),
    });
    const zip = await packages.zip('UniversityA-2013-10-23.zip', {
      'UniversityA-CS1-2013_Fall-user_id_map-prod-analytics.sql': 'hash_id\tid\tusername\n',
    });
    const withZip = await deployment.load([tar, zip], [], { keys: [] }).ended;
    expect(withZip).toMatchObject({ status: 2, said: expect.stringContaining('KEY_MISSING') });
    expect(withZip.said).toContain(zip);
    const { status, said } = await deployment.load([tar], [], { keys: [] }).ended;
    expect(status, said).toBe(0);
    const rows = await rowsOf(deployment.place, 'SELECT count() AS events FROM events');
    expect(rows).toEqual([{ events: '5' }]);
  },
  TIMEOUT_MS,
);
