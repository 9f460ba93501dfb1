/**
 * A load into a server: the rows are those of a directory, also after a fault at any moment and another run.
 * The moment is a random one. `npm test` tries each kind of fault once, `npm run test:faults` seven times.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checksums } from '../support/checksums.js';
import { ClickHouseFront } from '../support/clickhouse-front.js';
import { edxstream, type Place, type Run, type Running } from '../support/edxstream.js';
import { type SeededRandom, seededRandom } from '../support/random.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { halfLoaded, TwoWeeks, untilSaid, wait } from '../support/two-weeks.js';

const { EDXSTREAM_TEST_KILLS: givenKills = '3' } = process.env;
const ROUNDS = Math.ceil(Number(givenKills) / 3);

let weeks: TwoWeeks;
/** What a load of both weeks sends. */
let wholeBytes: number;

beforeAll(async () => {
  weeks = await TwoWeeks.open({ eventsPerDay: 3000 });
});

afterAll(() => weeks?.[Symbol.asyncDispose]());

/** A server with nothing in it, and a way to it that can be cut. */
class Bench implements AsyncDisposable {
  readonly front: ClickHouseFront;
  readonly proxy: TcpProxy;

  private constructor(front: ClickHouseFront, proxy: TcpProxy) {
    this.front = front;
    this.proxy = proxy;
  }

  static async open(): Promise<Bench> {
    const front = await ClickHouseFront.start();
    return new Bench(front, await new TcpProxy(() => front.port).accept());
  }

  /** The fault must show: a server that is away for good is not waited for. */
  get byProxy(): Exclude<Place, string> {
    const environment = { ...this.front.environment, EDXSTREAM_WAREHOUSE_PATIENCE_SECONDS: '0' };
    return { url: this.proxy.url, environment };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy[Symbol.asyncDispose]();
    await this.front[Symbol.asyncDispose]();
  }
}

interface Disturbed {
  readonly bench: Bench;
  readonly loading: Running;
  readonly random: SeededRandom;
}

/** Loads with a fault, then again, round after round; each time the rows must be those of any other load. */
async function loadsComeOut(name: string, disturb: (what: Disturbed) => Promise<Run>) {
  const random = seededRandom(name);
  for (let round = 0; round < ROUNDS; round += 1) {
    await using bench = await Bench.open();
    const loading = weeks.load(bench.byProxy, [0, 1]);
    const disturbed = await disturb({ bench, loading, random });
    const story = `${name}, round ${round}: ended with ${disturbed.status} after ${bench.proxy.passedBytes} bytes`;
    console.log(story);
    const again = await weeks.load(bench.front, [0, 1]).ended;
    expect({ story, status: again.status, said: again.status === 1 ? '' : again.said }).toEqual({
      story,
      status: 1,
      said: '',
    });
    expect({ story, half: await halfLoaded(bench.front) }).toEqual({ story, half: [] });
    expect({ story, rows: await checksums(bench.front) }).toEqual({ story, rows: weeks.checksums });
  }
}

async function untilPassed({ bench, loading, random }: Disturbed): Promise<void> {
  const bytes = wholeBytes * (0.02 + 0.95 * random.next());
  while (bench.proxy.passedBytes < bytes && loading.child.exitCode === null) await wait(2);
}

test('a server holds the same rows as a directory, by checksum over every table', async () => {
  await using bench = await Bench.open();
  const run = await weeks.load(bench.byProxy, [0, 1]).ended;
  wholeBytes = bench.proxy.passedBytes;
  expect([run.status, run.status === 1 ? '' : run.said]).toEqual([1, '']);
  expect(await halfLoaded(bench.front)).toEqual([]);
  expect(await checksums(bench.front)).toEqual(weeks.checksums);
});

const LIMIT_MS = ROUNDS * 120_000;

test(
  'a connection cut anywhere ends the load with 3, and the next run comes to the same rows',
  () =>
    loadsComeOut('cut', async ({ bench, loading, random }) => {
      bench.proxy.cutAfter(Math.round(wholeBytes * (0.02 + 0.95 * random.next())));
      const run = await loading.ended;
      // A query that is cut is asked again, and the load goes on as if nothing had been.
      expect([1, 3]).toContain(run.status);
      if (run.status === 3) expect(run.said).toContain('WAREHOUSE_UNREACHABLE');
      return run;
    }),
  LIMIT_MS,
);

test(
  'a server that is killed and comes back has no half of a file after the next run',
  () =>
    loadsComeOut('server killed', async (disturbed) => {
      await untilPassed(disturbed);
      await disturbed.bench.front.kill();
      const run = await disturbed.loading.ended;
      await disturbed.bench.front.up();
      return run;
    }),
  LIMIT_MS,
);

test(
  'a load that is killed is followed at once, and leaves nothing twice',
  () =>
    loadsComeOut('load killed', async (disturbed) => {
      await untilPassed(disturbed);
      disturbed.loading.child.kill('SIGKILL');
      return disturbed.loading.ended;
    }),
  LIMIT_MS,
);

test('while a load runs another is told who does; reading works, and says that files are not whole', async () => {
  await using bench = await Bench.open();
  const place = { url: bench.front.url, environment: bench.front.environment };
  const loading = weeks.load(place, [0, 1]);
  await untilSaid(loading, '"type":"file"');
  const second = await weeks.load(place, [0]).ended;
  expect([second.status, second.said]).toEqual([3, expect.stringContaining('WAREHOUSE_BUSY')]);
  expect(second.said).toContain(`process ${loading.child.pid} on`);
  const options = { environment: place.environment };
  const status = await edxstream(['status', '--warehouse', place.url], options);
  expect(status.status, status.said).toBe(0);
  expect(status.stdout).toContain('`edxstream load` runs on it');
  expect((await loading.ended).status).toBe(1);
  const after = await edxstream(['status', '--warehouse', place.url], options);
  expect(after.stdout).toContain('No command is running on it.');
  expect(await checksums(place)).toEqual(weeks.checksums);
});

test('a server that cannot be reached, a wrong password and an empty database end with what to do', async () => {
  await using bench = await Bench.open();
  const ask = (environment: Record<string, string>, url = bench.front.url) =>
    edxstream(['query', 'SELECT 1', '--warehouse', url], { environment });
  const { environment } = bench.front;
  const empty = await ask(environment);
  expect([empty.status, empty.stderr]).toEqual([2, expect.stringMatching(/^WAREHOUSE_EMPTY/)]);
  const wrong = await ask({ ...environment, EDXSTREAM_WAREHOUSE_PASSWORD: 'guessed' });
  expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringMatching(/^WAREHOUSE_REFUSED/)]);
  expect(wrong.said).not.toContain('guessed');
  await bench.proxy.refuse();
  const away = await ask(bench.byProxy.environment, bench.proxy.url);
  expect([away.status, away.stderr]).toEqual([3, expect.stringMatching(/^WAREHOUSE_UNREACHABLE/)]);
  expect(away.stderr).toContain(bench.proxy.url);
});
