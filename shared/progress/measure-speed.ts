/**
 * Speeds from counters that only grow: each is the mean over the last ten seconds, so that a figure on a
 * screen is steady and still follows what happens.
 */
import type { LoadProgress } from '#shared/progress/load-progress';

const WINDOW_MS = 10_000;

export interface Speed {
  /** Bytes of ciphertext a second. */
  readonly bytes: number;
  readonly lineBytes: number;
  readonly events: number;
  readonly tableRows: number;
  /** Seconds until the log files are read; undefined where it cannot be told yet. */
  readonly secondsLeft: number | undefined;
}

interface Sample {
  readonly atMs: number;
  readonly bytes: number;
  readonly lineBytes: number;
  readonly events: number;
  readonly tableRows: number;
}

/** Returns a function that is called with the counters now and then, and says the speed so far. */
export function measureSpeed(): (progress: LoadProgress, nowMs: number) => Speed {
  const samples: Sample[] = [];
  return (progress, nowMs) => {
    const now: Sample = {
      atMs: nowMs,
      bytes: progress.bytesDone,
      lineBytes: progress.lineBytes,
      events: progress.eventsLoaded,
      tableRows: progress.tableRows,
    };
    samples.push(now);
    while (samples.length > 2 && nowMs - (samples[1]?.atMs ?? nowMs) >= WINDOW_MS) samples.shift();
    const first = samples[0] ?? now;
    const seconds = (nowMs - first.atMs) / 1000;
    const per = (amount: number): number => (seconds > 0 ? amount / seconds : 0);
    const bytes = per(now.bytes - first.bytes);
    const left = progress.bytesTotal - progress.bytesDone;
    return {
      bytes,
      lineBytes: per(now.lineBytes - first.lineBytes),
      events: per(now.events - first.events),
      tableRows: per(now.tableRows - first.tableRows),
      secondsLeft: left <= 0 ? 0 : bytes > 0 ? left / bytes : undefined,
    };
  };
}
