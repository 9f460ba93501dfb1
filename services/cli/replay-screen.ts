/**
 * What a person sees of a replay, on standard error:
 *
 *   2013-10-22 10:00:03   speed 60 (59.8 reached)   1,204 events   on time
 *   space pause   ←→ an hour   [ ] a day   - + speed   m max   q quit
 *
 * On a terminal both lines are redrawn in place; elsewhere a line is written now and then. The keys work where
 * standard input is a terminal as well.
 */
import { renderCount, renderCounted, renderDuration } from '#shared/progress/quantities';
import type { Replay, ReplayStatus } from '../replay/replay.js';
import { listenToKeys } from './replay-keys.js';
import type { Shell } from './shell.js';

export interface ReplayScreen {
  /** Writes a line without tearing what is drawn. */
  say(text: string): void;
  /** Takes the lines away for a moment: something else is written to the same terminal. */
  around<T>(write: () => Promise<T>): Promise<T>;
  /** Takes the lines away for good, and gives the terminal back. */
  close(): void;
}

const REDRAW_MS = 200;
const LINE_MS = 10_000;
/** Speed is the mean over this time. */
const SPEED_WINDOW_MS = 5000;

export function showReplay(replay: Replay, shell: Shell): ReplayScreen {
  const { err, out } = shell;
  const keys = err.isTerminal ? listenToKeys(replay, shell) : undefined;
  const reached = measureReached();
  let drawn = 0;
  let linedMs = Number.NEGATIVE_INFINITY;

  const erase = (): string => (drawn === 0 ? '' : `\u001b[${drawn}A\u001b[0J`);
  const write = (text: string): void => void err.write(text);
  const draw = (): void => {
    const nowMs = performance.now();
    const status = replay.status();
    const line = renderReplay(status, reached(status, nowMs));
    if (err.isTerminal) {
      const lines = [line, ...(keys === undefined ? [] : [keys.legend])];
      const columns = Math.max(20, err.columns() - 1);
      write(`${erase()}${lines.map((text) => `  ${text}`.slice(0, columns)).join('\n')}\n`);
      drawn = lines.length;
    } else if (nowMs - linedMs >= LINE_MS) {
      linedMs = nowMs;
      write(`${line}\n`);
    }
  };
  const say = (text: string): void => {
    write(`${erase()}${text}`);
    drawn = 0;
    if (err.isTerminal) draw();
  };
  const timer = setInterval(draw, REDRAW_MS);
  return {
    say,
    async around(work) {
      if (!(err.isTerminal && out.isTerminal)) return work();
      write(erase());
      drawn = 0;
      return work();
    },
    close() {
      clearInterval(timer);
      keys?.close();
      if (err.isTerminal) {
        write(erase());
        drawn = 0;
      }
    },
  };
}

/** One line of status, without colours. */
export function renderReplay(status: ReplayStatus, speedReached: number | undefined): string {
  const { eventTimeUs, speed, isPaused, isWaiting, events, nextInMs, lagMs } = status;
  if (Number.isNaN(eventTimeUs)) return 'looking for the first event';
  const wanted = Number.isFinite(speed) ? `speed ${renderSpeed(speed)}` : 'speed max';
  const got =
    speedReached === undefined || isPaused || isWaiting
      ? ''
      : ` (${renderSpeed(speedReached)} reached)`;
  const pace =
    lagMs >= 1000
      ? `${renderDuration(lagMs / 1000)} behind`
      : nextInMs >= 1000
        ? `next event in ${renderDuration(nextInMs / 1000)}`
        : 'on time';
  return [
    renderTime(eventTimeUs),
    `${wanted}${got}`,
    renderCounted(events, 'event'),
    ...(isPaused
      ? ['paused']
      : isWaiting
        ? ['waiting for more']
        : Number.isFinite(speed)
          ? [pace]
          : []),
  ].join('   ');
}

function renderSpeed(speed: number): string {
  return speed >= 100 ? renderCount(speed) : String(Number(speed.toPrecision(3)));
}

/** `2013-10-22 10:00:03`, UTC. */
export function renderTime(timeUs: number): string {
  return new Date(timeUs / 1000).toISOString().slice(0, 19).replace('T', ' ');
}

/** Event time that went by in the time that went by, over the last seconds; undefined until it can be told. */
function measureReached(): (status: ReplayStatus, nowMs: number) => number | undefined {
  let samples: { readonly nowMs: number; readonly eventTimeUs: number }[] = [];
  let changesSeen = 0;
  return ({ eventTimeUs, changes }, nowMs) => {
    if (Number.isNaN(eventTimeUs)) return undefined;
    if (changes !== changesSeen) samples = [];
    changesSeen = changes;
    samples.push({ nowMs, eventTimeUs });
    while (samples.length > 2 && nowMs - (samples[0]?.nowMs ?? nowMs) > SPEED_WINDOW_MS) {
      samples.shift();
    }
    const [first] = samples;
    if (first === undefined || nowMs - first.nowMs < 2 * REDRAW_MS) return undefined;
    return (eventTimeUs - first.eventTimeUs) / 1000 / (nowMs - first.nowMs);
  };
}
