/**
 * A stream of values from a worker over a MessagePort, with the receiver in control of the pace: the
 * sender may be at most `inflightMax` values ahead of what the receiver has taken.
 *
 *   worker   send(v1) send(v2) … waits        ──{value}──►   for await (const v of receive(port, 2))
 *                                             ◄── taken ──
 */
import { once } from 'node:events';
import type { MessagePort } from 'node:worker_threads';

/** What the receiver answers to each value. */
const TAKEN = 0;

type ToReceiver<T> = { readonly kind: 'value'; readonly value: T } | { readonly kind: 'end' };

export interface PortSender<T> {
  /** Hands over one value, moving `transfer`; waits while the receiver is too far behind. */
  send(value: T, transfer: readonly ArrayBuffer[]): Promise<void>;
  /** Says that no more will come. Always call it, also after a failure, or the receiver waits. */
  end(): void;
}

export function sendOver<T>(port: MessagePort, inflightMax: number): PortSender<T> {
  let credits = inflightMax;
  let resume: (() => void) | undefined;
  let isClosed = false;
  port.on('message', () => {
    credits += 1;
    resume?.();
  });
  port.on('close', () => {
    isClosed = true;
    resume?.();
  });
  return {
    async send(value, transfer) {
      while (credits === 0 && !isClosed) {
        await new Promise<void>((go) => {
          resume = go;
        });
      }
      if (isClosed) throw new Error('The receiver has closed the stream.');
      credits -= 1;
      const message: ToReceiver<T> = { kind: 'value', value };
      port.postMessage(message, [...transfer]);
    },
    end() {
      const message: ToReceiver<T> = { kind: 'end' };
      port.postMessage(message);
      port.unref();
    },
  };
}

/** The values as they come. Leaving the loop early closes the port, and the sender's next send fails. */
export async function* receiveFrom<T>(port: MessagePort): AsyncIterable<T> {
  const arrived: ToReceiver<T>[] = [];
  let wake: (() => void) | undefined;
  port.on('message', (message: ToReceiver<T>) => {
    arrived.push(message);
    wake?.();
  });
  const closed = once(port, 'close').then(() => {
    arrived.push({ kind: 'end' });
    wake?.();
  });
  try {
    for (;;) {
      const next = arrived.shift();
      if (next === undefined) {
        await new Promise<void>((go) => {
          wake = go;
        });
        continue;
      }
      if (next.kind === 'end') return;
      yield next.value;
      port.postMessage(TAKEN);
    }
  } finally {
    port.close();
    await closed;
  }
}
