/** What is loaded while a replay waits at the end, in a real engine; waiting takes no time. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type EmbeddedWarehouse, openEmbeddedWarehouse } from '#shared/warehouse/embedded';
import { migrate } from '#shared/warehouse/migrate';
import { followSource } from './follow-source.js';
import { Replay } from './replay.js';
import type { ReplayScope } from './replay-scope.js';
import { VirtualClock } from './testing/virtual-clock.js';

const COURSE = 'UniversityA/CS1/2013_Fall';
const DAY = 16_000;
const ALL: ReplayScope = {
  ...{ sites: [], fromUs: undefined, toUs: undefined, where: undefined, skipUntimed: false },
};

let place: string;
let warehouse: EmbeddedWarehouse;

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'edxstream-follow-'));
  warehouse = await openEmbeddedWarehouse(join(place, 'data'), { command: 'test' });
  await migrate(warehouse);
});
beforeEach(() => warehouse.statement('TRUNCATE TABLE events'));
afterAll(async () => {
  await warehouse[Symbol.asyncDispose]();
  await rm(place, { recursive: true, force: true });
});

/** Loads events whose line is their second of the day. */
async function load(seconds: readonly number[], course = COURSE): Promise<void> {
  if (seconds.length === 0) return;
  const rows = seconds.map(
    (second) =>
      `('${course}', fromUnixTimestamp64Micro(${DAY * 86_400e6 + second * 1e6}, 'UTC'), 'ok', 'prod', 'a', '', toDate(${DAY}), ${second}, '{}')`,
  );
  await warehouse.statement(
    `INSERT INTO events (course_id, time, time_state, site, organization, server, log_date, line, raw) VALUES ${rows.join(',')}`,
  );
}

interface Round {
  readonly load: readonly number[];
}

/** Follows; before each look but the first, the next of these is loaded. Ends after the last one. */
async function follow(rounds: readonly Round[]) {
  const clock = new VirtualClock();
  const stop = new AbortController();
  const earlier: number[] = [];
  let looks = 0;
  const source = followSource({
    access: {
      async take() {
        const next = rounds[looks - 1];
        looks += 1;
        if (looks > rounds.length + 1) stop.abort();
        if (next !== undefined) await load(next.load);
        return warehouse;
      },
      release: async () => undefined,
    },
    ...{ courses: [COURSE], clock, pollMs: 5000 },
    scope: ALL,
    onEarlier: (events) => earlier.push(events),
  });
  const replay = new Replay(source, {
    ...{ start: { kind: 'at-time', timeUs: 0 }, speed: 1, clock, signal: stop.signal },
    maxGapUs: Number.POSITIVE_INFINITY,
  });
  const sent: [line: number, atMs: number][] = [];
  for await (const batch of replay) {
    for (const { line } of batch) sent.push([line, Math.round(clock.nowMs())]);
  }
  return { sent, earlier };
}

test('what is loaded later is sent when it is there, at its own pace from then on', async () => {
  await load([10, 12]);
  const { sent, earlier } = await follow([{ load: [] }, { load: [50_000, 50_007] }]);
  // At the end after 2 s, a look each 5 s: the second finds more, and nobody waits for its hours.
  expect(sent).toEqual([
    [10, 0],
    [12, 2000],
    [50_000, 12_000],
    [50_007, 19_000],
  ]);
  expect(earlier).toEqual([]);
});

test('what is loaded before the position is counted once and left out', async () => {
  await load([10, 20]);
  const { sent, earlier } = await follow([{ load: [5, 15, 30] }, { load: [] }, { load: [25, 40] }]);
  expect(sent.map(([line]) => line)).toEqual([10, 20, 30, 40]);
  expect(earlier).toEqual([2, 1]);
});

test("events of other courses are nobody's concern", async () => {
  await load([10]);
  await load([5, 50], 'x/y/z');
  const { sent, earlier } = await follow([{ load: [11] }]);
  expect(sent.map(([line]) => line)).toEqual([10, 11]);
  expect(earlier).toEqual([]);
});

test('after a seek it is looked into at once, though nothing was loaded', async () => {
  await load([10, 20]);
  const [stop, clock] = [new AbortController(), new VirtualClock()];
  const firsts: boolean[] = [];
  const source = followSource({
    access: {
      async take({ isFirst }) {
        firsts.push(isFirst);
        if (firsts.length === 5) stop.abort();
        return isFirst ? warehouse : undefined;
      },
      release: async () => undefined,
    },
    ...{ courses: [COURSE], clock, pollMs: 5000, onEarlier: () => undefined },
    scope: ALL,
  });
  const replay = new Replay(source, {
    ...{ start: { kind: 'at-time', timeUs: 0 }, speed: 1, clock, signal: stop.signal },
    maxGapUs: Number.POSITIVE_INFINITY,
  });
  clock.at(17_000, () => replay.seek((DAY * 86_400 + 15) * 1e6));
  const lines: number[] = [];
  for await (const batch of replay) lines.push(...batch.map(({ line }) => line));
  expect(lines).toEqual([10, 20, 20]);
  // Once at the start and once after the seek.
  expect(firsts.filter((isFirst) => isFirst)).toHaveLength(2);
});

test('a warehouse that cannot be had is looked for again, and given back each time', async () => {
  await load([10]);
  const [stop, clock] = [new AbortController(), new VirtualClock()];
  const taken: boolean[] = [];
  let released = 0;
  const source = followSource({
    access: {
      async take() {
        taken.push(taken.length % 2 === 1);
        return taken.at(-1) === true ? warehouse : undefined;
      },
      async release() {
        released += 1;
        if (released === 3) stop.abort();
      },
    },
    ...{ courses: [COURSE], clock, pollMs: 5000, onEarlier: () => undefined },
    scope: ALL,
  });
  const lines: number[] = [];
  for await (const slice of source.open({ kind: 'at-time', timeUs: 0 }, stop.signal)) {
    lines.push(...slice.map(({ line }) => line));
  }
  expect(lines).toEqual([10]);
  expect(taken).toEqual([false, true, false, true, false, true]);
});
