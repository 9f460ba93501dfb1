import { expect, test } from 'vitest';
import { Replay } from '../replay/replay.js';
import { anEvent, sourceOf } from '../replay/testing/event-lists.js';
import { VirtualClock } from '../replay/testing/virtual-clock.js';
import { listenToKeys } from './replay-keys.js';
import { aShell } from './testing/a-shell.js';

const HOUR_S = 3600;
const LEFT = '\u001b[D';
const RIGHT = '\u001b[C';

/** A replay that has sent the event at 100 hours, and the keys that are pressed then. */
async function press(...keys: readonly string[]): Promise<Replay> {
  const { shell, input } = aShell();
  const events = [100 * HOUR_S, 200 * HOUR_S].map((second, index) => anEvent(second, index + 1));
  const stop = new AbortController();
  const replay = new Replay(sourceOf(events), {
    ...{ start: { kind: 'at-time', timeUs: 0 }, speed: 60, clock: new VirtualClock() },
    ...{ maxGapUs: Number.POSITIVE_INFINITY, signal: stop.signal },
  });
  const listened = listenToKeys(replay, shell);
  for await (const _ of replay) {
    for (const key of keys) input.write(key);
    await new Promise(setImmediate);
    break;
  }
  listened?.close();
  return replay;
}

test.each([
  ['space', [' '], { isPaused: true }],
  ['space twice', [' ', ' '], { isPaused: false }],
  ['plus', ['+'], { speed: 120 }],
  ['minus, held down', ['--'], { speed: 15 }],
  ['m', ['m'], { speed: Number.POSITIVE_INFINITY }],
  ['m twice', ['m', 'm'], { speed: 60 }],
  ['plus at max', ['m', '+'], { speed: 60 }],
  ['right', [RIGHT], { eventTimeUs: 101 * HOUR_S * 1e6 }],
  ['right twice at once', [RIGHT + RIGHT], { eventTimeUs: 102 * HOUR_S * 1e6 }],
  ['left', [LEFT], { eventTimeUs: 99 * HOUR_S * 1e6 }],
  ['a bracket', [']'], { eventTimeUs: 124 * HOUR_S * 1e6 }],
  ['the other bracket', ['['], { eventTimeUs: 76 * HOUR_S * 1e6 }],
  ['a key of no meaning', ['x', '\u001b[A'], { speed: 60, isPaused: false }],
])('%s', async (_, keys, status) => {
  expect((await press(...keys)).status()).toMatchObject(status);
});

test('without a terminal for input there are no keys', () => {
  const { shell } = aShell();
  shell.input.isTTY = false;
  const replay = new Replay(sourceOf([]), {
    ...{ start: { kind: 'at-time', timeUs: 0 }, speed: 1, clock: new VirtualClock() },
    ...{ maxGapUs: 1, signal: new AbortController().signal },
  });
  expect(listenToKeys(replay, shell)).toBeUndefined();
});
