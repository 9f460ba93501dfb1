/**
 * What tests of faults over Kafka share: a cluster of three brokers, two weeks of packages, and what must be in
 * the warehouse after two ingests and two sinks have loaded them, whatever was in their way: the tables of a load in
 * one process, and in a replay the order of a naive sort. `npm test` tries each fault with two seeds,
 * `npm run test:faults` with twenty.
 *
 * Only a fault that falls into the middle of a load counts; the seed is tried again where the load was faster.
 * A load that ends because of the fault (status 3) is run again, as its message says, and that is counted.
 *
 * One fault with one seed: EDXSTREAM_TEST_SEED=… npx vitest run test/faults -t 'two are killed at once'
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { topicNames } from '#shared/kafka/topics';
import { migrate } from '#shared/warehouse/migrate';
import { ServerWarehouse } from '#shared/warehouse/server';
import { checksums } from './checksums.js';
import { ClickHouseFront, FRONT_PASSWORD, FRONT_USER } from './clickhouse-front.js';
import { edxstream } from './edxstream.js';
import { withAdmin } from './kafka-admin.js';
import { KafkaBrokers } from './kafka-broker.js';
import { LoadUnderFault } from './load-under-fault.js';
import { coursesOf, naiveReplay } from './naive-events.js';
import { type PackagesForKafka, packagesForKafka } from './packages-for-kafka.js';
import { type SeededRandom, seededRandom } from './random.js';
import { halfLoaded } from './two-weeks.js';

const {
  EDXSTREAM_TEST_KILLS: givenSeeds = '2',
  EDXSTREAM_TEST_AWAY_SECONDS: givenAway = '4',
  EDXSTREAM_TEST_SEED: givenSeed,
} = process.env;
export const SEEDS = givenSeed === undefined ? Number(givenSeeds) : 1;
/** How long the warehouse is away. */
export const AWAY_MS = Number(givenAway) * 1000;
export const SESSION_MS = 3000;
/** For one seed, which takes about twenty seconds, on a machine that has several times the work. */
const SEED_MS = 150_000 + AWAY_MS;
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

/** Does its work while a load is under way; resolves with whether that is what it hit. */
type Fault = (underway: LoadUnderFault, random: SeededRandom) => Promise<boolean>;

interface FaultOptions {
  /** How often the load may have to be run. */
  readonly runsMax?: number;
  /** How many seeds are tried side by side, where most of one is waiting. */
  readonly atOnce?: number;
}

export interface FaultBench {
  readonly kafka: KafkaBrokers;
  /** The test of this claim: for each seed, a load under the fault comes to the same tables and order. */
  survives(claim: string, name: string, fault: Fault, options?: FaultOptions): void;
}

/** Opens a bench for the tests of one file. */
export function faultBench(): FaultBench {
  let bench: Bench | undefined;
  const opened = (): Bench => {
    if (bench === undefined) throw new Error('There is no bench before the tests begin.');
    return bench;
  };
  beforeAll(async () => {
    bench = await Bench.open();
  });
  afterAll(() => bench?.[Symbol.asyncDispose]());
  return {
    get kafka() {
      return opened().kafka;
    },
    survives: (claim, name, fault, options = {}) =>
      test(claim, () => opened().survives(name, fault, options), SEEDS * 2 * SEED_MS),
  };
}

class Bench implements AsyncDisposable {
  readonly kafka: KafkaBrokers;
  readonly #packages: PackagesForKafka;
  /** A database with the schema in it, to begin with copies of. */
  readonly #migrated: ClickHouseFront;
  readonly #courses: readonly string[];
  readonly #replay: readonly Buffer[];

  private constructor(
    [kafka, packages, migrated]: readonly [KafkaBrokers, PackagesForKafka, ClickHouseFront],
    events: Awaited<ReturnType<PackagesForKafka['events']>>,
  ) {
    this.kafka = kafka;
    this.#packages = packages;
    this.#migrated = migrated;
    this.#courses = coursesOf(events).slice(0, COURSES);
    this.#replay = naiveReplay(events, this.#courses).map(({ raw }) => raw);
  }

