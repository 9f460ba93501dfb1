/**
 * How long we are patient with a store. The SDK has retries of its own, but also a budget for them that
 * a store which asks for patience a few times uses up for everybody; so it makes one attempt, and we ask again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EdxstreamError } from '#shared/errors';
import { asStoreError } from './store-errors.js';
import type { ObjectAddress, StoreSettings } from './stored-object.js';

const BACKOFF_MS = 100;
const BACKOFF_MS_MAX = 20_000;

/** True for what may be gone in a moment; what a person has to mend first is not. */
export function isTransient({ code }: EdxstreamError): boolean {
  // From an answer that complains of our clock the SDK learns the time, and signs the next request with it.
  return code === 'S3_THROTTLED' || code === 'S3_UNREACHABLE' || code === 'S3_CLOCK';
}

/** Waits before attempt `failures + 1`. Spread out, so that readers that were cut at once do not return at once. */
export async function backOff(failures: number, signal: AbortSignal | undefined): Promise<void> {
  const waitMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS * 2 ** (failures - 1));
  await sleep(waitMs * (0.5 + Math.random() / 2), undefined, { signal }).catch((error: unknown) => {
    throw signal?.reason ?? error;
  });
}

/** Asks until there is an answer or the attempts are used up. */
export async function asking<T>(
  where: ObjectAddress & { readonly store: StoreSettings },
  ask: () => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await ask();
    } catch (error) {
      signal?.throwIfAborted();
      const told = asStoreError(error, where);
      if (!isTransient(told) || failures >= where.store.attemptsMax) throw error;
    }
    await backOff(failures, signal);
  }
}
