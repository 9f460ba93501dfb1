/** Waits while a consumer runs: until it is to stop, or until the library has given it up for good. */
import type { Consumer } from 'kafkajs';

export function untilStopped(consumer: Consumer, stop: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (stop.aborted) resolve();
    stop.addEventListener('abort', () => resolve(), { once: true });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) reject(payload.error);
    });
  });
}
