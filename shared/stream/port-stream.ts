/**
 * A stream of values from a worker over a MessagePort, with the receiver in control of the pace: the
 * sender may be at most `inflightMax` values ahead of what the receiver has taken.
 *
 *   worker   send(v1) send(v2) … waits        ──{value}──►   for await (const v of receive(port, 2))
 *                                             ◄── taken (and memory to use again) ──
 */
import { once } from 'node:events';
import type { MessagePort } from 'node:worker_threads';

type ToReceiver<T> = { readonly kind: 'value'; readonly value: T } | { readonly kind: 'end' };

export interface PortSender<T> {
  /** Hands over one value, moving `transfer`; waits while the receiver is too far behind. */
  send(value: T, transfer: readonly ArrayBuffer[]): Promise<void>;
  /** Says that no more will come. Always call it, also after a failure, or the receiver waits. */
  end(): void;
}

export function sendOver<T, Spare = SharedArrayBuffer>(
  port: MessagePort,
  inflightMax: number,
  onSpare: (spare: Spare) => void,
): PortSender<T> {
  let credits = inflightMax;
  let resume: (() => void) | undefined;
  let isClosed = false;
  port.on('message', (spare: Spare | undefined) => {
    if (spare !== undefined) onSpare(spare);
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

/**
 * The values as they come. Leaving the loop early closes the port, and the sender's next send fails. With
 * each value that is taken the sender gets back `spare()`, memory that is free to be filled again.
 */
export async function* receiveFrom<T, Spare = SharedArrayBuffer>(
  port: MessagePort,
  spare: () => Spare | undefined,
): AsyncIterable<T> {
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
      port.postMessage(spare());
    }
  } finally {
    port.close();
    await closed;
  }
}
