/**
 * What operators see of ingest, sink and load: readiness while Kafka and the warehouse come and go, metrics after
 * a load, who is waited for, and an end by SIGTERM.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checksums } from '../support/checksums.js';
import type { Running } from '../support/edxstream.js';
import { KafkaBrokers } from '../support/kafka-broker.js';
import { KafkaDeployment } from '../support/kafka-deployment.js';
import { type PackagesForKafka, packagesForKafka } from '../support/packages-for-kafka.js';
import { scrape, urlOf } from '../support/scrape.js';
import { wait } from '../support/two-weeks.js';

const TIMEOUT_MS = 300_000;
const PATIENT = { timeout: 120_000, interval: 200 };
/** Log files are handed out at once, and a sink inserts whatever comes: it has something to ask of the warehouse. */
const EAGER = {
  EDXSTREAM_DATES_AHEAD: '1000',
  EDXSTREAM_BATCH_BYTES: '64 KiB',
  EDXSTREAM_RELEASE_BYTES: '1 MiB',
  EDXSTREAM_WINDOW_BYTES_MAX: '1 MiB',
};

let kafka: KafkaBrokers;
let packages: PackagesForKafka;

beforeAll(async () => {
  [kafka, packages] = await Promise.all([
    KafkaBrokers.start(),
    packagesForKafka({ eventsPerDay: 300, withTables: false }),
  ]);
}, TIMEOUT_MS);

afterAll(async () => {
  await kafka?.[Symbol.asyncDispose]();
  await packages?.[Symbol.asyncDispose]();
});

async function readiness(running: Running): Promise<{ status: number; missing: string[] }> {
  const response = await fetch(`${urlOf(running)}/readyz`);
  const { missing } = (await response.json()) as { missing: string[] }; // see serve-operations.ts
  return { status: response.status, missing };
}

test(
  'a load says who is missing, metrics count what it did, readiness follows Kafka, and SIGTERM drains',
  async () => {
    await using deployment = await KafkaDeployment.start({
      ...{ kafka, prefix: 'operating', keys: packages.keys },
    });
    const sink = deployment.sink();
    const load = deployment.load(packages.weeks.flat());
    await expect.poll(() => load.said(), PATIENT).toContain('no `edxstream ingest` is there');
    const ingest = deployment.ingest();
    const { status, said } = await load.ended;
    expect(status, said).toBe(1);
    const both = [ingest, sink];
    for (const one of both) {
      await expect.poll(() => readiness(one), PATIENT).toEqual({ status: 200, missing: [] });
    }

    const published = await scrape(ingest);
    const loaded = await scrape(sink);
    expect(published['edxstream_rejected_lines_total{reason="not-json"}']).toBeGreaterThan(0);
    expect(published['edxstream_log_files_total{outcome="loaded"}']).toBeGreaterThan(0);
    expect(published['edxstream_late_events_total']).toBeGreaterThan(0);
    expect(loaded['edxstream_events_total{stage="loaded"}']).toBe(
      published['edxstream_events_total{stage="published"}'],
    );
    for (const partition of [0, 1, 2, 3]) {
      expect(loaded[`edxstream_lag_records{partition="${partition}"}`]).toBe(0);
      expect(
        loaded[`edxstream_watermark_age_seconds{partition="${partition}"}`],
      ).toBeGreaterThanOrEqual(0);
    }
    expect(loaded['edxstream_early_releases_total']).toBe(0);

    await kafka.stopNode(1, 'SIGKILL');
    for (const one of both) {
      await expect
        .poll(() => readiness(one), PATIENT)
        .toEqual({ status: 503, missing: expect.arrayContaining(['kafka']) });
    }
    const waiting = deployment.load(packages.weeks.flat());
    await expect.poll(() => waiting.said(), PATIENT).toContain('Waiting for Kafka at');
    await kafka.startNode(1);
    await kafka.untilReady(1);
    for (const one of both) {
      await expect.poll(() => readiness(one), PATIENT).toEqual({ status: 200, missing: [] });
    }
    const again = await waiting.ended;
    expect([0, 1], again.said).toContain(again.status);

    for (const { child, ended } of both) {
      child.kill('SIGTERM');
      expect(await ended).toMatchObject({ status: 0, said: expect.stringContaining('Drained.') });
    }
  },
  TIMEOUT_MS,
);

