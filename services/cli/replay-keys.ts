/**
 * The keys by which a person moves a replay on a terminal. Single keys come only from a terminal that does not
 * gather lines (raw mode), and there Ctrl-C is a key like others: it is handed on as the signal it stands for.
 */
import type { Replay } from '../replay/replay.js';
import type { Shell } from './shell.js';

export interface ReplayKeys {
  /** What the keys do, in one line. */
  readonly legend: string;
  /** Gives the terminal back as it was. */
  close(): void;
}

const HOUR_US = 3600e6;
const DAY_US = 24 * HOUR_US;
const FASTER = 2;
const CTRL_C = '\u0003';
const ESCAPE = '\u001b[';

const LEGEND = 'space pause   ←→ an hour   [ ] a day   - + speed   m max   q quit';

export function listenToKeys(replay: Replay, { input }: Shell): ReplayKeys | undefined {
  if (!input.isTTY) return undefined;
  /** The speed that `m` goes back to. */
  let pacedSpeed = 1;
  const step = (us: number): void => {
    const { eventTimeUs } = replay.status();
    if (!Number.isNaN(eventTimeUs)) replay.seek(eventTimeUs + us);
  };
  const changeSpeed = (factor: number): void => {
    const { speed } = replay.status();
    replay.changeSpeed(Number.isFinite(speed) ? speed * factor : pacedSpeed);
  };
  const actions: Readonly<Record<string, () => void>> = {
    ' ': () => (replay.status().isPaused ? replay.resume() : replay.pause()),
    [`${ESCAPE}C`]: () => step(HOUR_US),
    [`${ESCAPE}D`]: () => step(-HOUR_US),
    ']': () => step(DAY_US),
    '[': () => step(-DAY_US),
    '+': () => changeSpeed(FASTER),
    '=': () => changeSpeed(FASTER),
    '-': () => changeSpeed(1 / FASTER),
    m: () => {
      const { speed } = replay.status();
      if (Number.isFinite(speed)) pacedSpeed = speed;
      replay.changeSpeed(Number.isFinite(speed) ? Number.POSITIVE_INFINITY : pacedSpeed);
    },
    q: () => process.kill(process.pid, 'SIGINT'),
    [CTRL_C]: () => process.kill(process.pid, 'SIGINT'),
  };
  const onData = (bytes: Buffer): void => {
    for (const key of keysOf(bytes.toString())) actions[key]?.();
  };
  input.setRawMode(true);
  input.resume();
  input.on('data', onData);
  return {
    legend: LEGEND,
    close() {
      input.off('data', onData);
      input.setRawMode(false);
      input.pause();
    },
  };
}

const ARROW_CHARACTERS = 3;

/** Keys that are held down or pasted come together; an arrow is three characters. */
function keysOf(text: string): readonly string[] {
  const keys: string[] = [];
  for (let at = 0; at < text.length; at += keys.at(-1)?.length ?? 1) {
    keys.push(
      text.startsWith(ESCAPE, at) ? text.slice(at, at + ARROW_CHARACTERS) : (text[at] ?? ''),
    );
  }
  return keys;
}
