import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Replay, type ReplayOptions } from './replay.js';
import { CATCH_UP } from './replay-schedule.js';
import type { ReplayedEvent } from './replayed-event.js';
import { anEvent, sourceOf } from './testing/event-lists.js';
import { VirtualClock } from './testing/virtual-clock.js';

interface Emitted {
  readonly line: number;
  readonly atMs: number;
}

interface Played {
  readonly replay: Replay;
  readonly clock: VirtualClock;
  /** Takes everything, and notes when it came. */
  all(onEvent?: (event: ReplayedEvent) => void): Promise<Emitted[]>;
}

function play(events: readonly ReplayedEvent[], options: Partial<ReplayOptions> = {}): Played {
  const clock = new VirtualClock();
  const replay = new Replay(sourceOf(events), {
    ...{ start: { kind: 'at-time', timeUs: 0 }, speed: 1, clock },
    ...{ maxGapUs: Number.POSITIVE_INFINITY, signal: new AbortController().signal },
    ...options,
  });
  return {
    replay,
    clock,
    async all(onEvent = () => undefined) {
      const emitted: Emitted[] = [];
      for await (const batch of replay) {
        for (const event of batch) emitted.push({ line: event.line, atMs: clock.nowMs() });
        for (const event of batch) onEvent(event);
      }
      return emitted;
    },
  };
}

const atSeconds = (...seconds: readonly number[]): ReplayedEvent[] =>
  seconds.map((second, index) => anEvent(second, index + 1));

const milliseconds = (emitted: readonly Emitted[]): number[] =>
  emitted.map(({ atMs }) => Math.round(atMs));

const times = fc
  .array(fc.double({ min: 0, max: 604_800, noNaN: true }), { minLength: 1, maxLength: 60 })
  .map((seconds) => seconds.toSorted((a, b) => a - b));

test('every event is emitted when it is due: not before, and with nothing in the way not after', async () => {
  const speeds = fc.constantFrom(0.5, 1, 60, 1000);
  await fc.assert(
    fc.asyncProperty(times, speeds, async (seconds, speed) => {
      const events = atSeconds(...seconds);
      const emitted = await play(events, { speed }).all();
      expect(emitted.map(({ line }) => line)).toEqual(events.map(({ line }) => line));
      for (const [index, { atMs }] of emitted.entries()) {
        const dueMs = ((seconds[index] ?? 0) - (seconds[0] ?? 0)) * (1000 / speed);
        expect(Math.abs(atMs - dueMs)).toBeLessThan(0.01);
      }
    }),
  );
});

test('max emits everything without waiting', async () => {
  const emitted = await play(atSeconds(0, 86_400, 604_800), {
    speed: Number.POSITIVE_INFINITY,
  }).all();
  expect(milliseconds(emitted)).toEqual([0, 0, 0]);
});

test('what a slow consumer delayed is caught up at the stated multiple of the pace, not at once', async () => {
  const seconds = Array.from({ length: 60 }, (_, second) => second);
  const { clock, all } = play(atSeconds(...seconds));
  const emitted = await all(({ line }) => {
    if (line === 11) clock.pass(20_000);
  });
  const after = milliseconds(emitted).slice(11);
  // Ready again at 30 s, with event time at 10 s: two seconds of it each second, until they meet at 50 s.
  expect(after.slice(0, 4)).toEqual([30_500, 31_000, 31_500, 32_000]);
  for (const [index, atMs] of after.entries()) {
    const eventSecond = 11 + index;
    expect(atMs).toBe(1000 * Math.max(eventSecond, 30 + (eventSecond - 10) / CATCH_UP));
  }
});

test('paused, nothing is emitted; resumed, it goes on from where it stood', async () => {
  const { replay, clock, all } = play(atSeconds(0, 1, 2, 3));
  clock.at(1500, () => {
    replay.pause();
    // Nobody waits for the clock while paused, so a timer of another kind resumes.
    setTimeout(() => {
      clock.pass(10_000);
      replay.resume();
    }, 5);
  });
  expect(milliseconds(await all())).toEqual([0, 1000, 12_000, 13_000]);
});

test('another speed holds from where event time is', async () => {
  const { replay, clock, all } = play(atSeconds(0, 10, 20, 30), { speed: 1 });
  clock.at(15_000, () => replay.changeSpeed(10));
  expect(milliseconds(await all())).toEqual([0, 10_000, 15_500, 16_500]);
});

test('from a pace to max and back', async () => {
  const { replay, clock, all } = play(atSeconds(0, 10, 20, 30, 40, 50));
  clock.at(5000, () => replay.changeSpeed(Number.POSITIVE_INFINITY));
  const emitted = await all(({ line }) => {
    if (line === 4) replay.changeSpeed(5);
  });
  // The slice of max was under way: all of it came at 5 s.
  expect(milliseconds(emitted)).toEqual([0, 5000, 5000, 5000, 5000, 5000]);
});

