/**
 * A consumer from its first record to its leave, so that nobody waits long for what nothing depends on. The library
 * alone makes one wait (kafkajs 2.2.4) for all members, the slowest of them included, while a group shares its
 * partitions anew; and for half a minute to commit, while one broker after another says that another one
 * coordinates the group (shown by test/kafka/operating and test/faults/kafka-surroundings).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, ConsumerRunConfig, TopicPartitionOffsetAndMetadata } from 'kafkajs';

const WAIT_MS_MAX = 5000;

/** Runs a consumer until it is to stop. Rejects when the library has given it up for good. */
export async function runConsumer(
  consumer: Consumer,
  { stop, ...config }: ConsumerRunConfig & { readonly stop: AbortSignal },
): Promise<void> {
  if (stop.aborted) return;
  await new Promise<void>((resolve, reject) => {
    stop.addEventListener('abort', () => resolve(), { once: true });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) reject(payload.error);
    });
    // It resolves when the group was joined for the first time.
    consumer.run(config).catch(reject);
  });
}

/**
 * Commits offsets, or leaves it where that takes long: who begins at an earlier one reads more, and nothing twice
 * counts twice. Never rejects; `onRetry` is told why an offset was not committed.
 */
export function commitInTime(
  consumer: Consumer,
  offsets: readonly TopicPartitionOffsetAndMetadata[],
  onRetry: (error: unknown) => void,
): Promise<void> {
  return atMost(consumer.commitOffsets([...offsets]).catch(onRetry));
}

/** Leaves the group, or lets the others miss the member after a while, where that takes long. */
export function leaveGroup(consumer: Consumer): Promise<void> {
  return atMost(consumer.disconnect().catch(() => undefined));
}

async function atMost(work: Promise<void>): Promise<void> {
  await Promise.race([work, sleep(WAIT_MS_MAX, undefined, { ref: false })]);
}
