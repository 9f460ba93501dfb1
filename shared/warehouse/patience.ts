/**
 * Makes a call again while another system is away, for as long as the caller has patience.
 *
 *   call ✗ 0.2 s ✗ 0.4 s ✗ 0.8 s … ✗ 5 s ✗ 5 s … until `patienceMs` have passed since the first fault
 */
export interface Patience {
  readonly patienceMs: number;
  /** True where the same call may be made again after this error. */
  readonly mayRepeat: (error: unknown) => boolean;
  /** Told of each fault that is followed by another call. */
  readonly onRetry?: (error: unknown, attempt: number) => void;
  readonly signal?: AbortSignal | undefined;
}

const FIRST_WAIT_MS = 200;
const WAIT_MS_MAX = 5000;

/** @throws The last error, or the reason of the signal. */
export async function withPatience<Result>(
  call: () => Promise<Result>,
  { patienceMs, mayRepeat, onRetry, signal }: Patience,
): Promise<Result> {
  const untilMs = performance.now() + patienceMs;
  for (let attempt = 1, waitMs = FIRST_WAIT_MS; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      signal?.throwIfAborted();
      if (!mayRepeat(error) || performance.now() + waitMs > untilMs) throw error;
      onRetry?.(error, attempt);
      await pause(waitMs, signal);
      waitMs = Math.min(waitMs * 2, WAIT_MS_MAX);
    }
  }
}

/** Waits, or throws the reason of the signal as soon as it is aborted. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
  signal?.throwIfAborted();
}