  static async open(): Promise<Bench> {
    const properties = { 'group.min.session.timeout.ms': String(SESSION_MS) };
    const parts = await Promise.all([
      KafkaBrokers.start({ brokers: 3, properties }),
      packagesForKafka({ eventsPerDay: 400, withTables: false }),
      migratedFront(),
    ]);
    return new Bench(parts, await parts[1].events());
  }

  async survives(name: string, fault: Fault, { runsMax = 1, atOnce = 1 }: FaultOptions) {
    const seeds = Array.from({ length: SEEDS }, (_, at) => at + 1).values();
    const failures: unknown[] = [];
    const work = async (): Promise<void> => {
      for (const seed of seeds) {
        if (failures.length > 0) return;
        await this.#seed(`${name} ${seed}`, fault, runsMax).catch((error) => failures.push(error));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    if (failures.length > 0) throw failures[0];
  }

  async #seed(name: string, fault: Fault, runsMax: number): Promise<void> {
    const random = seededRandom(name);
    for (let tries = 1; ; tries += 1) {
      expect({ name, seed: random.seed, tries }).toSatisfy(() => tries <= TRIES_MAX);
      const story = `${name}, EDXSTREAM_TEST_SEED=${random.seed}, try ${tries}`;
      if (await this.#loadsDespite(story, fault, random, runsMax)) return;
    }
  }

  async #loadsDespite(
    story: string,
    fault: Fault,
    random: SeededRandom,
    runsMax: number,
  ): Promise<boolean> {
    const beganMs = performance.now();
    const prefix = story.replaceAll(/[^a-z0-9]+/gi, '-');
    await using underway = await LoadUnderFault.start(
      { kafka: this.kafka, prefix, environment: ENVIRONMENT, copyOf: this.#migrated },
      this.#packages,
    );
    const outcome = async () => {
      const [isHit, { ended, runs }] = await Promise.all([
        fault(underway, random),
        underway.load(),
      ]);
      const duplicates = await underway.duplicates();
      expect({ status: ended.status, said: ended.status === 1 ? '' : ended.said }).toEqual({
        ...{ status: 1, said: '' },
      });
      expect(runs, 'loads that were needed').toBeLessThanOrEqual(runsMax);
      await this.#expectWhole(underway);
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
      const topics = Object.values(topicNames(prefix));
      await withAdmin(this.kafka, (admin) => admin.deleteTopics({ topics }));
    }
  }

  async #expectWhole(underway: LoadUnderFault): Promise<void> {
    const { front } = underway.deployment;
    // First, because what wakes up late may still do something.
    expect((await underway.drain()).filter((status) => status !== 0)).toEqual([]);
    expect(await halfLoaded(front)).toEqual([]);
    expect(await checksums(front)).toEqual(this.#packages.checksums);
    await this.#expectOrder(underway);
  }

  /** What reads the warehouse gets each course in order: byte for byte the lines of a naive sort. */
  async #expectOrder({ deployment }: LoadUnderFault): Promise<void> {
    const { url, environment } = deployment.place;
    const asked = this.#courses.flatMap((course) => ['--course', course]);
    const { status, stdout, stderr } = await edxstream(
      ['replay', '--warehouse', url, '--speed', 'max', ...asked],
      { environment },
    );
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    const lines = stdout.split('\n').slice(0, -1);
    expect(lines.length).toBe(this.#replay.length);
    const other = lines.findIndex((line, at) => line !== this.#replay[at]?.toString());
    expect(lines[other]).toBe(this.#replay[other]?.toString());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kafka[Symbol.asyncDispose]();
    await this.#packages[Symbol.asyncDispose]();
    await this.#migrated[Symbol.asyncDispose]();
  }
}

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

async function within<Result>(ms: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It was not done within ${ms / 1000} s.`)), ms);
  });
  work.catch(() => undefined);
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
