/**
 * What operators see of ingest, sink and load: readiness while Kafka comes and goes, metrics after a load, who
 * is waited for, and an end by SIGTERM.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Running } from '../support/edxstream.js';
import { KafkaBrokers } from '../support/kafka-broker.js';
import { KafkaDeployment } from '../support/kafka-deployment.js';
import { type PackagesForKafka, packagesForKafka } from '../support/packages-for-kafka.js';
import { scrape, urlOf } from '../support/scrape.js';

const TIMEOUT_MS = 300_000;
const PATIENT = { timeout: 120_000, interval: 200 };

let kafka: KafkaBrokers;
let packages: PackagesForKafka;

beforeAll(async () => {
  [kafka, packages] = await Promise.all([
    KafkaBrokers.start(),
    packagesForKafka({ eventsPerDay: 60, withTables: false }),
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