test(
  'SIGTERM drains whoever waits for the rest of its group, at its first joining and at a later one',
  async () => {
    await using deployment = await KafkaDeployment.start({
      ...{ kafka, prefix: 'joining', keys: packages.keys },
      environment: {
        EDXSTREAM_KAFKA_SESSION_SECONDS: '120',
        EDXSTREAM_DRAIN_SECONDS: '20',
        EDXSTREAM_LOG_LEVEL: 'debug',
      },
    });
    for (const [join, shared] of [
      [() => deployment.ingest(), 'Log files are shared anew.'],
      [() => deployment.sink(), 'Partitions are shared anew.'],
    ] as const) {
      const silent = join();
      await expect.poll(() => silent.said(), PATIENT).toContain(shared);
      // Whoever comes and goes at once leaves nothing behind that the next one would wait for.
      const passing = join();
      await expect.poll(() => passing.said(), PATIENT).toContain('"msg":"Starting"'); // to join
      passing.child.kill('SIGTERM');
      expect(await passing.ended).toMatchObject({ status: 0 });
      const member = join();
      await expect.poll(() => member.said(), { timeout: 60_000 }).toContain(shared);
      silent.child.kill('SIGSTOP');
      const newcomer = join();
      await expect.poll(() => newcomer.said(), PATIENT).toContain('"Started."');
      const before = member.said().length;
      await expect
        .poll(() => member.said().slice(before), PATIENT)
        .toContain('The group is rebalancing, re-joining');
      expect(newcomer.said()).not.toContain(shared);
      for (const { child } of [member, newcomer]) child.kill('SIGTERM');
      for (const { ended } of [member, newcomer]) {
        expect(await ended).toMatchObject({ status: 0, said: expect.stringContaining('Drained.') });
      }
    }
  },
  TIMEOUT_MS,
);

test(
  'a sink whose warehouse is away is not ready; back again, it is, and the load ends',
  async () => {
    await using deployment = await KafkaDeployment.start({
      ...{ kafka, prefix: 'away', keys: packages.keys, environment: EAGER },
    });
    const sink = deployment.sink();
    const ingest = deployment.ingest();
    const load = deployment.load(packages.weeks.flat());
    await expect.poll(() => ingest.said(), PATIENT).toContain('Log file read.');
    await deployment.front.kill();
    await expect
      .poll(() => readiness(sink), PATIENT)
      .toEqual({ status: 503, missing: ['warehouse'] });
    await deployment.front.up();
    await expect.poll(() => readiness(sink), PATIENT).toEqual({ status: 200, missing: [] });
    // What the load was writing when the connection broke may be in or not; then it says so.
    const { status } = await load.ended;
    const { status: last, said } =
      status === 3 ? await deployment.load(packages.weeks.flat()).ended : await load.ended;
    expect(last, said).toBe(1);
    expect(await checksums(deployment.place)).toEqual(packages.checksums);
  },
  TIMEOUT_MS,
);

test(
  'a sink that cannot finish what it began says so within the time it has, and another one takes it over',
  async () => {
    await using deployment = await KafkaDeployment.start({
      ...{ kafka, prefix: 'draining', keys: packages.keys },
      environment: { ...EAGER, EDXSTREAM_DRAIN_SECONDS: '2' },
    });
    const sink = deployment.sink();
    const ingest = deployment.ingest();
    const load = deployment.load(packages.weeks.flat());
    await expect.poll(() => ingest.said(), PATIENT).toContain('Log file read.');
    deployment.front.stop();
    await wait(2000);
    const beganMs = performance.now();
    sink.child.kill('SIGTERM');
    const { status, said } = await sink.ended;
    expect(performance.now() - beganMs).toBeLessThan(20_000);
    expect({ status, said }).toEqual({
      status: 3,
      said: expect.stringContaining('DRAIN_TIMED_OUT'),
    });
    expect(said).not.toContain('Drained.');
    deployment.front.continue();
    deployment.sink();
    const ended = await load.ended;
    expect(ended.status, ended.said).toBe(1);
    expect(await checksums(deployment.place)).toEqual(packages.checksums);
  },
  TIMEOUT_MS,
);