test('a seek goes on with the first event at that time, and it is due at once', async () => {
  const { replay, clock, all } = play(atSeconds(0, 10, 20, 20, 30, 40));
  clock.at(5000, () => replay.seek(20e6));
  clock.at(7000, () => replay.seek(10e6));
  const emitted = await all();
  expect(emitted.map(({ line, atMs }) => [line, Math.round(atMs)])).toEqual([
    [1, 0],
    [3, 5000],
    [4, 5000],
    [2, 7000],
    [3, 17_000],
    [4, 17_000],
    [5, 27_000],
    [6, 37_000],
  ]);
});

test('a gap that is longer than allowed is shortened, counted and told; one that is not is kept', async () => {
  const told: object[] = [];
  const { replay, all } = play(atSeconds(0, 60, 3660, 3661), {
    ...{ speed: 10, maxGapUs: 60e6, onShortened: (gap) => told.push(gap) },
  });
  expect(milliseconds(await all())).toEqual([0, 6000, 12_000, 12_100]);
  expect(told).toEqual([{ fromUs: 60e6, toUs: 3660e6 }]);
  expect(replay.status().gapsShortened).toBe(1);
});

test('the status says where event time is, when the next event comes, and how late it is', async () => {
  const { replay, clock, all } = play(atSeconds(100, 110), { speed: 2 });
  expect(replay.status().eventTimeUs).toBeNaN();
  clock.at(1000, () =>
    expect(replay.status()).toMatchObject({
      eventTimeUs: 102e6,
      nextInMs: 4000,
      lagMs: 0,
      events: 1,
    }),
  );
  await all(({ line }) => {
    if (line === 1) return;
    expect(replay.status()).toMatchObject({ eventTimeUs: 110e6, events: 2, speed: 2 });
  });
  expect.assertions(3);
});

test('an abort ends it, also while it waits for an event of next year', async () => {
  const stop = new AbortController();
  const { clock, all } = play(atSeconds(0, 31_536_000), { signal: stop.signal });
  clock.at(5000, () => stop.abort());
  expect(await all()).toHaveLength(1);
});

test('a fault of the source is the fault of the replay', async () => {
  const source = {
    async *open() {
      yield [anEvent(1, 1)];
      throw new Error('the disk is gone');
    },
  };
  const replay = new Replay(source, {
    ...{ start: { kind: 'at-time', timeUs: 0 }, speed: 1, clock: new VirtualClock() },
    ...{ maxGapUs: Number.POSITIVE_INFINITY, signal: new AbortController().signal },
  });
  const taken: number[] = [];
  await expect(async () => {
    for await (const batch of replay) taken.push(...batch.map(({ line }) => line));
  }).rejects.toThrow('the disk is gone');
  expect(taken).toEqual([1]);
});

test('through any pauses, seeks and changes of speed, what is emitted between two seeks is a run of the order', async () => {
  const action = fc.oneof(
    fc.record({ kind: fc.constant('pause' as const) }),
    fc.record({ kind: fc.constant('seek' as const), toS: fc.integer({ min: 0, max: 604_800 }) }),
    fc.record({ kind: fc.constant('speed' as const), speed: fc.constantFrom(1, 60, 1000, 5000) }),
  );
  const plans = fc.array(fc.tuple(fc.integer({ min: 1, max: 500_000 }), action), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(times, plans, async (seconds, planned) => {
      const events = atSeconds(...seconds);
      const { replay, clock, all } = play(events, { speed: 1000 });
      // What has to come: first all, and after each seek what is at its time or later.
      const runs: { readonly fromS: number; readonly lines: number[] }[] = [
        { fromS: 0, lines: [] },
      ];
      for (const [ms, what] of planned) {
        clock.at(ms, () => {
          if (what.kind === 'pause') {
            replay.pause();
            setImmediate(() => replay.resume());
          } else if (what.kind === 'speed') {
            replay.changeSpeed(what.speed);
          } else {
            replay.seek(what.toS * 1e6);
            runs.push({ fromS: what.toS, lines: [] });
          }
        });
      }
      await all(({ line }) => runs.at(-1)?.lines.push(line));
      for (const [index, { fromS, lines }] of runs.entries()) {
        const expected = events
          .filter(({ timeUs }) => timeUs >= fromS * 1e6)
          .map(({ line }) => line);
        const isLast = index === runs.length - 1;
        expect(lines).toEqual(isLast ? expected : expected.slice(0, lines.length));
      }
    }),
    { numRuns: 60 },
  );
});
