/**
 * Some log files lag days behind the others: the ingest that is to read them stands still, those of the first
 * date among them, and others bring all of theirs. What a sink holds stays within its bound, and the tables are
 * those of any load. `npm run test:faults` takes thirty times as much, and holds the memory of the process
 * against its bounds as well.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checksums } from '../support/checksums.js';
import type { Running } from '../support/edxstream.js';
import { KafkaBrokers } from '../support/kafka-broker.js';
import { KafkaDeployment } from '../support/kafka-deployment.js';
import { type PackagesForKafka, packagesForKafka } from '../support/packages-for-kafka.js';
import { peakMemoryOf } from '../support/peak-memory.js';
import { scrape } from '../support/scrape.js';
import { wait } from '../support/two-weeks.js';

const { EDXSTREAM_TEST_KILLS } = process.env;
const IS_LONG = EDXSTREAM_TEST_KILLS !== undefined;
const TIMEOUT_MS = IS_LONG ? 900_000 : 240_000;
const MIB = 2 ** 20;
/** A fraction of the lines that do not lag. */
const WINDOW_MIB = IS_LONG ? 16 : 2;
const EVENTS_PER_DAY = IS_LONG ? 30_000 : 1000;
const INGESTS = 3;
/** Of these packages every ingest has as many at the least. */
const FILES_OF_AN_INGEST = 12;
/** What the process needs without any event, its code and the heap of JavaScript included. */
const PROCESS_MIB = 400;
/** What a broker sends at once, see run-sink.ts. */
const FETCH_MIB = 16;

let kafka: KafkaBrokers;
let packages: PackagesForKafka;

beforeAll(async () => {
  [kafka, packages] = await Promise.all([
    KafkaBrokers.start(),
    packagesForKafka({ eventsPerDay: EVENTS_PER_DAY, withTables: false }),
  ]);
}, TIMEOUT_MS);

afterAll(async () => {
  await kafka?.[Symbol.asyncDispose]();
  await packages?.[Symbol.asyncDispose]();
});

test(
  'while log files lag behind, what a sink holds keeps its bound; what goes early is counted, and all is in the tables',
  async () => {
    await using deployment = await KafkaDeployment.start({
      ...{ kafka, prefix: 'lagging', keys: packages.keys },
      environment: {
        // Log files go from partition to partition, so that each ingest has some of every few dates.
        EDXSTREAM_KAFKA_PARTITIONS: String(INGESTS),
        EDXSTREAM_DATES_AHEAD: '1000',
        // Whoever stands still keeps its work.
        EDXSTREAM_KAFKA_SESSION_SECONDS: '300',
        EDXSTREAM_WINDOW_BYTES_MAX: `${WINDOW_MIB} MiB`,
        EDXSTREAM_RELEASE_BYTES: '1 MiB',
        EDXSTREAM_BATCH_BYTES: '64 KiB',
      },
    });
    const sink = deployment.sink();
    const peak = peakMemoryOf(sink.child);
    const ingests = Array.from({ length: INGESTS }, () => deployment.ingest());
    const shares = () => ingests.map(partitionsOf);
    await expect.poll(shares, { timeout: 60_000 }).toEqual(ingests.map(() => 1));
    const [lagging, ...others] = ingests;
    lagging?.child.kill('SIGSTOP');
    const load = deployment.load(packages.weeks.flat());
    await using window = watchWindow(sink);
    await expect
      .poll(() => others.every((ingest) => filesRead(ingest) >= FILES_OF_AN_INGEST), {
        timeout: TIMEOUT_MS,
      })
      .toBe(true);
    // No date is complete, so whatever is in the tables by now was released early.
    const early = () => scrape(sink).then((series) => series['edxstream_early_releases_total']);
    await expect.poll(early, { timeout: TIMEOUT_MS }).toBeGreaterThan(2);
    const atStandstill = await scrape(sink);
    expect(atStandstill['edxstream_watermark_timestamp_seconds{partition="0"}']).toBeUndefined();
    lagging?.child.kill('SIGCONT');
    const { status, said } = await load.ended;
    expect(status, said).toBe(1);
    expect(Math.max(...window.seenBytes)).toBeGreaterThan((WINDOW_MIB * MIB) / 2);
    expect(Math.max(...window.seenBytes)).toBeLessThanOrEqual(WINDOW_MIB * MIB);
    expect(await checksums(deployment.place)).toEqual(packages.checksums);
    const story = `${await early()} early releases, window ${Math.max(...window.seenBytes) / MIB} MiB`;
    await window[Symbol.asyncDispose]();
    sink.child.kill('SIGTERM');
    const peakMiB = (await peak) / MIB;
    console.log(`${story}, sink ${Math.round(peakMiB)} MiB at its peak`);
    // The window is held twice: what is gathered, and what was released and is being inserted.
    if (IS_LONG) expect(peakMiB).toBeLessThan(PROCESS_MIB + 2 * WINDOW_MIB + FETCH_MIB);
  },
  TIMEOUT_MS,
);

/** How many partitions of the log files an ingest has, as it said last. */
function partitionsOf({ said }: Running): number {
  const [, last = ''] = [...said().matchAll(/"partitions":\[([^\]]*)\]/g)].at(-1) ?? [];
  return last === '' ? 0 : last.split(',').length;
}

function filesRead({ said }: Running): number {
  return said().split('"Log file read."').length - 1;
}

/** Looks at what a sink holds, again and again. */
function watchWindow(sink: Running): AsyncDisposable & { readonly seenBytes: readonly number[] } {
  const seenBytes: number[] = [];
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      seenBytes.push((await scrape(sink))['edxstream_window_bytes'] ?? 0);
      await wait(10);
    }
  })();
  watching.catch(() => undefined);
  return {
    seenBytes,
    async [Symbol.asyncDispose]() {
      isOver = true;
      await watching;
    },
  };
}
