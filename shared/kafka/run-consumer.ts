/**
 * A consumer from its first record to its leave, so that nobody waits long for what nothing depends on. The library
 * alone makes one wait (kafkajs 2.2.4) for all members, the slowest of them included, while a group shares its
 * partitions anew; and for half a minute to commit, while one broker after another says that another one
 * coordinates the group (shown by test/kafka/operating and test/faults/kafka-surroundings).
 */
import type { Consumer, ConsumerRunConfig } from 'kafkajs';

const WAIT_MS_MAX = 5000;

/** Runs a consumer until it is to stop. Rejects when the library has given it up for good. */
export async function runConsumer(
  consumer: Consumer,
  { stop, ...config }: ConsumerRunConfig & { readonly stop: AbortSignal },
): Promise<void> {
  if (stop.aborted) return;
  const joined = consumer.run(config);
  await new Promise<void>((resolve, reject) => {
    stop.addEventListener('abort', () => resolve(), { once: true });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) reject(payload.error);
    });
    joined.catch(reject);
  });
  // Only who has joined can leave: the others would wait for it until they miss it.
  await atMost(joined);
}

/**
 * Waits for a commit of offsets, but not long: who begins at an earlier one reads more, and nothing twice counts twice.
 * Never rejects; `onRetry` is told why an offset was not committed.
 */
export function commitInTime(
  commit: Promise<void>,
  onRetry: (error: unknown) => void,
): Promise<void> {
  return atMost(commit.catch(onRetry));
}

/** Leaves the group, or lets the others miss the member after a while, where that takes long. */
export function leaveGroup(consumer: Consumer): Promise<void> {
  return atMost(consumer.disconnect().catch(() => undefined));
}

async function atMost(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, WAIT_MS_MAX);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
