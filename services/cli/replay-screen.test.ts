import { expect, test } from 'vitest';
import type { ReplayStatus } from '../replay/replay.js';
import { renderReplay } from './replay-screen.js';

const STATUS: ReplayStatus = {
  ...{ eventTimeUs: Date.UTC(2013, 9, 22, 10, 0, 3) * 1000, speed: 60, isPaused: false },
  ...{ isWaiting: false, events: 1204, gapsShortened: 0, changes: 0, nextInMs: 0, lagMs: 0 },
};

test.each([
  [{}, 59.84, '2013-10-22 10:00:03   speed 60 (59.8 reached)   1,204 events   on time'],
  [{}, undefined, '2013-10-22 10:00:03   speed 60   1,204 events   on time'],
  [{ lagMs: 4200 }, 12_345, '… speed 60 (12,345 reached)   1,204 events   4.2 s behind'],
  [{ nextInMs: 150_000 }, 60, '… speed 60 (60 reached)   1,204 events   next event in 2 min 30 s'],
  [{ isPaused: true, events: 1 }, 60, '… speed 60   1 event   paused'],
  [{ isWaiting: true }, 60, '… speed 60   1,204 events   waiting for more'],
  [{ speed: Number.POSITIVE_INFINITY }, 130_000, '… speed max (130,000 reached)   1,204 events'],
])('%#: what it is at, in one line', (change, reached, line) => {
  const said = renderReplay({ ...STATUS, ...change }, reached);
  expect(said).toBe(line.replace('… ', '2013-10-22 10:00:03   '));
});

test('before the first event there is nothing to say of it', () => {
  expect(renderReplay({ ...STATUS, eventTimeUs: Number.NaN }, undefined)).toBe(
    'looking for the first event',
  );
});
