/**
 * Ends a long-running process in a stated time.
 *
 *   SIGTERM ─► stop ────────── work finishes what it has begun ──────────► ended
 *                  └─ after drainMs ─► abandon ── work drops everything ──► DRAIN_TIMED_OUT
 *
 * What is abandoned is put right by whoever takes over: nothing depends on a clean end, it is only
 * cheaper.
 */
import { EdxstreamError } from '#shared/errors';
import type { Health } from '#shared/operations/health';
import type { Log } from '#shared/operations/log';

export interface DrainSignals {
  /** Begin nothing new, finish what was begun, and return. */
  readonly stop: AbortSignal;
  /** Time is up: drop everything and return or throw at once. */
  readonly abandon: AbortSignal;
}

export interface RunUntilStopped {
  /** The wish to stop, from the process: SIGTERM or Ctrl-C. */
  readonly stop: AbortSignal;
  readonly drainMs: number;
  readonly log: Log;
  readonly health: Health;
}

/**
 * Runs `work` until it ends by itself or has been drained.
 * @throws EdxstreamError DRAIN_TIMED_OUT where it did not end in time; else what `work` throws.
 */
export async function runUntilStopped<Result>(
  work: (signals: DrainSignals) => Promise<Result>,
  { stop, drainMs, log, health }: RunUntilStopped,
): Promise<Result> {
  const abandoning = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<never>((_, reject) => {
    abandoning.signal.addEventListener('abort', () => reject(abandoning.signal.reason));
  });
  timedOut.catch(() => undefined);
  const begin = (): void => {
    health.condition('not draining', false);
    log.info(
      { drainMsMax: drainMs },
      'Draining: what was begun is finished, nothing new is begun.',
    );
    timer = setTimeout(() => {
      const detail = `What was begun was not finished within ${drainMs / 1000} s.`;
      abandoning.abort(new EdxstreamError('DRAIN_TIMED_OUT', detail));
    }, drainMs);
  };
  if (stop.aborted) begin();
  else stop.addEventListener('abort', begin, { once: true });
  try {
    const result = await Promise.race([work({ stop, abandon: abandoning.signal }), timedOut]);
    if (stop.aborted) log.info('Drained.');
    return result;
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', begin);
  }
}
