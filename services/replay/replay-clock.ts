/**
 * Time as a replay sees it: one clock to measure by, one to write into events, and a way to wait. It is a
 * parameter of everything that paces, so that tests run a week of activity in milliseconds.
 */
export interface ReplayClock {
  /** Milliseconds with a fraction, from some moment on; never goes back. */
  nowMs(): number;
  /** Microseconds since 1970, UTC, as people's clocks have it. */
  dateUs(): number;
  /** Resolves after so many milliseconds, or early when the signal fires. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** Timers of Node.js hold 31 bits. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export const systemClock: ReplayClock = {
  nowMs: () => performance.now(),
  dateUs: () => Math.floor((performance.timeOrigin + performance.now()) * 1000),
  wait(ms, signal) {
    return new Promise((resume) => {
      if (signal.aborted) {
        resume();
        return;
      }
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resume();
      };
      // Rounded up: a timer that fires early is only set again.
      const timer = setTimeout(end, Math.min(TIMER_MS_MAX, Math.ceil(ms)));
      signal.addEventListener('abort', end);
    });
  },
};
